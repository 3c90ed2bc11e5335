// The one JSON form of a Scene. Specs are stored as spec strings with every value written out, so a
// file does not change its meaning when a default does.
#include "core/scene/scene.hpp"
#include "core/spec/json_reader.hpp"

namespace thalweg {
namespace {

using Json = nlohmann::ordered_json;
using Parsed = nlohmann::json;

constexpr int kVersion = 1;
constexpr std::size_t kLargest = 4 * 1024 * 1024;

std::string written(const Spec& spec, const Descriptor& descriptor) { return format_spec(spec, descriptor, true); }

Json written(const std::vector<Change>& changes, const Descriptor& descriptor) {
  Json out = Json::array();
  for (const Change& change : changes)
    out.push_back({{"step", change.step},
                   {"set", change.key + "=" + format_value(change.value, *descriptor.find(change.key))}});
  return out;
}

std::vector<Change> read_changes(const JsonReader& parent, const char* key, const Descriptor& descriptor) {
  std::vector<Change> out;
  if (!parent.has(key)) return out;
  for (const Parsed& item : parent.array(key)) {
    const JsonReader reader(item, key);
    reader.only({"step", "set"});
    const std::string set = reader.text("set");
    const auto equals = set.find('=');
    const std::string name = set.substr(0, equals);
    const Parameter* parameter = descriptor.find(name);
    if (!parameter || equals == std::string::npos) reader.fail("'" + set.substr(0, 40) + "' is no parameter=value");
    out.push_back({reader.integer("step"), name, reader.need(parse_value(*parameter, set.substr(equals + 1)))});
  }
  return out;
}

Scene read_scene(const Parsed& json) {
  const JsonReader reader(json, "scene");
  if (!reader.has("thalweg_scene")) reader.fail("is not a Thalweg scene (it has no 'thalweg_scene')");
  if (const auto version = reader.integer("thalweg_scene"); version != kVersion)
    reader.fail("has version " + std::to_string(version) + ", this program reads version " + std::to_string(kVersion));
  reader.only({"thalweg_scene", "surface", "start", "optimizers", "gradient", "gradient_changes", "schedule", "run",
               "view", "camera", "appearance", "step"});
  Scene scene;
  scene.surface = reader.need(parse_spec(reader.text("surface"), surface_family()));
  for (const Parsed& coordinate : reader.array("start")) {
    if (!coordinate.is_number()) reader.fail("'start' must be a list of numbers");
    scene.start.push_back(coordinate.get<double>());
  }
  for (const Parsed& item : reader.array("optimizers")) {
    const JsonReader entry(item, "optimizers");
    entry.only({"spec", "colour", "visible", "changes"});
    SceneOptimizer optimizer;
    optimizer.live.spec = entry.need(parse_spec(entry.text("spec"), optimizer_family()));
    optimizer.live.changes = read_changes(entry, "changes", *find_optimizer(optimizer.live.spec.id));
    const std::int64_t colour = entry.integer("colour");
    if (colour < 0 || colour > 63) entry.fail("'colour' must be at least 0 and at most 63");
    optimizer.colour = static_cast<int>(colour);
    if (entry.has("visible")) {
      if (!entry.at("visible").is_boolean()) entry.fail("'visible' must be true or false");
      optimizer.visible = entry.at("visible").get<bool>();
    }
    scene.optimizers.push_back(std::move(optimizer));
  }
  scene.gradient.spec = reader.need(parse_spec(reader.text("gradient"), gradient_descriptor()));
  scene.gradient.changes = read_changes(reader, "gradient_changes", gradient_descriptor());
  scene.schedule = reader.need(parse_spec(reader.text("schedule"), schedule_family()));
  scene.run = reader.need(parse_spec(reader.text("run"), run_descriptor()));
  scene.view = reader.need(parse_spec(reader.text("view"), view_descriptor()));
  scene.camera = reader.need(parse_spec(reader.text("camera"), camera_descriptor()));
  scene.appearance = reader.need(parse_spec(reader.text("appearance"), appearance_descriptor()));
  scene.step = reader.integer("step");
  if (auto error = check(scene)) reader.fail(error->text());
  return scene;
}

}  // namespace

std::string to_json(const Scene& scene) {
  Json out;
  out["thalweg_scene"] = kVersion;
  out["surface"] = written(scene.surface, *find_surface(scene.surface.id));
  out["start"] = scene.start;
  out["optimizers"] = Json::array();
  for (const SceneOptimizer& optimizer : scene.optimizers) {
    const Descriptor& descriptor = *find_optimizer(optimizer.live.spec.id);
    Json entry{{"spec", written(optimizer.live.spec, descriptor)},
               {"colour", optimizer.colour},
               {"visible", optimizer.visible}};
    if (!optimizer.live.changes.empty()) entry["changes"] = written(optimizer.live.changes, descriptor);
    out["optimizers"].push_back(std::move(entry));
  }
  out["gradient"] = written(scene.gradient.spec, gradient_descriptor());
  if (!scene.gradient.changes.empty()) out["gradient_changes"] = written(scene.gradient.changes, gradient_descriptor());
  out["schedule"] = written(scene.schedule, *find_schedule(scene.schedule.id));
  out["run"] = written(scene.run, run_descriptor());
  out["view"] = written(scene.view, view_descriptor());
  out["camera"] = written(scene.camera, camera_descriptor());
  out["appearance"] = written(scene.appearance, appearance_descriptor());
  out["step"] = scene.step;
  return out.dump(2) + "\n";
}

Result<Scene> scene_from_json(std::string_view text) {
  if (text.size() > kLargest) return bad_input("is larger than 4 MiB", "scene");
  return reading_json("scene", [&] { return read_scene(parse_json(text, "scene", "a scene")); });
}

}  // namespace thalweg
