#include "app/panels/runs_details.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "app/panels/runs_columns.hpp"
#include "app/panels/runs_parts.hpp"
#include "app/panels/session.hpp"
#include "app/ui/compat.hpp"
#include "app/ui/parts.hpp"

namespace thalweg {
namespace {

using store::RunInfo;

constexpr float kBar = 34.0F;
constexpr double kNotePause = 1.0;
constexpr double kCopiedSeconds = 2.0;

std::filesystem::path home() {
  const char* folder = std::getenv("HOME");
  return folder ? std::filesystem::path(folder) : std::filesystem::path(".");
}

std::filesystem::path at_home(const std::string& path) {
  return path.starts_with("~/") ? home() / path.substr(2) : std::filesystem::path(path);
}

/// One line under the name: what, where, how long, when.
std::string summary(const RunDetails& shown) {
  const RunInfo& run = shown.run;
  const auto setting = [&](const char* key) {
    for (const store::Setting& one : shown.settings)
      if (one.part.empty() && one.key == key) return one.value;
    return std::string();
  };
  std::string out = setting("optimizer");
  const auto add = [&](const std::string& text) {
    if (!text.empty()) out += (out.empty() ? "" : "  ·  ") + text;
  };
  add(setting("surface"));
  add(setting("data") + (setting("model").empty() ? "" : " " + setting("model")));
  add(run.outcome);
  add(ui::integer(run.steps) + (run.steps == 1 ? " step" : " steps"));
  add(time_spent(run.duration));
  add(exact_time(run.created));
  add(run.host + (run.device.empty() ? "" : " " + run.device));
  return out;
}

int resize_text(ImGuiInputTextCallbackData* data) {
  if (data->EventFlag != ImGuiInputTextFlags_CallbackResize) return 0;
  auto& text = *static_cast<std::string*>(data->UserData);
  text.resize(static_cast<std::size_t>(data->BufTextLen));
  data->Buf = text.data();
  return 0;
}

void values_row(const std::string& label, const std::string& value, const std::string& note) {
  const float width = ui::available(), row = ui::px(22);
  const ImVec2 at = ImGui::GetCursorScreenPos();
  ImDrawList* list = ImGui::GetWindowDrawList();
  const float middle = at.y + 0.5F * row;
  const float note_width = note.empty() ? 0.0F : ui::text_width(ui::Type::kNote, note) + ui::px(8);
  const float most = std::max(ui::px(40), 0.55F * width);
  const std::string shown = ui::elided(ui::Type::kNormal, value, most);
  const float value_width = ui::text_width(ui::Type::kNormal, shown);
  const bool room = value_width + note_width + ui::px(60) < width;
  const float right = at.x + width - (room ? note_width : 0.0F);
  ui::draw_centred(list, ui::Type::kNormal, at.x, middle, ui::theme().dim,
                   ui::elided(ui::Type::kNormal, label, right - value_width - ui::px(10) - at.x));
  ui::draw_centred(list, ui::Type::kNormal, right, middle, ui::theme().text, shown, 1.0F);
  if (room && !note.empty())
    ui::draw_centred(list, ui::Type::kNote, at.x + width, middle, ui::theme().dim, note, 1.0F);
  ImGui::Dummy({width, row});
  if (shown != value) ui::tooltip(value.substr(0, 2000));
}

}  // namespace

float RunsDetails::height(const Frame& frame, const RunsSession& session, float room) const {
  if (session.focus().empty() || !session.list().details) return 0.0F;
  // Not at the cost of the list: it keeps some rows.
  const bool open = frame.scene().runs.view.number("details") != 0.0 && room > ui::px(300);
  if (!open) return ui::px(kBar);
  return std::round(std::clamp(0.42F * room, ui::px(170), ui::px(330)));
}

void RunsDetails::put_down(RunsSession& session) {
  if (note_changed_ && note_of_ != 0) session.set_note(note_of_, note_);
  note_changed_ = false;
}

void RunsDetails::draw(Frame& frame, RunsSession& session, const Rect& area) {
  const ui::Scope scope("details");
  const RunDetails& shown = *session.list().details;
  ImDrawList* list = ImGui::GetWindowDrawList();
  list->AddLine(area.min, {area.max.x, area.min.y}, ui::theme().hairline, ui::line_width(1));
  const Rect top{area.min, {area.max.x, area.min.y + ui::px(kBar)}};
  bar(frame, session, shown, top);
  if (area.height() > ui::px(kBar) + 1.0F) {
    ImGui::SetCursorScreenPos({area.min.x, top.max.y});
    ui::begin_child("all", {area.width(), area.max.y - top.max.y});
    ui::paragraph(summary(shown), ui::theme().dim, ui::Type::kNote);
    ui::gap(6);
    const float width = ImGui::GetContentRegionAvail().x - ui::px(8);
    tags(session, shown, width);
    ui::gap(6);
    note(session, shown, width);
    ui::gap(8);
    relatives(session, shown);
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const bool beside = width > ui::px(440);
    const float column = beside ? std::floor(0.5F * (width - ui::px(24))) : width;
    ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, {0, 0});
    ImGui::BeginGroup();
    ui::begin_child(
        "results",
        {column, ui::px(24 + 22 * std::max<float>(
                                      1.0F, static_cast<float>(shown.results.size() + shown.events.size()))) +
                     (shown.events.empty() ? 0.0F : ui::px(32))},
        false, ImGuiWindowFlags_NoScrollWithMouse);
    results(shown);
    ImGui::EndChild();
    ImGui::EndGroup();
    if (beside) ImGui::SetCursorScreenPos({at.x + column + ui::px(24), at.y});
    ui::begin_child(
        "settings",
        {column, ui::px(24 + 22 * std::max<float>(1.0F, static_cast<float>(shown.settings.size())))}, false,
        ImGuiWindowFlags_NoScrollWithMouse);
    settings(shown);
    ImGui::EndChild();
    ImGui::PopStyleVar();
    ImGui::EndChild();
  }
  export_dialog(frame, session, shown);
  delete_dialog(frame, session, shown);
}

void RunsDetails::bar(Frame& frame, RunsSession& session, const RunDetails& shown, const Rect& area) {
  const float middle = 0.5F * (area.min.y + area.max.y);
  ImGui::SetCursorScreenPos({area.min.x, middle - ui::px(12)});
  const bool open = frame.scene().runs.view.number("details") != 0.0;
  if (ui::icon_button(
          "fold", open ? ui::Icon::kChevron : ui::Icon::kExpand,
          {.size = 24, .icon = 12, .tooltip = open ? "Fold the details away" : "Show the details"}))
    propose(frame, {}, {}, [&](Scene& scene) { *scene.runs.view.find("details") = open ? 0.0 : 1.0; });
  const bool gone = shown.run.deleted, interrupted = shown.run.outcome == "interrupted";
  const char* main = gone ? "Bring back" : interrupted ? "Resume" : "Open";
  const float buttons_width =
      chip_width(main) + chip_width("Export") + chip_width(gone ? "Delete for good" : "Delete") + ui::px(12);
  const float left = area.min.x + ui::px(30);
  ImGui::SetCursorScreenPos({left, middle - ui::px(14)});
  name(session, shown, std::max(ui::px(60), area.max.x - buttons_width - ui::px(12) - left));
  ImGui::SetCursorScreenPos({area.max.x - buttons_width, middle - ui::px(12)});
  buttons(frame, session, shown, area.max.x);
}

void RunsDetails::name(RunsSession& session, const RunDetails& shown, float width) {
  const RunInfo& run = shown.run;
  if (name_open_ && name_of_ != run.id) name_open_ = false;
  bool opening = false;
  // The details may still be those of the run before.
  if (session.renaming && run.uid == session.focus()) {
    session.renaming = false;
    opening = !name_open_;
    if (opening) name_ = run.name;
    name_of_ = run.id;
    name_open_ = true;
  }
  if (name_open_) {
    const LineEdit edit = line_edit("name", name_, width, "Name", opening);
    if (!edit.enter && !edit.left) return;
    // Escape has put the old name back.
    if (name_ != run.name) session.rename(run.id, name_);
    name_open_ = false;
    return;
  }
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const std::string text =
      ui::elided(ui::Type::kTitle, run.name.empty() ? "(no name)" : run.name, width - ui::px(8));
  const float shown_width = ui::text_width(ui::Type::kTitle, text) + ui::px(8);
  if (ImGui::InvisibleButton("name", {std::max(ui::px(20), std::min(width, shown_width)), ui::px(28)}))
    session.renaming = true;
  ui::mark("name", ImGui::GetItemRectMin(), ImGui::GetItemRectMax());
  if (ImGui::IsItemHovered())
    ImGui::GetWindowDrawList()->AddRectFilled(ImGui::GetItemRectMin(), ImGui::GetItemRectMax(),
                                              ui::theme().hover, ui::px(4));
  ui::draw_centred(ImGui::GetWindowDrawList(), ui::Type::kTitle, at.x + ui::px(4), at.y + ui::px(14),
                   ui::theme().text, text);
  ui::tooltip("Click to rename (F2)");
}

void RunsDetails::buttons(Frame& frame, RunsSession& session, const RunDetails& shown, float) {
  const RunInfo& run = shown.run;
  const auto next = [] { ImGui::SameLine(0, ui::px(6)); };
  if (run.deleted) {
    if (toggle_chip("restore", "Bring back", true, "Back into the list")) session.restore({run});
  } else if (run.outcome == "interrupted") {
    if (toggle_chip("open", "Resume", true,
                    "Opens it in its lab as it was last kept, to go on from there (Enter)"))
      frame.open_run(run.uid, std::nullopt);
  } else if (toggle_chip("open", "Open", true, "Shows it in its lab as it was (Enter)")) {
    frame.open_run(run.uid, std::nullopt);
  }
  next();
  if (ui::chip("export", "Export", "Writes the whole run as one file that another copy imports"))
    exporting_ = true;
  next();
  if (!run.deleted) {
    if (ui::chip("delete", "Delete", "Out of the list (Delete); it can be brought back"))
      session.remove(frame, {run});
  } else if (ui::chip("purge", "Delete for good", "Removes it from the file, with all its points")) {
    deleting_ = true;
  }
}

void RunsDetails::tags(RunsSession& session, const RunDetails& shown, float width) {
  const RunInfo& run = shown.run;
  const ImVec2 begin = ImGui::GetCursorScreenPos();
  ChipFlow flow(begin, begin.x + width);
  const std::string uid = ImGui::GetTime() - copied_at_ < kCopiedSeconds ? "copied" : run.uid.substr(0, 8);
  flow.next(chip_width(uid));
  if (ui::chip("uid", uid, "The run's uid, the same in every file: " + run.uid + ". Click to copy it.")) {
    ImGui::SetClipboardText(run.uid.c_str());
    copied_at_ = ImGui::GetTime();
    ui::detail::want_frame(kCopiedSeconds);
  }
  const char* star = run.star ? "starred" : "star";
  flow.next(chip_width(star));
  if (toggle_chip("star", star, run.star, run.star ? "Take the star away" : "Give it a star"))
    session.star({run.id}, !run.star);
  for (std::size_t i = 0; i < run.tags.size(); ++i) {
    const std::string label = ui::elided(ui::Type::kNote, run.tags[i], ui::px(160)) + "  ×";
    flow.next(chip_width(label));
    if (ui::chip("tag." + std::to_string(i), label,
                 "Tag “" + run.tags[i].substr(0, 300) + "”: click to take it away"))
      session.tag({run.id}, run.tags[i], false);
  }
  flow.next(ui::px(110));
  const LineEdit edit = line_edit("add_tag", tag_, ui::px(110), "+ tag", false, 24);
  if (edit.enter && !tag_.empty()) session.tag({run.id}, std::exchange(tag_, {}), true);
  ImGui::SetCursorScreenPos({begin.x, flow.bottom() + ui::px(4)});
}

/// Goes to the file when the typing pauses or the keyboard goes elsewhere.
void RunsDetails::note(RunsSession& session, const RunDetails& shown, float width) {
  const RunInfo& run = shown.run;
  if (note_of_ != run.id) {
    put_down(session);
    note_of_ = run.id;
    note_ = run.note;
    note_active_ = false;
  } else if (!note_active_ && !note_changed_) {
    note_ = run.note;
  }
  const auto lines =
      static_cast<float>(std::clamp<std::ptrdiff_t>(std::count(note_.begin(), note_.end(), '\n') + 1, 2, 6));
  const ui::Theme& t = ui::theme();
  ImGui::PushFont(ui::font(ui::Type::kNormal));
  ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, {ui::px(8), ui::px(5)});
  ImGui::PushStyleColor(ImGuiCol_FrameBg, t.card);
  ImGui::PushStyleColor(ImGuiCol_Border, note_active_ ? t.accent : t.hairline);
  ImGui::PushID(static_cast<int>(run.id));
  const std::string before = note_;
  const ImVec2 at = ImGui::GetCursorScreenPos();
  ImGui::InputTextMultiline("##note", note_.data(), note_.capacity() + 1,
                            {width, lines * ImGui::GetFontSize() + ui::px(12)},
                            ImGuiInputTextFlags_CallbackResize, resize_text, &note_);
  ImGui::PopID();
  note_active_ = ImGui::IsItemActive();
  const bool left = ImGui::IsItemDeactivated();
  ui::mark("note", ImGui::GetItemRectMin(), ImGui::GetItemRectMax());
  ImGui::PopStyleColor(2);
  ImGui::PopStyleVar();
  ImGui::PopFont();
  if (note_.empty() && !note_active_)
    ui::draw_text(ImGui::GetWindowDrawList(), ui::Type::kNormal, {at.x + ui::px(8), at.y + ui::px(5)},
                  t.faint, "Note");
  if (note_active_) ui::detail::want_frame(0.4);
  if (note_ != before) {
    note_changed_ = true;
    note_changed_at_ = ImGui::GetTime();
  }
  if (note_changed_ && (left || !note_active_ || ImGui::GetTime() - note_changed_at_ > kNotePause))
    put_down(session);
}

void RunsDetails::relatives(RunsSession& session, const RunDetails& shown) {
  if (!shown.parent && shown.children.empty()) return;
  const ImVec2 begin = ImGui::GetCursorScreenPos();
  ChipFlow flow(begin, begin.x + ui::available());
  const auto link = [&](const std::string& id, const std::string& what, const RunInfo& run) {
    const std::string label = ui::elided(ui::Type::kNote, what + " " + run.name, ui::px(220));
    flow.next(chip_width(label));
    if (!ui::chip(id, label, "Goes to it" + std::string(run.deleted ? "; it was deleted" : ""))) return;
    session.set_focus(run.uid);
    session.reveal_focus = true;
  };
  if (shown.parent) {
    const auto& step = shown.run.parent_step;
    link("parent", "forked from" + (step ? " step " + ui::integer(*step) + " of" : ""), *shown.parent);
  }
  for (std::size_t i = 0; i < shown.children.size() && i < 12; ++i)
    link("child." + std::to_string(i), "fork:", shown.children[i]);
  ImGui::SetCursorScreenPos({begin.x, flow.bottom() + ui::px(8)});
}

void RunsDetails::settings(const RunDetails& shown) const {
  ui::section("Settings");
  if (shown.settings.empty()) ui::paragraph("None were kept.", ui::theme().dim);
  for (const store::Setting& setting : shown.settings)
    values_row(setting.part.empty() ? setting.key : setting.part + "." + setting.key, setting.value, "");
}

void RunsDetails::results(const RunDetails& shown) const {
  ui::section("Results");
  if (shown.results.empty()) ui::paragraph("None yet.", ui::theme().dim);
  for (const store::RunResult& result : shown.results) {
    const bool whole =
        std::floor(result.last) == result.last && std::abs(result.last) < 1e12 && !result.best_step;
    values_row(
        result.key, whole ? ui::integer(std::llround(result.last)) : ui::number(result.last),
        result.best_step ? "best " + ui::number(result.best) + " at " + ui::integer(*result.best_step) : "");
  }
  if (shown.events.empty()) return;
  ui::gap(8);
  ui::section("Events");
  for (const store::Event& event : shown.events)
    values_row("step " + ui::integer(event.step),
               event.kind + (event.key.empty() ? "" : " " + event.key) +
                   (event.value.empty() ? "" : " " + event.value),
               "");
}

void RunsDetails::export_dialog(Frame&, RunsSession& session, const RunDetails& shown) {
  if (std::exchange(exporting_, false)) {
    ImGui::OpenPopup("export");
    path_ = (home() / (shown.run.uid.substr(0, 8) + ".thalweg-run.json")).string();
  }
  const ImVec2 size = ImGui::GetIO().DisplaySize;
  ImGui::SetNextWindowPos({0.5F * size.x, 0.35F * size.y}, ImGuiCond_Always, {0.5F, 0.5F});
  ImGui::SetNextWindowSize({std::min(size.x - ui::px(32), ui::px(460)), 0});
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, {ui::px(16), ui::px(16)});
  const bool open =
      ImGui::BeginPopupModal("export", nullptr, ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove);
  ImGui::PopStyleVar();
  if (!open) return;
  ui::paragraph("Export this run", ui::theme().text, ui::Type::kStrong);
  ui::paragraph("Settings, series and events as one file; “thalweg runs import FILE” takes it in.",
                ui::theme().dim, ui::Type::kNote);
  ui::gap(8);
  const LineEdit edit =
      line_edit("path", path_, ui::available(), "Path of the file", ImGui::IsWindowAppearing());
  ui::gap(12);
  bool done = ui::key_pressed(ImGuiKey_Escape);
  if (ui::button("write", "Write", true, !path_.empty()) || (edit.enter && !path_.empty())) {
    session.export_run(shown.run.id, at_home(path_));
    done = true;
  }
  ImGui::SameLine(0, ui::px(8));
  if (ui::button("cancel", "Cancel")) done = true;
  if (done) ImGui::CloseCurrentPopup();
  ImGui::EndPopup();
}

void RunsDetails::delete_dialog(Frame& frame, RunsSession& session, const RunDetails& shown) {
  if (std::exchange(deleting_, false)) ImGui::OpenPopup("purge");
  const ImVec2 size = ImGui::GetIO().DisplaySize;
  ImGui::SetNextWindowPos({0.5F * size.x, 0.35F * size.y}, ImGuiCond_Always, {0.5F, 0.5F});
  ImGui::SetNextWindowSize({std::min(size.x - ui::px(32), ui::px(420)), 0});
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, {ui::px(16), ui::px(16)});
  const bool open =
      ImGui::BeginPopupModal("purge", nullptr, ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove);
  ImGui::PopStyleVar();
  if (!open) return;
  ui::paragraph("Delete “" + shown.run.name.substr(0, 120) + "” for good?", ui::theme().text,
                ui::Type::kStrong);
  ui::paragraph("Its settings, curves and checkpoints are removed from the file. This can't be undone.",
                ui::theme().dim);
  ui::gap(12);
  bool done = ui::key_pressed(ImGuiKey_Escape);
  if (ui::button("confirm", "Delete for good", true)) {
    session.remove_for_good(frame, {shown.run});
    done = true;
  }
  ImGui::SameLine(0, ui::px(8));
  if (ui::button("cancel", "Keep it")) done = true;
  if (done) ImGui::CloseCurrentPopup();
  ImGui::EndPopup();
}

}  // namespace thalweg
