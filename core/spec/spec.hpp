// Descriptors, and the spec strings that choose one and set its parameters:
//   adamw:lr=3e-4,weight_decay=0.1    rosenbrock    quadratic:eigenvalues=1/10/100
//   expr:x^2 + a*y^2;a=3              (a leading text runs to the semicolon)
// The same string works on the command line, in files, in the database and in the window.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/spec/parameter.hpp"
#include "core/spec/result.hpp"

namespace thalweg {

/// One optimizer, surface, schedule... Immutable once built. `id` is stored in files and never renamed.
struct Descriptor {
  std::string id;
  std::string label;
  std::string summary;    ///< one line
  std::string formula;    ///< as shown under the name, in Unicode
  std::string reference;  ///< paper or book, with section or equation
  /// Which convention it follows where there are several, and where it differs from its source; sentences, or
  /// empty.
  std::string conventions = {};
  std::vector<Parameter> parameters;
  std::string leading_text = {};  ///< key of the text parameter that follows the colon, or empty

  const Parameter* find(std::string_view key) const;
  int index_of(std::string_view key) const;  ///< -1 if there is none
};

/// A chosen descriptor with a value for every one of its parameters, in the descriptor's order.
/// A plain value: compare, copy, store.
struct Spec {
  std::string id;
  std::vector<std::pair<std::string, Value>> values;

  const Value* find(std::string_view key) const;
  Value* find(std::string_view key);

  /// The number under `key`. Broken invariant (throws std::logic_error) if there is none.
  double number(std::string_view key) const;
  bool flag(std::string_view key) const { return number(key) != 0.0; }
  /// The number under `key`, or `fallback` where the optional parameter is off.
  double number_or(std::string_view key, double fallback) const;
  bool is_off(std::string_view key) const;
  const std::string& text(std::string_view key) const;
  const std::vector<double>& list(std::string_view key) const;

  bool operator==(const Spec&) const = default;
};

/// All descriptors of a family, with the word for it in messages ("optimizer").
struct Family {
  std::string name;
  std::vector<const Descriptor*> members;
  /// Not empty: finds what is put together from several (`sam+adam`), too. Null if it can't be.
  std::function<const Descriptor*(std::string_view id)> compose = {};

  const Descriptor* find(std::string_view id) const;
};

/// The spec of `descriptor` with every parameter at its default.
Spec default_spec(const Descriptor& descriptor);

/// Reads a spec string. Errors name the key, the bound and the nearest valid key or id.
Result<Spec> parse_spec(std::string_view text, const Family& family);
Result<Spec> parse_spec(std::string_view text, const Descriptor& descriptor);

/// Every value against its bounds; also that keys and order are the descriptor's.
std::optional<Error> check(const Spec& spec, const Descriptor& descriptor);

/// Writes the spec so that parse_spec reads it back equal. Defaults are left out unless `all`.
std::string format_spec(const Spec& spec, const Descriptor& descriptor, bool all = false);

/// The candidate closest to `word` by edit distance, or empty if none is close.
std::string nearest(std::string_view word, std::span<const std::string> candidates);

}  // namespace thalweg
