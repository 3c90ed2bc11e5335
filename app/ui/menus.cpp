#include "app/ui/menus.hpp"

#include <algorithm>

#include "app/ui/compat.hpp"
#include "app/ui/marks.hpp"
#include "app/ui/text.hpp"
#include "app/ui/widgets.hpp"

namespace thalweg::ui {
namespace {

bool selectable(const std::string& id, bool on, bool enabled, ImVec2 at, ImVec2 size) {
  ImGui::PushID(id.c_str());
  const bool clicked = ImGui::Selectable("##item", on, enabled ? 0 : ImGuiSelectableFlags_Disabled, size);
  ImGui::PopID();
  mark(id, at, {at.x + size.x, at.y + size.y});
  return clicked && enabled;
}

}  // namespace

bool menu_item(const std::string& id, std::string_view label, std::string_view help, const MenuItem& how) {
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const ImVec2 size{px(236), px(28)};
  const bool clicked = selectable(id, how.on, how.enabled, at, size);
  tooltip(help);
  draw_centred(ImGui::GetWindowDrawList(), Type::kNormal, at.x + px(8), at.y + 0.5F * size.y,
               how.enabled ? theme().text : theme().dim, label);
  return clicked;
}

bool begin_menu(const char* id) {
  const ImVec2 display = ImGui::GetIO().DisplaySize;
  const float width = std::min(px(460), display.x - px(40));
  ImGui::SetNextWindowSizeConstraints({width, 0}, {width, std::min(px(480), 0.8F * display.y)});
  return begin_popup(id);
}

bool described_item(const std::string& id, std::string_view label, std::string_view summary, bool enabled) {
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const ImVec2 size{ImGui::GetContentRegionAvail().x, px(44)};
  const bool clicked = selectable(id, false, enabled, at, size);
  ImDrawList* list = ImGui::GetWindowDrawList();
  draw_text(list, Type::kStrong, {at.x + px(8), at.y + px(5)}, enabled ? theme().text : theme().faint, label);
  const std::string shown = elided(Type::kNote, summary, size.x - px(16));
  draw_text(list, Type::kNote, {at.x + px(8), at.y + px(23)}, theme().dim, shown);
  if (shown != summary) tooltip(summary);
  return clicked;
}

std::optional<int> palette_popup(const char* id) {
  std::optional<int> out;
  if (!begin_popup(id)) return out;
  const float size = px(24);
  for (int c = 0; c < static_cast<int>(theme().path.size()); ++c) {
    ImGui::PushID(c);
    if (c % 4 != 0) ImGui::SameLine();
    const ImVec2 spot = ImGui::GetCursorScreenPos();
    if (ImGui::InvisibleButton("c", {size, size})) {
      out = c;
      ImGui::CloseCurrentPopup();
    }
    mark("colour." + std::to_string(c), spot, {spot.x + size, spot.y + size});
    ImGui::GetWindowDrawList()->AddCircleFilled({spot.x + 0.5F * size, spot.y + 0.5F * size}, px(8),
                                                path_colour(c));
    ImGui::PopID();
  }
  ImGui::EndPopup();
  return out;
}

}  // namespace thalweg::ui
