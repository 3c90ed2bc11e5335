// The JSON form of a Scene's part for the Schedule view.
#include "core/scene/scene_reader.hpp"

namespace thalweg::scene_json {

ScheduleScene read_schedules(const Parsed& json) {
  const Reader reader(json, "schedules");
  reader.only({"list", "selected", "view"});
  ScheduleScene out;
  for (const Parsed& item : reader.array("list")) {
    const Reader entry(item, "schedules");
    entry.only({"spec", "colour", "visible"});
    const std::int64_t colour = entry.integer("colour");
    if (colour < 0 || colour > 63) entry.fail("'colour' must be at least 0 and at most 63");
    out.schedules.push_back({entry.need(parse_spec(entry.text("spec"), schedule_family())),
                             static_cast<int>(colour), entry.boolean("visible")});
  }
  const std::int64_t selected = reader.integer("selected");
  if (selected < 0 || selected >= static_cast<std::int64_t>(kMostSchedules))
    reader.fail("'selected' must be at least 0 and less than " + std::to_string(kMostSchedules));
  out.selected = static_cast<int>(selected);
  out.view = reader.need(parse_spec(reader.text("view"), schedule_view_descriptor()));
  return out;
}

Json written(const ScheduleScene& scene) {
  Json list = Json::array();
  for (const SceneSchedule& schedule : scene.schedules)
    list.push_back({{"spec", written(schedule.spec, *find_schedule(schedule.spec.id))},
                    {"colour", schedule.colour},
                    {"visible", schedule.visible}});
  Json out;
  out["list"] = std::move(list);
  out["selected"] = scene.selected;
  out["view"] = written(scene.view, schedule_view_descriptor());
  return out;
}

}  // namespace thalweg::scene_json
