#include "app/ui/chart.hpp"

#include <imgui_internal.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "app/ui/compat.hpp"
#include "app/ui/stroke.hpp"
#include "app/ui/text.hpp"
#include "app/ui/widgets.hpp"

namespace thalweg::ui {
namespace {

constexpr float kHead = 20.0f;
constexpr float kFoot = 20.0f;    ///< x labels
constexpr float kGutter = 36.0f;  ///< y labels, at least
constexpr float kDefaultHeight = 230.0f;
constexpr float kMostDecades = 24.0f;
constexpr double kWheelStep = 1.18;

struct Plot {
  const Chart& model;
  ChartState& state;
  ChartLink& link;
  ImVec2 min, max;  ///< the plot without labels, pixels
  Range x, y;
  AxisScale x_scale, y_scale;

  float width() const { return max.x - min.x; }
  float height() const { return max.y - min.y; }
  float px_x(double value) const {
    return min.x + width() * static_cast<float>(std::clamp(to_unit(x, x_scale, value), -4.0, 5.0));
  }
  /// Far beyond the frame stays finite, so that lines keep their direction and ImGui its precision.
  float px_y(double value) const {
    const double unit = to_unit(y, y_scale, value);
    return max.y - height() * static_cast<float>(std::clamp(unit, -20.0, 20.0));
  }
};

bool shown(const Chart& model, const ChartState& state, std::size_t i) {
  return model.series[i].visible && !(i < state.hidden.size() && state.hidden[i]);
}

double last_x(const Series& s) {
  return s.from_points() ? s.x.back() : static_cast<double>(std::max<std::int64_t>(s.table.rows() - 1, 0));
}
double first_x(const Series& s, AxisScale scale) {
  if (s.from_points()) return s.x.front();
  return scale == AxisScale::kLog ? 1.0 : 0.0;
}

Range fitted_x(const Chart& model, ChartState& state, ChartLink& link) {
  const AxisScale scale = model.x.scale;
  if (model.x.range) return valid(*model.x.range, scale);
  bool any = false;
  Range data;
  for (std::size_t i = 0; i < model.series.size(); ++i) {
    const Series& s = model.series[i];
    if (!shown(model, state, i) || (!s.from_points() && s.table.rows() == 0)) continue;
    const Range own{first_x(s, scale), last_x(s)};
    data = any ? Range{std::min(data.min, own.min), std::max(data.max, own.max)} : own;
    any = true;
  }
  if (!any) return scale == AxisScale::kLog ? Range{1.0, 1000.0} : Range{0.0, 1000.0};
  if (scale == AxisScale::kLinear && data.span() < 1.0 && data.min == 0.0) data.max = 10.0;
  link.auto_x = fit(data, scale, link.auto_x);
  return *link.auto_x;
}

std::span<const ColumnExtent> columns_of(const Series& s, ChartState::Curve& curve, const Range& x,
                                         AxisScale scale, int pixels) {
  if (!s.from_points() && scale == AxisScale::kLinear)
    return curve.cache.update(s.table, s.column, x.min, x.max, pixels);
  curve.columns = s.from_points() ? decimate(s.x, s.y, x.min, x.max, pixels, scale)
                                  : decimate(s.table, s.column, x.min, x.max, pixels, scale);
  return curve.columns;
}

double smallest_positive_in(const Series& s, const Range& x) {
  if (!s.from_points())
    return smallest_positive(s.table, s.column, static_cast<std::int64_t>(std::max(0.0, x.min)),
                             static_cast<std::int64_t>(std::min(x.max, 1e15)) + 1);
  double best = 0.0;
  for (std::size_t i = 0; i < s.y.size(); ++i)
    if (s.x[i] >= x.min && s.x[i] <= x.max && s.y[i] > 0.0 && std::isfinite(s.y[i]))
      best = best > 0.0 ? std::min(best, s.y[i]) : s.y[i];
  return best;
}

/// The range of y over what is visible, from the columns. On a log axis a divergence to 1e300 or a
/// convergence to zero does not squeeze everything else to a line: the first values stay in sight.
Range fitted_y(const Chart& model, ChartState& state, std::span<const std::span<const ColumnExtent>> all,
               const Range& x, AxisScale scale) {
  if (model.y.range) return valid(*model.y.range, scale);
  bool any = false;
  Range data;
  double anchor = 0.0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    bool nonpositive = false;
    for (const ColumnExtent& c : all[i]) {
      if (!c.any || c.x < x.min - 1.0 || c.x > x.max + 1.0) continue;
      double low = c.min;
      if (scale == AxisScale::kLog && low <= 0.0) {
        nonpositive = true;
        if (c.max <= 0.0) continue;
        low = c.max;
      }
      data = any ? Range{std::min(data.min, low), std::max(data.max, c.max)} : Range{low, c.max};
      if (!any || anchor == 0.0) anchor = c.first > 0.0 && std::isfinite(c.first) ? c.first : c.max;
      any = true;
    }
    if (nonpositive && any) {
      const double least = smallest_positive_in(model.series[i], x);
      if (least > 0.0) data.min = std::min(data.min, least);
    }
  }
  if (!any)
    return state.auto_y && state.auto_y_scale == scale ? *state.auto_y
           : scale == AxisScale::kLog                  ? Range{1e-3, 1.0}
                                                       : Range{0.0, 1.0};
  if (scale == AxisScale::kLog && std::log10(data.max / data.min) > kMostDecades && anchor > 0.0) {
    data.max = std::min(data.max, std::max(anchor, 1e-290) * 1e8);
    data.min = std::max(data.min, data.max * std::pow(10.0, -kMostDecades));
  }
  const bool same_scale = state.auto_y_scale == scale;
  state.auto_y = fit(data, scale, same_scale ? state.auto_y : std::nullopt);
  state.auto_y_scale = scale;
  return *state.auto_y;
}

/// Spans where the curve has no finite value are shaded, and a cross ends the curve before them.
void draw_gaps(const Plot& plot, ImDrawList* list, std::span<const ColumnExtent> columns, Colour colour) {
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (!columns[i].gap) continue;
    std::size_t end = i;
    while (end + 1 < columns.size() && columns[end + 1].gap) ++end;
    const float x0 = std::floor(plot.px_x(columns[i].x));
    const float x1 = std::max(x0 + px(2.0f), std::ceil(plot.px_x(columns[end].x)));
    list->AddRectFilled(ImVec2(x0, plot.min.y), ImVec2(x1, plot.max.y), with_alpha(colour, 0.14f));
    const ColumnExtent* before = columns[i].any                ? &columns[i]
                                 : i > 0 && columns[i - 1].any ? &columns[i - 1]
                                                               : nullptr;
    if (before) {
      const double value = std::isfinite(before->last) ? before->last : before->max;
      const ImVec2 at(std::round(plot.px_x(before->x)),
                      std::round(std::clamp(plot.px_y(value), plot.min.y + px(5.0f), plot.max.y - px(5.0f))));
      const float r = px(3.5f);
      const float w = line_width(2.0f);
      list->AddLine(ImVec2(at.x - r, at.y - r), ImVec2(at.x + r, at.y + r), colour, w);
      list->AddLine(ImVec2(at.x - r, at.y + r), ImVec2(at.x + r, at.y - r), colour, w);
    }
    i = end;
  }
}

void draw_curve(const Plot& plot, ImDrawList* list, std::span<const ColumnExtent> columns, Colour colour,
                bool dash) {
  const float width = line_width(theme().curve);
  static std::vector<Slice> slices;
  static std::vector<ImVec2> points;
  slices.clear();
  points.clear();
  bool dense = false;
  const auto flush = [&] {
    if (slices.size() == 1 && !dense) {
      const Slice& s = slices.front();
      list->AddCircleFilled(ImVec2(s.x, 0.5f * (s.top + s.bottom)), 0.75f * width, colour, 12);
    } else if (dash) {
      for (std::size_t i = 1; i < points.size(); ++i)
        dashed(list, points[i - 1], points[i], colour, width, px(4.0f));
    } else if (dense) {
      band(list, slices, colour, width);
    } else {
      stroke(list, points, colour, width);
    }
    slices.clear();
    points.clear();
    dense = false;
  };
  const ColumnExtent* previous = nullptr;
  for (const ColumnExtent& c : columns) {
    if (!c.any) {
      flush();
      previous = nullptr;
      continue;
    }
    const float x = plot.px_x(c.x);
    float top = plot.px_y(c.max);
    float bottom = plot.px_y(c.min);
    // The step from the column before lies between the two; the band takes it in, so it has no holes.
    if (previous && std::isfinite(previous->last) && c.min < c.max) {
      const float from = plot.px_y(previous->last);
      top = std::min(top, std::max(from, slices.empty() ? from : slices.back().top));
      bottom = std::max(bottom, std::min(from, slices.empty() ? from : slices.back().bottom));
    }
    dense = dense || bottom - top > 1.5f;
    slices.push_back({x, top, bottom});
    points.push_back(ImVec2(x, 0.5f * (top + bottom)));
    previous = &c;
    if (c.gap) {
      flush();
      previous = nullptr;
    }
  }
  flush();
}

std::string axis_text(const Axis& axis) {
  return axis.unit.empty() ? axis.label : axis.label + " (" + axis.unit + ")";
}

/// Head: the title in small capitals and the button for the scale.
bool draw_head(std::string_view id, const Chart& model, ChartState& state, float width) {
  const Theme& t = theme();
  const ImVec2 at = ImGui::GetCursorScreenPos();
  ImDrawList* list = ImGui::GetWindowDrawList();
  const float spacing = px(0.6f);
  const float top = baseline(Type::kSmall, at.y + 0.5f * px(kHead)) - std::round(font(Type::kSmall)->Ascent);
  const AxisScale scale = state.y_scale.value_or(model.y.scale);
  const std::string word = scale == AxisScale::kLog ? "LOG" : "LIN";
  const float w =
      std::max(spaced_width(Type::kSmall, "LOG", spacing), spaced_width(Type::kSmall, "LIN", spacing));
  draw_spaced(list, Type::kSmall, ImVec2(at.x, top), t.dim,
              elided(Type::kSmall, capitals(model.title), 0.92f * (width - w - px(16.0f))), spacing);
  ImGui::SetCursorScreenPos(ImVec2(at.x + width - w - px(6.0f), at.y));
  const bool clicked = ImGui::InvisibleButton("##scale", ImVec2(w + px(6.0f), px(kHead)));
  const bool hovered = ImGui::IsItemHovered();
  mark(std::string(id) + ".scale", ImGui::GetItemRectMin(), ImGui::GetItemRectMax());
  draw_spaced(list, Type::kSmall, ImVec2(at.x + width - spaced_width(Type::kSmall, word, spacing), top),
              hovered ? t.text : t.dim, word, spacing);
  tooltip(scale == AxisScale::kLog ? "Logarithmic. Click for a linear axis."
                                   : "Linear. Click for a logarithmic axis.");
  if (clicked) {
    state.y_scale = scale == AxisScale::kLog ? AxisScale::kLinear : AxisScale::kLog;
    state.y.reset();
  }
  ImGui::SetCursorScreenPos(ImVec2(at.x, at.y + px(kHead)));
  return clicked;
}

bool draw_legend(std::string_view id, const Chart& model, ChartState& state, float width) {
  const Theme& t = theme();
  const ImVec2 at = ImGui::GetCursorScreenPos();
  ImDrawList* list = ImGui::GetWindowDrawList();
  const float row = px(18.0f);
  float x = at.x;
  float y = at.y;
  bool changed = false;
  state.hidden.resize(model.series.size(), false);
  for (std::size_t i = 0; i < model.series.size(); ++i) {
    if (!model.series[i].visible) continue;
    const std::string name = elided(Type::kNote, model.series[i].name, width - px(24.0f));
    const float w = px(14.0f) + text_width(Type::kNote, name) + px(12.0f);
    if (x > at.x && x + w > at.x + width) {
      x = at.x;
      y += row;
    }
    ImGui::SetCursorScreenPos(ImVec2(x, y));
    ImGui::PushID(static_cast<int>(i));
    if (ImGui::InvisibleButton("##legend", ImVec2(w - px(6.0f), row))) {
      state.hidden[i] = !state.hidden[i];
      changed = true;
    }
    ImGui::PopID();
    if (marks_enabled())
      mark(std::string(id) + ".legend." + std::to_string(i), ImGui::GetItemRectMin(),
           ImGui::GetItemRectMax());
    const bool off = state.hidden[i];
    const Colour colour = path_colour(model.series[i].colour);
    const ImVec2 dot(x + px(4.0f), y + 0.5f * row);
    if (off)
      list->AddCircle(dot, px(3.5f), t.faint, 16, line_width(1.0f));
    else
      list->AddCircleFilled(dot, px(4.0f), colour, 16);
    draw_centred(list, Type::kNote, x + px(14.0f), y + 0.5f * row,
                 off                      ? t.faint
                 : ImGui::IsItemHovered() ? t.text
                                          : t.dim,
                 name);
    x += w;
  }
  ImGui::SetCursorScreenPos(ImVec2(at.x, y + row + px(2.0f)));
  return changed;
}

struct PlacedTicks {
  std::vector<Tick> x, y;
  float gutter = 0.0f;
};

void draw_axes(const Plot& plot, const PlacedTicks& placed, ImDrawList* list, ImVec2 frame_min,
               ImVec2 frame_max) {
  const Theme& t = theme();
  const float rule = line_width(t.rule);
  float last_y = 1e9f;
  for (const Tick& tick : placed.y) {
    if (!tick.major) continue;
    const float y = std::round(plot.px_y(tick.value));
    list->AddRectFilled(ImVec2(plot.min.x, y), ImVec2(plot.max.x, y + rule), t.hairline);
    if (last_y - y < px(14.0f)) continue;  // never one over the other
    draw_label(list, plot.min.x - px(6.0f), y, t.dim, tick.label, 1.0f);
    last_y = y;
  }
  float last_right = -1e9f;
  for (const Tick& tick : placed.x) {
    if (!tick.major) continue;
    const float x = std::round(plot.px_x(tick.value));
    list->AddRectFilled(ImVec2(x, plot.max.y - px(3.0f)), ImVec2(x + rule, plot.max.y), t.hairline);
    const float w = label_width(tick.label);
    const float left = std::clamp(x - 0.5f * w, frame_min.x, std::max(frame_min.x, frame_max.x - w));
    if (left < last_right + px(6.0f)) continue;
    draw_label(list, left, plot.max.y + px(11.0f), t.dim, tick.label, 0.0f);
    last_right = left + w;
  }
}

void draw_marks(const Plot& plot, ImDrawList* list) {
  const Theme& t = theme();
  const float w = line_width(1.0f);
  for (const Mark& event : plot.model.marks) {
    const float x = std::round(plot.px_x(event.x));
    if (x < plot.min.x || x > plot.max.x) continue;
    list->AddRectFilled(ImVec2(x, plot.min.y), ImVec2(x + w, plot.max.y), with_alpha(t.warning, 0.55f));
    list->AddTriangleFilled(ImVec2(x - px(3.0f), plot.min.y), ImVec2(x + px(4.0f), plot.min.y),
                            ImVec2(x + 0.5f, plot.min.y + px(5.0f)), t.warning);
  }
  if (!plot.model.cursor) return;
  const float x = std::round(plot.px_x(*plot.model.cursor));
  if (x < plot.min.x || x > plot.max.x + 1.0f) return;
  for (float y = plot.min.y; y < plot.max.y; y += px(6.0f))
    list->AddRectFilled(ImVec2(x, y), ImVec2(x + w, std::min(y + px(3.0f), plot.max.y)), t.accent);
}

/// Value of a series at x: the row, or the nearest point.
std::optional<double> value_at(const Series& s, double x) {
  if (s.from_points()) {
    if (x < s.x.front() || x > s.x.back()) return std::nullopt;
    const auto above = std::lower_bound(s.x.begin(), s.x.end(), x);
    auto index = static_cast<std::size_t>(above - s.x.begin());
    if (index > 0 && (index == s.x.size() || x - s.x[index - 1] < s.x[index] - x)) --index;
    return index < s.y.size() ? std::optional(s.y[index]) : std::nullopt;
  }
  const double row = std::round(x);
  if (!(row >= 0.0) || row >= static_cast<double>(s.table.rows())) return std::nullopt;
  return s.table.at(static_cast<std::int64_t>(row), s.column);
}

std::string x_text(const Chart& model, double x) {
  const bool rows =
      std::all_of(model.series.begin(), model.series.end(), [](const Series& s) { return !s.from_points(); });
  const std::string value = rows ? integer(std::llround(x)) : number(x);
  return (model.x.label.empty() ? "step" : model.x.label) + " " + value +
         (model.x.unit.empty() ? "" : " " + model.x.unit);
}

/// The line under the mouse, a dot on each curve, and the values in the corner away from the mouse.
void draw_crosshair(const Plot& plot, ImDrawList* list, double x, bool with_values) {
  const Theme& t = theme();
  const bool rows = !plot.model.series.empty() && !plot.model.series.front().from_points();
  if (rows) x = std::round(x);
  const float at = std::round(plot.px_x(x));
  if (at < plot.min.x || at > plot.max.x) return;
  list->AddRectFilled(ImVec2(at, plot.min.y), ImVec2(at + line_width(1.0f), plot.max.y), t.faint);
  const auto all = readings(plot.model, plot.state, x);
  for (const Reading& r : all) {
    const float y = plot.px_y(r.value);
    if (!std::isfinite(r.value) || y < plot.min.y - 1.0f || y > plot.max.y + 1.0f) continue;
    list->AddCircleFilled(ImVec2(at + 0.5f, y), px(4.5f), t.panel, 16);
    list->AddCircleFilled(ImVec2(at + 0.5f, y), px(3.5f),
                          path_colour(plot.model.series[static_cast<std::size_t>(r.series)].colour), 16);
  }
  if (!with_values) return;
  const std::string head = x_text(plot.model, x);
  const float row = px(17.0f);
  float names = 0.0f;
  float values = 0.0f;
  const float most = 0.5f * plot.width();
  for (const Reading& r : all) {
    names = std::max(
        names,
        std::min(most, text_width(Type::kNote, plot.model.series[static_cast<std::size_t>(r.series)].name)));
    values = std::max(values, text_width(Type::kNote, number(r.value)));
  }
  const float inner =
      std::max(text_width(Type::kNote, head), all.empty() ? 0.0f : px(14.0f) + names + px(14.0f) + values);
  const ImVec2 size(std::ceil(inner) + px(16.0f), row * static_cast<float>(all.size() + 1) + px(10.0f));
  const bool left = at > 0.5f * (plot.min.x + plot.max.x);
  const float x0 = left ? at - px(12.0f) - size.x : at + px(12.0f);
  const ImVec2 a(std::round(x0), std::round(plot.min.y + px(4.0f)));
  const ImVec2 b(a.x + size.x, a.y + size.y);
  // Over the neighbours if it must: a reading that is cut is none.
  ImDrawList* top = ImGui::GetForegroundDrawList();
  top->AddRectFilled(a, b, with_alpha(t.card, 0.94f), px(kRadius));
  top->AddRect(a, b, t.hairline, px(kRadius), 0, line_width(1.0f));
  float y = a.y + px(5.0f) + 0.5f * row;
  draw_centred(top, Type::kNote, a.x + px(8.0f), y, t.dim, head);
  for (const Reading& r : all) {
    y += row;
    const Series& s = plot.model.series[static_cast<std::size_t>(r.series)];
    top->AddCircleFilled(ImVec2(a.x + px(12.0f), y), px(4.0f), path_colour(s.colour), 16);
    draw_centred(top, Type::kNote, a.x + px(22.0f), y, t.dim, elided(Type::kNote, s.name, names + 1.0f));
    draw_centred(top, Type::kNote, b.x - px(8.0f), y, t.text, number(r.value), 1.0f);
  }
}

void zoom_to_box(Plot& plot, double x0, double y0, double x1, double y1) {
  const auto pick = [](const Range& range, AxisScale scale, double a, double b) {
    return valid({from_unit(range, scale, std::min(a, b)), from_unit(range, scale, std::max(a, b))}, scale);
  };
  plot.link.x = pick(plot.x, plot.x_scale, x0, x1);
  plot.state.y = pick(plot.y, plot.y_scale, y0, y1);
}

/// Pan, zoom, box and reset. The new ranges hold from the next frame on.
bool handle_mouse(Plot& plot, ImDrawList* list, bool hovered, bool active) {
  ChartState& s = plot.state;
  const ImGuiIO& io = ImGui::GetIO();
  const double ux = (io.MousePos.x - plot.min.x) / plot.width();
  const double uy = (plot.max.y - io.MousePos.y) / plot.height();
  if (hovered && ImGui::IsMouseDoubleClicked(0)) {
    reset_view(s, &plot.link);
    s.gesture = ChartState::Gesture::kNone;
    return true;
  }
  if (hovered && io.MouseWheel != 0.0f) {
    const double factor = std::pow(kWheelStep, -io.MouseWheel);
    if (io.KeyCtrl || io.KeyShift || io.KeyAlt)
      s.y = zoomed(plot.y, plot.y_scale, uy, factor);
    else
      plot.link.x = zoomed(plot.x, plot.x_scale, ux, factor);
    return true;
  }
  if (active && s.gesture == ChartState::Gesture::kNone &&
      (ImGui::IsMouseClicked(0) || ImGui::IsMouseClicked(1))) {
    s.gesture =
        ImGui::IsMouseClicked(1) || io.KeyShift ? ChartState::Gesture::kBox : ChartState::Gesture::kPan;
    s.grab_x = ux;
    s.grab_y = uy;
    return false;
  }
  if (s.gesture == ChartState::Gesture::kPan) {
    if (!active) {
      s.gesture = ChartState::Gesture::kNone;
      return false;
    }
    const double dx = ux - s.grab_x;
    const double dy = uy - s.grab_y;
    const bool far = std::abs(dx) * plot.width() >= 3.0 || std::abs(dy) * plot.height() >= 3.0;
    if (!far && !plot.link.x && !s.y) return false;
    // A hand that pans along x does not mean to leave the fitted y.
    const bool along_x = !s.y && std::abs(dy) * plot.height() < 12.0;
    if (dx != 0.0) plot.link.x = moved(plot.x, plot.x_scale, -dx);
    s.grab_x = ux;
    if (!along_x && dy != 0.0) {
      s.y = moved(plot.y, plot.y_scale, -dy);
      s.grab_y = uy;
    }
    return dx != 0.0 || dy != 0.0;
  }
  if (s.gesture == ChartState::Gesture::kBox) {
    const auto at = [&](double u, double v) {
      return ImVec2(plot.min.x + plot.width() * static_cast<float>(std::clamp(u, 0.0, 1.0)),
                    plot.max.y - plot.height() * static_cast<float>(std::clamp(v, 0.0, 1.0)));
    };
    const double cx = std::clamp(ux, 0.0, 1.0);
    const double cy = std::clamp(uy, 0.0, 1.0);
    if (active) {
      const ImVec2 a = at(s.grab_x, s.grab_y);
      const ImVec2 b = at(cx, cy);
      const ImVec2 low(std::min(a.x, b.x), std::min(a.y, b.y));
      const ImVec2 high(std::max(a.x, b.x), std::max(a.y, b.y));
      list->AddRectFilled(low, high, with_alpha(theme().accent, 0.12f));
      list->AddRect(low, high, theme().accent, 0.0f, 0, line_width(1.0f));
      return false;
    }
    s.gesture = ChartState::Gesture::kNone;
    if (std::abs(cx - s.grab_x) * plot.width() < 4.0 || std::abs(cy - s.grab_y) * plot.height() < 4.0)
      return false;
    zoom_to_box(plot, s.grab_x, s.grab_y, cx, cy);
    return true;
  }
  return false;
}

PlacedTicks place_ticks(const Plot& plot) {
  PlacedTicks out;
  out.y = ticks(plot.y, plot.y_scale, plot.height(), px(26.0f));
  float widest = 0.0f;
  for (const Tick& tick : out.y)
    if (tick.major) widest = std::max(widest, label_width(tick.label));
  // In steps of the spacing scale, so that the plot does not creep while numbers change.
  out.gutter = std::max(px(kGutter), std::ceil((widest + px(8.0f)) / px(kGap)) * px(kGap));
  return out;
}

}  // namespace

void reset_view(ChartState& state, ChartLink* link) {
  state.y.reset();
  state.own.x.reset();
  if (link) link->x.reset();
}

std::vector<Reading> readings(const Chart& model, const ChartState& state, double x) {
  std::vector<Reading> out;
  for (std::size_t i = 0; i < model.series.size(); ++i) {
    if (!shown(model, state, i)) continue;
    if (const auto value = value_at(model.series[i], x)) out.push_back({static_cast<int>(i), *value});
  }
  // Top to bottom as the curves lie; what is not finite comes last.
  std::stable_sort(out.begin(), out.end(), [](const Reading& a, const Reading& b) {
    if (std::isnan(a.value) || std::isnan(b.value)) return std::isnan(b.value) && !std::isnan(a.value);
    return a.value > b.value;
  });
  return out;
}

bool chart(std::string_view id, const Chart& model, ChartState& state, const ChartOptions& options) {
  const float width = options.width > 0.0f ? options.width : std::floor(available());
  const float total = options.height > 0.0f ? options.height : px(kDefaultHeight);
  const ImVec2 at = ImGui::GetCursorScreenPos();
  ImGui::PushID(id.data(), id.data() + id.size());
  bool changed = options.head && draw_head(id, model, state, width);
  if (options.legend) changed = draw_legend(id, model, state, width) || changed;
  const ImVec2 frame_min = ImGui::GetCursorScreenPos();
  const ImVec2 frame_max(at.x + width, std::max(at.y + total, frame_min.y + px(60.0f)));

  ChartLink& link = options.link ? *options.link : state.own;
  const AxisScale y_scale = state.y_scale.value_or(model.y.scale);
  const bool x_label = !model.x.label.empty() && options.head && model.x.label != "step";
  const float foot = px(kFoot) + (x_label ? px(16.0f) : 0.0f);
  Plot plot{model,
            state,
            link,
            ImVec2(frame_min.x + px(kGutter), frame_min.y + px(8.0f)),
            ImVec2(frame_max.x - px(4.0f), frame_max.y - foot),
            {},
            {},
            model.x.scale,
            y_scale};
  plot.x = link.x ? valid(*link.x, plot.x_scale) : fitted_x(model, state, link);

  state.curves.resize(model.series.size());
  static std::vector<std::span<const ColumnExtent>> columns;
  columns.assign(model.series.size(), {});
  const int pixels = std::max(16, static_cast<int>(plot.width()));
  for (std::size_t i = 0; i < model.series.size(); ++i)
    if (shown(model, state, i))
      columns[i] = columns_of(model.series[i], state.curves[i], plot.x, plot.x_scale, pixels);
  plot.y = state.y ? valid(*state.y, y_scale) : fitted_y(model, state, columns, plot.x, y_scale);

  PlacedTicks placed = place_ticks(plot);
  plot.min.x = frame_min.x + placed.gutter;
  float widest = px(24.0f);
  for (const Tick& tick : ticks(plot.x, plot.x_scale, plot.width(), px(64.0f)))
    widest = std::max(widest, label_width(tick.label));
  placed.x = ticks(plot.x, plot.x_scale, plot.width(), widest + px(20.0f));

  ImGui::SetCursorScreenPos(plot.min);
  ImGui::InvisibleButton("##plot", ImVec2(std::max(plot.width(), 1.0f), std::max(plot.height(), 1.0f)),
                         ImGuiButtonFlags_MouseButtonLeft | ImGuiButtonFlags_MouseButtonRight);
  mark(id, plot.min, plot.max);
  const bool hovered = ImGui::IsItemHovered();
  const bool active = ImGui::IsItemActive();
  if (hovered) own_wheel();

  ImDrawList* list = ImGui::GetWindowDrawList();
  draw_axes(plot, placed, list, frame_min, frame_max);
  if (x_label)
    draw_centred(list, Type::kSmall, 0.5f * (plot.min.x + plot.max.x), frame_max.y - px(7.0f), theme().dim,
                 axis_text(model.x), 0.5f);
  list->PushClipRect(ImVec2(plot.min.x, plot.min.y - px(1.0f)),
                     ImVec2(plot.max.x + 1.0f, plot.max.y + px(1.0f)), true);
  for (std::size_t i = 0; i < model.series.size(); ++i)
    draw_gaps(plot, list, columns[i], path_colour(model.series[i].colour));
  for (std::size_t i = 0; i < model.series.size(); ++i)
    draw_curve(plot, list, columns[i], path_colour(model.series[i].colour), model.series[i].dashed);
  draw_marks(plot, list);
  list->PopClipRect();

  changed = handle_mouse(plot, list, hovered, active) || changed;
  const int now = ImGui::GetFrameCount();
  if (hovered && state.gesture == ChartState::Gesture::kNone) {
    link.hover = from_unit(plot.x, plot.x_scale, (ImGui::GetIO().MousePos.x - plot.min.x) / plot.width());
    link.hover_frame = now;
  }
  // The charts above the hovered one learn of it a frame later.
  if (link.hover && link.hover_frame >= now - 1) draw_crosshair(plot, list, *link.hover, hovered);

  ImGui::SetCursorScreenPos(at);
  ImGui::Dummy(ImVec2(width, frame_max.y - at.y));
  ImGui::PopID();
  return changed;
}

}  // namespace thalweg::ui
