// What a setting is: one definition from which slider, command-line key, JSON, message and
// reference page are made. Nothing here knows how a value is drawn or stored.
#pragma once

#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/spec/result.hpp"

namespace thalweg {

enum class Kind {
  kReal,
  kInteger,
  kBoolean,
  kChoice,    ///< one of `choices`, stored by name
  kRealList,  ///< written 1/10/100
  kText,      ///< free text, such as a formula
};

/// How a slider spreads its range.
enum class Scale {
  kLinear,
  kLog,          ///< log x, for learning rates
  kLogOneMinus,  ///< log (1 - x), for decay rates close to one
};

/// The value of a parameter. `std::monostate` is the "off" state of an optional parameter;
/// numbers, integers and booleans (0 or 1) are `double`; a choice is its name.
using Value = std::variant<std::monostate, double, std::vector<double>, std::string>;

struct Parameter {
  std::string key;     ///< as in PyTorch where PyTorch has it: lr, momentum, weight_decay
  std::string symbol;  ///< as in the papers: η, μ, λ; may be empty
  std::string label;   ///< "learning rate"
  Kind kind = Kind::kReal;
  Value default_value = 0.0;

  // Hard bounds: a value outside is refused.
  double min = -std::numeric_limits<double>::infinity();
  double max = std::numeric_limits<double>::infinity();
  bool min_open = false;  ///< true: min itself is refused
  bool max_open = false;

  // Where the slider begins and ends; typed values may go beyond, up to the hard bounds.
  double soft_min = 0.0;
  double soft_max = 1.0;
  Scale scale = Scale::kLinear;

  std::string unit = {};
  std::string help = {};  ///< one sentence
  bool live = false;      ///< may change while a run goes on (recorded as an event)
  std::vector<std::string> choices = {};
  std::string off_word = {};  ///< not empty: the parameter may be unset, written as this word ("off", "auto")
};

/// "0 < η ≤ 1" in words a person can act on: "greater than 0 and at most 1".
std::string bounds_text(const Parameter& parameter);

/// Nothing if `value` is acceptable, else what is wrong with it (key, bound, what was given).
std::optional<Error> check(const Parameter& parameter, const Value& value);

/// Reads a value as written in a spec string. Locale-independent; NaN and infinity are refused.
Result<Value> parse_value(const Parameter& parameter, std::string_view text);

/// The shortest text that parse_value reads back to the same value.
std::string format_value(const Value& value, const Parameter& parameter);

/// The shortest decimal text that reads back to the same double ("0.1", "1e-6").
std::string format_number(double value);

/// A finite double, or nothing. The whole text must be the number.
std::optional<double> parse_number(std::string_view text);

/// Numbers with `separator` between them ("1/10/100", "1,1"), at least one; nothing if any is none.
std::optional<std::vector<double>> parse_numbers(std::string_view text, char separator);

}  // namespace thalweg
