// Strict reading of JSON that may come from anywhere: one clear error for what is wrong, nothing half read.
// Whoever includes this links nlohmann_json.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "core/spec/result.hpp"

namespace thalweg {

/// An object being read: remembers where it is, and throws Error, which reading_json() catches.
class JsonReader {
 public:
  /// Finds a key among many in little time, which the ordered form does not.
  using Json = nlohmann::json;

  JsonReader(const Json& json, std::string where);

  /// Refuses every other key.
  void only(std::initializer_list<const char*> keys) const;
  bool has(const char* key) const { return json_.contains(key); }
  const Json& at(const char* key) const;
  std::string text(const char* key) const;
  std::int64_t integer(const char* key) const;  ///< of at most 2^53
  double number(const char* key) const;
  bool boolean(const char* key) const;
  const Json& array(const char* key) const;

  template <class T>
  T need(Result<T> result) const {
    if (!result) fail(result.error().text());
    return std::move(*result);
  }

  [[noreturn]] void fail(const std::string& message) const { throw bad_input(message, where_); }

 private:
  const Json& json_;
  std::string where_;
};

/// Parses all of `text`. Throws Error for a key that stands twice, nesting that is too deep for `what`, and
/// more values than memory should be spent on.
/// @param where  context of the errors: "scene"
/// @param what   "a scene"
JsonReader::Json parse_json(std::string_view text, const std::string& where, const std::string& what);

/// Runs `read`; whatever it throws becomes an Error.
template <class Read>
auto reading_json(const std::string& where, Read read) -> Result<decltype(read())> {
  try {
    return read();
  } catch (const Error& error) {
    return error;
  } catch (const nlohmann::json::parse_error& error) {
    return bad_input("is not JSON (mistake at byte " + std::to_string(error.byte) + ")", where);
  } catch (const nlohmann::json::out_of_range&) {
    return bad_input("has a number that is too large", where);
  } catch (const nlohmann::json::exception&) {
    return bad_input("has a value of the wrong type", where);
  }
}

}  // namespace thalweg
