// Input and drawing of the handles of a chart.
#include "app/ui/chart_handles.hpp"

#include "app/ui/chart_plot.hpp"
#include "app/ui/compat.hpp"
#include "app/ui/text.hpp"
#include "core/figure/fitting.hpp"

namespace thalweg::ui::chart_detail {
namespace {

constexpr float kReach = 11.0F;  ///< of a handle, points

/// Where a handle is drawn: at the edge where its place is out of sight above or below.
ImVec2 place(const Plot& plot, const ChartHandle& handle) {
  return {plot.px_x(handle.x), std::clamp(plot.px_y(handle.y), plot.min.y, plot.max.y)};
}

bool in_sight(const Plot& plot, const ChartHandle& handle, int index) {
  if (plot.state.held && plot.state.held->index == index) return true;
  const float x = plot.px_x(handle.x);
  return x >= plot.min.x - 1.0F && x <= plot.max.x + 1.0F && std::isfinite(handle.y);
}

/// Rounded to what a hand can aim at: to a power of ten that a pixel spans.
double aimed(double value, double next_pixel) {
  const double pixel = std::abs(next_pixel - value);
  if (!(pixel > 0.0) || !std::isfinite(pixel)) return value;
  const double exponent = std::floor(std::log10(pixel));
  // 10^-3 has no exact double, 10^3 has.
  const double unit = std::pow(10.0, std::abs(exponent));
  return exponent < 0.0 ? std::round(value * unit) / unit : std::round(value / unit) * unit;
}

/// A place of the screen in the units of the chart.
void at_mouse(const Plot& plot, ImVec2 mouse, ChartHandles& handles) {
  const double ux = std::clamp((mouse.x - plot.min.x) / plot.width(), 0.0F, 1.0F);
  const double uy = std::clamp((plot.max.y - mouse.y) / plot.height(), -1.0F, 2.0F);
  const auto at = [](const Range& range, AxisScale scale, double unit, double pixels) {
    return aimed(from_unit(range, scale, unit), from_unit(range, scale, unit + 1.0 / pixels));
  };
  handles.x = at(plot.x, plot.x_scale, ux, plot.width());
  handles.y = at(plot.y, plot.y_scale, uy, plot.height());
}

void drag(const Plot& plot, ChartHandles& handles, int index, ImVec2 at) {
  ChartState& s = plot.state;
  const ImVec2 mouse = ImGui::GetIO().MousePos;
  if (ImGui::IsItemActivated() && ImGui::IsMouseDown(0)) {
    s.held = ChartState::Held{plot.x, plot.y, mouse.x - at.x, mouse.y - at.y, index, false};
    handles.edit.began = true;
  }
  if (!s.held) return;
  if (ImGui::IsItemActive() && ImGui::IsMouseDown(0)) {
    // A click alone moves nothing.
    s.held->moved = s.held->moved || ImGui::IsMouseDragging(0, 2.0F);
    if (s.held->moved) {
      handles.dragged = index;
      handles.edit.changed = true;
      at_mouse(plot, {mouse.x - s.held->dx, mouse.y - s.held->dy}, handles);
    }
  }
  if (ImGui::IsItemDeactivated()) {
    handles.edit.ended = true;
    s.held.reset();
  }
}

}  // namespace

void handle_items(std::string_view id, const Plot& plot, ChartHandles& handles) {
  const float reach = px(kReach);
  for (int i = 0; i < static_cast<int>(handles.points.size()); ++i) {
    const ChartHandle& handle = handles.points[static_cast<std::size_t>(i)];
    if (!in_sight(plot, handle, i)) continue;
    const ImVec2 at = place(plot, handle);
    ImGui::SetCursorScreenPos({at.x - reach, at.y - reach});
    ImGui::PushID(i);
    ImGui::InvisibleButton("##handle", {2 * reach, 2 * reach},
                           ImGuiButtonFlags_MouseButtonLeft | ImGuiButtonFlags_MouseButtonRight);
    ImGui::PopID();
    if (marks_enabled())
      mark(std::string(id) + ".handle." + std::to_string(i), ImGui::GetItemRectMin(),
           ImGui::GetItemRectMax());
    if (ImGui::IsItemHovered() || ImGui::IsItemActive()) {
      handles.hovered = i;
      own_wheel();
      ImGui::SetMouseCursor(handle.moves_x && handle.moves_y ? ImGuiMouseCursor_ResizeAll
                            : handle.moves_x                 ? ImGuiMouseCursor_ResizeEW
                                                             : ImGuiMouseCursor_ResizeNS);
    }
    if (handles.removes && ImGui::IsItemHovered() && ImGui::IsMouseReleased(1)) handles.removed = i;
    drag(plot, handles, i, at);
  }
  if (plot.state.held && !ImGui::IsAnyMouseDown()) plot.state.held.reset();
}

void handle_click(const Plot& plot, ChartHandles& handles) {
  if (!handles.adds || !ImGui::IsItemDeactivated() || !ImGui::IsMouseReleased(0)) return;
  if (ImGui::GetIO().MouseDragMaxDistanceSqr[0] > 9.0F) return;  // that was a pan
  handles.added = true;
  at_mouse(plot, ImGui::GetIO().MousePos, handles);
}

void draw_handles(const Plot& plot, const ChartHandles& handles, ImDrawList* list) {
  const Theme& t = theme();
  const Colour colour = path_colour(handles.colour);
  for (int i = 0; i < static_cast<int>(handles.points.size()); ++i) {
    const ChartHandle& handle = handles.points[static_cast<std::size_t>(i)];
    if (!in_sight(plot, handle, i)) continue;
    const ImVec2 at = place(plot, handle);
    const bool meant = i == handles.hovered;
    list->AddCircleFilled(at, px(meant ? 8.0F : 6.5F), t.panel, 24);
    list->AddCircle(at, px(meant ? 7.0F : 5.5F), colour, 24, line_width(2.0F));
    if (meant) list->AddCircleFilled(at, px(3.0F), colour, 16);
  }
  if (handles.hovered < 0) return;
  const ChartHandle& handle = handles.points[static_cast<std::size_t>(handles.hovered)];
  const std::string& axis = plot.model.x.label;
  const bool steps = axis.empty() || axis == "step";
  const std::string where =
      (steps ? "step " + integer(std::llround(handle.x)) : axis + " " + number(handle.x)) + ":  " +
      number(handle.y) + (plot.model.y.unit.empty() ? "" : " " + plot.model.y.unit);
  const std::string how = handles.removes ? "Right click removes it" : "";
  const float row = px(17.0F);
  float width = std::max(text_width(Type::kNote, handle.label), text_width(Type::kNote, where));
  width = std::max(width, text_width(Type::kNote, how)) + px(16.0F);
  const float height = row * (how.empty() ? 2.0F : 3.0F) + px(10.0F);
  const ImVec2 at = place(plot, handle);
  // Beside the handle, on the side with room, inside the plot.
  const bool left = at.x + px(14.0F) + width > plot.max.x;
  const ImVec2 a(
      std::round(left ? at.x - px(14.0F) - width : at.x + px(14.0F)),
      std::round(std::clamp(at.y - 0.5F * height, plot.min.y, std::max(plot.min.y, plot.max.y - height))));
  ImDrawList* top = ImGui::GetForegroundDrawList();
  top->AddRectFilled(a, {a.x + width, a.y + height}, with_alpha(t.card, 0.94F), px(kRadius));
  top->AddRect(a, {a.x + width, a.y + height}, t.hairline, px(kRadius), 0, line_width(1.0F));
  float y = a.y + px(5.0F) + 0.5F * row;
  draw_centred(top, Type::kNote, a.x + px(8.0F), y, t.text, handle.label);
  draw_centred(top, Type::kNote, a.x + px(8.0F), y += row, t.dim, where);
  if (!how.empty()) draw_centred(top, Type::kNote, a.x + px(8.0F), y + row, t.faint, how);
}

}  // namespace thalweg::ui::chart_detail
