// The thread that makes experiments beside the training: it finds a learning rate, or overfits one batch,
// with networks of its own.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include "app/work/latest.hpp"
#include "core/training/lr_find.hpp"
#include "core/training/overfit.hpp"

namespace thalweg {

enum class ExperimentKind { kLearningRate, kOverfit };

struct ExperimentRequest {
  std::uint64_t number = 0;  ///< 0: none
  ExperimentKind kind = ExperimentKind::kLearningRate;
  TrainingSettings settings;
  std::shared_ptr<const Dataset> data;  ///< what the settings describe; null: read it first
  std::string folder;                   ///< where its files are then
};

struct ExperimentReport {
  std::uint64_t number = 0;
  ExperimentKind kind = ExperimentKind::kLearningRate;
  Spec optimizer;      ///< that it was made with
  double share = 0.0;  ///< of its updates that are made
  bool running = false;
  std::optional<LrFindResult> sweep = {};
  std::optional<OverfitResult> overfit = {};
  std::optional<Error> error = {};
};

class ExperimentWorker {
 public:
  /// `wake` is called on the worker's thread after each new report.
  explicit ExperimentWorker(std::function<void()> wake = {});

  /// The window's thread. One that is under way is given up.
  void request(ExperimentRequest request) { worker_.submit(std::move(request)); }

  /// The newest report, never null; any thread.
  std::shared_ptr<const ExperimentReport> report() const;

  void wait() { worker_.wait_idle(); }

 private:
  void work(const ExperimentRequest& request);
  void make(const ExperimentRequest& request, ExperimentReport& report);
  void publish(const ExperimentReport& report);

  std::function<void()> wake_;
  mutable std::mutex mutex_;
  std::shared_ptr<const ExperimentReport> report_ = std::make_shared<ExperimentReport>();
  LatestWorker<ExperimentRequest> worker_;
};

}  // namespace thalweg
