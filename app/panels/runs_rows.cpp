#include "app/panels/runs_rows.hpp"

#include <algorithm>
#include <cmath>

#include "app/panels/runs_columns.hpp"
#include "app/panels/runs_parts.hpp"
#include "app/panels/session.hpp"
#include "app/ui/compat.hpp"
#include "app/ui/parts.hpp"

namespace thalweg {
namespace {

using store::RunInfo;

}  // namespace

std::vector<std::string> RunsRows::uids(const RunsSnapshot& list) {
  std::vector<std::string> out;
  for (const RunInfo& run : list.runs) out.push_back(run.uid);
  return out;
}

void RunsRows::lay_out(const RunsSession& session, float width) {
  const auto& list = session.shared_list();
  if (laid_out_ == list && laid_out_closed_ == session.closed_changes && laid_out_scale_ == ui::scale() &&
      laid_out_width_ == width && resizing_.empty())
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
  laid_out_width_ = width;
  const auto width_of = [&](const RunsColumn& column) {
    const auto dragged = widths_.find(column.name);
    if (dragged != widths_.end()) return ui::px(dragged->second);
    return column_width(column, list->query.compact) + 2 * ui::px(kPadding);
  };
  places_.clear();
  name_ = {};
  for (const RunsColumn& column : list->columns)
    if (column.name == "name" && &column == &list->columns.back()) name_ = {&column, 0.0F, width_of(column)};
  // What is left for the columns beside it is worth more than the end of a long name.
  name_.left = ui::px(kDot + kStar);
  if (!widths_.contains("name"))
    name_.width = std::min(name_.width, std::max(ui::px(110), std::floor(0.4F * width) - name_.left));
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
    text_in(list, {{area.min.x + ui::px(16), area.min.y}, area.max}, ui::px(kPadding), run.outcome,
            loud ? sign.colour : t.text, false);
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
  text_in(list, area, ui::px(kPadding), text, quiet ? t.dim : t.text, is_right_aligned(*place.column));
}

void RunsRows::row(Frame& frame, RunsSession& session, const RunInfo& run, std::size_t index,
                   const Rect& area, float scrolled, bool hovered) {
  const ui::Theme& t = ui::theme();
  ImDrawList* list = ImGui::GetWindowDrawList();
  const bool focused = run.uid == session.focus();
  const SelectedRun* chosen = frame.scene().runs.find(run.uid);
  const float middle = 0.5F * (area.min.y + area.max.y);
  if (chosen) list->AddRectFilled(area.min, area.max, ui::with_alpha(ui::path_colour(chosen->colour), 0.10F));
  if (focused)
    list->AddRectFilled(area.min, area.max, ui::with_alpha(t.accent, 0.20F));
  else if (hovered)
    list->AddRectFilled(area.min, area.max, t.hover);
  ImGui::PushClipRect({area.min.x + frozen_, area.min.y}, area.max, true);
  for (const Place& place : places_) {
    const float x = area.min.x + place.left - scrolled;
    if (x + place.width < area.min.x + frozen_ || x > area.max.x) continue;
    // What the right edge cuts: a number would be another one, a text is cut with "…" if much of it is left.
    const bool whole = x + place.width - ui::px(kPadding) <= area.max.x;
    const bool hardly = area.max.x - x < 0.6F * place.width;
    if (!whole && (hardly || is_right_aligned(*place.column))) continue;
    cell(session, place, index, {{x, area.min.y}, {std::min(x + place.width, area.max.x), area.max.y}});
  }
  ImGui::PopClipRect();
  const ImVec2 dot{area.min.x + ui::px(0.5F * kDot), middle};
  if (chosen && chosen->visible)
    list->AddCircleFilled(dot, ui::px(5), ui::path_colour(chosen->colour));
  else
    list->AddCircle(dot, ui::px(5),
                    chosen    ? ui::path_colour(chosen->colour)
                    : hovered ? t.dim
                              : t.faint,
                    0, ui::line_width(1));
  if (run.star || hovered || focused)
    draw_star(list, {area.min.x + ui::px(kDot + 0.5F * kStar), middle}, ui::px(6),
              run.star ? t.warning : t.faint, run.star);
  text_in(list, {{area.min.x + name_.left, area.min.y}, {area.min.x + frozen_, area.max.y}}, ui::px(kPadding),
          run.name.empty() ? run.uid : run.name, run.name.empty() ? t.dim : t.text, false,
          focused ? ui::Type::kStrong : ui::Type::kNormal);
  if (!ui::marks_enabled()) return;
  const std::string mark = "row." + std::to_string(index);
  ui::mark(mark, {area.min.x + name_.left, area.min.y}, {area.min.x + frozen_, area.max.y});
  ui::mark(mark + ".dot", area.min, {area.min.x + ui::px(kDot), area.max.y});
  ui::mark(mark + ".star", {area.min.x + ui::px(kDot), area.min.y}, {area.min.x + name_.left, area.max.y});
}

void RunsRows::group_head(const RunsSession& session, const RunsGroup& group, const Rect& area,
                          bool hovered) {
  const ui::Theme& t = ui::theme();
  ImDrawList* list = ImGui::GetWindowDrawList();
  const float middle = 0.5F * (area.min.y + area.max.y);
  list->AddRectFilled(area.min, area.max,
                      hovered ? ui::mix(t.panel, t.hairline, 0.8F) : ui::mix(t.panel, t.hairline, 0.45F));
  const bool closed = session.closed.contains(group.key);
  const ImVec2 at{area.min.x + ui::px(14), middle};
  const float s = ui::px(4);
  if (closed)
    list->AddTriangleFilled({at.x - 0.6F * s, at.y - s}, {at.x + 0.8F * s, at.y}, {at.x - 0.6F * s, at.y + s},
                            t.dim);
  else
    list->AddTriangleFilled({at.x - s, at.y - 0.6F * s}, {at.x + s, at.y - 0.6F * s}, {at.x, at.y + 0.8F * s},
                            t.dim);
  std::string best;
  if (!group.best_of.empty()) best = "best " + group.best_of + "  " + ui::number(group.best);
  const float right = area.max.x - ui::px(12);
  const float best_width = best.empty() ? 0.0F : ui::text_width(ui::Type::kNormal, best) + ui::px(16);
  const std::string count =
      ui::integer(static_cast<std::int64_t>(group.count)) + (group.count == 1 ? " run" : " runs");
  const float count_width = ui::text_width(ui::Type::kNote, count) + ui::px(12);
  const float left = area.min.x + ui::px(28);
  const bool room = right - left > best_width + count_width + ui::px(80);
  const float label_room = right - left - count_width - (room ? best_width : 0.0F);
  const float width =
      ui::draw_centred(list, ui::Type::kStrong, left, middle, t.text,
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
  ui::begin_child("list", {area.width(), area.height()}, false,
                  ImGuiWindowFlags_HorizontalScrollbar | ImGuiWindowFlags_NoNav);
  ImGuiWindow* window = ImGui::GetCurrentWindow();
  const Rect inner{window->InnerRect.Min, window->InnerRect.Max};
  const float rows_height = inner.height() - head_height;
  page_ = std::max(1, static_cast<int>(rows_height / row_height) - 1);
  if (std::exchange(session.reveal_focus, false)) {
    const auto found = session.list().row_of.find(session.focus());
    for (std::size_t i = 0; found != session.list().row_of.end() && i < lines_.size(); ++i) {
      if (lines_[i].head || lines_[i].index != found->second) continue;
      const float top = row_height * static_cast<float>(i);
      // With another row below it.
      const float lowest = top, highest = std::min(top, top + 2 * row_height - rows_height);
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
    ImGui::GetWindowDrawList()->AddLine({inner.min.x + frozen_, inner.min.y},
                                        {inner.min.x + frozen_, inner.max.y}, ui::theme().hairline,
                                        ui::line_width(1));
  resize(mouse);
  click(frame, session, mouse);
  tip(session, mouse, inner);
  ImGui::PopStyleVar();
  column_menu(frame, session);
  add_menu(frame, session);
  ImGui::EndChild();
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
    if (pressed && x >= ui::px(kDot) && x < ui::px(kDot + kStar))
      sort_by(frame, "star");
    else if (pressed && place)
      sort_by(frame, place->column->name);
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
  if (x < ui::px(kDot) || io.KeyCtrl)
    session.toggle(frame, run.uid);
  else
    session.choose(frame, {run.uid}, true);
  session.set_focus(run.uid);
  session.reveal_focus = true;
}

void RunsRows::tip(RunsSession& session, const Mouse& mouse, const Rect&) {
  const Place* place = place_at(mouse.at.x);
  std::string text;
  if (mouse.in_head) {
    const float x = mouse.at.x - left_;
    if (mouse.at.x >= right_ - ui::px(kAdd))
      text = "Add a column: any setting or result; choose a shown one to remove it";
    else if (place && place->column->name != "name")
      text = column_head(place->column->name) + "\n" + column_help(place->column->name) +
             "\nClick: sort; again: turned round. Right-click: more.";
    else if (place)
      text = "Name. Click: sort; again: turned round.";
    else if (x >= ui::px(kDot) && x < ui::px(kDot + kStar))
      text = "Runs with a star first";
  } else if (mouse.line >= 0 && !lines_[static_cast<std::size_t>(mouse.line)].head) {
    const std::size_t row = lines_[static_cast<std::size_t>(mouse.line)].index;
    const RunInfo& run = session.list().runs[row];
    const float x = mouse.at.x - left_;
    if (x < ui::px(kDot))
      text = "Compare this run, or no longer (Space). Shift: all from the last one to here.";
    else if (x < ui::px(kDot + kStar))
      text = run.star ? "Take the star away" : "Give it a star";
    else if (place && place->column->name == "name")
      text = run.name + "\nClick: compare. Double-click: open it in its lab.";
    else if (place && place->column->name == "outcome")
      text = run.outcome + ": " + outcome_help(run.outcome);
    else if (place && place->column->name == "created")
      text = exact_time(run.created);
    else if (place && place->column->name == "tags") {
      for (const std::string& tag : run.tags) text += (text.empty() ? "" : ", ") + tag;
    } else if (place) {
      const std::string value = cell_text(session.list(), *place->column, row, now_seconds());
      if (ui::text_width(ui::Type::kNormal, value) > place->width - 2 * ui::px(kPadding)) text = value;
    }
  }
  const auto id = ImGui::GetID(
      reinterpret_cast<void*>(static_cast<std::intptr_t>(mouse.line * 64 + (place ? place->left : 0) + 7)));
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

void RunsRows::move_focus(RunsSession& session, int by, bool far) {
  std::vector<std::size_t> rows;
  for (const Line& line : lines_)
    if (!line.head) rows.push_back(line.index);
  if (rows.empty()) return;
  const auto found = session.list().row_of.find(session.focus());
  auto at =
      found == session.list().row_of.end() ? rows.end() : std::find(rows.begin(), rows.end(), found->second);
  std::int64_t next = 0;
  const auto last = static_cast<std::int64_t>(rows.size()) - 1;
  if (far)
    next = by < 0 ? 0 : last;
  else if (at != rows.end())
    next = std::clamp<std::int64_t>((at - rows.begin()) + by, 0, last);
  session.set_focus(session.list().runs[rows[static_cast<std::size_t>(next)]].uid);
  session.reveal_focus = true;
}

}  // namespace thalweg
