#include "core/script/formula.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <limits>
#include <numbers>
#include <optional>

#include "core/spec/python.hpp"

namespace thalweg::script {
namespace {

/// Operators of Python by how tightly they bind.
enum Binding { kSum, kProduct, kSign, kRaised, kAtom };

/// Source of a part of the formula.
struct Piece {
  std::string text;
  Binding binding = kAtom;
  int depth = 0;                   ///< of its syntax tree
  std::optional<double> constant;  ///< its value, where it has neither x nor y
};

struct Name {
  Op op;
  const char* torch;
  const char* math;  ///< of constants; null: their value is written
};

constexpr Name kNames[] = {
    {Op::kSqrt, "torch.sqrt", "math.sqrt"},
    {Op::kCbrt, "cbrt", nullptr},
    {Op::kExp, "torch.exp", "math.exp"},
    {Op::kExpm1, "torch.expm1", "math.expm1"},
    {Op::kLog, "torch.log", "math.log"},
    {Op::kLog2, "torch.log2", "math.log2"},
    {Op::kLog10, "torch.log10", "math.log10"},
    {Op::kLog1p, "torch.log1p", "math.log1p"},
    {Op::kSin, "torch.sin", "math.sin"},
    {Op::kCos, "torch.cos", "math.cos"},
    {Op::kTan, "torch.tan", "math.tan"},
    {Op::kAsin, "torch.asin", "math.asin"},
    {Op::kAcos, "torch.acos", "math.acos"},
    {Op::kAtan, "torch.atan", "math.atan"},
    {Op::kSinh, "torch.sinh", "math.sinh"},
    {Op::kCosh, "torch.cosh", "math.cosh"},
    {Op::kTanh, "torch.tanh", "math.tanh"},
    {Op::kAsinh, "torch.asinh", "math.asinh"},
    {Op::kAcosh, "torch.acosh", "math.acosh"},
    {Op::kAtanh, "torch.atanh", "math.atanh"},
    {Op::kErf, "torch.erf", "math.erf"},
    {Op::kAbs, "torch.abs", nullptr},
    {Op::kSign, "torch.sign", nullptr},
    {Op::kFloor, "torch.floor", nullptr},
    {Op::kCeil, "torch.ceil", nullptr},
    {Op::kSigmoid, "torch.sigmoid", nullptr},
    {Op::kSoftplus, "softplus", nullptr},
    {Op::kRelu, "torch.relu", nullptr},
    {Op::kAtan2, "torch.atan2", nullptr},
    {Op::kHypot, "torch.hypot", nullptr},
    {Op::kMin, "minimum", nullptr},
    {Op::kMax, "maximum", nullptr},
};

const Name& name_of(Op op) {
  return *std::find_if(std::begin(kNames), std::end(kNames), [&](const Name& name) { return name.op == op; });
}

struct Helper {
  const char* name;
  const char* source;
};

constexpr Helper kHelpers[] = {
    {"cbrt", R"(def cbrt(x):
    return torch.sign(x) * torch.abs(x) ** (1 / 3)
)"},
    {"softplus", R"(def softplus(x):
    """log(1 + exp(x)); torch's own is cut off at 20."""
    return -torch.nn.functional.logsigmoid(-x)
)"},
    {"minimum", R"(def minimum(x, y):
    """Of two equal arguments the gradient is that of the first; torch.minimum gives half to each."""
    return torch.where((x <= y) | x.isnan(), x, y)
)"},
    {"maximum", R"(def maximum(x, y):
    """Of two equal arguments the gradient is that of the first; torch.maximum gives half to each."""
    return torch.where((x >= y) | x.isnan(), x, y)
)"},
};

constexpr const char* kRootNote =
    "Where what stands under a root is 0 torch's gradient is infinite or NaN; Thalweg's is 0 if the root "
    "does not "
    "move to first order.";

double sigmoid(double x) { return 1.0 / (1.0 + std::exp(-x)); }

/// The value of an operation on constants, as the surfaces have it but for the last digit.
double evaluated(Op op, double x, double y) {
  switch (op) {
    case Op::kNegate:
      return -x;
    case Op::kSqrt:
      return std::sqrt(x);
    case Op::kCbrt:
      return std::cbrt(x);
    case Op::kExp:
      return std::exp(x);
    case Op::kExpm1:
      return std::expm1(x);
    case Op::kLog:
      return std::log(x);
    case Op::kLog2:
      return std::log2(x);
    case Op::kLog10:
      return std::log10(x);
    case Op::kLog1p:
      return std::log1p(x);
    case Op::kSin:
      return std::sin(x);
    case Op::kCos:
      return std::cos(x);
    case Op::kTan:
      return std::tan(x);
    case Op::kAsin:
      return std::asin(x);
    case Op::kAcos:
      return std::acos(x);
    case Op::kAtan:
      return std::atan(x);
    case Op::kSinh:
      return std::sinh(x);
    case Op::kCosh:
      return std::cosh(x);
    case Op::kTanh:
      return std::tanh(x);
    case Op::kAsinh:
      return std::asinh(x);
    case Op::kAcosh:
      return std::acosh(x);
    case Op::kAtanh:
      return std::atanh(x);
    case Op::kErf:
      return std::erf(x);
    case Op::kAbs:
      return std::abs(x);
    case Op::kSign:
      return std::isnan(x) ? x : (x > 0) - (x < 0);
    case Op::kFloor:
      return std::floor(x);
    case Op::kCeil:
      return std::ceil(x);
    case Op::kSigmoid:
      return sigmoid(x);
    case Op::kSoftplus:
      return std::log1p(std::exp(-std::abs(x))) + std::max(x, 0.0);
    case Op::kRelu:
      return x < 0 ? 0.0 : x;
    case Op::kAdd:
      return x + y;
    case Op::kSubtract:
      return x - y;
    case Op::kMultiply:
      return x * y;
    case Op::kDivide:
      return x / y;
    case Op::kPower:
      return std::pow(x, y);
    case Op::kAtan2:
      return std::atan2(x, y);
    case Op::kHypot:
      return std::hypot(x, y);
    case Op::kMin:
      return x <= y || std::isnan(x) ? x : y;
    case Op::kMax:
      return x >= y || std::isnan(x) ? x : y;
    default:
      return std::numeric_limits<double>::quiet_NaN();
  }
}

class Writer {
 public:
  explicit Writer(const std::array<double, 4>& parameters) : parameters_(parameters) {}

  PythonFormula write(const Syntax& syntax) {
    std::vector<Piece> pieces;
    for (const ExpressionNode& node : syntax) {
      Piece made = piece(node, pieces);
      pieces.push_back(&node == &syntax.back() ? std::move(made) : shortened(std::move(made)));
    }
    const Piece& whole = pieces.back();
    // PyTorch differentiates only what depends on its tensors.
    result("return " + (whole.constant ? "0 * x + " + within(whole, kProduct) : whole.text));
    return std::move(out_);
  }

 private:
  static Piece number(double value) {
    if (value == std::numbers::pi) return {"math.pi", kAtom, 0, value};
    if (value == std::numbers::e) return {"math.e", kAtom, 0, value};
    for (int k = 2; k <= 4; ++k)
      if (value == k * std::numbers::pi) return {std::to_string(k) + " * math.pi", kProduct, 0, value};
    std::string text = python_number(value);
    const Binding binding = text[0] == '-' ? kSign : kAtom;
    return {std::move(text), binding, 0, value};
  }

  Piece piece(const ExpressionNode& node, const std::vector<Piece>& pieces) {
    switch (node.op) {
      case Op::kNumber:
        return number(node.number);
      case Op::kX:
        return {"x"};
      case Op::kY:
        return {"y"};
      case Op::kParameter: {
        const auto i = static_cast<std::size_t>(node.number);
        out_.parameters[i] = true;
        return {std::string(1, "abcd"[i]), kAtom, 0, parameters_[i]};
      }
      default:
        break;
    }
    const Piece& x = pieces[static_cast<std::size_t>(node.left)];
    const bool unary = node.right < 0;
    const Piece& y = unary ? x : pieces[static_cast<std::size_t>(node.right)];
    std::optional<double> constant;
    if (x.constant && y.constant) constant = evaluated(node.op, *x.constant, *y.constant);
    // What Python would refuse (1/0, math.log(-1)) or turn into a huge integer is written as the number it
    // is.
    const bool tame = constant && std::isfinite(*constant) && std::abs(*constant) < 1e9;
    if (constant && (!tame || !operation_on_constants(node.op))) return number(*constant);
    Piece made = unary ? of_one(node.op, x) : of_two(node.op, x, y);
    made.constant = constant;
    made.depth = 1 + std::max(x.depth, y.depth);
    return made;
  }

  static bool operation_on_constants(Op op) {
    return op == Op::kNegate || (op >= Op::kAdd && op <= Op::kPower) ||
           (op < Op::kAdd && name_of(op).math != nullptr);
  }

  Piece of_one(Op op, const Piece& x) {
    if (op == Op::kNegate) return {"-" + within(x, kSign), kSign};
    const Name& name = name_of(op);
    if (x.constant) return {std::string(name.math) + "(" + x.text + ")"};
    if (op == Op::kSqrt || op == Op::kCbrt) note(kRootNote);
    need(name.torch);
    return {std::string(name.torch) + "(" + x.text + ")"};
  }

  Piece of_two(Op op, const Piece& x, const Piece& y) {
    switch (op) {
      case Op::kAdd:
        return sum(x, y, false);
      case Op::kSubtract:
        return sum(x, y, true);
      case Op::kMultiply:
        return {within(x, kProduct) + " * " + within(y, kProduct, true), kProduct};
      case Op::kDivide:
        return {within(x, kProduct) + " / " + within(y, kSign), kProduct};
      case Op::kPower:
        return power(x, y);
      default:
        break;
    }
    if (op == Op::kHypot) note(kRootNote);
    const Name& name = name_of(op);
    need(name.torch);
    return {std::string(name.torch) + "(" + tensor(x) + ", " + tensor(y) + ")"};
  }

  static Piece sum(const Piece& x, const Piece& y, bool minus) {
    const bool negative = y.binding == kSign;  // x + -1 is written x - 1
    const std::string right = negative ? y.text.substr(1) : within(y, minus ? kProduct : kSum);
    return {within(x, kSum) + (minus != negative ? " - " : " + ") + right, kSum};
  }

  Piece power(const Piece& x, const Piece& y) {
    // e^x means the exponential function, not a power of the double nearest to e.
    if (x.constant == std::numbers::e && !y.constant) return {"torch.exp(" + y.text + ")"};
    if (!x.constant && !(y.constant && *y.constant == std::floor(*y.constant))) note(kRootNote);
    const bool simple = x.binding == kAtom && y.binding == kAtom && x.text.size() == 1 && y.text.size() == 1;
    return {within(x, kAtom) + (simple ? "**" : " ** ") + within(y, kSign), kRaised};
  }

  /// In parentheses where it binds less tightly. `right`: on the right of a product, where another product
  /// would change the order of rounding.
  static std::string within(const Piece& piece, Binding least, bool right = false) {
    const bool bare = piece.binding > least || (piece.binding == least && !right);
    return bare ? piece.text : "(" + piece.text + ")";
  }

  static std::string tensor(const Piece& piece) {
    if (!piece.constant) return piece.text;
    if (piece.binding == kAtom && std::isalpha(static_cast<unsigned char>(piece.text[0])) != 0)
      return "torch.tensor(" + piece.text + ")";
    const std::string number = python_number(*piece.constant);
    const bool whole = number.find_first_not_of("-0123456789") == std::string::npos;
    return "torch.tensor(" + number + (whole ? ".0)" : ")");
  }

  /// A part nested deeper than Python likes, or than a line should be long, gets a line of its own.
  Piece shortened(Piece piece) {
    if (piece.constant || (piece.depth < kDeepest && piece.text.size() < kLongest)) return piece;
    const std::string name = "t" + std::to_string(out_.body.size() + 1);
    result(name + " = " + piece.text);
    return {name};
  }

  void result(std::string line) { out_.body.push_back(std::move(line)); }

  void need(const std::string& name) {
    for (const Helper& helper : kHelpers)
      if (name == helper.name) add_once(out_.definitions, helper.source);
  }
  void note(const char* text) { add_once(out_.notes, text); }
  static void add_once(std::vector<std::string>& list, const char* text) {
    if (std::find(list.begin(), list.end(), text) == list.end()) list.emplace_back(text);
  }

  static constexpr int kDeepest = 24;
  static constexpr std::size_t kLongest = 88;

  const std::array<double, 4>& parameters_;
  PythonFormula out_;
};

}  // namespace

PythonFormula python_formula(const Syntax& syntax, const std::array<double, 4>& parameters) {
  return Writer(parameters).write(syntax);
}

}  // namespace thalweg::script
