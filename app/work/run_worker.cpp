#include "app/work/run_worker.hpp"

#include <algorithm>
#include <chrono>
#include <exception>

namespace thalweg {
namespace {

/// How long the worker steps before it publishes: short enough for the window to follow smoothly.
constexpr double kSliceSeconds = 0.004;

}  // namespace

RunWorker::RunWorker(std::function<void()> wake)
    : wake_(std::move(wake)), worker_([this](Request request) { work(request); }) {}

void RunWorker::request(const RaceSettings& settings, std::int64_t step) {
  if (step == requested_.step && settings == requested_.settings) return;
  requested_ = {settings, step};
  worker_.submit(requested_);
}

std::shared_ptr<const RunSnapshot> RunWorker::snapshot() const {
  const std::scoped_lock lock(mutex_);
  return snapshot_;
}

void RunWorker::publish(const Request& request, bool arrived, std::optional<Error> error) {
  auto next = std::make_shared<const RunSnapshot>(
      RunSnapshot{request.settings, race_.view(), request.step, arrived, std::move(error)});
  {
    const std::scoped_lock lock(mutex_);
    snapshot_ = std::move(next);
  }
  if (wake_) wake_();
}

void RunWorker::work(const Request& request) {
  try {
    if (auto error = race_.set(request.settings)) publish(request, true, std::move(error));
    else go_on(request);
  } catch (const std::exception& exception) {
    // Half-made lanes are of no use: memory is what is short, and this gives it back.
    race_ = Race();
    publish(request, true,
            Error{ErrorCode::kInternal, std::string("ended by lack of memory or an internal error (") + exception.what() + ")",
                  "run"});
  }
}

void RunWorker::go_on(const Request& request) {
  using Clock = std::chrono::steady_clock;
  std::int64_t slice = 256;
  std::int64_t step = race_.view().steps();
  std::int64_t slowest = step;
  for (const DescentView& lane : race_.view().lanes)
    if (lane.outcome == Outcome::kRunning) slowest = std::min(slowest, lane.steps());
  step = std::min(slowest, request.step);
  while (true) {
    const auto begin = Clock::now();
    step = std::min(request.step, step + slice);
    race_.advance(step);
    const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    const bool arrived = step >= request.step || race_.view().finished();
    if (arrived || worker_.newer()) {
      publish(request, arrived, std::nullopt);
      return;
    }
    publish(request, false, std::nullopt);
    const double factor = std::clamp(kSliceSeconds / std::max(seconds, 1e-6), 0.25, 4.0);
    slice = std::clamp<std::int64_t>(static_cast<std::int64_t>(static_cast<double>(slice) * factor), 64, 4'000'000);
  }
}

}  // namespace thalweg
