#include "app/work/run_worker.hpp"

#include <algorithm>
#include <chrono>
#include <exception>

namespace thalweg {
namespace {

/// How long the worker steps before it publishes: short enough for the window to follow smoothly.
constexpr double kSliceSeconds = 0.004;

/// Races of a session that are found again when somebody goes back to them.
constexpr std::size_t kMostRemembered = 64;

/// The race as it was when no lane had made more than `step` updates.
RaceView up_to(RaceView view, std::int64_t step) {
  for (DescentView& lane : view.lanes) {
    if (lane.steps() <= step) continue;
    lane.table = lane.table.first(step + 1);
    lane.outcome = Outcome::kRunning;
  }
  return view;
}

}  // namespace

RunWorker::Kept::~Kept() {
  if (keeper) keeper->finish();
}

RunWorker::RunWorker(std::function<void()> wake, store::Recorder* recorder)
    : wake_(std::move(wake)), worker_([this](Request request) { work(request); }) {
  if (recorder) kept_.keeper.emplace(*recorder);
}

void RunWorker::request(const RaceSettings& settings, std::int64_t step, std::int64_t keep,
                        std::shared_ptr<const Scene> look) {
  if (step == requested_.step && keep == requested_.keep && settings == requested_.settings) return;
  requested_ = {settings, step, keep, requested_.opened, std::move(look)};
  worker_.submit(requested_);
}

void RunWorker::attach(OpenedRace race) {
  requested_.opened = std::make_shared<const OpenedRace>(std::move(race));
  requested_.step = -1;  // whatever is asked for next is new
}

std::shared_ptr<const RunSnapshot> RunWorker::snapshot() const {
  const std::scoped_lock lock(mutex_);
  return snapshot_;
}

void RunWorker::publish(const Request& request, bool arrived, std::optional<Error> error) {
  if (!error) keep(request);
  auto next = std::make_shared<RunSnapshot>(
      RunSnapshot{request.settings, race_.view(), request.step, arrived, std::move(error)});
  if (kept_.keeper) next->runs = kept_.keeper->kept();
  {
    const std::scoped_lock lock(mutex_);
    snapshot_ = std::move(next);
  }
  if (wake_) wake_();
}

void RunWorker::attach_kept(const OpenedRace& race) {
  kept_.keeper->attach(race.settings, race.runs);
  kept_.settings = race.settings;
}

void RunWorker::keep(const Request& request) {
  if (!kept_.keeper) return;
  if (request.opened != kept_.opened) {
    kept_.opened = request.opened;
    attach_kept(*request.opened);
    kept_.before.push_back(*request.opened);
  }
  if (request.keep <= 0) return;
  if (request.settings != kept_.settings) {
    // Back to a race of this session (undo, a slider put back): its runs are in the file already.
    const auto known = std::find_if(kept_.before.begin(), kept_.before.end(), [&](const OpenedRace& race) {
      return race.settings == request.settings;
    });
    if (known != kept_.before.end()) attach_kept(OpenedRace(*known));
  }
  kept_.keeper->update(request.settings, up_to(race_.view(), request.keep), request.look.get());
  kept_.settings = request.settings;
  remember();
}

void RunWorker::remember() {
  OpenedRace race{kept_.settings, kept_.keeper->kept()};
  if (!kept_.before.empty() && kept_.before.back().settings == race.settings) {
    kept_.before.back() = std::move(race);
    return;
  }
  // A run that has gone on differently since is no longer what it was then.
  const auto outdated = [&](const OpenedRace& other) {
    if (other.settings == race.settings) return true;
    for (std::size_t k = 0; k < other.runs.size(); ++k)
      for (std::size_t i = 0; i < race.runs.size(); ++i)
        if (!race.runs[i].uid.empty() && other.runs[k].uid == race.runs[i].uid &&
            other.settings.lane(k) != race.settings.lane(i))
          return true;
    return false;
  };
  std::erase_if(kept_.before, outdated);
  for (OpenedRace& other : kept_.before)
    for (KeptRun& run : other.runs)
      for (const KeptRun& now : race.runs)
        if (!now.uid.empty() && run.uid == now.uid) run = now;
  kept_.before.push_back(std::move(race));
  if (kept_.before.size() > kMostRemembered) kept_.before.erase(kept_.before.begin());
}

void RunWorker::work(const Request& request) {
  try {
    if (auto error = race_.set(request.settings))
      publish(request, true, std::move(error));
    else
      go_on(request);
  } catch (const std::exception& exception) {
    // Half-made lanes are of no use: memory is what is short, and this gives it back.
    race_ = Race();
    publish(
        request, true,
        Error{ErrorCode::kInternal,
              std::string("ended by lack of memory or an internal error (") + exception.what() + ")", "run"});
  }
}

void RunWorker::go_on(const Request& request) {
  using Clock = std::chrono::steady_clock;
  std::int64_t step = race_.view().steps();
  std::int64_t slowest = step;
  for (const DescentView& lane : race_.view().lanes)
    if (lane.outcome == Outcome::kRunning) slowest = std::min(slowest, lane.steps());
  step = std::min(slowest, request.step);
  while (true) {
    const auto begin = Clock::now();
    const std::int64_t before = step;
    step = std::min(request.step, step + slice_);
    race_.advance(step);
    const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    const bool arrived = step >= request.step || race_.view().finished();
    // The pace is kept from one request to the next; a slice that was cut short says little about it.
    if (step - before == slice_) {
      const double factor = std::clamp(kSliceSeconds / std::max(seconds, 1e-6), 0.25, 4.0);
      slice_ = std::clamp<std::int64_t>(static_cast<std::int64_t>(static_cast<double>(slice_) * factor), 64,
                                        4'000'000);
    }
    publish(request, arrived, std::nullopt);
    if (arrived || worker_.newer()) return;
  }
}

}  // namespace thalweg
