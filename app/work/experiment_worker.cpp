#include "app/work/experiment_worker.hpp"

#include <sys/resource.h>

#include <chrono>
#include <exception>

#include "app/work/engines.hpp"

namespace thalweg {
namespace {

constexpr double kPublishSeconds = 1.0 / 30.0;

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

ExperimentWorker::ExperimentWorker(std::function<void()> wake)
    : wake_(std::move(wake)), worker_([this](const ExperimentRequest& request) { work(request); }) {}

std::shared_ptr<const ExperimentReport> ExperimentWorker::report() const {
  const std::scoped_lock lock(mutex_);
  return report_;
}

void ExperimentWorker::publish(const ExperimentReport& report) {
  auto next = std::make_shared<const ExperimentReport>(report);
  {
    const std::scoped_lock lock(mutex_);
    report_ = std::move(next);
  }
  if (wake_) wake_();
}

void ExperimentWorker::work(const ExperimentRequest& request) {
  (void)setpriority(PRIO_PROCESS, 0, 5);  // as the thread that trains: the window comes first
  ExperimentReport report;
  report.number = request.number;
  report.kind = request.kind;
  if (request.number == 0) return publish(report);
  report.optimizer = request.settings.optimizer.spec;
  report.running = true;
  publish(report);
  try {
    make(request, report);
  } catch (const DeviceError& error) {
    report.error = Error{ErrorCode::kUnsupported, error.what(), "device"};
  } catch (const std::exception& exception) {
    report.error = Error{
        ErrorCode::kInternal,
        std::string("ended by lack of memory or an internal error (") + exception.what() + ")", "experiment"};
  }
  report.running = false;
  if (!worker_.newer()) publish(report);
}

void ExperimentWorker::make(const ExperimentRequest& request, ExperimentReport& report) {
  std::shared_ptr<const Dataset> data = request.data;
  if (!data) {
    auto loaded = find_dataset(request.settings.data.id)->load(request.settings.data, request.folder);
    if (!loaded) {
      report.error = loaded.error();
      return;
    }
    data = std::move(*loaded);
  }
  double published = now();
  const auto seen = [&](double share) {
    if (now() - published >= kPublishSeconds) {
      published = now();
      report.share = share;
      publish(report);
    }
    return worker_.newer().load();
  };
  const auto use = device_for(request.settings, data, {}, [this] { return worker_.newer().load(); });
  auto engine = use ? engine_on(*use, request.settings.device) : use.error();
  if (!engine) {
    report.error = engine.error();
    return;
  }
  if (request.kind == ExperimentKind::kLearningRate) {
    auto result =
        lr_find(request.settings, data, std::move(*engine), default_spec(lr_find_descriptor()), seen);
    if (result)
      report.sweep = std::move(*result);
    else
      report.error = result.error();
  } else {
    auto result = overfit_one_batch(request.settings, data, std::move(*engine),
                                    default_spec(overfit_descriptor()), seen);
    if (result)
      report.overfit = std::move(*result);
    else
      report.error = result.error();
  }
}

}  // namespace thalweg
