#include "core/surface/symbol.hpp"

namespace thalweg::jets {
namespace {

ExpressionNode leaf(Op op, double number = 0.0) { return {op, -1, -1, number}; }

}  // namespace

Symbol::Symbol(double number) : nodes_(1, leaf(Op::kNumber, number)) {}

Symbol Symbol::variable(int axis) { return Symbol(Syntax(1, leaf(axis == 0 ? Op::kX : Op::kY))); }

Symbol Symbol::apply(Op op, const Symbol& a) {
  Syntax nodes = a.nodes_;
  nodes.push_back({op, static_cast<int>(nodes.size()) - 1, -1, 0.0});
  return Symbol(std::move(nodes));
}

Symbol Symbol::apply(Op op, const Symbol& a, const Symbol& b) {
  Syntax nodes = a.nodes_;
  const int shift = static_cast<int>(nodes.size());
  for (ExpressionNode node : b.nodes_) {
    if (node.left >= 0) node.left += shift;
    if (node.right >= 0) node.right += shift;
    nodes.push_back(node);
  }
  nodes.push_back({op, shift - 1, static_cast<int>(nodes.size()) - 1, 0.0});
  return Symbol(std::move(nodes));
}

Symbol operator-(const Symbol& x) { return Symbol::apply(Op::kNegate, x); }
Symbol operator+(const Symbol& a, const Symbol& b) { return Symbol::apply(Op::kAdd, a, b); }
Symbol operator-(const Symbol& a, const Symbol& b) { return Symbol::apply(Op::kSubtract, a, b); }
Symbol operator*(const Symbol& a, const Symbol& b) { return Symbol::apply(Op::kMultiply, a, b); }
Symbol operator/(const Symbol& a, const Symbol& b) { return Symbol::apply(Op::kDivide, a, b); }

Symbol square(const Symbol& x) {
  if (x.nodes_.back().op != Op::kPower) return Symbol::apply(Op::kPower, x, 2.0);
  Syntax nodes = x.nodes_;  // only square() makes powers: the exponent is a number
  nodes[static_cast<std::size_t>(nodes.back().right)].number *= 2.0;
  return Symbol(std::move(nodes));
}

Symbol sqrt(const Symbol& x) { return Symbol::apply(Op::kSqrt, x); }
Symbol exp(const Symbol& x) { return Symbol::apply(Op::kExp, x); }
Symbol sin(const Symbol& x) { return Symbol::apply(Op::kSin, x); }
Symbol cos(const Symbol& x) { return Symbol::apply(Op::kCos, x); }

}  // namespace thalweg::jets
