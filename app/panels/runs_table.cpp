#include "app/panels/runs_table.hpp"

#include <algorithm>

#include "app/panels/runs_parts.hpp"
#include "app/panels/session.hpp"
#include "app/ui/compat.hpp"
#include "app/ui/parts.hpp"

namespace thalweg {
namespace {

/// Narrower than this (points) the list shows what matters most.
constexpr float kCompactBelow = 720.0F;
constexpr float kBar = 30.0F;
/// How often what is said relative to now is said anew.
constexpr double kMinute = 60.0;

std::vector<std::int64_t> ids_of(const std::vector<store::RunInfo>& runs) {
  std::vector<std::int64_t> out;
  for (const store::RunInfo& run : runs) out.push_back(run.id);
  return out;
}

}  // namespace

RunsTable::RunsTable(std::filesystem::path db, std::function<void()> wake)
    : db_(std::move(db)), reader_(db_, std::move(wake)) {}

RunsTable::~RunsTable() { details_.put_down(session_); }

void RunsTable::hidden() {
  details_.put_down(session_);
  reader_.pause();
}

void RunsTable::synchronise(Frame& frame, float width) {
  const RunsScene& runs = frame.scene().runs;
  RunsQuery query{.filter = runs.filter,
                  .sort = runs.sort,
                  .descending = runs.view.number("descending") != 0.0,
                  .deleted = runs.view.number("deleted") != 0.0,
                  .group = runs.list_group,
                  .columns = runs.columns,
                  .compact = width < ui::px(kCompactBelow),
                  .focus = session_.focus()};
  reader_.request(std::move(query));
  if (frame.synchronous) {
    reader_.look();
    reader_.wait();
  }
  session_.take(reader_.snapshot());
}

void RunsTable::hear(Frame& frame) {
  for (RunsMessage& message : reader_.take_messages()) {
    if (message.note.empty()) {
      frame.say(message.error);
      // What failed can't be taken back.
      session_.banner.reset();
    } else {
      session_.show_banner(std::move(message.note));
    }
  }
}

void RunsTable::draw(Frame& frame, const Rect& area) {
  const ui::Scope scope("runs");
  synchronise(frame, area.width());
  hear(frame);
  // What was chosen last, until the keyboard goes elsewhere.
  if (!std::exchange(began_, true) && !frame.scene().runs.selected.empty()) {
    session_.set_focus(frame.scene().runs.selected.back().uid);
    session_.reveal_focus = true;
    synchronise(frame, area.width());
  }
  const float pad = ui::px(ui::kPad);
  const RunsSnapshot& list = session_.list();
  const Rect inner{{area.min.x + pad, area.min.y + ui::px(10)}, {area.max.x - pad, area.max.y - ui::px(6)}};
  ImGui::SetCursorScreenPos(area.min);
  ui::begin_child("runs", {area.width(), area.height()}, false,
                  ImGuiWindowFlags_NoScrollbar | ImGuiWindowFlags_NoScrollWithMouse);
  if (list.missing || list.file_error ||
      (list.read && list.total == 0 && list.runs.empty() && !list.query.deleted &&
       list.query.filter.empty())) {
    nothing(frame, inner);
    ImGui::EndChild();
    return;
  }
  const float top = filter_.draw(frame, session_, inner) + ui::px(8);
  const float details = details_.height(frame, session_, inner.max.y - top);
  // They come over the lower rows: the one that was clicked may be among these.
  if (std::exchange(details_height_, details) < details) session_.reveal_focus = true;
  const Rect bottom{{inner.min.x, inner.max.y - details}, inner.max};
  const Rect line{{inner.min.x, bottom.min.y - ui::px(kBar)}, {inner.max.x, bottom.min.y}};
  const Rect rows{{area.min.x, top}, {area.max.x, line.min.y}};
  if (list.runs.empty() && list.read) {
    ImGui::SetCursorScreenPos({inner.min.x, rows.min.y + ui::px(16)});
    const bool filtered = !frame.scene().runs.filter.empty();
    const bool deleted = list.query.deleted;
    if (ui::empty_state(
            "empty", deleted && !filtered ? "Nothing was deleted" : "No run fits",
            filtered
                ? "Try fewer conditions, such as lr<0.01, tag=good, outcome=converged, or one word of a name."
                : "What you delete is kept here until you delete it for good.",
            filtered ? "Clear the filter" : "Back to the list"))
      propose(frame, {}, {}, [&](Scene& scene) {
        if (filtered)
          scene.runs.filter.clear();
        else
          *scene.runs.view.find("deleted") = 0.0;
      });
  } else {
    rows_.draw(frame, session_, rows);
  }
  bar(frame, line);
  if (details > 0.0F) details_.draw(frame, session_, bottom);
  ImGui::EndChild();
  ui::detail::want_frame(kMinute);
}

/// There is no file, nothing in it, or it can't be read.
void RunsTable::nothing(Frame&, const Rect& area) {
  const RunsSnapshot& list = session_.list();
  ImGui::SetCursorScreenPos(area.min);
  const std::string begin =
      "Play a race in Surface or train a network in Training, or use thalweg descend and thalweg train: "
      "every run "
      "is kept from its first step.";
  if (db_.empty())
    ui::empty_state("nothing", "Runs are not kept",
                    "There is no folder for them. Start with --db FILE, or set THALWEG_DB.");
  else if (list.file_error)
    ui::empty_state("nothing", "The runs can't be read", list.file_error->text());
  else
    ui::empty_state("nothing", "No runs yet", begin);
  ui::mark("nothing", area.min, area.max);
}

/// How many there are, and what can be done with those that were chosen; for a while what was just done.
void RunsTable::bar(Frame& frame, const Rect& area) {
  const ui::Theme& t = ui::theme();
  ImDrawList* list = ImGui::GetWindowDrawList();
  const float middle = 0.5F * (area.min.y + area.max.y);
  list->AddLine(area.min, {area.max.x, area.min.y}, t.hairline, ui::line_width(1));
  float right = area.max.x;
  const auto chip = [&](const char* id, const char* label, const char* tip) {
    right -= chip_width(label);
    ImGui::SetCursorScreenPos({right, middle - ui::px(12)});
    right -= ui::px(6);
    return ui::chip(id, label, tip);
  };
  if (session_.banner && ImGui::GetTime() > session_.banner->until) session_.banner.reset();
  if (session_.banner) {
    ui::detail::want_frame(session_.banner->until - ImGui::GetTime());
    if (chip("dismiss", "OK", "Hides this message")) session_.banner->until = 0.0;
    if (session_.banner->undo && chip("undo", "Undo", "Brings them back")) {
      session_.banner->undo(frame);
      session_.banner->until = 0.0;
    }
    ui::draw_centred(list, ui::Type::kNormal, area.min.x, middle, t.text,
                     ui::elided(ui::Type::kNormal, session_.banner->text, right - area.min.x));
    ui::mark("banner", area.min, {right, area.max.y});
    return;
  }
  const RunsSnapshot& shown = session_.list();
  const std::size_t chosen = frame.scene().runs.selected.size();
  if (chosen > 0) {
    if (chip("more", "with chosen", "Star, tag or delete all that are compared")) ImGui::OpenPopup("chosen");
    if (chip("clear", "clear", "Compare none")) session_.choose_none(frame);
  }
  if (!shown.runs.empty() && chip("all", "choose all", "Compare all that are listed, 200 at most (Ctrl+A)"))
    session_.choose(frame, RunsRows::uids(shown), true);
  chosen_menu(frame);
  const auto count = static_cast<std::int64_t>(shown.runs.size());
  std::string text = ui::integer(count);
  if (count != shown.total) text += " of " + ui::integer(shown.total);
  text += shown.total == 1 ? " run" : " runs";
  if (chosen > 0) text += ", " + ui::integer(static_cast<std::int64_t>(chosen)) + " chosen";
  ui::draw_centred(list, ui::Type::kNote, area.min.x, middle, t.dim,
                   ui::elided(ui::Type::kNote, text, right - area.min.x));
  ui::mark("count", area.min, {right, area.max.y});
}

void RunsTable::chosen_menu(Frame& frame) {
  if (!ui::begin_popup("chosen")) return;
  if (chosen_items(frame)) ImGui::CloseCurrentPopup();
  ImGui::EndPopup();
}

bool RunsTable::chosen_items(Frame& frame) {
  const ui::Scope scope("chosen");
  const std::vector<store::RunInfo> runs = session_.chosen(frame);
  const auto count = ui::integer(static_cast<std::int64_t>(runs.size()));
  ui::section(count + (runs.size() == 1 ? " run" : " runs") + " of the list");
  if (runs.empty()) {
    ui::paragraph("None of those that are compared is listed here.", ui::theme().dim);
    return false;
  }
  const bool deleted = session_.list().query.deleted;
  bool done = true;
  if (menu_item("star", "Give them a star", "", false))
    session_.star(ids_of(runs), true);
  else if (menu_item("unstar", "Take their stars away", "", false))
    session_.star(ids_of(runs), false);
  else if (!deleted && menu_item("delete", "Delete them", "", false))
    session_.remove(frame, runs);
  else if (deleted && menu_item("restore", "Bring them back", "", false))
    session_.restore(runs);
  else
    done = false;
  ui::gap(4);
  if (line_edit("tag", tag_, ui::px(248), "Give them a tag", false).enter && !tag_.empty()) {
    session_.tag(ids_of(runs), std::exchange(tag_, {}), true);
    done = true;
  }
  return done;
}

void RunsTable::key(Frame& frame, const KeyPress& press) {
  const store::RunInfo* focused = session_.focused();
  if (press.ctrl) {
    if (press.key == Key::kF) filter_.focus();
    if (press.key == Key::kA) session_.choose(frame, RunsRows::uids(session_.list()), true);
    return;
  }
  switch (press.key) {
    case Key::kUp:
      return rows_.move_focus(session_, -1);
    case Key::kDown:
      return rows_.move_focus(session_, 1);
    case Key::kPageUp:
      return rows_.move_focus(session_, -rows_.page());
    case Key::kPageDown:
      return rows_.move_focus(session_, rows_.page());
    case Key::kHome:
      return rows_.move_focus(session_, -1, true);
    case Key::kEnd:
      return rows_.move_focus(session_, 1, true);
    case Key::kEscape:
      return session_.set_focus({});
    default:
      break;
  }
  if (!focused) return;
  switch (press.key) {
    case Key::kSpace:
      return session_.toggle(frame, focused->uid);
    case Key::kEnter:
      return frame.open_run(focused->uid, std::nullopt);
    case Key::kDelete:
      if (!focused->deleted) session_.remove(frame, {*focused});
      return;
    case Key::kF2:
      session_.renaming = true;
      return;
    default:
      return;
  }
}

}  // namespace thalweg
