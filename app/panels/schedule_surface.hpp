// What the schedules do to one optimizer on the surface: paths on a small map, and the loss.
#pragma once

#include "app/panels/schedule_map.hpp"
#include "app/panels/schedule_session.hpp"
#include "app/work/descent_trials.hpp"

namespace thalweg {

class ScheduleSurface {
 public:
  explicit ScheduleSurface(const std::function<void()>& wake) : worker_(wake), map_(wake) {}

  /// Below the choice of the optimizer, in `area`.
  void draw(Frame& frame, ScheduleSession& session, const Rect& area);

 private:
  void request(Frame& frame);
  Chart loss(const Scene& scene) const;
  Chart coordinate(const Scene& scene) const;

  DescentTrialsWorker worker_;
  ScheduleMap map_;
  std::shared_ptr<const DescentTrialsView> view_;
  ui::ChartState loss_state_, coordinate_state_;
  ui::ChartLink link_;
};

}  // namespace thalweg
