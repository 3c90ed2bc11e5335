// What the readers and writers of a Scene's parts share. For core/scene only.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/scene/scene.hpp"

namespace thalweg::scene_json {

using Json = nlohmann::ordered_json;
/// For reading: finds a key among many in little time, which the ordered one does not.
using Parsed = nlohmann::json;

/// Every value written out: a file does not change its meaning when a default does.
inline std::string written(const Spec& spec, const Descriptor& descriptor) { return format_spec(spec, descriptor, true); }

inline Json written(const std::vector<Change>& changes, const Descriptor& descriptor) {
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

/// A list of optimizers, on a surface or in training.
std::vector<SceneOptimizer> read_optimizers(const Reader& parent);
Json written(const std::vector<SceneOptimizer>& optimizers);

/// The key "training".
TrainingScene read_training(const Parsed& json);
Json written(const TrainingScene& scene);

}  // namespace thalweg::scene_json
