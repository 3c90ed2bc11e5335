#include "core/surface/program.hpp"

#include <algorithm>
#include <bit>
#include <map>
#include <numbers>
#include <optional>
#include <stdexcept>
#include <tuple>

namespace thalweg {
namespace {

/// Calls visitor with the function of one operand that `op` stands for.
template <class Visitor>
auto visit_unary(Op op, Visitor&& visitor) {
  using namespace jets;
  switch (op) {
    case Op::kNegate:
      return visitor([](const auto& x) { return -x; });
    case Op::kSqrt:
      return visitor([](const auto& x) { return sqrt(x); });
    case Op::kCbrt:
      return visitor([](const auto& x) { return cbrt(x); });
    case Op::kExp:
      return visitor([](const auto& x) { return exp(x); });
    case Op::kExpm1:
      return visitor([](const auto& x) { return expm1(x); });
    case Op::kLog:
      return visitor([](const auto& x) { return log(x); });
    case Op::kLog2:
      return visitor([](const auto& x) { return log2(x); });
    case Op::kLog10:
      return visitor([](const auto& x) { return log10(x); });
    case Op::kLog1p:
      return visitor([](const auto& x) { return log1p(x); });
    case Op::kSin:
      return visitor([](const auto& x) { return sin(x); });
    case Op::kCos:
      return visitor([](const auto& x) { return cos(x); });
    case Op::kTan:
      return visitor([](const auto& x) { return tan(x); });
    case Op::kAsin:
      return visitor([](const auto& x) { return asin(x); });
    case Op::kAcos:
      return visitor([](const auto& x) { return acos(x); });
    case Op::kAtan:
      return visitor([](const auto& x) { return atan(x); });
    case Op::kSinh:
      return visitor([](const auto& x) { return sinh(x); });
    case Op::kCosh:
      return visitor([](const auto& x) { return cosh(x); });
    case Op::kTanh:
      return visitor([](const auto& x) { return tanh(x); });
    case Op::kAsinh:
      return visitor([](const auto& x) { return asinh(x); });
    case Op::kAcosh:
      return visitor([](const auto& x) { return acosh(x); });
    case Op::kAtanh:
      return visitor([](const auto& x) { return atanh(x); });
    case Op::kErf:
      return visitor([](const auto& x) { return erf(x); });
    case Op::kAbs:
      return visitor([](const auto& x) { return abs(x); });
    case Op::kSign:
      return visitor([](const auto& x) { return sign(x); });
    case Op::kFloor:
      return visitor([](const auto& x) { return floor(x); });
    case Op::kCeil:
      return visitor([](const auto& x) { return ceil(x); });
    case Op::kSigmoid:
      return visitor([](const auto& x) { return sigmoid(x); });
    case Op::kSoftplus:
      return visitor([](const auto& x) { return softplus(x); });
    case Op::kRelu:
      return visitor([](const auto& x) { return relu(x); });
    default:
      throw std::logic_error("not an operation of one operand");
  }
}

/// The same for two operands.
template <class Visitor>
auto visit_binary(Op op, Visitor&& visitor) {
  using namespace jets;
  switch (op) {
    case Op::kAdd:
      return visitor([](const auto& x, const auto& y) { return x + y; });
    case Op::kSubtract:
      return visitor([](const auto& x, const auto& y) { return x - y; });
    case Op::kMultiply:
      return visitor([](const auto& x, const auto& y) { return x * y; });
    case Op::kDivide:
      return visitor([](const auto& x, const auto& y) { return x / y; });
    case Op::kPower:
      return visitor([](const auto& x, const auto& y) { return pow(x, y); });
    case Op::kAtan2:
      return visitor([](const auto& y, const auto& x) { return atan2(y, x); });
    case Op::kHypot:
      return visitor([](const auto& x, const auto& y) { return hypot(x, y); });
    case Op::kMin:
      return visitor([](const auto& x, const auto& y) { return min(x, y); });
    case Op::kMax:
      return visitor([](const auto& x, const auto& y) { return max(x, y); });
    default:
      throw std::logic_error("not an operation of two operands");
  }
}

bool is_unary(Op op) { return op > Op::kParameter && op < Op::kAdd; }

}  // namespace

/// Nodes to instructions in static single assignment, then to registers.
class Program::Compiler {
 public:
  Compiler(const Expression& expression, const std::array<double, 4>& parameters) {
    const auto& nodes = expression.nodes();
    std::vector<Operand> done(nodes.size());
    for (std::size_t i = 0; i < nodes.size(); ++i) done[i] = translate(nodes[i], done, parameters);
    result_ = in_register(done.back());
  }

  void finish(Program& program) {
    drop_unused();
    allocate(program);
  }

 private:
  /// A folded constant, or the result of an instruction.
  struct Operand {
    int index = -1;  ///< of the instruction; -1: constant
    double constant = 0.0;
    bool folded() const { return index < 0; }
  };

  /// `out`, `a` and `b` of these are not yet registers: a and b are indices of instructions.
  struct Value {
    Instruction instruction;
    int a = -1;
    int b = -1;
    bool used = false;
  };

  Operand translate(const ExpressionNode& node, const std::vector<Operand>& done,
                    const std::array<double, 4>& parameters) {
    const auto operand = [&](int index) { return done[static_cast<std::size_t>(index)]; };
    switch (node.op) {
      case Op::kNumber:
        return {-1, node.number};
      case Op::kParameter:
        return {-1, parameters[static_cast<std::size_t>(node.number)]};
      case Op::kX:
        return emit(Action::kX);
      case Op::kY:
        return emit(Action::kY);
      default:
        break;
    }
    const Operand x = operand(node.left);
    if (is_unary(node.op)) {
      if (x.folded()) return {-1, visit_unary(node.op, [&](auto f) -> double { return f(x.constant); })};
      return emit(Action::kOperation, node.op, x.index);
    }
    const Operand y = operand(node.right);
    if (x.folded() && y.folded())
      return {-1, visit_binary(node.op, [&](auto f) -> double { return f(x.constant, y.constant); })};
    if (x.folded()) return with_constant_left(node.op, x.constant, y);
    if (y.folded()) return with_constant_right(node.op, x, y.constant);
    if (node.op == Op::kMultiply && x.index == y.index) return emit(Action::kSquare, Op::kNumber, x.index);
    return emit(Action::kOperation, node.op, x.index, y.index);
  }

  Operand with_constant_left(Op op, double c, Operand y) {
    switch (op) {
      case Op::kAdd:
        return emit(Action::kAddConstant, Op::kNumber, y.index, -1, c);
      case Op::kSubtract:
        return emit(Action::kSubtractFrom, Op::kNumber, y.index, -1, c);
      case Op::kMultiply:
        return emit(Action::kMultiplyConstant, Op::kNumber, y.index, -1, c);
      case Op::kDivide:
        return emit(Action::kDivideInto, Op::kNumber, y.index, -1, c);
      case Op::kPower:
        // e^x means the exponential function, not a power of the double nearest to e.
        if (c == std::numbers::e) return emit(Action::kOperation, Op::kExp, y.index);
        return emit(Action::kConstantPower, Op::kNumber, y.index, -1, c);
      default:
        return emit(Action::kOperation, op, in_register({-1, c}), y.index);
    }
  }

  Operand with_constant_right(Op op, Operand x, double c) {
    switch (op) {
      case Op::kAdd:
        return emit(Action::kAddConstant, Op::kNumber, x.index, -1, c);
      case Op::kSubtract:
        return emit(Action::kAddConstant, Op::kNumber, x.index, -1, -c);
      case Op::kMultiply:
        return emit(Action::kMultiplyConstant, Op::kNumber, x.index, -1, c);
      case Op::kDivide:
        return emit(Action::kDivideConstant, Op::kNumber, x.index, -1, c);
      case Op::kPower:
        return constant_power(x, c);
      default:
        return emit(Action::kOperation, op, x.index, in_register({-1, c}));
    }
  }

  /// Small whole powers become products: cheaper, and exact derivatives at 0.
  Operand constant_power(Operand x, double exponent) {
    if (exponent < 0.0 || exponent > jets::kMultipliedOut || exponent != static_cast<int>(exponent))
      return emit(Action::kPowerConstant, Op::kNumber, x.index, -1, exponent);
    if (exponent == 0.0) return {-1, 1.0};
    std::optional<int> product;
    int base = x.index;
    for (auto rest = static_cast<unsigned>(exponent);;) {
      if (rest & 1U) product = product ? emit(Action::kOperation, Op::kMultiply, *product, base).index : base;
      rest >>= 1U;
      if (rest == 0) return {*product, 0.0};
      base = emit(Action::kSquare, Op::kNumber, base).index;
    }
  }

  int in_register(Operand operand) {
    return operand.folded() ? emit(Action::kConstant, Op::kNumber, -1, -1, operand.constant).index
                            : operand.index;
  }

  /// Adds an instruction, or finds the one that computes the same.
  Operand emit(Action action, Op op = Op::kNumber, int a = -1, int b = -1, double c = 0.0) {
    const auto key = std::tuple(action, op, a, b, std::bit_cast<std::uint64_t>(c));
    const auto [known, is_new] = known_.try_emplace(key, static_cast<int>(values_.size()));
    if (is_new) {
      Value value;
      value.instruction = {.action = action, .op = op, .c = c};
      value.a = a;
      value.b = b;
      std::uint8_t varies = action == Action::kX ? 1 : action == Action::kY ? 2 : 0;
      for (const int from : {a, b})
        if (from >= 0) varies |= values_[static_cast<std::size_t>(from)].instruction.varies;
      value.instruction.varies = varies;
      values_.push_back(value);
    }
    return {known->second, 0.0};
  }

  void drop_unused() {
    values_[static_cast<std::size_t>(result_)].used = true;
    for (std::size_t i = values_.size(); i-- > 0;)
      if (values_[i].used)
        for (const int from : {values_[i].a, values_[i].b})
          if (from >= 0) values_[static_cast<std::size_t>(from)].used = true;
  }

  /// Linear scan: a register is free again after the last use of its value. The result goes to the
  /// register of the last instruction.
  void allocate(Program& program) {
    std::vector<std::size_t> last_use(values_.size(), 0);
    for (std::size_t i = 0; i < values_.size(); ++i)
      if (values_[i].used)
        for (const int from : {values_[i].a, values_[i].b})
          if (from >= 0) last_use[static_cast<std::size_t>(from)] = i;
    std::vector<std::uint16_t> assigned(values_.size(), 0);
    std::vector<std::uint16_t> free;
    for (std::size_t i = 0; i <= static_cast<std::size_t>(result_); ++i) {
      const Value& value = values_[i];
      if (!value.used) continue;
      Instruction instruction = value.instruction;
      // Before the operands are released: the output never overwrites an operand.
      if (free.empty()) free.push_back(static_cast<std::uint16_t>(program.registers_++));
      instruction.out = assigned[i] = free.back();
      free.pop_back();
      if (value.a >= 0) instruction.a = assigned[static_cast<std::size_t>(value.a)];
      if (value.b >= 0) instruction.b = assigned[static_cast<std::size_t>(value.b)];
      for (const int from : {value.a, value.b == value.a ? -1 : value.b})
        if (from >= 0 && last_use[static_cast<std::size_t>(from)] == i)
          free.push_back(assigned[static_cast<std::size_t>(from)]);
      program.code_.push_back(instruction);
    }
  }

  std::vector<Value> values_;
  std::map<std::tuple<Action, Op, int, int, std::uint64_t>, int> known_;
  int result_ = 0;
};

Program::Program(const Expression& expression, const std::array<double, 4>& parameters) {
  Compiler(expression, parameters).finish(*this);
}

template <class Visitor>
void Program::visit(const Instruction& instruction, Visitor&& visitor) {
  const double c = instruction.c;
  const auto unary = [&](auto f) { visitor(f, instruction.a); };
  switch (instruction.action) {
    case Action::kAddConstant:
      return unary([c](const auto& x) { return x + c; });
    case Action::kSubtractFrom:
      return unary([c](const auto& x) { return c - x; });
    case Action::kMultiplyConstant:
      return unary([c](const auto& x) { return x * c; });
    case Action::kDivideConstant:
      return unary([c](const auto& x) { return x / c; });
    case Action::kDivideInto:
      return unary([c](const auto& x) { return c / x; });
    case Action::kSquare:
      return unary([](const auto& x) { return jets::square(x); });
    case Action::kPowerConstant:
      return unary([c](const auto& x) { return jets::pow(x, c); });
    case Action::kConstantPower:
      return unary([c](const auto& x) { return jets::pow(c, x); });
    case Action::kOperation:
      if (is_unary(instruction.op)) return visit_unary(instruction.op, unary);
      return visit_binary(instruction.op, [&](auto f) { visitor(f, instruction.a, instruction.b); });
    case Action::kConstant:
    case Action::kX:
    case Action::kY:
      throw std::logic_error("an instruction without operands");
  }
}

template <class T>
T Program::evaluate(const T& x, const T& y) const {
  constexpr int kOnStack = 32;
  std::array<T, kOnStack> few;
  std::vector<T> many;
  T* registers = few.data();
  if (registers_ > kOnStack) {
    many.resize(static_cast<std::size_t>(registers_));
    registers = many.data();
  }
  registers[code_.back().out] = T(0.0);  // the compiler cannot see that it is always written
  for (const Instruction& instruction : code_) {
    T& out = registers[instruction.out];
    switch (instruction.action) {
      case Action::kConstant:
        out = T(instruction.c);
        break;
      case Action::kX:
        out = x;
        break;
      case Action::kY:
        out = y;
        break;
      default:
        visit(instruction, [&](auto f, auto... from) { out = f(registers[from]...); });
    }
  }
  return registers[code_.back().out];
}

template double Program::evaluate(const double&, const double&) const;
template Jet1<1> Program::evaluate(const Jet1<1>&, const Jet1<1>&) const;
template Jet1<2> Program::evaluate(const Jet1<2>&, const Jet1<2>&) const;
template Jet2<1> Program::evaluate(const Jet2<1>&, const Jet2<1>&) const;
template Jet2<2> Program::evaluate(const Jet2<2>&, const Jet2<2>&) const;

void Program::row(int axis, double fixed, double first, double step, int count, double* out) const {
  // A block of points per instruction: the cost of decoding is shared, the loops have a constant length
  // and vectorise, and the registers stay in the cache.
  constexpr int kBlock = 64;
  using Block = std::array<double, kBlock>;
  std::vector<Block> registers(static_cast<std::size_t>(registers_));
  const unsigned along = axis == 0 ? 1U : 2U;
  for (int begin = 0; begin < count; begin += kBlock) {
    const int used = std::min(kBlock, count - begin);
    for (const Instruction& instruction : code_) {
      double* const to = registers[instruction.out].data();
      const bool runs = instruction.action == (axis == 0 ? Action::kX : Action::kY);
      if (runs) {
        for (int i = 0; i < kBlock; ++i) to[i] = first + (begin + i) * step;
      } else if (instruction.action == Action::kX || instruction.action == Action::kY) {
        std::fill(to, to + kBlock, fixed);
      } else if (instruction.action == Action::kConstant) {
        std::fill(to, to + kBlock, instruction.c);
      } else if ((instruction.varies & along) == 0) {
        // Constant along the row: computed once for the block.
        visit(instruction,
              [&](auto f, auto... from) { std::fill(to, to + kBlock, f(registers[from][0]...)); });
      } else {
        visit(instruction, [&](auto f, auto... from) {
          const auto apply = [&](double* __restrict target, auto* __restrict... source) {
            for (int i = 0; i < kBlock; ++i) target[i] = f(source[i]...);
          };
          apply(to, registers[from].data()...);
        });
      }
    }
    const double* const result = registers[code_.back().out].data();
    std::copy(result, result + used, out + begin);
  }
}

}  // namespace thalweg
