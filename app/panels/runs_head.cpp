// The head of the list of runs: sorting, widths, and menus that add, move and remove columns.
#include <algorithm>
#include <cmath>

#include "app/panels/runs_columns.hpp"
#include "app/panels/runs_parts.hpp"
#include "app/panels/runs_rows.hpp"
#include "app/panels/session.hpp"
#include "app/ui/compat.hpp"

namespace thalweg {
namespace {

void set_columns(Frame& frame, std::vector<std::string> columns) {
  propose(frame, {}, {}, [&](Scene& scene) { scene.runs.columns = std::move(columns); });
}

}  // namespace

std::vector<std::string> RunsRows::names(const RunsSession& session) const {
  std::vector<std::string> out;
  const auto& columns = session.list().columns;
  for (std::size_t i = 0; i + 1 < columns.size(); ++i) out.push_back(columns[i].name);
  return out;
}

void RunsRows::sort_by(Frame& frame, const std::string& name) {
  // The first click on a number or a time shows the largest, on a text the beginning of the alphabet.
  static const std::vector<std::string> texts{"name", "outcome", "kind",   "tags", "optimizer",
                                              "on",   "note",    "device", "host"};
  const RunsScene& runs = frame.scene().runs;
  const bool text = std::find(texts.begin(), texts.end(), name) != texts.end();
  const bool descending = runs.sort == name ? runs.view.number("descending") == 0.0 : !text;
  propose(frame, {}, {}, [&](Scene& scene) {
    scene.runs.sort = name;
    *scene.runs.view.find("descending") = descending ? 1.0 : 0.0;
  });
}

void RunsRows::head_cell(Frame& frame, const Rect& cell, const std::string& name, const std::string& text,
                         bool right) {
  const ui::Theme& t = ui::theme();
  const RunsScene& runs = frame.scene().runs;
  ImDrawList* list = ImGui::GetWindowDrawList();
  const bool sorted = runs.sort == name;
  const ImVec2 mouse = ImGui::GetIO().MousePos;
  const bool hovered = ImGui::IsItemHovered() && mouse.x >= cell.min.x && mouse.x < cell.max.x &&
                       mouse.y >= cell.min.y && mouse.y < cell.max.y;
  const float arrow = sorted ? ui::px(10) : 0.0F;
  Rect words = cell;
  (right ? words.min.x : words.max.x) += right ? arrow : -arrow;
  text_in(list, words, ui::px(kPadding), text, sorted || hovered ? t.text : t.dim, right, ui::Type::kNote);
  if (sorted) {
    const float middle = 0.5F * (cell.min.y + cell.max.y), size = ui::px(3.5F);
    const float shown = std::min(ui::text_width(ui::Type::kNote, text), words.width() - 2 * ui::px(kPadding));
    const float x = right ? words.max.x - ui::px(kPadding) - shown - ui::px(7)
                          : words.min.x + ui::px(kPadding) + shown + ui::px(7);
    const float up = runs.view.number("descending") != 0.0 ? 1.0F : -1.0F;
    const ImVec2 a{x - size, middle - 0.5F * up * size}, b{x + size, middle - 0.5F * up * size},
        c{x, middle + 0.7F * up * size};
    list->AddTriangleFilled(a, b, c, t.accent);
  }
  ui::mark("head." + name, cell.min, cell.max);
}

void RunsRows::head(Frame& frame, const Rect& area, const Mouse& mouse) {
  const ui::Theme& t = ui::theme();
  ImDrawList* list = ImGui::GetWindowDrawList();
  const RunsScene& runs = frame.scene().runs;
  const float middle = 0.5F * (area.min.y + area.max.y);
  list->AddRectFilled(area.min, area.max, t.panel);
  ImGui::PushClipRect({area.min.x + frozen_, area.min.y}, area.max, true);
  for (const Place& place : places_) {
    const float x = area.min.x + place.left - scroll_x_;
    const bool sign = place.column->name == "outcome" && place.width < ui::px(60);
    const float end = std::min(x + place.width, area.max.x - ui::px(kAdd));
    // As in the rows: of what the right edge cuts, nothing is shown where hardly anything would be left.
    const bool hardly = end < x + place.width && end - x < 0.6F * place.width;
    if (hardly || end - x < ui::px(2 * kPadding + 8)) continue;
    head_cell(frame, {{x, area.min.y}, {end, area.max.y}}, place.column->name,
              sign ? "" : column_head(place.column->name), is_right_aligned(*place.column));
  }
  ImGui::PopClipRect();
  head_cell(frame, {{area.min.x + name_.left, area.min.y}, {area.min.x + frozen_, area.max.y}}, "name",
            "name", false);
  const bool by_star = runs.sort == "star";
  draw_star(list, {area.min.x + ui::px(kDot + 0.5F * kStar), middle}, ui::px(5), by_star ? t.accent : t.dim,
            by_star);
  ui::mark("head.star", {area.min.x + ui::px(kDot), area.min.y},
           {area.min.x + ui::px(kDot + kStar), area.max.y});
  const float add = area.max.x - ui::px(kAdd);
  list->AddRectFilled({add, area.min.y}, area.max, t.panel);
  ui::draw_icon(list, ui::Icon::kPlus, {add + ui::px(0.5F * kAdd), middle}, ui::px(12),
                mouse.in_head && mouse.at.x >= add ? t.text : t.dim);
  ui::mark("add_column", {add, area.min.y}, area.max);
  list->AddLine({area.min.x, area.max.y}, area.max, t.hairline, ui::line_width(1));
}

/// The right edge of a head is dragged.
void RunsRows::resize(const Mouse& mouse) {
  const float reach = ui::px(4);
  const auto edge = [&]() -> const Place* {
    if (!mouse.in_head || mouse.at.x >= right_ - ui::px(kAdd)) return nullptr;
    if (std::abs(mouse.at.x - left_ - frozen_) < reach) return &name_;
    for (const Place& place : places_) {
      const float right = left_ + place.left + place.width - scroll_x_;
      if (std::abs(mouse.at.x - right) < reach && right > left_ + frozen_) return &place;
    }
    return nullptr;
  };
  const Place* const at = edge();
  if (at || !resizing_.empty()) ImGui::SetMouseCursor(ImGuiMouseCursor_ResizeEW);
  if (at && ImGui::IsItemActivated()) {
    resizing_ = at->column->name;
    widths_[resizing_] = at->width / ui::scale();
  }
  if (resizing_.empty()) return;
  widths_[resizing_] =
      std::clamp(widths_[resizing_] + ImGui::GetIO().MouseDelta.x / ui::scale(), 30.0F, 900.0F);
  if (!ImGui::IsItemActive()) {
    resizing_.clear();
    laid_out_scale_ = 0.0F;
  }
}

void RunsRows::column_menu(Frame& frame, const RunsSession& session) {
  if (!ui::begin_popup("column")) return;
  column_items(frame, session);
  ImGui::EndPopup();
}

void RunsRows::column_items(Frame& frame, const RunsSession& session) {
  const ui::Scope scope("column");
  const auto change = [&](const auto& what) {
    propose(frame, {}, {}, [&](Scene& scene) { what(scene.runs); });
    ImGui::CloseCurrentPopup();
  };
  const auto sort = [&](bool descending) {
    change([&](RunsScene& runs) {
      runs.sort = menu_column_;
      *runs.view.find("descending") = descending ? 1.0 : 0.0;
    });
  };
  if (menu_item("up", "Smallest first", "", false)) sort(false);
  if (menu_item("down", "Largest first", "", false)) sort(true);
  const bool divides = !is_own_column(menu_column_) && menu_column_ != "on";
  if (divides && menu_item("divide", "Divide the list by it", "", false))
    change([&](RunsScene& runs) { runs.list_group = split_best(menu_column_).first; });
  std::vector<std::string> columns = names(session);
  const auto at = std::find(columns.begin(), columns.end(), menu_column_);
  bool changed = false;
  if (at != columns.end()) {
    if (at != columns.begin() && menu_item("left", "Move to the left", "", false)) {
      std::iter_swap(at, at - 1);
      changed = true;
    } else if (at + 1 != columns.end() && menu_item("right", "Move to the right", "", false)) {
      std::iter_swap(at, at + 1);
      changed = true;
    } else if (columns.size() > 1 && menu_item("remove", "Remove this column", "", false)) {
      columns.erase(at);
      changed = true;
    }
  }
  if (changed) change([&](RunsScene& runs) { runs.columns = columns; });
  if (menu_item("usual", "The usual columns", "", frame.scene().runs.columns.empty()))
    change([](RunsScene& runs) { runs.columns.clear(); });
}

void RunsRows::add_menu(Frame& frame, RunsSession& session) {
  if (!ui::begin_popup("add")) return;
  std::vector<std::string> columns = names(session);
  std::vector<MenuKey> keys;
  const auto offer = [&](const std::string& name, const char* note) {
    const bool shown = std::find(columns.begin(), columns.end(), name) != columns.end();
    keys.push_back({name, column_head(name), shown ? "shown" : note});
  };
  const RunsSnapshot& list = session.list();
  for (const std::string& name : runs_own_columns()) offer(name, "");
  offer("on", "");
  for (const std::string& key : *list.keys) {
    const bool result = std::binary_search(list.result_keys->begin(), list.result_keys->end(), key);
    offer(key, result ? "last" : "setting");
    if (result) offer("best(" + key + ")", "best");
  }
  if (const auto chosen = key_search("columns", add_search_, keys, "")) {
    const auto at = std::find(columns.begin(), columns.end(), *chosen);
    if (at == columns.end())
      columns.push_back(*chosen);
    else if (columns.size() > 1)
      columns.erase(at);
    set_columns(frame, std::move(columns));
  }
  ImGui::EndPopup();
}

}  // namespace thalweg
