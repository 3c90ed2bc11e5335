#include "app/panels/drive_rows.hpp"

#include <algorithm>

#include "app/panels/schedule_session.hpp"
#include "app/panels/spec_rows.hpp"
#include "app/ui/compat.hpp"
#include "app/ui/menus.hpp"
#include "app/ui/text.hpp"
#include "core/optimizer/optimizer.hpp"
#include "core/schedule/drive.hpp"
#include "core/training/settings.hpp"

namespace thalweg {
namespace {

constexpr float kHead = 24.0F;

Drives& drives_of(Scene& scene, Place place) {
  return place == Place::kSurface ? scene.drives : scene.training.drives;
}

const std::vector<SceneOptimizer>& optimizers_at(const Scene& scene, Place place) {
  return place == Place::kSurface ? scene.optimizers : scene.training.optimizers;
}

const Parameter& batch_at(Place place) {
  return *(place == Place::kSurface ? gradient_descriptor() : training_descriptor()).find(kBatchKey);
}

double own_batch(const Scene& scene, Place place) {
  return (place == Place::kSurface ? scene.gradient : scene.training.training).spec.number(kBatchKey);
}

std::optional<Error> check_at(const Scene& scene, Place place) {
  return place == Place::kSurface ? check(scene) : check(scene.training);
}

const Drive* find_drive(const Drives& drives, std::string_view key) {
  const auto it =
      std::find_if(drives.begin(), drives.end(), [&](const Drive& one) { return one.key == key; });
  return it == drives.end() ? nullptr : &*it;
}

/// The schedules that a setting can follow.
std::vector<const ScheduleDescriptor*> kinds_for(std::string_view key) {
  std::vector<const ScheduleDescriptor*> out;
  for (const ScheduleDescriptor& schedule : schedules()) {
    const bool batch = schedule.role == ScheduleRole::kBatchSize && key == kBatchKey;
    if (batch || (schedule.role == ScheduleRole::kLearningRate && !schedule.follow)) out.push_back(&schedule);
  }
  return out;
}

Scene with_drive(Scene scene, Place place, std::string_view key, const Spec& schedule) {
  Drives& drives = drives_of(scene, place);
  const auto it =
      std::find_if(drives.begin(), drives.end(), [&](const Drive& one) { return one.key == key; });
  if (it != drives.end())
    it->schedule = schedule;
  else
    drives.push_back({std::string(key), schedule});
  return scene;
}

/// A schedule of this kind that keeps the setting within its bounds: its defaults where they do, or a curve
/// that ends above the lower bound. A batch grows.
Spec fitting_schedule(const Scene& scene, Place place, const Parameter& setting,
                      const ScheduleDescriptor& kind) {
  Spec plain = default_spec(kind);
  const auto set = [](Spec& spec, std::string_view key, double value) {
    if (Value* place_of = spec.find(key)) *place_of = value;
  };
  if (place == Place::kSurface) set(plain, "total", std::max(1.0, scene.run.number("steps")));
  if (!check_at(with_drive(scene, place, setting.key, plain), place)) return plain;
  Spec adjusted = plain;
  set(adjusted, "min", setting.min);
  const bool batch = setting.key == kBatchKey;
  set(adjusted, "start_factor", batch ? 0.125 : 1.0);
  set(adjusted, "end_factor", batch ? 1.0 : 0.125);
  constexpr double kRoom = 8.0;  // of a batch of fewer samples an eighth is none
  if (batch && own_batch(scene, place) < kRoom) set(adjusted, "peak", 64.0);
  return check_at(with_drive(scene, place, setting.key, adjusted), place) ? plain : adjusted;
}

/// What a setting follows at first: a ramp up to the whole batch where there is room for one, or a line.
Spec first_schedule(const Scene& scene, Place place, const Parameter& setting) {
  const char* const id = setting.key == kBatchKey && place == Place::kTraining ? "batch_ramp" : "linear";
  return fitting_schedule(scene, place, setting, *find_schedule(id));
}

/// Its name at the beginning of a line: "Weight decay (L2)".
std::string title_of(const Parameter& setting) {
  std::string out = setting.label;
  if (!out.empty() && out[0] >= 'a' && out[0] <= 'z') out[0] = static_cast<char>(out[0] - 'a' + 'A');
  return out;
}

void add_menu(Frame& frame, Place place) {
  if (!ui::begin_popup("add")) return;
  for (const Parameter& setting : drivable_at(frame.scene(), place)) {
    if (find_drive(drives_at(frame.scene(), place), setting.key)) continue;
    if (ui::menu_item("add." + setting.key, title_of(setting), setting.help))
      drive(frame, place, setting.key, first_schedule(frame.scene(), place, setting));
  }
  ImGui::EndPopup();
}

/// The setting's name, and the button that makes it its own again. True where that was clicked.
bool head(const Parameter& setting) {
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float width = ui::available(), height = ui::px(kHead);
  ui::draw_centred(ImGui::GetWindowDrawList(), ui::Type::kStrong, at.x, at.y + 0.5F * height,
                   ui::theme().text, ui::elided(ui::Type::kStrong, title_of(setting), width - height));
  ImGui::SetCursorScreenPos({at.x + width - height, at.y});
  const bool gone =
      ui::icon_button("remove", ui::Icon::kTrash,
                      {.size = kHead, .icon = 13, .tooltip = "No schedule: the value of its slider again"});
  ImGui::SetCursorScreenPos({at.x, at.y + height + ui::px(2)});
  return gone;
}

void kind(Frame& frame, Place place, const Drive& before, const Parameter& setting) {
  const std::vector<const ScheduleDescriptor*> kinds = kinds_for(before.key);
  std::vector<ui::ComboItem> items;
  int chosen = 0;
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    items.push_back({kinds[i]->label, {}});
    if (kinds[i]->id == before.schedule.id) chosen = static_cast<int>(i);
  }
  if (ui::combo("id", items, chosen, ui::available()))
    drive(frame, place, before.key,
          fitting_schedule(frame.scene(), place, setting, *kinds[static_cast<std::size_t>(chosen)]));
  ui::gap(4);
}

void settings(Frame& frame, Place place, const Drive& now, const Parameter& setting) {
  std::vector<Parameter> parameters;
  for (const Parameter& parameter : find_schedule(now.schedule.id)->parameters)
    if (!moves_coupled_momentum(parameter)) parameters.push_back(driven_parameter(parameter, setting));
  const ui::RowColumns columns = columns_for(parameters, now.schedule);
  for (const Parameter& parameter : parameters) {
    Value value = *now.schedule.find(parameter.key);
    ui::Edit edit;
    if (ui::parameter_row(parameter, value, ui::theme().accent, &edit, {.columns = columns})) {
      Spec next = now.schedule;
      *next.find(parameter.key) = value;
      drive(frame, place, now.key, next, edit, "drive." + now.key + "." + parameter.key);
    } else if (edit.ended) {
      frame.editor.end_group();
    }
  }
}

}  // namespace

const Drives& drives_at(const Scene& scene, Place place) {
  return place == Place::kSurface ? scene.drives : scene.training.drives;
}

std::vector<Parameter> drivable_at(const Scene& scene, Place place) {
  std::vector<Parameter> out;
  for (const SceneOptimizer& optimizer : optimizers_at(scene, place)) {
    const OptimizerDescriptor* descriptor = find_optimizer(optimizer.live.spec.id);
    if (!descriptor) continue;
    for (const Parameter& parameter : descriptor->parameters) {
      const bool there =
          std::any_of(out.begin(), out.end(), [&](const Parameter& one) { return one.key == parameter.key; });
      if (!there && can_drive(*descriptor, parameter.key)) out.push_back(parameter);
    }
  }
  if (!optimizers_at(scene, place).empty()) out.push_back(batch_at(place));
  // What people schedule most comes first.
  auto next = out.begin();
  for (const std::string_view key :
       {std::string_view("momentum"), std::string_view("weight_decay"), kBatchKey}) {
    const auto it = std::find_if(next, out.end(), [&](const Parameter& one) { return one.key == key; });
    if (it != out.end()) std::rotate(next++, it, it + 1);
  }
  return out;
}

bool drive(Frame& frame, Place place, std::string_view key, const Spec& schedule, const ui::Edit& edit,
           std::string_view group) {
  Scene next = with_drive(frame.scene(), place, key, schedule);
  const auto error = check_at(next, place);
  // What was wrong before is said elsewhere.
  if (error && !check_at(frame.scene(), place)) {
    frame.say(*error);
    return false;
  }
  frame.editor.apply(std::move(next), group);
  if (edit.ended) frame.editor.end_group();
  return true;
}

void drop_unused_drives(Scene& scene, Place place) {
  const std::vector<SceneOptimizer>& optimizers = optimizers_at(scene, place);
  if (optimizers.empty()) return;
  std::erase_if(drives_of(scene, place), [&](const Drive& one) {
    return std::none_of(optimizers.begin(), optimizers.end(), [&](const SceneOptimizer& optimizer) {
      const OptimizerDescriptor* descriptor = find_optimizer(optimizer.live.spec.id);
      return descriptor && can_drive(*descriptor, one.key);
    });
  });
}

void draw_driven_note(const Scene& scene, Place place, const Parameter& setting, const Spec& own,
                      const Descriptor& optimizer, std::int64_t step) {
  const Spec& schedule = place == Place::kSurface ? scene.schedule : scene.training.schedule;
  const Drive* const driven = find_drive(drives_at(scene, place), setting.key);
  double value = 0.0;
  const Spec* follows = nullptr;
  if (driven) {
    follows = &driven->schedule;
    value = find_schedule(follows->id)->at(*follows, step, own.number_or(setting.key, 1.0));
    if (setting.kind == Kind::kInteger) value = std::round(value);
  } else if (setting.key == coupled_key(optimizer) && find_schedule(schedule.id)->momentum) {
    value = find_schedule(schedule.id)->momentum(schedule, step);
    if (!std::isnan(value)) follows = &schedule;
  }
  if (!follows) return;
  ui::paragraph("follows " + find_schedule(follows->id)->label + ": now " + ui::value_text(setting, value),
                ui::theme().dim, ui::Type::kNote);
  ui::gap(4);
}

void draw_drive_rows(Frame& frame, Place place) {
  const ui::Scope scope("drives");
  const std::vector<Parameter> drivable = drivable_at(frame.scene(), place);
  const std::size_t count = drives_at(frame.scene(), place).size();
  const bool more = count < kMostDrives && count < drivable.size();
  if (ui::section("Other schedules", more ? "+ add" : "", "add")) ImGui::OpenPopup("add");
  add_menu(frame, place);
  if (count == 0)
    ui::paragraph("None. Momentum, weight decay or batch size can follow one, too.", ui::theme().dim,
                  ui::Type::kNote);
  // One may remove itself, so the number is asked for anew each time.
  for (std::size_t i = 0; i < drives_at(frame.scene(), place).size(); ++i) {
    const Drive now = drives_at(frame.scene(), place)[i];
    const auto setting = std::find_if(drivable.begin(), drivable.end(),
                                      [&](const Parameter& one) { return one.key == now.key; });
    const ui::Scope row(now.key);
    if (i > 0) ui::gap(8);
    const Parameter& named = setting != drivable.end() ? *setting : batch_at(place);
    const bool gone = head(named);
    if (!gone) {
      kind(frame, place, now, named);
      if (const Drive* changed = find_drive(drives_at(frame.scene(), place), now.key))
        settings(frame, place, Drive(*changed), named);
    }
    if (gone)
      propose(frame, {}, {}, [&](Scene& scene) {
        std::erase_if(drives_of(scene, place), [&](const Drive& one) { return one.key == now.key; });
      });
  }
}

}  // namespace thalweg
