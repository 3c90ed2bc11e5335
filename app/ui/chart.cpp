#include "app/ui/chart.hpp"

#include <algorithm>
#include <cmath>

#include "app/ui/chart_export.hpp"
#include "app/ui/chart_plot.hpp"
#include "app/ui/compat.hpp"
#include "app/ui/text.hpp"
#include "app/ui/widgets.hpp"
#include "core/figure/fitting.hpp"

namespace thalweg::ui {
namespace {

using namespace chart_detail;

constexpr float kFoot = 20.0f;    ///< x labels
constexpr float kGutter = 36.0f;  ///< y labels, at least
constexpr float kDefaultHeight = 230.0f;
constexpr double kWheelStep = 1.18;

std::span<const ColumnExtent> kept_columns(const Series& s, ChartState::Curve& curve, const Range& x,
                                           AxisScale scale, int pixels) {
  if (!s.from_points() && scale == AxisScale::kLinear)
    return curve.cache.update(s.table, s.column, x.min, x.max, pixels);
  curve.columns = columns_of(s, x, scale, pixels);
  return curve.columns;
}

/// The range of y: fitted, and held still while a run goes on.
Range range_of_y(const Chart& model, ChartState& state, std::span<const std::span<const ColumnExtent>> columns,
                 const Range& x, AxisScale scale) {
  const std::optional<Range> held = state.auto_y_scale == scale ? state.auto_y : std::nullopt;
  if (const auto fitted = fitted_y(model, state.hidden, scale, columns, x, held)) {
    if (!model.y.range) {
      state.auto_y = fitted;
      state.auto_y_scale = scale;
    }
    return *fitted;
  }
  if (held) return *held;
  return scale == AxisScale::kLog ? Range{1e-3, 1.0} : Range{0.0, 1.0};
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

void zoom_to_box(Plot& plot, double x0, double y0, double x1, double y1) {
  const auto pick = [](const Range& range, AxisScale scale, double a, double b) {
    return valid({from_unit(range, scale, std::min(a, b)), from_unit(range, scale, std::max(a, b))}, scale);
  };
  plot.link.x = pick(plot.x, plot.x_scale, x0, x1);
  plot.state.y = pick(plot.y, plot.y_scale, y0, y1);
}

/// Pan, zoom, box and reset. The new ranges hold from the next frame on. `clicks`: a click means something
/// else, and two of them too.
bool handle_mouse(Plot& plot, ImDrawList* list, bool hovered, bool active, bool clicks) {
  ChartState& s = plot.state;
  const ImGuiIO& io = ImGui::GetIO();
  const double ux = (io.MousePos.x - plot.min.x) / plot.width();
  const double uy = (plot.max.y - io.MousePos.y) / plot.height();
  if (hovered && !clicks && ImGui::IsMouseDoubleClicked(0)) {
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
    const double along = std::abs(cx - s.grab_x) * plot.width(), up = std::abs(cy - s.grab_y) * plot.height();
    if (along < 4.0 && up < 4.0 && ImGui::IsMouseReleased(1)) open_export_menu();
    if (along < 4.0 || up < 4.0) return false;
    zoom_to_box(plot, s.grab_x, s.grab_y, cx, cy);
    return true;
  }
  return false;
}

/// The name of the curve within reach of the mouse, or nothing.
std::string series_near(const Plot& plot, ImVec2 mouse) {
  const double x = from_unit(plot.x, plot.x_scale, (mouse.x - plot.min.x) / plot.width());
  float reach = px(12.0f);
  std::string out;
  for (const Reading& reading : readings(plot.model, plot.state, x)) {
    const float away = std::abs(plot.px_y(reading.value) - mouse.y);
    if (!std::isfinite(reading.value) || away >= reach) continue;
    reach = away;
    out = plot.model.series[static_cast<std::size_t>(reading.series)].name;
  }
  return out;
}

PlacedTicks place_ticks(const Plot& plot) {
  PlacedTicks out;
  out.y = ticks(plot.y, plot.y_scale, plot.height(), std::max(px(26.0f), plot.height() / 13.0f));
  float widest = 0.0f;
  for (const Tick& tick : out.y)
    if (tick.major) widest = std::max(widest, label_width(tick.label));
  // In steps of the spacing scale, so that the plot does not creep while numbers change.
  out.gutter = std::max(px(kGutter), std::ceil((widest + px(8.0f)) / px(kGap)) * px(kGap));
  return out;
}

/// The menu, and Ctrl E while the mouse is anywhere over the chart.
void offer_chart(std::string_view id, const Plot& plot, ImVec2 chart_min, ImVec2 chart_max) {
  const bool here = ImGui::IsWindowHovered() && ImGui::IsMouseHoveringRect(chart_min, chart_max);
  offer_export(id, here, [&] {
    return figure_of({as_shown(plot.model, plot.state, plot.x, plot.y, plot.y_scale)});
  });
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
    if (!shown(model, state, i) || model.series[i].faint) continue;
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
  bool changed = options.head && draw_head(id, model, state, width, total, options.help);
  if (options.legend) changed = draw_legend(id, model, state, width) || changed;
  const ImVec2 frame_min = ImGui::GetCursorScreenPos();
  const ImVec2 frame_max(at.x + width, std::max(at.y + total, frame_min.y + px(60.0f)));

  ChartLink& link = options.link ? *options.link : state.own;
  const AxisScale y_scale = state.y_scale.value_or(model.y.scale);
  const bool x_label = !model.x.label.empty() && options.head && model.x.label != "step";
  const float foot = px(options.foot ? kFoot : 5.0f) + (x_label ? px(16.0f) : 0.0f);
  Plot plot{model,
            state,
            link,
            ImVec2(frame_min.x + px(kGutter), frame_min.y + px(8.0f)),
            ImVec2(frame_max.x - px(4.0f), frame_max.y - foot),
            {},
            {},
            model.x.scale,
            y_scale};
  plot.x = link.x ? valid(*link.x, plot.x_scale) : fitted_x(model, state.hidden, link.auto_x);
  if (state.held) plot.x = state.held->x;

  state.curves.resize(model.series.size());
  static std::vector<std::span<const ColumnExtent>> columns;
  columns.assign(model.series.size(), {});
  const int pixels = std::max(16, static_cast<int>(plot.width()));
  for (std::size_t i = 0; i < model.series.size(); ++i)
    if (shown(model, state, i))
      columns[i] = kept_columns(model.series[i], state.curves[i], plot.x, plot.x_scale, pixels);
  plot.y = state.y ? valid(*state.y, y_scale) : range_of_y(model, state, columns, plot.x, y_scale);
  if (state.held) plot.y = state.held->y;

  PlacedTicks placed = place_ticks(plot);
  plot.min.x = frame_min.x + placed.gutter;
  float widest = px(24.0f);
  for (const Tick& tick : ticks(plot.x, plot.x_scale, plot.width(), px(64.0f)))
    widest = std::max(widest, label_width(tick.label));
  if (options.foot) placed.x = ticks(plot.x, plot.x_scale, plot.width(), widest + px(20.0f));
  plot.prepare();
  if (options.handles) handle_items(id, plot, *options.handles);

  ImGui::SetCursorScreenPos(plot.min);
  ImGui::InvisibleButton("##plot", ImVec2(std::max(plot.width(), 1.0f), std::max(plot.height(), 1.0f)),
                         ImGuiButtonFlags_MouseButtonLeft | ImGuiButtonFlags_MouseButtonRight);
  mark(id, plot.min, plot.max);
  const bool hovered = ImGui::IsItemHovered() && !(options.handles && options.handles->hovered >= 0);
  const bool active = ImGui::IsItemActive();
  if (hovered) own_wheel();
  if (options.handles) handle_click(plot, *options.handles);
  offer_chart(id, plot, at, frame_max);

  ImDrawList* list = ImGui::GetWindowDrawList();
  if (std::none_of(model.series.begin(), model.series.end(), has_data)) {
    list->AddRectFilled(ImVec2(plot.min.x, plot.max.y), ImVec2(plot.max.x, plot.max.y + line_width(1.0f)),
                        theme().hairline);
    draw_centred(list, Type::kNormal, 0.5f * (plot.min.x + plot.max.x), 0.5f * (plot.min.y + plot.max.y),
                 theme().faint, elided(Type::kNormal, model.empty, plot.width()), 0.5f);
    ImGui::SetCursorScreenPos(at);
    ImGui::Dummy(ImVec2(width, frame_max.y - at.y));
    ImGui::PopID();
    return changed;
  }
  draw_axes(plot, placed, list, frame_min, frame_max);
  if (x_label)
    draw_centred(list, Type::kSmall, 0.5f * (plot.min.x + plot.max.x), frame_max.y - px(7.0f), theme().dim,
                 axis_text(model.x), 0.5f);
  list->PushClipRect(ImVec2(plot.min.x, plot.min.y - px(1.0f)),
                     ImVec2(plot.max.x + 1.0f, plot.max.y + px(1.0f)), true);
  for (std::size_t i = 0; i < model.series.size(); ++i)
    draw_gaps(plot, list, columns[i], path_colour(model.series[i].colour));
  for (std::size_t i = 0; i < model.series.size(); ++i) draw_band(plot, list, i);
  for (const bool faint : {true, false})
    for (std::size_t i = 0; i < model.series.size(); ++i) {
      const Series& s = model.series[i];
      if (s.faint != faint) continue;
      const Colour colour = path_colour(s.colour);
      const bool back = !state.emphasis.empty() && s.name != state.emphasis;
      const float alpha = (faint ? 0.22f : 1.0f) * (back ? 0.25f : 1.0f);
      if (s.line) draw_curve(plot, list, columns[i], alpha < 1.0f ? with_alpha(colour, alpha) : colour, s.dashed);
      if (s.dots && shown(model, state, i)) draw_dots(plot, list, i);
    }
  draw_marks(plot, list);
  list->PopClipRect();

  changed = handle_mouse(plot, list, hovered, active, options.handles && options.handles->adds) || changed;
  state.near = hovered ? series_near(plot, ImGui::GetIO().MousePos) : std::string();
  const int now = ImGui::GetFrameCount();
  if (hovered && state.gesture == ChartState::Gesture::kNone) {
    link.hover = from_unit(plot.x, plot.x_scale, (ImGui::GetIO().MousePos.x - plot.min.x) / plot.width());
    link.hover_frame = now;
  }
  // The charts above the hovered one learn of it a frame later.
  if (link.hover && link.hover_frame >= now - 1)
    draw_crosshair(plot, list, *link.hover, hovered, frame_min, frame_max);
  if (options.handles) draw_handles(plot, *options.handles, list);

  ImGui::SetCursorScreenPos(at);
  ImGui::Dummy(ImVec2(width, frame_max.y - at.y));
  ImGui::PopID();
  return changed;
}

}  // namespace thalweg::ui
