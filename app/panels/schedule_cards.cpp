#include "app/panels/schedule_cards.hpp"

#include <algorithm>

#include "app/panels/copy_pytorch.hpp"
#include "app/panels/drive_rows.hpp"
#include "app/panels/schedule_parts.hpp"
#include "app/panels/spec_rows.hpp"
#include "app/ui/compat.hpp"
#include "app/ui/menus.hpp"
#include "app/ui/text.hpp"
#include "core/schedule/composition.hpp"
#include "core/script/script.hpp"

namespace thalweg {
namespace {

constexpr float kHead = 22.0F;

/// Beside the last item where there is room for `label` on a button, else below it.
void place_button(float left, float width, std::string_view label) {
  ImGui::SameLine(0, ui::px(8));
  if (ImGui::GetCursorScreenPos().x + ui::text_width(ui::Type::kNormal, label) + ui::px(28) > left + width)
    ImGui::NewLine();
}

/// Adds a schedule and selects it.
void add(Frame& frame, const Spec& spec) {
  if (frame.scene().schedules.schedules.size() >= kMostSchedules)
    return frame.say(bad_input("at most " + std::to_string(kMostSchedules) + " at a time", "schedules"));
  propose(frame, {}, {}, [&](Scene& scene) {
    ScheduleScene& all = scene.schedules;
    all.schedules.push_back({spec, all.free_colour(), true});
    all.selected = static_cast<int>(all.schedules.size()) - 1;
  });
}

void select(Frame& frame, std::size_t index) {
  propose(frame, {}, {}, [&](Scene& scene) { scene.schedules.selected = static_cast<int>(index); });
}

}  // namespace

void ScheduleCards::draw(Frame& frame, ScheduleSession& session) {
  {
    const ui::Scope scope("schedule");
    head(frame);
    const std::vector<std::string> names = schedule_names(frame.scene().schedules);
    if (names.empty()) {
      ui::paragraph("None. Add one, or take a preset, and its curve is drawn at once.", ui::theme().dim);
      ui::gap(8);
    }
    // A card may remove itself, so the number is asked for anew each time.
    for (std::size_t i = 0; i < std::min(names.size(), frame.scene().schedules.schedules.size()); ++i) {
      if (i > 0) ui::gap(8);
      card(frame, names[i], i);
    }
  }
  ui::gap(12);
  view(frame);
  ui::gap(16);
  (void)session;
}

void ScheduleCards::head(Frame& frame) {
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float width = ui::available();
  if (ui::section("Schedules", "+ add", "add")) ImGui::OpenPopup("add");
  ui::tooltip("Another schedule over those there are.");
  add_menu(frame);
  const ImVec2 below = ImGui::GetCursorScreenPos();
  // Between the title and "+ add".
  const float chip = ui::text_width(ui::Type::kNote, "Presets") + ui::px(20);
  ImGui::SetCursorScreenPos({at.x + width - ui::px(58) - chip, at.y - ui::px(3)});
  if (ui::chip("presets", "Presets", "Sets of schedules worth comparing, in place of these."))
    ImGui::OpenPopup("presets");
  preset_menu(frame);
  ImGui::SetCursorScreenPos({below.x, below.y + ui::px(2)});
  if (ui::button("from_surface", "From the surface")) add(frame, frame.scene().schedule);
  ui::tooltip("Adds the schedule that the race on the surface has.");
  place_button(at.x, width, "From training");
  if (ui::button("from_training", "From training")) add(frame, frame.scene().training.schedule);
  ui::tooltip("Adds the schedule that the network is trained with.");
  ui::gap(8);
}

void ScheduleCards::add_menu(Frame& frame) {
  if (!ui::begin_menu("add")) return;
  for (const ScheduleDescriptor& descriptor : schedules())
    if (ui::described_item("add." + descriptor.id, descriptor.label, descriptor.summary))
      add(frame, default_spec(descriptor));
  ImGui::EndPopup();
}

void ScheduleCards::preset_menu(Frame& frame) {
  if (!ui::begin_menu("presets")) return;
  for (const SchedulePreset& preset : schedule_presets())
    if (ui::described_item("preset." + preset.id, preset.label, preset.summary))
      propose(frame, {}, {}, [&](Scene& scene) { set_preset(scene.schedules, preset); });
  ImGui::EndPopup();
}

void ScheduleCards::card(Frame& frame, const std::string& name, std::size_t index) {
  const SceneSchedule schedule = frame.scene().schedules.schedules[index];
  const ui::Scope scope(std::to_string(index));
  const bool selected = frame.scene().schedules.chosen() == &frame.scene().schedules.schedules[index];
  const ui::Colour colour = schedule.visible ? ui::path_colour(schedule.colour) : ui::theme().faint;
  ui::begin_card("card", {.selected = selected});
  const bool gone = card_head(frame, name, index, selected);
  if (selected && !gone) {
    kind(frame, index);
    settings(frame, index, colour);
    ui::gap(6);
    uses(frame, schedule.spec);
  }
  if (ui::end_card() && !selected) select(frame, index);
  if (gone)
    propose(frame, {}, {}, [&](Scene& scene) {
      ScheduleScene& all = scene.schedules;
      all.schedules.erase(all.schedules.begin() + static_cast<std::ptrdiff_t>(index));
      if (all.selected > static_cast<int>(index) || all.selected >= static_cast<int>(all.schedules.size()))
        all.selected = std::max(0, all.selected - 1);
    });
}

bool ScheduleCards::card_head(Frame& frame, const std::string& name, std::size_t index, bool selected) {
  const SceneSchedule schedule = frame.scene().schedules.schedules[index];
  const ScheduleDescriptor& descriptor = *find_schedule(schedule.spec.id);
  const ui::Colour colour = schedule.visible ? ui::path_colour(schedule.colour) : ui::theme().faint;
  ImDrawList* list = ImGui::GetWindowDrawList();
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float width = ui::available();
  const float height = ui::px(kHead);
  const float middle = at.y + 0.5F * height;
  const ImVec2 mouse = ImGui::GetIO().MousePos;
  const bool hovered = ImGui::IsWindowHovered(ImGuiHoveredFlags_AllowWhenBlockedByActiveItem) &&
                       mouse.x >= at.x - ui::px(10) && mouse.x < at.x + width + ui::px(10) &&
                       mouse.y >= at.y - ui::px(8) && mouse.y < at.y + height;
  const float room = hovered || selected || !schedule.visible ? 4 * height : 0.0F;

  if (ImGui::InvisibleButton("dot", {ui::px(18), height})) ImGui::OpenPopup("palette");
  ui::mark("dot", at, {at.x + ui::px(18), at.y + height});
  ui::tooltip("Colour: the same for curve, path and row.");
  if (schedule.visible)
    list->AddCircleFilled({at.x + ui::px(5), middle}, ui::px(5), colour);
  else
    list->AddCircle({at.x + ui::px(5), middle}, ui::px(4.5F), colour, 0, ui::line_width(1));
  if (const auto chosen = ui::palette_popup("palette"))
    propose(frame, {}, {}, [&](Scene& scene) { scene.schedules.schedules[index].colour = *chosen; });

  const float text_left = at.x + ui::px(18);
  ImGui::SetCursorScreenPos({text_left, at.y});
  if (ImGui::InvisibleButton("name", {std::max(1.0F, width - ui::px(18) - room), height}))
    select(frame, index);
  ui::mark("name", {text_left, at.y}, {at.x + width - room, at.y + height});
  const ui::MarkRect beside{{at.x, at.y}, {at.x + width, at.y + height}};
  if (ui::begin_tooltip(ImGui::GetItemID(), ImGui::IsItemHovered(), &beside)) {
    ImGui::Dummy({ui::px(300), 0});
    ui::paragraph(name, ui::theme().text, ui::Type::kStrong);
    ui::paragraph(descriptor.summary, ui::theme().text);
    ui::paragraph(descriptor.formula, ui::theme().text);
    ui::paragraph(descriptor.reference, ui::theme().dim, ui::Type::kNote);
    ui::end_tooltip();
  }
  ui::draw_centred(list, ui::Type::kStrong, text_left, middle,
                   schedule.visible ? ui::theme().text : ui::theme().dim,
                   ui::elided(ui::Type::kStrong, name, at.x + width - room - text_left));
  bool gone = false;
  if (room > 0) {
    ImGui::SetCursorScreenPos({at.x + width - 4 * height, at.y});
    buttons(frame, schedule, index, height, gone);
  }
  ImGui::SetCursorScreenPos({at.x, at.y + height});
  ImGui::Dummy({width, ui::px(2)});
  return gone;
}

void ScheduleCards::buttons(Frame& frame, const SceneSchedule& schedule, std::size_t index, float width,
                            bool& gone) {
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const auto button = [&](int place, const char* id, ui::Icon icon, const char* tip, bool enabled = true) {
    ImGui::SetCursorScreenPos({at.x + static_cast<float>(place) * width, at.y});
    return ui::icon_button(id, icon, {.size = kHead, .icon = 13, .enabled = enabled, .tooltip = tip});
  };
  if (button(0, "visible", schedule.visible ? ui::Icon::kEye : ui::Icon::kEyeOff,
             schedule.visible ? "Hide its curve and what it does" : "Show its curve and what it does"))
    propose(frame, {}, {},
            [&](Scene& scene) { scene.schedules.schedules[index].visible = !schedule.visible; });
  if (button(1, "duplicate", ui::Icon::kDuplicate, "Add a copy of it",
             frame.scene().schedules.schedules.size() < kMostSchedules))
    propose(frame, {}, {}, [&](Scene& scene) {
      ScheduleScene& all = scene.schedules;
      SceneSchedule twin = schedule;
      twin.colour = all.free_colour();
      all.schedules.insert(all.schedules.begin() + static_cast<std::ptrdiff_t>(index) + 1, std::move(twin));
      all.selected = static_cast<int>(index) + 1;
    });
  if (button(2, "more", ui::Icon::kMore, "Copy it: as PyTorch, or as text")) ImGui::OpenPopup("menu");
  gone = button(3, "remove", ui::Icon::kTrash, "Remove it (Ctrl+Z brings it back)");
  if (!ui::begin_menu("menu")) return;
  if (ui::described_item("pytorch", "Copy as PyTorch", "The lines that make the scheduler, to paste into a program."))
    copy_text(frame,
              pytorch_schedule(schedule.spec, base_of(frame.scene(), schedule.spec),
                               frame.scene().schedules.steps()),
              "PyTorch for this schedule");
  if (ui::described_item("text", "Copy as text", "As the command line and files write it."))
    copy_text(frame, format_spec(schedule.spec, *find_schedule(schedule.spec.id)), "The schedule");
  ImGui::EndPopup();
}

void ScheduleCards::kind(Frame& frame, std::size_t index) {
  static const std::vector<ui::ComboItem> items = items_of(schedules());
  const Spec spec = frame.scene().schedules.schedules[index].spec;
  int chosen = index_in(schedules(), spec.id);
  ui::gap(2);
  if (ui::combo("id", items, chosen, ui::available()))
    set_schedule(frame, {}, {}, index, default_spec(schedules()[static_cast<std::size_t>(chosen)]));
  const ScheduleDescriptor& descriptor = *find_schedule(frame.scene().schedules.schedules[index].spec.id);
  ui::tooltip(descriptor.reference);
  ui::gap(4);
  ui::paragraph(descriptor.summary, ui::theme().dim, ui::Type::kNote);
  ui::paragraph(descriptor.formula, ui::theme().text, ui::Type::kNote);
  if (descriptor.follow)
    ui::paragraph("It goes by the loss: the plot shows it as it is while nothing is measured.",
                  ui::theme().dim, ui::Type::kNote);
  ui::gap(4);
}

void ScheduleCards::settings(Frame& frame, std::size_t index, ui::Colour colour) {
  const Spec spec = frame.scene().schedules.schedules[index].spec;
  const ScheduleDescriptor& descriptor = *find_schedule(spec.id);
  if (is_composition(spec)) draw_schedule_parts(frame, index, colour);
  const ui::RowColumns columns = columns_for(descriptor.parameters, spec);
  for (const Parameter& parameter : descriptor.parameters) {
    Value value = *spec.find(parameter.key);
    ui::Edit edit;
    if (ui::parameter_row(parameter, value, colour, &edit, {.columns = columns})) {
      Spec next = spec;
      *next.find(parameter.key) = value;
      set_schedule(frame, edit, "schedules." + std::to_string(index) + "." + parameter.key, index, next);
    } else if (edit.ended) {
      frame.editor.end_group();
    }
  }
}

void ScheduleCards::uses(Frame& frame, const Spec& spec) {
  const float left = ImGui::GetCursorScreenPos().x;
  const float width = ui::available();
  const bool rate = find_schedule(spec.id)->role == ScheduleRole::kLearningRate;
  if (ui::button("use_surface", "Use on the surface", false, rate)) {
    propose(frame, {}, {}, [&](Scene& scene) { scene.schedule = spec; });
    if (frame.note) frame.note("The race on the surface has this schedule now.");
  }
  ui::tooltip(rate ? "The race on the surface follows this schedule from now on."
                   : "It does not set a learning rate.");
  place_button(left, width, "Use in training");
  if (ui::button("use_training", "Use in training", false, rate)) {
    propose(frame, {}, {}, [&](Scene& scene) { scene.training.schedule = spec; });
    if (frame.note)
      frame.note("Training has this schedule now; one that goes on takes it when it starts again.");
  }
  ui::tooltip(rate ? "The network is trained with this schedule from its next start on."
                   : "It does not set a learning rate.");
  place_button(left, width, "Use for…");
  const ScheduleDescriptor& descriptor = *find_schedule(spec.id);
  if (ui::button("use_for", "Use for…", false, !descriptor.follow && descriptor.role != ScheduleRole::kLossScale))
    ImGui::OpenPopup("use_for");
  ui::tooltip(descriptor.follow ? "It goes by the loss: only a learning rate can."
                                : "Momentum, weight decay or batch size follows this schedule.");
  use_menu(frame, spec);
}

void ScheduleCards::use_menu(Frame& frame, const Spec& spec) {
  if (!ui::begin_menu("use_for")) return;
  struct Target {
    Place place;
    const char* id;
    const char* where;
    const char* done;
  };
  const bool batch_only = find_schedule(spec.id)->role == ScheduleRole::kBatchSize;
  for (const Target& target :
       {Target{Place::kSurface, "surface.", " on the surface", "The race on the surface follows it now."},
        Target{Place::kTraining, "training.", " in training",
               "Training follows it; one that goes on does when it starts again."}}) {
    for (const Parameter& setting : drivable_at(frame.scene(), target.place)) {
      if (batch_only && setting.key != kBatchKey) continue;
      if (ui::described_item("use." + (target.id + setting.key), setting.label + target.where, setting.help) &&
          drive(frame, target.place, setting.key, spec) && frame.note)
        frame.note(target.done);
    }
  }
  ImGui::EndPopup();
}

void ScheduleCards::view(Frame& frame) {
  const ui::Scope scope("view");
  ui::section("View");
  static const std::vector<Parameter> shown = [] {
    std::vector<Parameter> out;
    for (const char* key : {"steps", "base", "momentum", "effective", "table", "beside"})
      out.push_back(*schedule_view_descriptor().find(key));
    return out;
  }();
  const ui::RowColumns columns = columns_for(shown, frame.scene().schedules.view);
  for (const Parameter& parameter : shown) {
    const std::string& key = parameter.key;
    Value value = *frame.scene().schedules.view.find(key);
    ui::Edit edit;
    if (ui::parameter_row(parameter, value, ui::theme().accent, &edit, {.columns = columns}))
      propose(frame, edit, "schedule_view." + key,
              [&](Scene& scene) { *scene.schedules.view.find(key) = value; });
    else if (edit.ended)
      frame.editor.end_group();
    if (key == "base" && frame.scene().schedules.view.is_off("base")) {
      ui::paragraph("auto is now " + ui::number(base_rate(frame.scene())), ui::theme().dim, ui::Type::kNote);
      ui::gap(4);
    }
  }
}

}  // namespace thalweg
