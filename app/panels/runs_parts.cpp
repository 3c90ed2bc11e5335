#include "app/panels/runs_parts.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>

#include "app/ui/compat.hpp"
#include "app/ui/parts.hpp"

namespace thalweg {

float chip_width(std::string_view label) { return ui::text_width(ui::Type::kNote, label) + ui::px(18); }

bool toggle_chip(std::string_view id, std::string_view label, bool on, std::string_view tip) {
  const ui::Theme& t = ui::theme();
  ImGui::PushID(id.data(), id.data() + id.size());
  const bool clicked = ImGui::InvisibleButton("chip", {chip_width(label), ui::px(24)});
  ImGui::PopID();
  const ImVec2 min = ImGui::GetItemRectMin(), max = ImGui::GetItemRectMax();
  ui::mark(id, min, max);
  const bool hovered = ImGui::IsItemHovered();
  ImDrawList* list = ImGui::GetWindowDrawList();
  const ui::Colour fill = on ? ui::mix(t.panel, t.accent, 0.22F) : hovered ? t.hover : 0;
  list->AddRectFilled(min, max, fill, ui::px(ui::kRadius));
  list->AddRect(min, max, on ? t.accent : t.hairline, ui::px(ui::kRadius), 0, ui::line_width(1));
  ui::draw_centred(list, ui::Type::kNote, 0.5F * (min.x + max.x), 0.5F * (min.y + max.y),
                   on || hovered ? t.text : t.dim, label, 0.5F);
  if (!tip.empty()) ui::tooltip(tip);
  return clicked;
}

void ChipFlow::next(float width) {
  if (!first_ && at_.x + width > right_) at_ = {left_, at_.y + ui::px(28)};
  first_ = false;
  ImGui::SetCursorScreenPos(at_);
  at_.x += width + ui::px(6);
}

void draw_star(ImDrawList* list, ImVec2 centre, float radius, ui::Colour colour, bool filled) {
  std::array<ImVec2, 10> points;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const float angle = 3.14159265F * (0.2F * static_cast<float>(i) - 0.5F);
    const float r = i % 2 == 0 ? radius : 0.42F * radius;
    points[i] = {centre.x + r * std::cos(angle), centre.y + r * std::sin(angle)};
  }
  if (!filled) {
    list->AddPolyline(points.data(), static_cast<int>(points.size()), colour, ImDrawFlags_Closed,
                      ui::line_width(1));
    return;
  }
  // It is not convex: five points about a pentagon.
  for (std::size_t i = 0; i < points.size(); i += 2)
    list->AddTriangleFilled(points[(i + 9) % 10], points[i], points[i + 1], colour);
  const std::array<ImVec2, 5> inner{points[1], points[3], points[5], points[7], points[9]};
  list->AddConvexPolyFilled(inner.data(), static_cast<int>(inner.size()), colour);
}

OutcomeSign outcome_sign(const std::string& outcome) {
  const ui::Theme& t = ui::theme();
  if (outcome == "running") return {ui::Icon::kPlay, t.accent};
  if (outcome == "converged") return {ui::Icon::kCheck, t.accent};
  if (outcome == "budget") return {ui::Icon::kCheck, t.dim};
  if (outcome == "diverged") return {ui::Icon::kClose, t.error};
  if (outcome == "interrupted") return {ui::Icon::kPause, t.warning};
  return {ui::Icon::kStop, t.dim};
}

float draw_tag(ImDrawList* list, float x, float middle, std::string_view tag, float most) {
  const ui::Theme& t = ui::theme();
  const std::string text = ui::elided(ui::Type::kNote, tag, most - ui::px(12));
  const float width = ui::text_width(ui::Type::kNote, text) + ui::px(12);
  const float half = ui::px(9);
  list->AddRectFilled({x, middle - half}, {x + width, middle + half}, ui::mix(t.card, t.hairline, 0.7F),
                      ui::px(4));
  ui::draw_centred(list, ui::Type::kNote, x + ui::px(6), middle, t.text, text);
  return width;
}

void text_in(ImDrawList* list, const Rect& cell, float pad, const std::string& text, ui::Colour colour,
             bool right, ui::Type type) {
  if (text.empty() || cell.width() < 2 * pad + ui::px(8)) return;
  const std::string shown = ui::elided(type, text, cell.width() - 2 * pad);
  const float middle = 0.5F * (cell.min.y + cell.max.y);
  ui::draw_centred(list, type, right ? cell.max.x - pad : cell.min.x + pad, middle, colour, shown,
                   right ? 1.0F : 0.0F);
}

std::int64_t now_seconds() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

LineEdit line_edit(std::string_view id, std::string& text, float width, std::string_view hint, bool focus,
                   float height) {
  ImGui::PushID(id.data(), id.data() + id.size());
  const auto result = ui::detail::entry("##line", text, width, ui::px(height), true, focus, false, hint);
  ImGui::PopID();
  ui::mark(id, ImGui::GetItemRectMin(), ImGui::GetItemRectMax());
  return {result.enter, result.deactivated && !result.enter};
}

}  // namespace thalweg
