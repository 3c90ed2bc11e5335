// The page of state: what an optimizer keeps in mind for each coordinate, over the steps and at the one that
// is shown.
#pragma once

#include <vector>

#include "app/panels/session.hpp"
#include "app/ui/chart.hpp"
#include "app/work/insight_reader.hpp"

namespace thalweg {

class InsightState {
 public:
  /// Of optimizer `lane` of the Scene. In the current child window; `area` is what is in sight.
  void draw(Frame& frame, const Rect& area, const LaneInsight& insight, std::size_t lane);

 private:
  std::vector<ui::ChartState> charts_;
  ui::ChartLink link_;
  std::string shown_;          ///< the optimizer that the charts are of
  float table_height_ = 0.0F;  ///< of the last frame: the charts share what is left
};

}  // namespace thalweg
