// Typed formulas such as "(a - x)^2 + 100 (y - x^2)^2". Arithmetic and nothing else: no names but those
// listed here, no assignment, no loops, bounded length and depth.
//
//   variables    x, y
//   parameters   a, b, c, d
//   constants    pi (π), e
//   operators    + - * / ^ (also **), the sign; ^ binds tightest and to the right, so -x^2 = -(x^2)
//   products     2x, 3(x+1) and x y without the sign; after a division this would be ambiguous
//                (1/2x) and is refused
//   functions    sqrt cbrt exp expm1 log (ln) log2 log10 log1p sin cos tan asin acos atan sinh cosh
//                tanh asinh acosh atanh erf abs sign floor ceil sigmoid softplus relu,
//                atan2(y, x) hypot pow min max
//   as pasted    ² ³ ⁻¹ ½ ¼ ¾ · × ÷ − √ π
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/spec/result.hpp"
#include "core/surface/surface.hpp"
#include "core/surface/syntax.hpp"

namespace thalweg {

/// A parsed formula. A value; any thread may read it.
class Expression {
 public:
  const std::string& text() const { return text_; }
  /// Whether `name` (x, y or a to d) occurs.
  bool uses(std::string_view name) const;
  /// 2 if y occurs, else 1.
  int dim() const { return uses("y") ? 2 : 1; }
  /// Operands before operations; the last node is the whole formula.
  const std::vector<ExpressionNode>& nodes() const { return nodes_; }

 private:
  friend class ExpressionParser;
  std::string text_;
  std::vector<ExpressionNode> nodes_;
  bool uses_x_ = false;
  bool uses_y_ = false;
  std::array<bool, 4> uses_parameter_{};
};

/// Where a formula went wrong, for a caret under the text.
struct ExpressionError {
  std::string message;       ///< without the position
  std::size_t offset = 0;    ///< in bytes from the start of the text, at most its size
  std::size_t position = 1;  ///< in characters, from 1

  Error error() const {
    return bad_input("position " + std::to_string(position) + ": " + message, "formula");
  }
};

inline constexpr std::size_t kLongestFormula = 4096;  ///< bytes
inline constexpr int kDeepestFormula = 200;           ///< parentheses, powers and signs within each other

/// Reads a formula. The error names the position and what was expected there; with `where` it is given
/// in parts too.
Result<Expression> parse_expression(std::string_view text, ExpressionError* where = nullptr);

/// The surface of a formula with values for a, b, c and d. Domain [-3, 3] on each axis. Its minima are
/// those found inside the domain from a coarse grid, in bounded time: found, not known to be all.
std::shared_ptr<const Surface> make_expression_surface(const Expression& expression,
                                                       const std::array<double, 4>& parameters);

}  // namespace thalweg
