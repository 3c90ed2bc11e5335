// What the readers and writers of a Scene's parts share. For core/scene only.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/scene/scene.hpp"
#include "core/spec/json_reader.hpp"

namespace thalweg::scene_json {

using Json = nlohmann::ordered_json;
using Parsed = JsonReader::Json;
using Reader = JsonReader;

/// Every value written out: a file does not change its meaning when a default does.
inline std::string written(const Spec& spec, const Descriptor& descriptor) { return format_spec(spec, descriptor, true); }

inline Json written(const std::vector<Change>& changes, const Descriptor& descriptor) {
  Json out = Json::array();
  for (const Change& change : changes)
    out.push_back({{"step", change.step},
                   {"set", change.key + "=" + format_value(change.value, *descriptor.find(change.key))}});
  return out;
}

inline std::vector<Change> read_changes(const Reader& parent, const char* key, const Descriptor& descriptor) {
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

/// The key "drives", which may be missing: texts such as "momentum=linear:...".
Drives read_drives(const Reader& parent);
Json written(const Drives& drives);

/// A list of optimizers, on a surface or in training.
std::vector<SceneOptimizer> read_optimizers(const Reader& parent);
Json written(const std::vector<SceneOptimizer>& optimizers);

/// The key "training".
TrainingScene read_training(const Parsed& json);
Json written(const TrainingScene& scene);

/// The key "schedules".
ScheduleScene read_schedules(const Parsed& json);
Json written(const ScheduleScene& scene);

/// The key "runs".
RunsScene read_runs(const Parsed& json);
Json written(const RunsScene& scene);

}  // namespace thalweg::scene_json
