// A plane with axes, for what is no chart: a map of settings, roots in the complex plane. Draws the frame and
// says where a value is; what is in it is up to the caller.
#pragma once

#include <imgui.h>

#include <functional>
#include <string_view>

#include "app/view.hpp"
#include "core/figure/axis.hpp"
#include "core/figure/source.hpp"

namespace thalweg {

struct InsightPlane {
  ImVec2 min, max;  ///< the plot without labels, pixels
  Range x, y;
  AxisScale x_scale = AxisScale::kLinear;
  AxisScale y_scale = AxisScale::kLinear;

  float width() const { return max.x - min.x; }
  float height() const { return max.y - min.y; }
  ImVec2 at(double x_value, double y_value) const;
  double x_at(float pixel) const;
  double y_at(float pixel) const;
  bool contains(ImVec2 p) const { return p.x >= min.x && p.x <= max.x && p.y >= min.y && p.y <= max.y; }
};

/// Sets `plane.min` and `max` inside `place`, with room for the numbers of both axes and the names below and
/// above them.
void place_plane(InsightPlane& plane, const Rect& place, std::string_view x_name);
/// Numbers, names, and (with `grid`) lines across.
void draw_plane_axes(const InsightPlane& plane, std::string_view x_name, std::string_view y_name, bool grid);

/// The head of something that can be saved, as charts have one: the title in small capitals with a tooltip, a
/// button for files that shows while the mouse is over `place`, and the menu behind it. Marks "<id>.export"
/// and those of offer_export(). Returns its height.
float insight_head(std::string_view id, std::string_view title, std::string_view help, const Rect& place,
                   const std::function<FigureSource()>& source);

}  // namespace thalweg
