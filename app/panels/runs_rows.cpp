#include "app/panels/runs_rows.hpp"

#include <algorithm>
#include <cmath>

#include "app/panels/runs_columns.hpp"
#include "app/panels/runs_parts.hpp"
#include "app/ui/compat.hpp"
#include "app/ui/parts.hpp"

namespace thalweg {
namespace {

using store::RunInfo;

constexpr float kHead = 28.0F;
constexpr float kRow = 26.0F;
constexpr float kPadding = 9.0F;  ///< on both sides of a cell
constexpr float kDot = 28.0F;
constexpr float kStar = 24.0F;
constexpr float kAdd = 26.0F;  ///< the plus at the right end of the head

void text_in(ImDrawList* list, const Rect& cell, const std::string& text, ui::Colour colour, bool right,
             ui::Type type = ui::Type::kNormal) {
  if (text.empty()) return;
  const float pad = ui::px(kPadding);
  const std::string shown = ui::elided(type, text, cell.width() - 2 * pad);
  const float middle = 0.5F * (cell.min.y + cell.max.y);
  ui::draw_centred(list, type, right ? cell.max.x - pad : cell.min.x + pad, middle, colour, shown, right ? 1.0F : 0.0F);
}

}  // namespace

std::vector<std::string> RunsRows::uids(const RunsSnapshot& list) {
  std::vector<std::string> out;
  for (const RunInfo& run : list.runs) out.push_back(run.uid);
  return out;
}

void RunsRows::lay_out(const RunsSession& session, float width) {
  const auto& list = session.shared_list();
  if (laid_out_ == list && laid_out_closed_ == session.closed_changes && laid_out_scale_ == ui::scale() &&
      resizing_.empty())
    return;
  if (laid_out_ != list || laid_out_closed_ != session.closed_changes) {
    lines_.clear();
    if (list->groups.empty())
      for (std::size_t i = 0; i < list->runs.size(); ++i) lines_.push_back({false, i});
    for (std::size_t g = 0; g < list->groups.size(); ++g) {
      lines_.push_back({true, g});
      const RunsGroup& group = list->groups[g];
      if (session.closed.contains(group.key)) continue;
      for (std::size_t i = group.first; i < group.first + group.count; ++i) lines_.push_back({false, i});
    }
  }
  laid_out_ = list;
  laid_out_closed_ = session.closed_changes;
  laid_out_scale_ = ui::scale();
  const auto width_of = [&](const RunsColumn& column) {
    const auto dragged = widths_.find(column.name);
    if (dragged != widths_.end()) return ui::px(dragged->second);
    return column_width(column) + 2 * ui::px(kPadding);
  };
  places_.clear();
  name_ = {};
  for (const RunsColumn& column : list->columns)
    if (column.name == "name" && &column == &list->columns.back()) name_ = {&column, 0.0F, width_of(column)};
  // What is left for the columns beside it is worth more than the end of a long name.
  name_.left = ui::px(kDot + kStar);
  if (!widths_.contains("name"))
    name_.width = std::min(name_.width, std::max(ui::px(110), std::floor(0.38F * width) - name_.left));
  frozen_ = name_.left + name_.width;
  float x = frozen_;
  for (std::size_t i = 0; i + 1 < list->columns.size(); ++i) {
    const RunsColumn& column = list->columns[i];
    float wanted = width_of(column);
    // Its sign alone, where there is little room.
    if (column.name == "outcome" && list->query.compact && !widths_.contains("outcome")) wanted = ui::px(30);
    places_.push_back({&column, x, wanted});
    x += wanted;
  }
  wide_ = x;
}

const RunsRows::Place* RunsRows::place_at(float x) const {
  const float at = x - left_;
  if (at >= name_.left && at < frozen_) return &name_;
  if (at < name_.left) return nullptr;
  for (const Place& place : places_)
    if (at + scroll_x_ >= place.left && at + scroll_x_ < place.left + place.width) return &place;
  return nullptr;
}

std::vector<std::string> RunsRows::names(const RunsSession& session) const {
  std::vector<std::string> out;
  const auto& columns = session.list().columns;
  for (std::size_t i = 0; i + 1 < columns.size(); ++i) out.push_back(columns[i].name);
  return out;
}

void RunsRows::set_columns(Frame& frame, const RunsSession&, std::vector<std::string> columns) {
  Scene next = frame.scene();
  next.runs.columns = std::move(columns);
  frame.editor.apply(std::move(next));
}

void RunsRows::sort_by(Frame& frame, const std::string& name) {
  Scene next = frame.scene();
  const bool same = next.runs.sort == name;
  // The first click on a number or a time shows the largest, on a text the beginning of the alphabet.
  const bool text = name == "name" || name == "outcome" || name == "kind" || name == "tags" || name == "optimizer" ||
                    name == "on" || name == "note" || name == "device" || name == "host";
  *next.runs.view.find("descending") = same ? 1.0 - next.runs.view.number("descending") : text ? 0.0 : 1.0;
  next.runs.sort = name;
  frame.editor.apply(std::move(next));
}

void RunsRows::head_cell(Frame& frame, const Rect& cell, const std::string& name, const std::string& text, bool right) {
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
  text_in(list, words, text, sorted || hovered ? t.text : t.dim, right, ui::Type::kNote);
  if (sorted) {
    const float middle = 0.5F * (cell.min.y + cell.max.y), size = ui::px(3.5F);
    const float shown = std::min(ui::text_width(ui::Type::kNote, text), words.width() - 2 * ui::px(kPadding));
    const float x = right ? words.max.x - ui::px(kPadding) - shown - ui::px(7) : words.min.x + ui::px(kPadding) + shown + ui::px(7);
    const float up = runs.view.number("descending") != 0.0 ? 1.0F : -1.0F;
    const ImVec2 a{x - size, middle - 0.5F * up * size}, b{x + size, middle - 0.5F * up * size}, c{x, middle + 0.7F * up * size};
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
    head_cell(frame, {{x, area.min.y}, {x + place.width, area.max.y}}, place.column->name,
              sign ? "" : column_head(place.column->name), is_right_aligned(*place.column));
  }
  ImGui::PopClipRect();
  head_cell(frame, {{area.min.x + name_.left, area.min.y}, {area.min.x + frozen_, area.max.y}}, "name", "name", false);
  const bool by_star = runs.sort == "star";
  draw_star(list, {area.min.x + ui::px(kDot + 0.5F * kStar), middle}, ui::px(5), by_star ? t.accent : t.dim, by_star);
  ui::mark("head.star", {area.min.x + ui::px(kDot), area.min.y}, {area.min.x + ui::px(kDot + kStar), area.max.y});
  const float add = area.max.x - ui::px(kAdd);
  list->AddRectFilled({add, area.min.y}, area.max, t.panel);
  ui::draw_icon(list, ui::Icon::kPlus, {add + ui::px(0.5F * kAdd), middle}, ui::px(12),
                mouse.in_head && mouse.at.x >= add ? t.text : t.dim);
  ui::mark("add_column", {add, area.min.y}, area.max);
  list->AddLine({area.min.x, area.max.y}, area.max, t.hairline, ui::line_width(1));
}

void RunsRows::cell(RunsSession& session, const Place& place, std::size_t index, const Rect& area) {
  const ui::Theme& t = ui::theme();
  ImDrawList* list = ImGui::GetWindowDrawList();
  const RunsSnapshot& snapshot = session.list();
  const RunInfo& run = snapshot.runs[index];
  const float middle = 0.5F * (area.min.y + area.max.y);
  const std::string& name = place.column->name;
  if (name == "outcome") {
    const OutcomeSign sign = outcome_sign(run.outcome);
    ui::draw_icon(list, sign.icon, {area.min.x + ui::px(15), middle}, ui::px(11), sign.colour);
    if (area.width() < ui::px(60)) return;
    const bool loud = run.outcome == "diverged" || run.outcome == "interrupted" || run.outcome == "running";
    text_in(list, {{area.min.x + ui::px(16), area.min.y}, area.max}, run.outcome, loud ? sign.colour : t.text, false);
    return;
  }
  if (name == "tags") {
    float x = area.min.x + ui::px(kPadding);
    const float right = area.max.x - ui::px(4);
    for (const std::string& tag : run.tags) {
      if (right - x < ui::px(28)) break;
      x += draw_tag(list, x, middle, tag, right - x) + ui::px(4);
    }
    return;
  }
  const std::string text = cell_text(snapshot, *place.column, index, now_seconds());
  const bool quiet = name == "created" || name == "duration" || name == "uid" || name == "host";
  text_in(list, area, text, quiet ? t.dim : t.text, is_right_aligned(*place.column));
}

void RunsRows::row(Frame& frame, RunsSession& session, const RunInfo& run, std::size_t index, const Rect& area,
                   float scrolled, bool hovered) {
  const ui::Theme& t = ui::theme();
  ImDrawList* list = ImGui::GetWindowDrawList();
  const bool focused = run.uid == session.focus();
  const SelectedRun* chosen = frame.scene().runs.find(run.uid);
  const float middle = 0.5F * (area.min.y + area.max.y);
  if (chosen) list->AddRectFilled(area.min, area.max, ui::with_alpha(ui::path_colour(chosen->colour), 0.10F));
  if (focused) list->AddRectFilled(area.min, area.max, ui::with_alpha(t.accent, 0.20F));
  else if (hovered) list->AddRectFilled(area.min, area.max, t.hover);
  ImGui::PushClipRect({area.min.x + frozen_, area.min.y}, area.max, true);
  for (const Place& place : places_) {
    const float x = area.min.x + place.left - scrolled;
    if (x + place.width < area.min.x + frozen_ || x > area.max.x) continue;
    cell(session, place, index, {{x, area.min.y}, {x + place.width, area.max.y}});
  }
  ImGui::PopClipRect();
  const ImVec2 dot{area.min.x + ui::px(0.5F * kDot), middle};
  if (chosen && chosen->visible) list->AddCircleFilled(dot, ui::px(5), ui::path_colour(chosen->colour));
  else list->AddCircle(dot, ui::px(5), chosen ? ui::path_colour(chosen->colour) : hovered ? t.dim : t.faint, 0, ui::line_width(1));
  if (run.star || hovered || focused)
    draw_star(list, {area.min.x + ui::px(kDot + 0.5F * kStar), middle}, ui::px(6), run.star ? t.warning : t.faint, run.star);
  text_in(list, {{area.min.x + name_.left, area.min.y}, {area.min.x + frozen_, area.max.y}},
          run.name.empty() ? run.uid : run.name, run.name.empty() ? t.dim : t.text, false,
          focused ? ui::Type::kStrong : ui::Type::kNormal);
  if (!ui::marks_enabled()) return;
  const std::string mark = "row." + std::to_string(index);
  ui::mark(mark, {area.min.x + name_.left, area.min.y}, {area.min.x + frozen_, area.max.y});
  ui::mark(mark + ".dot", area.min, {area.min.x + ui::px(kDot), area.max.y});
  ui::mark(mark + ".star", {area.min.x + ui::px(kDot), area.min.y}, {area.min.x + name_.left, area.max.y});
}

void RunsRows::group_head(const RunsSession& session, const RunsGroup& group, const Rect& area, bool hovered) {
  const ui::Theme& t = ui::theme();
  ImDrawList* list = ImGui::GetWindowDrawList();
  const float middle = 0.5F * (area.min.y + area.max.y);
  list->AddRectFilled(area.min, area.max, hovered ? ui::mix(t.panel, t.hairline, 0.8F) : ui::mix(t.panel, t.hairline, 0.45F));
  const bool closed = session.closed.contains(group.key);
  const ImVec2 at{area.min.x + ui::px(14), middle};
  const float s = ui::px(4);
  if (closed) list->AddTriangleFilled({at.x - 0.6F * s, at.y - s}, {at.x + 0.8F * s, at.y}, {at.x - 0.6F * s, at.y + s}, t.dim);
  else list->AddTriangleFilled({at.x - s, at.y - 0.6F * s}, {at.x + s, at.y - 0.6F * s}, {at.x, at.y + 0.8F * s}, t.dim);
  std::string best;
  if (!group.best_of.empty()) best = "best " + group.best_of + "  " + ui::number(group.best);
  const float right = area.max.x - ui::px(12);
  const float best_width = best.empty() ? 0.0F : ui::text_width(ui::Type::kNormal, best) + ui::px(16);
  const std::string count = ui::integer(static_cast<std::int64_t>(group.count)) + (group.count == 1 ? " run" : " runs");
  const float count_width = ui::text_width(ui::Type::kNote, count) + ui::px(12);
  const float left = area.min.x + ui::px(28);
  const bool room = right - left > best_width + count_width + ui::px(80);
  const float label_room = right - left - count_width - (room ? best_width : 0.0F);
  const float width = ui::draw_centred(list, ui::Type::kStrong, left, middle, t.text,
                                       ui::elided(ui::Type::kStrong, group.label, std::max(label_room, ui::px(40))));
  ui::draw_centred(list, ui::Type::kNote, left + width + ui::px(10), middle, t.dim, count);
  if (room && !best.empty()) ui::draw_centred(list, ui::Type::kNormal, right, middle, t.dim, best, 1.0F);
}

void RunsRows::draw(Frame& frame, RunsSession& session, const Rect& area) {
  lay_out(session, area.width());
  const float head_height = ui::px(kHead), row_height = ui::px(kRow);
  ImGui::SetCursorScreenPos(area.min);
  const float total = head_height + row_height * static_cast<float>(lines_.size());
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, {0, 0});
  ImGui::SetNextWindowContentSize({wide_, total});
  ui::begin_child("list", {area.width(), area.height()}, false, ImGuiWindowFlags_HorizontalScrollbar | ImGuiWindowFlags_NoNav);
  ImGuiWindow* window = ImGui::GetCurrentWindow();
  const Rect inner{window->InnerRect.Min, window->InnerRect.Max};
  const float rows_height = inner.height() - head_height;
  page_ = std::max(1, static_cast<int>(rows_height / row_height) - 1);
  if (std::exchange(session.reveal_focus, false)) {
    const auto found = session.list().row_of.find(session.focus());
    for (std::size_t i = 0; found != session.list().row_of.end() && i < lines_.size(); ++i) {
      if (lines_[i].head || lines_[i].index != found->second) continue;
      const float top = row_height * static_cast<float>(i);
      const float lowest = top, highest = top + row_height - rows_height;
      if (ImGui::GetScrollY() > lowest) ImGui::SetScrollY(lowest);
      if (ImGui::GetScrollY() < highest) ImGui::SetScrollY(highest);
    }
  }
  const float scroll_y = ImGui::GetScrollY();
  scroll_x_ = ImGui::GetScrollX();
  left_ = inner.min.x;
  right_ = inner.max.x;

  // One surface for the mouse, as large as what is in sight.
  ImGui::SetCursorScreenPos(inner.min);
  ImGui::InvisibleButton("surface", {std::max(1.0F, inner.width()), std::max(1.0F, inner.height())},
                         ImGuiButtonFlags_MouseButtonLeft | ImGuiButtonFlags_MouseButtonRight);
  ui::mark("surface", inner.min, inner.max);
  Mouse mouse{.inside = ImGui::IsItemHovered(), .at = ImGui::GetIO().MousePos};
  mouse.in_head = mouse.inside && mouse.at.y < inner.min.y + head_height;
  if (mouse.inside && !mouse.in_head) {
    const float y = mouse.at.y - inner.min.y - head_height + scroll_y;
    const auto line = static_cast<std::int64_t>(y / row_height);
    if (y >= 0.0F && line < static_cast<std::int64_t>(lines_.size())) mouse.line = line;
  }

  ImGui::PushClipRect({inner.min.x, inner.min.y + head_height}, inner.max, true);
  const auto first = static_cast<std::size_t>(std::max(0.0F, scroll_y / row_height));
  for (std::size_t i = first; i < lines_.size(); ++i) {
    const float y = inner.min.y + head_height + row_height * static_cast<float>(i) - scroll_y;
    if (y > inner.max.y) break;
    const Rect line{{inner.min.x, std::round(y)}, {inner.max.x, std::round(y) + row_height}};
    const bool hovered = mouse.line == static_cast<std::int64_t>(i);
    if (lines_[i].head) {
      const RunsGroup& group = session.list().groups[lines_[i].index];
      group_head(session, group, line, hovered);
      if (ui::marks_enabled()) ui::mark("group_head." + std::to_string(lines_[i].index), line.min, line.max);
    } else {
      const RunInfo& run = session.list().runs[lines_[i].index];
      row(frame, session, run, lines_[i].index, line, scroll_x_, hovered);
    }
  }
  ImGui::PopClipRect();
  head(frame, {inner.min, {inner.max.x, inner.min.y + head_height}}, mouse);
  if (scroll_x_ > 0.0F)
    ImGui::GetWindowDrawList()->AddLine({inner.min.x + frozen_, inner.min.y}, {inner.min.x + frozen_, inner.max.y},
                                        ui::theme().hairline, ui::line_width(1));
  resize(mouse);
  click(frame, session, mouse);
  tip(session, mouse, inner);
  ImGui::PopStyleVar();
  column_menu(frame, session);
  add_menu(frame, session);
  ImGui::EndChild();
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
  widths_[resizing_] = std::clamp(widths_[resizing_] + ImGui::GetIO().MouseDelta.x / ui::scale(), 30.0F, 900.0F);
  if (!ImGui::IsItemActive()) {
    resizing_.clear();
    laid_out_scale_ = 0.0F;
  }
}

void RunsRows::click(Frame& frame, RunsSession& session, const Mouse& mouse) {
  const ImGuiIO& io = ImGui::GetIO();
  if (!mouse.inside || !resizing_.empty()) return;
  const bool pressed = ImGui::IsMouseClicked(0), right = ImGui::IsMouseClicked(1);
  const float x = mouse.at.x - left_;
  if (mouse.in_head) {
    if (mouse.at.x >= right_ - ui::px(kAdd)) {
      add_search_.clear();
      if (pressed) ImGui::OpenPopup("add");
      return;
    }
    const Place* place = place_at(mouse.at.x);
    if (pressed && x >= ui::px(kDot) && x < ui::px(kDot + kStar)) sort_by(frame, "star");
    else if (pressed && place) sort_by(frame, place->column->name);
    if (right && place) {
      menu_column_ = place->column->name;
      ImGui::OpenPopup("column");
    }
    return;
  }
  if (mouse.line < 0 || !(pressed || right)) return;
  const Line line = lines_[static_cast<std::size_t>(mouse.line)];
  if (line.head) {
    const std::string& key = session.list().groups[line.index].key;
    if (!session.closed.insert(key).second) session.closed.erase(key);
    ++session.closed_changes;
    return;
  }
  const RunInfo& run = session.list().runs[line.index];
  if (right) return session.set_focus(run.uid);
  if (ImGui::IsMouseDoubleClicked(0) && x >= name_.left) return frame.open_run(run.uid, std::nullopt);
  if (x >= ui::px(kDot) && x < ui::px(kDot + kStar)) return session.star({run.id}, !run.star);
  if (io.KeyShift && !anchor_.empty()) {
    const auto from = session.list().row_of.find(anchor_);
    if (from != session.list().row_of.end()) {
      std::vector<std::string> range;
      for (std::size_t i = std::min(from->second, line.index); i <= std::max(from->second, line.index); ++i)
        range.push_back(session.list().runs[i].uid);
      session.set_focus(run.uid);
      return session.choose(frame, range, true);
    }
  }
  anchor_ = run.uid;
  if (x < ui::px(kDot) || io.KeyCtrl) session.toggle(frame, run.uid);
  else session.choose(frame, {run.uid}, true);
  session.set_focus(run.uid);
  session.reveal_focus = true;
}

void RunsRows::tip(RunsSession& session, const Mouse& mouse, const Rect&) {
  const Place* place = place_at(mouse.at.x);
  std::string text;
  if (mouse.in_head) {
    const float x = mouse.at.x - left_;
    if (mouse.at.x >= right_ - ui::px(kAdd)) text = "Add a column: any setting or result; choose a shown one to remove it";
    else if (place && place->column->name != "name") text = column_head(place->column->name) + "\n" + column_help(place->column->name) +
                                                       "\nClick: sort; again: turned round. Right-click: more.";
    else if (place) text = "Name. Click: sort; again: turned round.";
    else if (x >= ui::px(kDot) && x < ui::px(kDot + kStar)) text = "Runs with a star first";
  } else if (mouse.line >= 0 && !lines_[static_cast<std::size_t>(mouse.line)].head) {
    const std::size_t row = lines_[static_cast<std::size_t>(mouse.line)].index;
    const RunInfo& run = session.list().runs[row];
    const float x = mouse.at.x - left_;
    if (x < ui::px(kDot)) text = "Compare this run, or no longer (Space). Shift: all from the last one to here.";
    else if (x < ui::px(kDot + kStar)) text = run.star ? "Take the star away" : "Give it a star";
    else if (place && place->column->name == "name") text = run.name + "\nClick: compare. Double-click: open it in its lab.";
    else if (place && place->column->name == "outcome") text = run.outcome + ": " + outcome_help(run.outcome);
    else if (place && place->column->name == "created") text = exact_time(run.created);
    else if (place && place->column->name == "tags") {
      for (const std::string& tag : run.tags) text += (text.empty() ? "" : ", ") + tag;
    } else if (place) {
      const std::string value = cell_text(session.list(), *place->column, row, now_seconds());
      if (ui::text_width(ui::Type::kNormal, value) > place->width - 2 * ui::px(kPadding)) text = value;
    }
  }
  const auto id = ImGui::GetID(reinterpret_cast<void*>(static_cast<std::intptr_t>(mouse.line * 64 + (place ? place->left : 0) + 7)));
  if (!ui::begin_tooltip(id, mouse.inside && !text.empty() && resizing_.empty())) return;
  if (text.size() > 600) text = ui::elided(ui::Type::kNote, text, ui::px(4000));
  const float width = std::min(ui::text_width(ui::Type::kNote, text), ui::px(320)) + 1.0F;
  ImGui::PushFont(ui::font(ui::Type::kNote));
  ImGui::PushTextWrapPos(ImGui::GetCursorPosX() + width);
  ImGui::TextUnformatted(text.data(), text.data() + text.size());
  ImGui::PopTextWrapPos();
  ImGui::PopFont();
  ui::end_tooltip();
}

void RunsRows::column_menu(Frame& frame, RunsSession& session) {
  if (!ui::begin_popup("column")) return;
  const ui::Scope scope("column");
  std::vector<std::string> columns = names(session);
  const auto at = std::find(columns.begin(), columns.end(), menu_column_);
  const auto done = [&](std::vector<std::string> next) {
    set_columns(frame, session, std::move(next));
    ImGui::CloseCurrentPopup();
  };
  const auto sorted = [&](bool descending) {
    Scene next = frame.scene();
    next.runs.sort = menu_column_;
    *next.runs.view.find("descending") = descending ? 1.0 : 0.0;
    frame.editor.apply(std::move(next));
    ImGui::CloseCurrentPopup();
  };
  if (menu_item("up", "Smallest first", "", false)) sorted(false);
  if (menu_item("down", "Largest first", "", false)) sorted(true);
  if (!is_own_column(menu_column_) && menu_column_ != "on" && menu_item("divide", "Divide the list by it", "", false)) {
    Scene next = frame.scene();
    next.runs.list_group = split_best(menu_column_).first;
    frame.editor.apply(std::move(next));
    ImGui::CloseCurrentPopup();
  }
  if (at != columns.end()) {
    if (at != columns.begin() && menu_item("left", "Move to the left", "", false)) {
      std::iter_swap(at, at - 1);
      done(columns);
    } else if (at + 1 != columns.end() && menu_item("right", "Move to the right", "", false)) {
      std::iter_swap(at, at + 1);
      done(columns);
    } else if (columns.size() > 1 && menu_item("remove", "Remove this column", "", false)) {
      columns.erase(at);
      done(columns);
    }
  }
  if (menu_item("usual", "The usual columns", "", frame.scene().runs.columns.empty())) done({});
  ImGui::EndPopup();
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
    if (at == columns.end()) columns.push_back(*chosen);
    else if (columns.size() > 1) columns.erase(at);
    set_columns(frame, session, std::move(columns));
  }
  ImGui::EndPopup();
}

void RunsRows::move_focus(RunsSession& session, int by, bool far) {
  std::vector<std::size_t> rows;
  for (const Line& line : lines_)
    if (!line.head) rows.push_back(line.index);
  if (rows.empty()) return;
  const auto found = session.list().row_of.find(session.focus());
  auto at = found == session.list().row_of.end() ? rows.end() : std::find(rows.begin(), rows.end(), found->second);
  std::int64_t next = 0;
  const auto last = static_cast<std::int64_t>(rows.size()) - 1;
  if (far) next = by < 0 ? 0 : last;
  else if (at != rows.end()) next = std::clamp<std::int64_t>((at - rows.begin()) + by, 0, last);
  session.set_focus(session.list().runs[rows[static_cast<std::size_t>(next)]].uid);
  session.reveal_focus = true;
}

}  // namespace thalweg
