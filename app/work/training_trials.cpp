#include "app/work/training_trials.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <exception>

namespace thalweg {
namespace {

/// A turn of one lane: short enough for a stop to take effect at once.
constexpr double kSliceSeconds = 0.01;
constexpr double kPublishSeconds = 1.0 / 30.0;

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

TrainingTrialsWorker::TrainingTrialsWorker(std::function<void()> wake)
    : wake_(std::move(wake)), worker_([this](const TrainingTrials& request) { work(request); }) {}

void TrainingTrialsWorker::request(const TrainingTrials& request) {
  if (request == requested_) return;
  requested_ = request;
  worker_.submit(request);
}

std::shared_ptr<const TrainingTrialsView> TrainingTrialsWorker::snapshot() const {
  const std::scoped_lock lock(mutex_);
  return snapshot_;
}

void TrainingTrialsWorker::publish(bool working, std::optional<Error> error) {
  auto next = std::make_shared<TrainingTrialsView>();
  next->working = working;
  next->finished = !lanes_.empty() && !error;
  for (const Lane& lane : lanes_) {
    next->lanes.push_back({lane.settings, lane.trainer->view()});
    next->finished = next->finished && lane.trainer->outcome() != Outcome::kRunning;
  }
  next->error = std::move(error);
  {
    const std::scoped_lock lock(mutex_);
    snapshot_ = std::move(next);
  }
  if (wake_) wake_();
}

std::optional<Error> TrainingTrialsWorker::prepare(const TrainingTrials& request) {
  const Spec& data = request.lanes.front().data;
  if (!data_ || data_spec_ != data || folder_ != request.folder) {
    auto loaded = find_dataset(data.id)->load(data, request.folder);
    if (!loaded) return loaded.error();
    data_ = std::move(*loaded);
    data_spec_ = data;
    folder_ = request.folder;
    lanes_.clear();
  }
  std::vector<Lane> before = std::move(lanes_);
  lanes_.clear();
  for (const TrainingSettings& settings : request.lanes) {
    const auto known = std::find_if(before.begin(), before.end(), [&](const Lane& lane) {
      return lane.trainer && *lane.settings == settings;
    });
    if (known != before.end()) {
      lanes_.push_back(std::move(*known));
      continue;
    }
    const auto use = chooser_.choose(settings, data_, {}, [this] { return worker_.newer().load(); });
    if (!use) return use.error();
    if (worker_.newer()) return std::nullopt;
    auto made = trainer_on(*use, settings, data_);
    if (!made) return made.error();
    lanes_.push_back({std::make_shared<const TrainingSettings>(settings), std::move(*made)});
    if (worker_.newer()) return std::nullopt;
  }
  return std::nullopt;
}

/// Turn by turn, so that all curves grow together.
void TrainingTrialsWorker::train() {
  double published = now();
  std::vector<std::int64_t> steps(lanes_.size(), 1);
  for (bool any = true; any && !worker_.newer();) {
    any = false;
    for (std::size_t i = 0; i < lanes_.size() && !worker_.newer(); ++i) {
      Trainer& trainer = *lanes_[i].trainer;
      if (trainer.outcome() != Outcome::kRunning) continue;
      any = true;
      const double begin = now();
      trainer.advance(steps[i]);
      const double factor = std::clamp(kSliceSeconds / std::max(now() - begin, 1e-6), 0.25, 2.0);
      steps[i] = std::clamp<std::int64_t>(static_cast<std::int64_t>(static_cast<double>(steps[i]) * factor),
                                          1, 4096);
      if (now() - published >= kPublishSeconds) {
        published = now();
        publish(true);
      }
    }
  }
}

void TrainingTrialsWorker::work(const TrainingTrials& request) {
  (void)setpriority(PRIO_PROCESS, 0, 5);  // as the thread that trains: the window comes first
  if (!request.go || request.lanes.empty()) return publish(false);
  std::optional<Error> error;
  try {
    error = prepare(request);
    if (!error && !worker_.newer()) {
      publish(true);
      train();
    }
  } catch (const DeviceError& failure) {
    lanes_.clear();
    error = Error{ErrorCode::kUnsupported, failure.what(), "device"};
  } catch (const std::exception& exception) {
    lanes_.clear();
    error = Error{ErrorCode::kInternal,
                  std::string("ended by lack of memory or an internal error (") + exception.what() + ")",
                  "network"};
  }
  publish(false, std::move(error));
}

}  // namespace thalweg
