#include "core/spec/json_reader.hpp"

#include <algorithm>
#include <set>
#include <vector>

#include "core/spec/spec.hpp"

namespace thalweg {
namespace {

using Json = JsonReader::Json;

constexpr int kDeepest = 16;
constexpr std::int64_t kMostContainers = 4'000'000;  ///< objects and lists
constexpr std::int64_t kMostValues = 60'000'000;

struct Shape {
  int depth = 0;
  std::int64_t containers = 0;
  std::int64_t values = 0;
};

/// Nesting and number of values, looked at before anything is built: a hostile file must exhaust neither the
/// stack nor the memory.
Shape shape_of(std::string_view text) {
  Shape out;
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size() && out.depth <= kDeepest; ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '\\') ++i;
      if (c == '"') quoted = false;
    } else if (c == '"') {
      quoted = true;
    } else if (c == '[' || c == '{') {
      ++out.containers;
      out.depth = std::max(out.depth, ++depth);
    } else if (c == ']' || c == '}') {
      --depth;
    } else if (c == ',') {
      ++out.values;
    }
  }
  return out;
}

/// Looks for a key that stands twice in one object: one of the two would be lost. (The parser's own
/// callback would do, but with it the parser takes quadratic time.)
class Keys final : public nlohmann::json_sax<Json> {
 public:
  explicit Keys(std::string where) : where_(std::move(where)) {}
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
      throw bad_input("the key '" + name.substr(0, 40) + "' stands there twice", where_);
    return true;
  }
  bool end_object() override {
    open_.pop_back();
    return true;
  }
  bool start_array(std::size_t) override { return true; }
  bool end_array() override { return true; }
  /// The parser finds the same mistake again and says it.
  bool parse_error(std::size_t, const std::string&, const Json::exception&) override { return false; }

 private:
  std::string where_;
  std::vector<std::set<std::string>> open_;
};

std::string quoted(const char* key) { return "'" + std::string(key) + "'"; }

}  // namespace

JsonReader::JsonReader(const Json& json, std::string where) : json_(json), where_(std::move(where)) {
  if (!json.is_object()) fail("must be an object");
}

void JsonReader::only(std::initializer_list<const char*> keys) const {
  const std::vector<std::string> known(keys.begin(), keys.end());
  for (const auto& [key, value] : json_.items()) {
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    const std::string close = nearest(key, known);
    fail("has an unknown key '" + key.substr(0, 40) + "'" +
         (close.empty() ? "" : "; did you mean '" + close + "'?"));
  }
}

const Json& JsonReader::at(const char* key) const {
  const auto found = json_.find(key);
  if (found == json_.end()) fail("has no " + quoted(key));
  return *found;
}

std::string JsonReader::text(const char* key) const {
  if (!at(key).is_string()) fail(quoted(key) + " must be a text");
  return at(key).get<std::string>();
}

std::int64_t JsonReader::integer(const char* key) const {
  const Json& value = at(key);
  if (!value.is_number_integer() || (value.is_number_unsigned() && value.get<std::uint64_t>() > (1ULL << 53)))
    fail(quoted(key) + " must be a whole number");
  return value.get<std::int64_t>();
}

double JsonReader::number(const char* key) const {
  if (!at(key).is_number()) fail(quoted(key) + " must be a number");
  return at(key).get<double>();
}

bool JsonReader::boolean(const char* key) const {
  if (!at(key).is_boolean()) fail(quoted(key) + " must be true or false");
  return at(key).get<bool>();
}

const Json& JsonReader::array(const char* key) const {
  if (!at(key).is_array()) fail(quoted(key) + " must be a list");
  return at(key);
}

Json parse_json(std::string_view text, const std::string& where, const std::string& what) {
  const Shape shape = shape_of(text);
  if (shape.depth > kDeepest) throw bad_input("is nested too deep to be " + what, where);
  if (shape.containers > kMostContainers || shape.values > kMostValues)
    throw bad_input("has too many values to be " + what, where);
  // The parser takes a zero for the end of the text and would not see what comes after it.
  if (const auto zero = text.find('\0'); zero != std::string_view::npos)
    throw bad_input("is not JSON (mistake at byte " + std::to_string(zero + 1) + ")", where);
  Keys keys(where);
  Json::sax_parse(text, &keys);
  return Json::parse(text);
}

}  // namespace thalweg
