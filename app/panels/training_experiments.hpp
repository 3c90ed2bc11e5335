// Experiments with the chosen optimizer, and what somebody who has seen many runs would say of this one.
#pragma once

#include <memory>
#include <vector>

#include "app/panels/training_session.hpp"
#include "app/ui/chart.hpp"
#include "app/work/experiment_worker.hpp"
#include "core/training/diagnosis.hpp"

namespace thalweg {

class TrainingExperiments {
 public:
  explicit TrainingExperiments(std::function<void()> wake) : worker_(std::move(wake)) {}

  void draw(Frame& frame, TrainingSession& session, float width);

 private:
  void buttons(Frame& frame, TrainingSession& session, float width);
  void start(Frame& frame, const TrainingSession& session, ExperimentKind kind);
  void report(Frame& frame, TrainingSession& session, float width);
  void sweep(Frame& frame, TrainingSession& session, const ExperimentReport& report, float width);
  void overfit(const ExperimentReport& report, float width);
  void diagnosis(const Frame& frame, const TrainingSession& session);

  ExperimentWorker worker_;
  std::uint64_t number_ = 0;
  int optimizer_ = 0;  ///< index of the one that the newest experiment is made with
  ui::ChartState sweep_state_;
  ui::ChartState overfit_state_;
  std::vector<Finding> findings_;
  TableView diagnosed_;  ///< the steps that findings_ are of
  double diagnosed_at_ = -1e9;
};

}  // namespace thalweg
