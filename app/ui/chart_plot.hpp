// Between chart.cpp, which decides what is seen, and chart_draw.cpp, which draws it.
#pragma once

#include <imgui.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <string_view>
#include <vector>

#include "app/ui/chart.hpp"

namespace thalweg::ui::chart_detail {

/// Where values are on the screen.
struct Plot {
  const Chart& model;
  ChartState& state;
  ChartLink& link;
  ImVec2 min, max;  ///< the plot without labels, pixels
  Range x, y;
  AxisScale x_scale, y_scale;

  float width() const { return max.x - min.x; }
  float height() const { return max.y - min.y; }

  /// After x, y and the frame are set: what px_x and px_y need, so that a point costs one logarithm.
  void prepare() {
    x_origin = x_scale == AxisScale::kLog ? std::log(x.min) : x.min;
    x_per = 1.0 / ((x_scale == AxisScale::kLog ? std::log(x.max) : x.max) - x_origin);
    y_origin = y_scale == AxisScale::kLog ? std::log(y.min) : y.min;
    y_per = 1.0 / ((y_scale == AxisScale::kLog ? std::log(y.max) : y.max) - y_origin);
  }
  float px_x(double value) const {
    const double at = x_scale == AxisScale::kLinear ? value : value > 0.0 ? std::log(value) : -1e9;
    return min.x + width() * static_cast<float>(std::clamp((at - x_origin) * x_per, -4.0, 5.0));
  }
  /// Far beyond the frame stays finite, so that lines keep their direction and ImGui its precision.
  float px_y(double value) const {
    const double at = y_scale == AxisScale::kLinear ? value : value > 0.0 ? std::log(value) : -1e9;
    return max.y - height() * static_cast<float>(std::clamp((at - y_origin) * y_per, -20.0, 20.0));
  }

  double x_origin = 0.0, x_per = 1.0, y_origin = 0.0, y_per = 1.0;
};

struct PlacedTicks {
  std::vector<Tick> x, y;
  float gutter = 0.0f;
};

/// Whether series `i` is to be drawn.
bool shown(const Chart& model, const ChartState& state, std::size_t i);

/// The head: the title in small capitals, the button for files, which shows while the mouse is over the
/// chart of that height, and the button for the scale. True if the last was clicked.
bool draw_head(std::string_view id, const Chart& model, ChartState& state, float width, float height,
               std::string_view help);
bool draw_legend(std::string_view id, const Chart& model, ChartState& state, float width);
void draw_axes(const Plot& plot, const PlacedTicks& placed, ImDrawList* list, ImVec2 frame_min,
               ImVec2 frame_max);
void draw_gaps(const Plot& plot, ImDrawList* list, std::span<const ColumnExtent> columns, Colour colour);
void draw_curve(const Plot& plot, ImDrawList* list, std::span<const ColumnExtent> columns, Colour colour,
                bool dash);
/// Between the low and the high of a series of points.
void draw_band(const Plot& plot, ImDrawList* list, std::size_t series);
/// A dot at each point of a series of points.
void draw_dots(const Plot& plot, ImDrawList* list, std::size_t series);
void draw_marks(const Plot& plot, ImDrawList* list);
/// The line under the mouse, a dot on each curve and, where asked, the values beside it.
void draw_crosshair(const Plot& plot, ImDrawList* list, double x, bool with_values, ImVec2 frame_min,
                    ImVec2 frame_max);

/// The handles' share of the mouse, before the plot takes the rest.
void handle_items(std::string_view id, const Plot& plot, ChartHandles& handles);
/// After the item of the plot: whether a click on it asks for a new point.
void handle_click(const Plot& plot, ChartHandles& handles);
void draw_handles(const Plot& plot, const ChartHandles& handles, ImDrawList* list);

}  // namespace thalweg::ui::chart_detail
