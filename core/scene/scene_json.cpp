// The one JSON form of a Scene. Specs are stored as spec strings with every value written out, so a
// file does not change its meaning when a default does.
#include <algorithm>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <set>

#include "core/scene/scene.hpp"

namespace thalweg {
namespace {

using Json = nlohmann::ordered_json;
/// For reading: finds a key among many in little time, which the ordered one does not.
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

/// Reading goes through this: it remembers where it is and throws Error, caught at the top.
class Reader {
 public:
  Reader(const Parsed& json, std::string where) : json_(json), where_(std::move(where)) {
    if (!json.is_object()) fail("must be an object");
  }

  void only(std::initializer_list<const char*> keys) const {
    std::vector<std::string> known(keys.begin(), keys.end());
    for (const auto& [key, value] : json_.items()) {
      if (std::find(known.begin(), known.end(), key) != known.end()) continue;
      const std::string close = nearest(key, known);
      fail("has an unknown key '" + key.substr(0, 40) + "'" +
           (close.empty() ? "" : "; did you mean '" + close + "'?"));
    }
  }

  bool has(const char* key) const { return json_.contains(key); }

  const Parsed& at(const char* key) const {
    const auto found = json_.find(key);
    if (found == json_.end()) fail(std::string("has no '") + key + "'");
    return *found;
  }

  std::string text(const char* key) const {
    if (!at(key).is_string()) fail(std::string("'") + key + "' must be a text");
    return at(key).get<std::string>();
  }

  std::int64_t integer(const char* key) const {
    if (!at(key).is_number_integer() || (at(key).is_number_unsigned() && at(key).get<std::uint64_t>() > (1ULL << 53)))
      fail(std::string("'") + key + "' must be a whole number");
    return at(key).get<std::int64_t>();
  }

  const Parsed& array(const char* key) const {
    if (!at(key).is_array()) fail(std::string("'") + key + "' must be a list");
    return at(key);
  }

  template <class T>
  T need(Result<T> result) const {
    if (!result) fail(result.error().text());
    return std::move(*result);
  }

  [[noreturn]] void fail(const std::string& message) const { throw bad_input(message, where_); }

 private:
  const Parsed& json_;
  std::string where_;
};

std::vector<Change> read_changes(const Reader& parent, const char* key, const Descriptor& descriptor) {
  std::vector<Change> out;
  if (!parent.has(key)) return out;
  for (const Parsed& item : parent.array(key)) {
    const Reader reader(item, key);
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
  const Reader reader(json, "scene");
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
    const Reader entry(item, "optimizers");
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
