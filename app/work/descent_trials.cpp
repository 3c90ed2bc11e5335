#include "app/work/descent_trials.hpp"

#include <algorithm>
#include <exception>

namespace thalweg {
namespace {

/// Steps between two looks at whether something newer came.
constexpr std::int64_t kSlice = 2048;

}  // namespace

DescentTrialsWorker::DescentTrialsWorker(std::function<void()> wake)
    : wake_(std::move(wake)), worker_([this](const DescentTrials& request) { work(request); }) {}

void DescentTrialsWorker::request(const DescentTrials& request) {
  if (request == requested_) return;
  requested_ = request;
  worker_.submit(request);
}

std::shared_ptr<const DescentTrialsView> DescentTrialsWorker::snapshot() const {
  const std::scoped_lock lock(mutex_);
  return snapshot_;
}

void DescentTrialsWorker::publish(const DescentTrials& request, bool arrived, std::optional<Error> error) {
  auto next = std::make_shared<DescentTrialsView>();
  next->settings = request.lanes;
  next->surface = surface_;
  if (!error)
    for (const auto& lane : lanes_) next->lanes.push_back(lane ? lane->view() : DescentView{});
  if (!error) next->troubles = troubles_;
  next->arrived = arrived;
  next->error = std::move(error);
  {
    const std::scoped_lock lock(mutex_);
    snapshot_ = std::move(next);
  }
  if (wake_) wake_();
}

/// Lanes whose settings are as they were stay as they are.
std::optional<Error> DescentTrialsWorker::prepare(const DescentTrials& request) {
  const Spec& wanted = request.lanes.front().surface;
  const bool same = surface_ && spec_ == wanted;
  std::shared_ptr<const Surface> surface = surface_;
  if (!same) {
    auto made = make_surface(wanted);
    if (!made) return made.error();
    surface = std::move(*made);
    lanes_.clear();
  }
  surface_ = std::move(surface);
  spec_ = wanted;
  std::vector<std::unique_ptr<Descent>> before = std::move(lanes_);
  lanes_.clear();
  troubles_.clear();
  for (const DescentSettings& lane : request.lanes) {
    troubles_.push_back(check(lane, *surface_));
    if (troubles_.back()) {
      lanes_.push_back(nullptr);
      continue;
    }
    const auto known = std::find_if(before.begin(), before.end(),
                                    [&](const auto& one) { return one && one->settings() == lane; });
    lanes_.push_back(known != before.end() ? std::move(*known) : std::make_unique<Descent>(lane, surface_));
  }
  return std::nullopt;
}

void DescentTrialsWorker::work(const DescentTrials& request) {
  try {
    if (request.lanes.empty()) {
      lanes_.clear();
      return publish(request, true);
    }
    if (auto error = prepare(request)) {
      lanes_.clear();
      return publish(request, true, std::move(error));
    }
    for (std::int64_t step = 0; step < request.steps;) {
      step = std::min(request.steps, step + kSlice);
      for (const auto& lane : lanes_)
        if (lane) lane->advance(step);
      if (worker_.newer()) return;
    }
    publish(request, true);
  } catch (const std::exception& exception) {
    lanes_.clear();
    publish(request, true,
            Error{ErrorCode::kInternal,
                  std::string("ended by lack of memory or an internal error (") + exception.what() + ")",
                  "surface"});
  }
}

}  // namespace thalweg
