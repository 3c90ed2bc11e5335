// The right side: loss, gradient norm, step length and effective rate against the step, and below
// them the readout of a point.
#pragma once

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "app/panels/session.hpp"
#include "app/ui/chart.hpp"

namespace thalweg {

class ChartsPanel {
 public:
  void draw(Frame& frame, Session& session, const Rect& area);

 private:
  std::array<ui::ChartState, 4> states_;
  ui::ChartLink link_;
  float readout_height_ = 0.0F;  ///< of the last frame: the charts share what is left
};

/// Position, loss, gradient and curvature at the point under the mouse, else where the selected
/// optimizer stands.
void draw_readout(Frame& frame, const Session& session);

/// Rows of label and value, in as many columns as have room: one beside the map, several under wide charts.
void draw_readouts(const std::vector<std::pair<std::string, std::string>>& rows);

}  // namespace thalweg
