#include "app/panels/runs_key_menu.hpp"

#include <algorithm>

#include "app/panels/runs_parts.hpp"
#include "app/ui/compat.hpp"

namespace thalweg {
namespace {

constexpr float kMenuWidth = 260.0F;
constexpr float kItem = 26.0F;
constexpr std::size_t kShown = 9;

bool contains(const std::string& text, const std::string& part) {
  const auto same = [](char a, char b) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    return lower(a) == lower(b);
  };
  return std::search(text.begin(), text.end(), part.begin(), part.end(), same) != text.end();
}

}  // namespace

bool menu_item(std::string_view id, std::string_view label, std::string_view note, bool on) {
  const ui::Theme& t = ui::theme();
  ImGui::PushID(id.data(), id.data() + id.size());
  const float width = std::max(ImGui::GetContentRegionAvail().x, ui::px(kMenuWidth));
  const bool clicked = ImGui::InvisibleButton("item", {width, ui::px(kItem)});
  ImGui::PopID();
  const ImVec2 min = ImGui::GetItemRectMin(), max = ImGui::GetItemRectMax();
  ui::mark(id, min, max);
  ImDrawList* list = ImGui::GetWindowDrawList();
  const bool hovered = ImGui::IsItemHovered();
  if (hovered || on)
    list->AddRectFilled(
        min, max, hovered ? ui::mix(t.card, t.hairline, 0.7F) : ui::mix(t.card, t.accent, 0.16F), ui::px(4));
  const float middle = 0.5F * (min.y + max.y);
  const float note_width = note.empty() ? 0.0F : ui::text_width(ui::Type::kNote, note) + ui::px(12);
  ui::draw_centred(list, ui::Type::kNormal, min.x + ui::px(8), middle, t.text,
                   ui::elided(ui::Type::kNormal, label, width - note_width - ui::px(16)));
  if (!note.empty()) ui::draw_centred(list, ui::Type::kNote, max.x - ui::px(8), middle, t.dim, note, 1.0F);
  return clicked;
}

std::optional<std::string> key_search(std::string_view id, std::string& search,
                                      const std::vector<MenuKey>& keys, const std::string& current) {
  const ui::Scope scope(id);
  const LineEdit line = line_edit("text", search, ui::px(kMenuWidth), "Search", ImGui::IsWindowAppearing());
  std::vector<const MenuKey*> fitting;
  for (const MenuKey& key : keys)
    if (contains(key.label, search) || contains(key.value, search)) fitting.push_back(&key);
  if (line.enter && !fitting.empty()) return fitting.front()->value;
  if (fitting.empty()) {
    ui::paragraph(keys.empty() ? "There are none yet." : "None is called that.", ui::theme().dim);
    return {};
  }
  std::optional<std::string> out;
  const float rows = static_cast<float>(std::min(fitting.size(), kShown));
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, {0, 0});
  ui::begin_child("items", {ui::px(kMenuWidth) + ui::px(12), rows * ui::px(kItem)});
  // Hundreds of probes are possible: only those in sight are drawn.
  ImGuiListClipper clipper;
  clipper.Begin(static_cast<int>(fitting.size()), ui::px(kItem));
  while (clipper.Step())
    for (int i = clipper.DisplayStart; i < clipper.DisplayEnd; ++i) {
      const MenuKey& key = *fitting[static_cast<std::size_t>(i)];
      if (menu_item(key.value, key.label, key.note, key.value == current)) out = key.value;
    }
  ImGui::EndChild();
  ImGui::PopStyleVar();
  return out;
}

}  // namespace thalweg
