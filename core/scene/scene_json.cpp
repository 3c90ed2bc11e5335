// The one JSON form of a Scene. Specs are stored as spec strings with every value written out, so a
// file does not change its meaning when a default does.
#include <set>

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
  reader.only({"thalweg_scene", "surface", "start", "optimizers", "gradient", "gradient_changes", "schedule", "run",
               "view", "camera", "appearance", "step", "training"});
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
  scene.run = reader.need(parse_spec(reader.text("run"), run_descriptor()));
  scene.view = reader.need(parse_spec(reader.text("view"), view_descriptor()));
  scene.camera = reader.need(parse_spec(reader.text("camera"), camera_descriptor()));
  scene.appearance = reader.need(parse_spec(reader.text("appearance"), appearance_descriptor()));
  scene.step = reader.integer("step");
  // Files from before there was training have none.
  if (reader.has("training")) scene.training = read_training(reader.at("training"));
  if (auto error = check(scene)) reader.fail(error->text());
  return scene;
}

/// Nesting that deep is no scene; the bound keeps a hostile file from exhausting the stack.
bool nested_too_deep(std::string_view text) {
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '\\') ++i;
      if (c == '"') quoted = false;
    } else if (c == '"') {
      quoted = true;
    } else if (c == '[' || c == '{') {
      if (++depth > 16) return true;
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return false;
}

/// Looks for a key that stands twice in one object: one of the two would be lost. (The parser's own
/// callback would do, but with it the parser takes quadratic time.)
class Keys final : public nlohmann::json_sax<Parsed> {
 public:
  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool start_object(std::size_t) override {
    open_.emplace_back();
    return true;
  }
  bool key(string_t& name) override {
    if (!open_.back().insert(name).second)
      throw bad_input("the key '" + name.substr(0, 40) + "' stands there twice", "scene");
    return true;
  }
  bool end_object() override {
    open_.pop_back();
    return true;
  }
  bool start_array(std::size_t) override { return true; }
  bool end_array() override { return true; }
  /// The parser finds the same mistake again and says it.
  bool parse_error(std::size_t, const std::string&, const Parsed::exception&) override { return false; }

 private:
  std::vector<std::set<std::string>> open_;
};

Parsed parsed(std::string_view text) {
  // The parser takes a zero for the end of the text and would not see what comes after it.
  if (const auto zero = text.find('\0'); zero != std::string_view::npos)
    throw bad_input("is not JSON (mistake at byte " + std::to_string(zero + 1) + ")", "scene");
  Keys keys;
  Parsed::sax_parse(text, &keys);
  return Parsed::parse(text);
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
  out["run"] = written(scene.run, run_descriptor());
  out["view"] = written(scene.view, view_descriptor());
  out["camera"] = written(scene.camera, camera_descriptor());
  out["appearance"] = written(scene.appearance, appearance_descriptor());
  out["step"] = scene.step;
  out["training"] = written(scene.training);
  return out.dump(2) + "\n";
}

Result<Scene> scene_from_json(std::string_view text) {
  if (text.size() > kLargest) return bad_input("is larger than 4 MiB", "scene");
  if (nested_too_deep(text)) return bad_input("is nested too deep to be a scene", "scene");
  try {
    return read_scene(parsed(text));
  } catch (const Error& error) {
    return error;
  } catch (const Parsed::parse_error& error) {
    return bad_input("is not JSON (mistake at byte " + std::to_string(error.byte) + ")", "scene");
  } catch (const Parsed::out_of_range&) {
    return bad_input("has a number that is too large", "scene");
  } catch (const Parsed::exception&) {
    return bad_input("has a value of the wrong type", "scene");
  }
}

}  // namespace thalweg
