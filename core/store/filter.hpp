// The language that picks runs:
//
//   optimizer=adam and lr<0.01 and test_accuracy>0.97
//   (mnist or fashion_mnist) and not tag=failed and best(test_loss) < 0.08
//   name~"first try" and created>=2026-01-31
//
// `name op value` with = != < <= > >= and ~ (contains, without regard to capitals) or !~; and, or, not and
// parentheses; what stands side by side is joined by and; a word alone is looked for in name, note and tags.
// A name is a column of the list (name, note, kind, outcome, host, device, created, uid, parent, race,
// version, steps, duration, lane, id, star), `tag`, a setting (lr, optimizer.lr) or a result (its last value,
// or best(...)). What has spaces or signs in it goes in quotes, "…" or '…'. A condition on what a run does
// not have is false.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/spec/result.hpp"

namespace thalweg::store {

enum class Comparison {
  kEqual,
  kNotEqual,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kContains,
  kContainsNot
};

/// One `name op value`; without a name a text to look for.
struct Condition {
  std::string name;
  bool best = false;  ///< best(name)
  Comparison comparison = Comparison::kContains;
  std::string text;              ///< the value as written, without its quotes
  std::optional<double> number;  ///< what it is worth, if it is a number and was not quoted
  std::size_t position = 0;      ///< of the name, counted from 1

  bool operator==(const Condition&) const = default;
};

/// What a filter says, as a tree: nodes by index, the root last. Plain value; empty picks everything.
struct Filter {
  enum class Kind { kCondition, kAnd, kOr, kNot };
  struct Node {
    Kind kind = Kind::kCondition;
    std::size_t left = 0;  ///< of kAnd and kOr; the only one of kNot
    std::size_t right = 0;
    Condition condition;

    bool operator==(const Node&) const = default;
  };
  std::vector<Node> nodes;

  bool empty() const { return nodes.empty(); }
  bool operator==(const Filter&) const = default;
};

/// Reads it; nothing or only spaces give an empty filter. Errors name the position.
Result<Filter> parse_filter(std::string_view text);

/// An SQL expression over the table runs, named r there. The values of its question marks come in order;
/// nothing that was typed is ever part of `sql`.
struct SqlCondition {
  std::string sql;
  std::vector<std::variant<double, std::string>> values;
};

SqlCondition to_sql(const Filter& filter);

/// Whether a name is a column of the list or `tag`, not a setting or a result.
bool is_column(std::string_view name);

/// The SQL expression of a column of the list; null if there is none of that name.
const char* column_sql(std::string_view name);

/// "optimizer.lr" as part and key; the part is empty where none is given.
std::pair<std::string, std::string> split_key(std::string_view name);

}  // namespace thalweg::store
