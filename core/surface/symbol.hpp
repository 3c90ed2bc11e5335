// A number type that writes down what is done with it: a templated formula (formulas.hpp) called with symbols
// yields its own syntax tree. Branches on values can't be written down: formulas that have some say so with
// kBranches. Private to core/surface.
#pragma once

#include <utility>

#include "core/surface/syntax.hpp"

namespace thalweg::jets {

class Symbol {
 public:
  Symbol(double number);  // implicit, as for jets
  static Symbol variable(int axis);

  const Syntax& syntax() const { return nodes_; }

  friend Symbol operator-(const Symbol& x);
  friend Symbol operator+(const Symbol& a, const Symbol& b);
  friend Symbol operator-(const Symbol& a, const Symbol& b);
  friend Symbol operator*(const Symbol& a, const Symbol& b);
  friend Symbol operator/(const Symbol& a, const Symbol& b);
  /// (x²)² is written x⁴.
  friend Symbol square(const Symbol& x);
  friend Symbol sqrt(const Symbol& x);
  friend Symbol exp(const Symbol& x);
  friend Symbol sin(const Symbol& x);
  friend Symbol cos(const Symbol& x);

 private:
  explicit Symbol(Syntax nodes) : nodes_(std::move(nodes)) {}
  static Symbol apply(Op op, const Symbol& a);
  static Symbol apply(Op op, const Symbol& a, const Symbol& b);

  Syntax nodes_;
};

Symbol operator-(const Symbol& x);
Symbol operator+(const Symbol& a, const Symbol& b);
Symbol operator-(const Symbol& a, const Symbol& b);
Symbol operator*(const Symbol& a, const Symbol& b);
Symbol operator/(const Symbol& a, const Symbol& b);
Symbol square(const Symbol& x);
Symbol sqrt(const Symbol& x);
Symbol exp(const Symbol& x);
Symbol sin(const Symbol& x);
Symbol cos(const Symbol& x);
/// Written as in the books: formulas use expm1 for its digits near 0, and a gradient taken of expm1 loses
/// them far away.
inline Symbol expm1(const Symbol& x) { return exp(x) - 1.0; }

}  // namespace thalweg::jets
