#include "app/panels/compare_page.hpp"

#include <algorithm>
#include <cmath>

#include "app/ui/compat.hpp"
#include "app/ui/text.hpp"

namespace thalweg {
namespace {

constexpr float kLegendRow = 20.0F;

bool contains(const std::string& text, const std::string& wanted) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::search(text.begin(), text.end(), wanted.begin(), wanted.end(),
                     [&](char a, char b) { return lower(a) == lower(b); }) != text.end();
}

}  // namespace

const SelectedRun* ComparePage::selected(std::size_t index) const {
  return scene().find(data.runs[index]->info.uid);
}

int ComparePage::colour(std::size_t index) const {
  const SelectedRun* run = selected(index);
  return run ? run->colour : 0;
}

bool ComparePage::visible(std::size_t index) const {
  const SelectedRun* run = selected(index);
  return run && run->visible;
}

FlowRow::FlowRow(float width) : origin_(ImGui::GetCursorScreenPos()), width_(width) {}

void FlowRow::next(float width, float height) {
  if (x_ > 0.0F && x_ + width > width_) {
    x_ = 0.0F;
    y_ += row_ + ui::px(6);
    row_ = 0.0F;
  }
  ImGui::SetCursorScreenPos({origin_.x + x_, origin_.y + y_});
  x_ += width + ui::px(8);
  row_ = std::max(row_, height);
}

void FlowRow::end() { ImGui::SetCursorScreenPos({origin_.x, origin_.y + y_ + row_}); }

void run_dot(ImDrawList* list, ImVec2 centre, int colour, bool on) {
  if (on)
    list->AddCircleFilled(centre, ui::px(4), ui::path_colour(colour), 16);
  else
    list->AddCircle(centre, ui::px(3.5F), ui::theme().faint, 16, ui::line_width(1));
}

float compare_legend(ComparePage& page, const Rect& area, float most) {
  const float row = ui::px(kLegendRow), width = area.width() - ui::px(8);
  struct Place {
    float x, y, w;
    std::string name;
  };
  std::vector<Place> places;
  float x = 0.0F, y = 0.0F;
  for (std::size_t i = 0; i < page.data.runs.size(); ++i) {
    std::string name =
        ui::elided(ui::Type::kNote, page.data.names[i], std::min(width - ui::px(24), ui::px(260)));
    const float w = ui::px(26) + ui::text_width(ui::Type::kNote, name);
    if (x > 0.0F && x + w > width) x = 0.0F, y += row;
    places.push_back({x, y, w, std::move(name)});
    x += w;
  }
  const float height = std::min(y + row, std::max(most, row));
  ImGui::SetCursorScreenPos(area.min);
  ui::begin_child("legend", {area.width(), height});
  const ImVec2 origin = ImGui::GetCursorScreenPos();
  ImDrawList* list = ImGui::GetWindowDrawList();
  for (std::size_t i = 0; i < places.size(); ++i) {
    const Place& place = places[i];
    const std::string& uid = page.data.runs[i]->info.uid;
    const ImVec2 at{origin.x + place.x, origin.y + place.y};
    ImGui::SetCursorScreenPos(at);
    ImGui::PushID(static_cast<int>(i));
    const bool clicked = ImGui::InvisibleButton("run", {place.w - ui::px(6), row});
    ImGui::PopID();
    const bool hovered = ImGui::IsItemHovered();
    if (ui::marks_enabled())
      ui::mark("legend." + std::to_string(i), ImGui::GetItemRectMin(), ImGui::GetItemRectMax());
    if (hovered) page.focus.next = uid;
    ui::tooltip(page.data.runs[i]->found ? page.data.names[i] + ". Click to hide or show it."
                                         : "This run is not in the file any more.");
    const bool on = page.visible(i) && page.data.runs[i]->found;
    run_dot(list, {at.x + ui::px(5), at.y + 0.5F * row}, page.colour(i), on);
    const bool meant = !uid.empty() && page.focus.meant() == uid;
    ui::draw_centred(list, ui::Type::kNote, at.x + ui::px(14), at.y + 0.5F * row,
                     !on     ? ui::theme().faint
                     : meant ? ui::theme().text
                             : ui::theme().dim,
                     place.name);
    if (clicked)
      change_runs(page.frame, [&](RunsScene& runs) {
        for (SelectedRun& run : runs.selected)
          if (run.uid == uid) run.visible = !run.visible;
      });
  }
  ImGui::SetCursorScreenPos(origin);
  ImGui::Dummy({width, y + row});
  ImGui::EndChild();
  return height;
}

bool choose_text(std::string_view id, const std::vector<std::string>& texts, std::string_view none,
                 std::string& chosen, float width, std::string_view tip) {
  std::vector<ui::ComboItem> items{{std::string(none)}};
  int selected = 0;
  for (const std::string& text : texts) {
    if (text == chosen) selected = static_cast<int>(items.size());
    items.push_back({text});
  }
  // What no run has any more is still what is set.
  if (selected == 0 && !chosen.empty()) {
    selected = static_cast<int>(items.size());
    items.push_back({chosen});
  }
  const bool changed = ui::combo(id, items, selected, width, 28);
  ui::tooltip(tip);
  if (changed) chosen = selected == 0 ? std::string() : items[static_cast<std::size_t>(selected)].label;
  return changed;
}

bool choose_names(std::string_view id, std::string_view label, const std::vector<std::string>& names,
                  std::vector<std::string>& chosen, float width, std::string_view tip) {
  static std::string search;
  const float height = ui::px(28);
  const ui::Scope scope(id);
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const bool clicked = ImGui::InvisibleButton("open", {width, height});
  const bool hovered = ImGui::IsItemHovered();
  const ImVec2 max{at.x + width, at.y + height};
  ui::mark("open", at, max);
  ui::tooltip(tip);
  ImDrawList* list = ImGui::GetWindowDrawList();
  const ui::Theme& t = ui::theme();
  list->AddRectFilled(at, max, hovered ? ui::mix(t.card, t.hairline, 0.35F) : t.card, ui::px(ui::kRadius));
  list->AddRect(at, max, t.hairline, ui::px(ui::kRadius), 0, ui::line_width(1));
  ui::draw_centred(list, ui::Type::kNormal, at.x + ui::px(10), at.y + 0.5F * height, t.text,
                   ui::elided(ui::Type::kNormal, label, width - ui::px(40)));
  ui::draw_icon(list, ui::Icon::kChevron, {max.x - ui::px(16), at.y + 0.5F * height}, ui::px(12), t.dim);
  if (clicked) {
    search.clear();
    ImGui::OpenPopup("names");
  }
  bool changed = false;
  ImGui::SetNextWindowPos({at.x, max.y + ui::px(2)});
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, {ui::px(8), ui::px(8)});
  if (ui::begin_popup("names")) {
    const float inner = std::max(width, ui::px(260));
    if (ImGui::IsWindowAppearing()) ImGui::SetKeyboardFocusHere();
    ui::text_field("search", search, nullptr, {.hint = "Search", .width = inner});
    ui::gap(4);
    ui::begin_child("list", {inner, ui::px(28) * static_cast<float>(std::min<std::size_t>(
                                                     10, std::max<std::size_t>(names.size(), 1)))});
    ImDrawList* inside = ImGui::GetWindowDrawList();
    const float row = ui::px(26);
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (!contains(names[i], search)) continue;
      const auto place = std::find(chosen.begin(), chosen.end(), names[i]);
      const bool on = place != chosen.end();
      const ImVec2 a = ImGui::GetCursorScreenPos();
      ImGui::PushID(static_cast<int>(i));
      const bool hit = ImGui::InvisibleButton("name", {inner - ui::px(12), row});
      ImGui::PopID();
      if (ui::marks_enabled()) ui::mark(names[i], a, {a.x + inner - ui::px(12), a.y + row});
      if (ImGui::IsItemHovered())
        inside->AddRectFilled(a, {a.x + inner - ui::px(12), a.y + row}, ui::mix(t.card, t.hairline, 0.7F),
                              ui::px(4));
      if (on)
        ui::draw_icon(inside, ui::Icon::kCheck, {a.x + ui::px(12), a.y + 0.5F * row}, ui::px(12), t.accent);
      ui::draw_centred(inside, ui::Type::kNormal, a.x + ui::px(26), a.y + 0.5F * row, t.text,
                       ui::elided(ui::Type::kNormal, names[i], inner - ui::px(44)));
      if (!hit) continue;
      changed = true;
      if (on)
        chosen.erase(place);
      else
        chosen.push_back(names[i]);
    }
    ImGui::EndChild();
    ImGui::EndPopup();
  }
  ImGui::PopStyleVar();
  return changed;
}

bool listed_or_why_not(const ComparePage& page) {
  if (!page.data.listed) {
    ui::paragraph("Reading…", ui::theme().dim);
    return false;
  }
  if (page.data.listed->error)
    ui::empty_state("filter", "The filter can't be used", page.data.listed->error->text());
  return !page.data.listed->error;
}

}  // namespace thalweg
