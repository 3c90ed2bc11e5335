// Drawing a chart: curves, gaps, axes, marks, crosshair, head and legend. What is shown where was decided
// in chart.cpp.
#include "app/ui/chart_export.hpp"
#include "app/ui/chart_plot.hpp"
#include "app/ui/marks.hpp"
#include "app/ui/stroke.hpp"
#include "app/ui/text.hpp"
#include "app/ui/widgets.hpp"
#include "core/figure/fitting.hpp"

namespace thalweg::ui::chart_detail {
namespace {

constexpr float kHead = 20.0f;

std::string x_reading(const Chart& model, double x) {
  const bool rows =
      std::all_of(model.series.begin(), model.series.end(), [](const Series& s) { return !s.from_points(); });
  const std::string value = rows || model.x.label == "step" ? integer(std::llround(x)) : number(x);
  return (model.x.label.empty() ? "step" : model.x.label) + " " + value +
         (model.x.unit.empty() ? "" : " " + model.x.unit);
}

}  // namespace

bool shown(const Chart& model, const ChartState& state, std::size_t i) {
  return is_shown(model, state.hidden, i);
}

/// Spans where the curve has no finite value are shaded, and a cross ends the curve before them.
void draw_gaps(const Plot& plot, ImDrawList* list, std::span<const ColumnExtent> columns, Colour colour) {
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (!columns[i].gap) continue;
    std::size_t end = i;
    while (end + 1 < columns.size() && columns[end + 1].gap) ++end;
    const float x0 = std::floor(plot.px_x(columns[i].x));
    const float x1 = std::max(x0 + px(2.0f), std::ceil(plot.px_x(columns[end].x)));
    list->AddRectFilled(ImVec2(x0, plot.min.y), ImVec2(x1, plot.max.y), with_alpha(colour, 0.09f));
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
  std::size_t turns = 0;  // columns in which the curve goes there and back
  const auto flush = [&] {
    // A single turn is a peak, many are noise.
    const bool dense = 12 * turns > slices.size();
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
    turns = 0;
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
    slices.push_back({x, top, bottom});
    // A column that the curve goes through once is a piece of a line, however steep.
    const bool once = std::min(c.first, c.last) == c.min && std::max(c.first, c.last) == c.max;
    const float from = plot.px_y(c.first);
    const float to = plot.px_y(c.last);
    const float high = plot.px_y(c.max);
    const float low = plot.px_y(c.min);
    if (low - high <= 1.5f) {
      points.push_back(ImVec2(x, once ? 0.5f * (from + to) : 0.5f * (top + bottom)));
    } else {
      points.push_back(ImVec2(x - 0.25f, from));
      if (!once) {
        // There and back again: through both extremes, the nearer one first.
        ++turns;
        const bool up = std::abs(from - high) < std::abs(from - low);
        points.push_back(ImVec2(x, up ? high : low));
        points.push_back(ImVec2(x, up ? low : high));
      }
      points.push_back(ImVec2(x + 0.25f, to));
    }
    previous = &c;
    if (c.gap) {
      flush();
      previous = nullptr;
    }
  }
  flush();
}

/// Head: the title in small capitals and the buttons for files and for the scale.
bool draw_head(std::string_view id, const Chart& model, ChartState& state, float width, float height,
               std::string_view help) {
  const Theme& t = theme();
  const ImVec2 at = ImGui::GetCursorScreenPos();
  ImDrawList* list = ImGui::GetWindowDrawList();
  const float spacing = px(0.6f);
  const float top = baseline(Type::kSmall, at.y + 0.5f * px(kHead)) - std::round(font(Type::kSmall)->Ascent);
  const AxisScale scale = state.y_scale.value_or(model.y.scale);
  const std::string word = scale == AxisScale::kLog ? "LOG" : "LIN";
  const float w =
      std::max(spaced_width(Type::kSmall, "LOG", spacing), spaced_width(Type::kSmall, "LIN", spacing));
  const float button = px(kHead);
  draw_spaced(list, Type::kSmall, ImVec2(at.x, top), t.dim,
              elided(Type::kSmall, capitals(model.title), 0.92f * (width - w - button - px(16.0f))), spacing);
  if (!help.empty()) {
    ImGui::InvisibleButton("##head", ImVec2(std::max(1.0f, width - w - button - px(8.0f)), px(kHead)));
    tooltip(help);
  }
  // Seen only where the mouse is: it would stand there a dozen times.
  const bool near = ImGui::IsWindowHovered() && ImGui::IsMouseHoveringRect(at, ImVec2(at.x + width, at.y + height));
  if (export_button(id, ImVec2(at.x + width - w - px(8.0f) - button, at.y), button, near)) open_export_menu();
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

void draw_band(const Plot& plot, ImDrawList* list, std::size_t series) {
  const Series& s = plot.model.series[series];
  const std::size_t count = std::min({s.x.size(), s.low.size(), s.high.size()});
  if (count < 2 || !shown(plot.model, plot.state, series)) return;
  const Colour fill = with_alpha(path_colour(s.colour), s.faint ? 0.10f : 0.18f);
  // Slices that touch need no soft edges: they would show as stripes.
  const ImDrawListFlags flags = list->Flags;
  list->Flags &= ~ImDrawListFlags_AntiAliasedFill;
  for (std::size_t i = 1; i < count; ++i) {
    if (!std::isfinite(s.low[i - 1] + s.high[i - 1] + s.low[i] + s.high[i])) continue;
    const float a = plot.px_x(s.x[i - 1]);
    const float b = plot.px_x(s.x[i]);
    list->AddQuadFilled(ImVec2(a, plot.px_y(s.high[i - 1])), ImVec2(b, plot.px_y(s.high[i])),
                        ImVec2(b, plot.px_y(s.low[i])), ImVec2(a, plot.px_y(s.low[i - 1])), fill);
  }
  list->Flags = flags;
}

void draw_dots(const Plot& plot, ImDrawList* list, std::size_t series) {
  const Series& s = plot.model.series[series];
  // Where they would touch each other, the line alone says it.
  const float apart = s.x.size() > 1 ? plot.width() / static_cast<float>(s.x.size()) : 100.0f;
  if (s.line && apart < px(5.0f)) return;
  for (std::size_t i = 0; i < std::min(s.x.size(), s.y.size()); ++i) {
    if (!std::isfinite(s.y[i])) continue;
    const ImVec2 at(plot.px_x(s.x[i]), plot.px_y(s.y[i]));
    list->AddCircleFilled(at, px(3.5f), theme().panel, 16);
    list->AddCircleFilled(at, px(2.5f), path_colour(s.colour), 16);
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

/// The line under the mouse, a dot on each curve, and the values in the corner away from the mouse.
void draw_crosshair(const Plot& plot, ImDrawList* list, double x, bool with_values, ImVec2 frame_min,
                    ImVec2 frame_max) {
  const Theme& t = theme();
  const bool rows = !plot.model.series.empty() && !plot.model.series.front().from_points();
  if (rows) x = std::round(x);
  const float at = std::round(plot.px_x(x));
  if (at < plot.min.x || at > plot.max.x) return;
  list->AddRectFilled(ImVec2(at, plot.min.y), ImVec2(at + line_width(1.0f), plot.max.y), t.faint);
  auto all = readings(plot.model, plot.state, x);
  for (const Reading& r : all) {
    const float y = plot.px_y(r.value);
    if (!std::isfinite(r.value) || y < plot.min.y - 1.0f || y > plot.max.y + 1.0f) continue;
    list->AddCircleFilled(ImVec2(at + 0.5f, y), px(4.5f), t.panel, 16);
    list->AddCircleFilled(ImVec2(at + 0.5f, y), px(3.5f),
                          path_colour(plot.model.series[static_cast<std::size_t>(r.series)].colour), 16);
  }
  if (!with_values) return;
  const std::string head = x_reading(plot.model, x);
  const float row = px(17.0f);
  // Of very many those nearest to the mouse: the list stays on the screen.
  const float room_below = ImGui::GetIO().DisplaySize.y - plot.min.y - px(30.0f);
  const auto most = static_cast<std::size_t>(std::max(3.0f, std::min(room_below / row, 24.0f)));
  std::size_t more = 0;
  if (all.size() > most) {
    const float mouse = ImGui::GetIO().MousePos.y;
    const auto away = [&](const Reading& r) {
      const float y = plot.px_y(r.value);
      return std::isfinite(y) ? std::abs(y - mouse) : 1e9f;
    };
    more = all.size() - most;
    std::size_t first = 0;
    for (std::size_t i = 1; i + most <= all.size(); ++i)
      if (away(all[i + most / 2]) < away(all[first + most / 2])) first = i;
    all = {all.begin() + static_cast<std::ptrdiff_t>(first),
           all.begin() + static_cast<std::ptrdiff_t>(first + most)};
  }
  float names = 0.0f;
  float values = 0.0f;
  for (const Reading& r : all) {
    names =
        std::max(names, text_width(Type::kNote, plot.model.series[static_cast<std::size_t>(r.series)].name));
    values = std::max(values, text_width(Type::kNote, number(r.value)));
  }
  // On the side with more room, inside the chart: long names give way, numbers do not.
  const float gap = px(12.0f);
  const bool left = at > 0.5f * (frame_min.x + frame_max.x);
  const float room = (left ? at - frame_min.x : frame_max.x - at) - gap;
  names = std::min(names, std::max(px(48.0f), room - values - px(44.0f)));
  const float inner =
      std::max(text_width(Type::kNote, head), all.empty() ? 0.0f : px(28.0f) + names + values);
  const ImVec2 size(std::ceil(inner) + px(16.0f), row * static_cast<float>(all.size() + (more > 0 ? 2 : 1)) + px(10.0f));
  const ImVec2 a(std::round(left ? at - gap - size.x : at + gap), std::round(plot.min.y + px(4.0f)));
  const ImVec2 b(a.x + size.x, a.y + size.y);
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
  if (more > 0)
    draw_centred(top, Type::kNote, a.x + px(22.0f), y + row, t.dim, "and " + integer(static_cast<std::int64_t>(more)) + " more");
}

}  // namespace thalweg::ui::chart_detail
