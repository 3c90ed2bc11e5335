// Points of a chart that can be dragged: handles of a curve. The caller says where they are and does what was
// asked for; nothing is kept here but what lasts while the mouse is down.
#pragma once

#include <string>
#include <vector>

#include "app/ui/widgets.hpp"

namespace thalweg::ui {

struct ChartHandle {
  double x = 0.0;
  double y = 0.0;
  std::string label;  ///< "end of warm-up"
  bool moves_x = true;
  bool moves_y = true;
};

/// Given to a chart for one frame (ChartOptions::handles), which fills in what was done. Marks:
/// "<id>.handle.<n>". While one is dragged the axes hold still.
struct ChartHandles {
  std::vector<ChartHandle> points;
  int colour = 0;        ///< index into the palette
  bool adds = false;     ///< a click on the free plot asks for a new point
  bool removes = false;  ///< a right click on a point asks for its end

  int hovered = -1;
  int dragged = -1;  ///< to (x, y)
  int removed = -1;
  bool added = false;  ///< at (x, y)
  double x = 0.0;
  double y = 0.0;
  Edit edit;  ///< of the drag
};

}  // namespace thalweg::ui
