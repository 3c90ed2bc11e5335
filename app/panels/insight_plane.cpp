#include "app/panels/insight_plane.hpp"

#include <algorithm>
#include <cmath>

#include "app/ui/chart_export.hpp"
#include "app/ui/text.hpp"
#include "app/ui/widgets.hpp"

namespace thalweg {
namespace {

constexpr float kHead = 20.0F;
constexpr float kGutter = 36.0F;  ///< as the charts have it, so that plots stand below each other
constexpr float kFoot = 20.0F;
constexpr float kName = 15.0F;

}  // namespace

ImVec2 InsightPlane::at(double x_value, double y_value) const {
  const auto part = [](double unit) { return static_cast<float>(std::clamp(unit, -4.0, 5.0)); };
  return {min.x + width() * part(to_unit(x, x_scale, x_value)),
          max.y - height() * part(to_unit(y, y_scale, y_value))};
}

double InsightPlane::x_at(float pixel) const {
  return from_unit(x, x_scale, std::clamp(static_cast<double>((pixel - min.x) / width()), 0.0, 1.0));
}

double InsightPlane::y_at(float pixel) const {
  return from_unit(y, y_scale, std::clamp(static_cast<double>((max.y - pixel) / height()), 0.0, 1.0));
}

void place_plane(InsightPlane& plane, const Rect& place, std::string_view x_name) {
  plane.min = {place.min.x + ui::px(kGutter), place.min.y + ui::px(6)};
  plane.max = {place.max.x - ui::px(4),
               place.max.y - ui::px(kFoot) - (x_name.empty() ? 0.0F : ui::px(kName))};
  plane.max.x = std::max(plane.max.x, plane.min.x + ui::px(16));
  plane.max.y = std::max(plane.max.y, plane.min.y + ui::px(16));
}

void draw_plane_axes(const InsightPlane& plane, std::string_view x_name, std::string_view y_name, bool grid) {
  const ui::Theme& t = ui::theme();
  ImDrawList* list = ImGui::GetWindowDrawList();
  const float rule = ui::line_width(t.rule);
  for (const Tick& tick : ticks(plane.y, plane.y_scale, plane.height(), ui::px(24))) {
    if (!tick.major) continue;
    const float y = std::round(plane.at(plane.x.min, tick.value).y);
    list->AddRectFilled({grid ? plane.min.x : plane.min.x - ui::px(3), y},
                        {grid ? plane.max.x : plane.min.x, y + rule}, t.hairline);
    ui::draw_label(list, plane.min.x - ui::px(6), y, t.dim, tick.label, 1.0F);
  }
  float last_right = -1e9F;
  for (const Tick& tick : ticks(plane.x, plane.x_scale, plane.width(), ui::px(56))) {
    if (!tick.major) continue;
    const float x = std::round(plane.at(tick.value, plane.y.min).x);
    list->AddRectFilled({x, plane.max.y}, {x + rule, plane.max.y + ui::px(3)}, t.hairline);
    const float w = ui::label_width(tick.label);
    const float left = std::min(x - 0.5F * w, plane.max.x - w + ui::px(4));
    if (left < last_right + ui::px(6)) continue;
    ui::draw_label(list, left, plane.max.y + ui::px(11), t.dim, tick.label, 0.0F);
    last_right = left + w;
  }
  if (!x_name.empty())
    ui::draw_centred(list, ui::Type::kSmall, 0.5F * (plane.min.x + plane.max.x),
                     plane.max.y + ui::px(kFoot + 6), t.dim, x_name, 0.5F);
  // Inside, as the map has it: beside the plot stand the numbers.
  if (!y_name.empty())
    ui::draw_centred(list, ui::Type::kSmall, plane.min.x + ui::px(6), plane.min.y + ui::px(9), t.text,
                     y_name);
}

float insight_head(std::string_view id, std::string_view title, std::string_view help, const Rect& place,
                   const std::function<FigureSource()>& source) {
  const ui::Theme& t = ui::theme();
  const ImVec2 at = place.min;
  const float height = ui::px(kHead), spacing = ui::px(0.6F), button = height;
  const float top =
      ui::baseline(ui::Type::kSmall, at.y + 0.5F * height) - std::round(ui::font(ui::Type::kSmall)->Ascent);
  ImGui::PushID(id.data(), id.data() + id.size());
  ui::draw_spaced(ImGui::GetWindowDrawList(), ui::Type::kSmall, {at.x, top}, t.dim,
                  ui::elided(ui::Type::kSmall, ui::capitals(title), 0.92F * (place.width() - button)),
                  spacing);
  ImGui::SetCursorScreenPos(at);
  ImGui::InvisibleButton("##head", {std::max(1.0F, place.width() - button), height});
  ui::tooltip(help);
  const bool near = ImGui::IsWindowHovered() && ImGui::IsMouseHoveringRect(place.min, place.max);
  if (ui::export_button(id, {place.max.x - button, at.y}, button, near)) ui::open_export_menu();
  // A right click anywhere on it asks for the menu too, as on a chart.
  if (near && ImGui::IsMouseReleased(1)) ui::open_export_menu();
  ui::offer_export(id, near, source);
  ImGui::PopID();
  return height;
}

}  // namespace thalweg
