// The one JSON form of a Scene. Specs are stored as spec strings with every value written out, so a
// file does not change its meaning when a default does.
#include "core/scene/scene_reader.hpp"

namespace thalweg {

using namespace scene_json;

namespace {

constexpr int kVersion = 1;
constexpr std::size_t kLargest = 4 * 1024 * 1024;

Scene read_scene(const Parsed& json) {
  const Reader reader(json, "scene");
  if (!reader.has("thalweg_scene")) reader.fail("is not a Thalweg scene (it has no 'thalweg_scene')");
  if (const auto version = reader.integer("thalweg_scene"); version != kVersion)
    reader.fail("has version " + std::to_string(version) + ", this program reads version " + std::to_string(kVersion));
  reader.only({"thalweg_scene", "surface", "start", "optimizers", "gradient", "gradient_changes", "schedule", "drives", "run",
               "view", "camera", "appearance", "step", "training", "runs", "schedules"});
  Scene scene;
  scene.surface = reader.need(parse_spec(reader.text("surface"), surface_family()));
  for (const Parsed& coordinate : reader.array("start")) {
    if (!coordinate.is_number()) reader.fail("'start' must be a list of numbers");
    scene.start.push_back(coordinate.get<double>());
  }
  scene.optimizers = read_optimizers(reader);
  scene.gradient.spec = reader.need(parse_spec(reader.text("gradient"), gradient_descriptor()));
  scene.gradient.changes = read_changes(reader, "gradient_changes", gradient_descriptor());
  scene.schedule = reader.need(parse_spec(reader.text("schedule"), schedule_family()));
  scene.drives = read_drives(reader);
  scene.run = reader.need(parse_spec(reader.text("run"), run_descriptor()));
  scene.view = reader.need(parse_spec(reader.text("view"), view_descriptor()));
  scene.camera = reader.need(parse_spec(reader.text("camera"), camera_descriptor()));
  scene.appearance = reader.need(parse_spec(reader.text("appearance"), appearance_descriptor()));
  scene.step = reader.integer("step");
  // Files from before there were these have none.
  if (reader.has("training")) scene.training = read_training(reader.at("training"));
  if (reader.has("runs")) scene.runs = read_runs(reader.at("runs"));
  if (reader.has("schedules")) scene.schedules = read_schedules(reader.at("schedules"));
  if (auto error = check(scene)) reader.fail(error->text());
  return scene;
}

}  // namespace

std::string to_json(const Scene& scene) {
  Json out;
  out["thalweg_scene"] = kVersion;
  out["surface"] = written(scene.surface, *find_surface(scene.surface.id));
  out["start"] = scene.start;
  out["optimizers"] = written(scene.optimizers);
  out["gradient"] = written(scene.gradient.spec, gradient_descriptor());
  if (!scene.gradient.changes.empty()) out["gradient_changes"] = written(scene.gradient.changes, gradient_descriptor());
  out["schedule"] = written(scene.schedule, *find_schedule(scene.schedule.id));
  if (!scene.drives.empty()) out["drives"] = written(scene.drives);
  out["run"] = written(scene.run, run_descriptor());
  out["view"] = written(scene.view, view_descriptor());
  out["camera"] = written(scene.camera, camera_descriptor());
  out["appearance"] = written(scene.appearance, appearance_descriptor());
  out["step"] = scene.step;
  out["training"] = written(scene.training);
  out["runs"] = written(scene.runs);
  out["schedules"] = written(scene.schedules);
  return out.dump(2) + "\n";
}

Result<Scene> scene_from_json(std::string_view text) {
  if (text.size() > kLargest) return bad_input("is larger than 4 MiB", "scene");
  return reading_json("scene", [&] { return read_scene(parse_json(text, "scene", "a scene")); });
}

}  // namespace thalweg
