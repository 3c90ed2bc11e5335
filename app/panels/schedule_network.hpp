// What the schedules do to the network: one optimizer trained with each of them, while it is asked for.
#pragma once

#include <memory>
#include <vector>

#include "app/panels/schedule_session.hpp"
#include "app/panels/training_curves.hpp"
#include "app/work/training_trials.hpp"

namespace thalweg {

class ScheduleNetwork {
 public:
  explicit ScheduleNetwork(const std::function<void()>& wake) : worker_(wake), view_(worker_.snapshot()) {}

  void draw(Frame& frame, const Rect& area);
  /// Trains, and trains anew whatever changes, until stop(); also what Space does.
  void toggle() { going_ = !going_; }
  /// Nothing more is done in the background.
  void stop();
  bool going() const { return going_; }

 private:
  void request(Frame& frame);
  void controls(Frame& frame, Rect& area);
  std::string status(const Scene& scene) const;
  const TrainingTrialsView::Lane* lane_of(const Scene& scene, std::size_t index) const;
  Chart training_loss(const Scene& scene);
  Chart test_loss(const Scene& scene) const;
  void show(Frame& frame, const char* id, Chart chart, ui::ChartState& state, const Rect& area,
            const char* help);

  TrainingTrialsWorker worker_;
  std::shared_ptr<const TrainingTrialsView> view_;
  bool going_ = false;
  std::vector<TrainingSettings> wanted_;  ///< of this frame, by lane
  std::vector<std::size_t> tried_;        ///< the schedules of these lanes
  std::vector<std::unique_ptr<SmoothedRun>> smoothed_;
  ui::ChartState training_state_, test_state_;
  ui::ChartLink link_;
};

}  // namespace thalweg
