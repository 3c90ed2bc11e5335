// A formula compiled for evaluation: straight-line code over registers, with constants folded and equal
// parts computed once. One program serves double, Jet1 and Jet2, and rows of doubles in blocks.
// Private to core/surface.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "core/surface/expression.hpp"
#include "core/surface/jet.hpp"

namespace thalweg {

class Program {
 public:
  /// `parameters` are the values of a, b, c and d.
  Program(const Expression& expression, const std::array<double, 4>& parameters);

  /// T is double or a jet. Its value is the same, bit for bit, for all of them.
  template <class T>
  T evaluate(const T& x, const T& y) const;

  /// out[i] = f at x = first + i*step (axis 0) or y = first + i*step (axis 1), `fixed` being the other.
  void row(int axis, double fixed, double first, double step, int count, double* out) const;

  /// The number of instructions: a measure of what one evaluation costs.
  int size() const { return static_cast<int>(code_.size()); }

 private:
  /// What an instruction does beyond the operations of formulas: those with a constant operand, c.
  enum class Action : std::uint8_t {
    kOperation,  ///< op(a) or op(a, b)
    kConstant,   ///< c
    kX,
    kY,
    kAddConstant,       ///< a + c
    kSubtractFrom,      ///< c - a
    kMultiplyConstant,  ///< a * c
    kDivideConstant,    ///< a / c
    kDivideInto,        ///< c / a
    kSquare,            ///< a * a
    kPowerConstant,     ///< a ^ c
    kConstantPower,     ///< c ^ a
  };

  struct Instruction {
    Action action = Action::kConstant;
    Op op = Op::kNumber;
    std::uint8_t varies = 0;  ///< bit 0: with x; bit 1: with y
    std::uint16_t out = 0;    ///< registers; never the same as a or b
    std::uint16_t a = 0;
    std::uint16_t b = 0;
    double c = 0.0;
  };

  class Compiler;

  /// Calls visitor(f, a) or visitor(f, a, b), f being what the instruction does to its operands.
  template <class Visitor>
  static void visit(const Instruction& instruction, Visitor&& visitor);

  std::vector<Instruction> code_;
  int registers_ = 0;
};

extern template double Program::evaluate(const double&, const double&) const;
extern template Jet1<1> Program::evaluate(const Jet1<1>&, const Jet1<1>&) const;
extern template Jet1<2> Program::evaluate(const Jet1<2>&, const Jet1<2>&) const;
extern template Jet2<1> Program::evaluate(const Jet2<1>&, const Jet2<1>&) const;
extern template Jet2<2> Program::evaluate(const Jet2<2>&, const Jet2<2>&) const;

}  // namespace thalweg
