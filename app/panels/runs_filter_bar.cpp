#include "app/panels/runs_filter_bar.hpp"

#include <algorithm>

#include "app/panels/runs_key_menu.hpp"
#include "app/panels/runs_parts.hpp"
#include "app/panels/session.hpp"
#include "app/ui/compat.hpp"
#include "app/ui/parts.hpp"

namespace thalweg {
namespace {

constexpr double kPauseBeforeTrouble = 0.6;
constexpr std::size_t kMostCompletions = 8;

constexpr const char* kFilterHelp =
    "What is listed. A word is looked for in name, note and tags; a condition is name, sign and value:\n"
    "optimizer=adam and lr<0.01 and test_accuracy>0.97\n"
    "best(test_loss)<0.08 or tag=good\n"
    "not outcome=diverged and created>=2026-01-31\n"
    "name~\"first try\"\n"
    "Tab completes a name. Ctrl+F comes here.";

struct Quick {
  const char* id;
  const char* label;
  const char* term;
  const char* other;  ///< what goes out when this comes in; may be empty
  const char* tip;
};
constexpr Quick kQuick[] = {
    {"starred", "starred", "star=1", "", "Only runs with a star"},
    {"descents", "descents", "kind=descent", "kind=training", "Only runs on a surface"},
    {"trainings", "trainings", "kind=training", "kind=descent", "Only networks"},
    {"interrupted", "interrupted", "outcome=interrupted", "",
     "Only runs that were cut short; they can be resumed"},
};

}  // namespace

int RunsFilterBar::on_input(ImGuiInputTextCallbackData* data) {
  auto& typing = *static_cast<Typing*>(data->UserData);
  if (data->EventFlag == ImGuiInputTextFlags_CallbackResize) {
    typing.text->resize(static_cast<std::size_t>(data->BufTextLen));
    data->Buf = typing.text->data();
    return 0;
  }
  const std::string text(data->Buf, static_cast<std::size_t>(data->BufTextLen));
  if (data->EventFlag == ImGuiInputTextFlags_CallbackCompletion) {
    const Completion found = complete(text, static_cast<std::size_t>(data->CursorPos), *typing.list->keys, 1);
    if (found.words.empty()) return 0;
    data->DeleteChars(static_cast<int>(found.begin), static_cast<int>(found.end - found.begin));
    data->InsertChars(static_cast<int>(found.begin), quoted(found.words[0]).c_str());
    return 0;
  }
  if (typing.move_to >= 0)
    data->CursorPos = data->SelectionStart = data->SelectionEnd =
        std::min(std::exchange(typing.move_to, -1), data->BufTextLen);
  typing.cursor = static_cast<std::size_t>(data->CursorPos);
  return 0;
}

void RunsFilterBar::set(Frame& frame, const std::string& text) {
  propose(frame, {}, "runs.filter", [&](Scene& scene) { scene.runs.filter = text; });
}

void RunsFilterBar::field(Frame& frame, RunsSession& session, float width) {
  const ui::Theme& t = ui::theme();
  std::string text = frame.scene().runs.filter;
  const float height = ui::px(ui::kControl);
  ImGui::PushFont(ui::font(ui::Type::kNormal));
  ImGui::PushStyleVar(ImGuiStyleVar_FramePadding,
                      {ui::px(10), std::max(0.0F, std::floor((height - ImGui::GetFontSize()) * 0.5F))});
  ImGui::PushStyleColor(ImGuiCol_FrameBg, t.card);
  ImGui::PushStyleColor(ImGuiCol_Border, session.list().filter_error ? t.error
                                         : active_                   ? t.accent
                                                                     : t.hairline);
  ImGui::SetNextItemWidth(width);
  if (std::exchange(focus_, false)) {
    ImGui::SetKeyboardFocusHere();
    if (typing_.move_to < 0) typing_.move_to = static_cast<int>(text.size());
  }
  typing_.text = &text;
  typing_.list = &session.list();
  const std::string before = text;
  ImGui::InputTextWithHint("##filter", "Filter: adam, lr<0.01, best(test_accuracy)>0.97, tag=good",
                           text.data(), text.capacity() + 1,
                           ImGuiInputTextFlags_CallbackResize | ImGuiInputTextFlags_CallbackCompletion |
                               ImGuiInputTextFlags_CallbackAlways,
                           on_input, &typing_);
  typing_.text = nullptr;
  active_ = ImGui::IsItemActive();
  const bool ended = ImGui::IsItemDeactivated();
  ui::mark("filter", ImGui::GetItemRectMin(), ImGui::GetItemRectMax());
  ImGui::PopStyleColor(2);
  ImGui::PopStyleVar();
  ImGui::PopFont();
  if (active_)
    ui::detail::want_frame(0.4);
  else
    ui::tooltip(kFilterHelp);
  if (text != before) {
    typed_at_ = ImGui::GetTime();
    set(frame, text);
  }
  if (ended) frame.editor.end_group();
}

/// What is wrong, once the typing pauses.
void RunsFilterBar::trouble(Frame& frame, const RunsSession& session, float left, float width) {
  const RunsSnapshot& list = session.list();
  if (!list.filter_error || list.query.filter != frame.scene().runs.filter) return;
  const double rested = ImGui::GetTime() - typed_at_;
  if (active_ && rested < kPauseBeforeTrouble && !frame.synchronous) {
    ui::detail::want_frame(kPauseBeforeTrouble - rested);
    return;
  }
  // "filter: position 7" is said by the caret.
  ui::FieldError error{list.filter_error->message,
                       list.filter_position > 0 ? static_cast<int>(list.filter_position) - 1 : -1};
  if (list.filter_position > 0) error.message += " (position " + std::to_string(list.filter_position) + ")";
  const ImVec2 at = ImGui::GetCursorScreenPos();
  ui::detail::error_below(error, frame.scene().runs.filter, left + ui::px(10), left + ui::px(2), width);
  ui::mark("filter.error", at, {left + width, ImGui::GetCursorScreenPos().y});
}

bool RunsFilterBar::completions(Frame& frame, const RunsSession& session, const Rect& area, float& bottom) {
  const std::string text = frame.scene().runs.filter;
  const Completion found = complete(text, typing_.cursor, *session.list().keys, kMostCompletions);
  if (found.words.empty()) return false;
  ChipFlow flow(area.min, area.max.x);
  for (std::size_t i = 0; i < found.words.size(); ++i) {
    const std::string& word = found.words[i];
    const std::string shown = ui::elided(ui::Type::kNote, word, ui::px(180));
    flow.next(chip_width(shown));
    toggle_chip("completion." + std::to_string(i), shown, i == 0,
                i == 0 ? "Puts it into the filter (Tab)" : "Puts it into the filter");
    // The press counts: it takes the keyboard from the field, and these chips go with it.
    if (!ImGui::IsItemHovered() || !ImGui::IsMouseClicked(0)) continue;
    const std::string put = quoted(word);
    std::string next = text;
    next.replace(found.begin, found.end - found.begin, put);
    typing_.move_to = static_cast<int>(found.begin + put.size());
    focus_ = true;
    set(frame, next);
  }
  bottom = flow.bottom();
  return true;
}

void RunsFilterBar::group_menu(Frame& frame, const RunsSession& session) {
  const auto set_group = [&](const std::string& group) {
    propose(frame, {}, {}, [&](Scene& scene) { scene.runs.list_group = group; });
    ImGui::CloseCurrentPopup();
  };
  if (!ui::begin_popup("group")) return;
  const std::string& now = frame.scene().runs.list_group;
  static const std::pair<const char*, const char*> kinds[] = {
      {"", "not divided"}, {"day", "by day"}, {"race", "by race"}};
  for (const auto& [key, label] : kinds)
    if (menu_item("group." + std::string(*key ? key : "none"), label, "", now == key)) set_group(key);
  ui::section("By a setting");
  std::vector<MenuKey> keys;
  for (const std::string& key : *session.list().keys) keys.push_back({key, key, ""});
  if (const auto chosen = key_search("group.search", group_search_, keys, now)) set_group(*chosen);
  ImGui::EndPopup();
}

void RunsFilterBar::chips(Frame& frame, RunsSession& session, const Rect& area, float& bottom) {
  const RunsScene& runs = frame.scene().runs;
  ChipFlow flow(area.min, area.max.x);
  for (const Quick& quick : kQuick) {
    flow.next(chip_width(quick.label));
    const bool on = has_term(runs.filter, quick.term);
    if (!toggle_chip(quick.id, quick.label, on, quick.tip)) continue;
    std::string next = runs.filter;
    if (*quick.other) next = with_term(next, quick.other, false);
    set(frame, with_term(next, quick.term, !on));
    frame.editor.end_group();
  }
  flow.next(chip_width("deleted"));
  const bool deleted = runs.view.number("deleted") != 0.0;
  if (toggle_chip("deleted", "deleted", deleted, "What was deleted; it can be brought back"))
    propose(frame, {}, {}, [&](Scene& scene) { *scene.runs.view.find("deleted") = deleted ? 0.0 : 1.0; });
  const std::string grouped =
      ui::elided(ui::Type::kNote, runs.list_group.empty() ? "group" : "by " + runs.list_group, ui::px(160));
  flow.next(chip_width(grouped));
  if (toggle_chip("group", grouped, !runs.list_group.empty(),
                  "Divide the list: by day, by race, or by a setting")) {
    group_search_.clear();
    ImGui::OpenPopup("group");
  }
  group_menu(frame, session);
  bottom = flow.bottom();
}

float RunsFilterBar::draw(Frame& frame, RunsSession& session, const Rect& area) {
  ImGui::SetCursorScreenPos(area.min);
  const bool was_active = active_;
  field(frame, session, area.width());
  ImGui::SetCursorScreenPos({area.min.x, area.min.y + ui::px(ui::kControl + 2)});
  trouble(frame, session, area.min.x, area.width());
  float bottom = std::max(ImGui::GetCursorScreenPos().y, area.min.y + ui::px(ui::kControl + 8));
  const Rect row{{area.min.x, bottom}, area.max};
  if (!((active_ || was_active) && completions(frame, session, row, bottom)))
    chips(frame, session, row, bottom);
  return bottom;
}

}  // namespace thalweg
