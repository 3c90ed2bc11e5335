// Throws random text at the parser of formulas. Whatever is refused must be refused with a position
// inside the text; whatever parses must evaluate to the same value as double, Jet1, Jet2 and in a row,
// and to the same gradient as Jet1 and Jet2; minima found must be finite and inside the domain.
//
// By itself it makes its own texts, the same ones each time: soup of tokens, soup of bytes, mutated
// formulas.   fuzz_expression [count] [seed]   or THALWEG_FUZZ_RUNS=count
// With clang, -fsanitize=fuzzer -DTHALWEG_LIBFUZZER makes it a libFuzzer target instead.
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <random>
#include <string>
#include <string_view>

#include "core/surface/expression.hpp"
#include "core/surface/program.hpp"

namespace {

using namespace thalweg;

constexpr double kPoints[][2] = {{0.7, -1.3}, {0.0, 0.0}, {-2.0, 3.0}, {1e8, -1e-8}};
constexpr std::array<double, 4> kParameters = {0.5, -2.0, 3.0, 0.0};

[[noreturn]] void fail(std::string_view text, const char* what) {
  std::fprintf(stderr, "fuzz_expression: %s\nformula (%zu bytes): ", what, text.size());
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fputc('\n', stderr);
  std::abort();
}

bool same(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

void check_values(std::string_view text, const Program& program) {
  for (const auto& [x, y] : kPoints) {
    const double f = program.evaluate(x, y);
    const auto first = program.evaluate(Jet1<2>::variable(x, 0), Jet1<2>::variable(y, 1));
    const auto second = program.evaluate(Jet2<2>::variable(x, 0), Jet2<2>::variable(y, 1));
    if (!same(f, first.v)) fail(text, "the first-order value differs");
    if (!same(f, second.v)) fail(text, "the second-order value differs");
    for (int i = 0; i < 2; ++i)
      if (!same(first.g[i], second.g[i])) fail(text, "the gradients differ");
    double row[3];
    program.row(0, y, x, 0.5, 3, row);
    for (int i = 0; i < 3; ++i)
      if (!same(row[i], program.evaluate(x + i * 0.5, y))) fail(text, "a row along x differs");
    program.row(1, x, y, 0.5, 3, row);
    for (int i = 0; i < 3; ++i)
      if (!same(row[i], program.evaluate(x, y + i * 0.5))) fail(text, "a row along y differs");
  }
}

/// The search for minima takes any function: what it reports must be what it promises.
void check_surface(std::string_view text, const Expression& expression) {
  const auto surface = make_expression_surface(expression, kParameters);
  for (const MarkedPoint& minimum : surface->minima()) {
    if (!std::isfinite(minimum.value)) fail(text, "a minimum that is not finite");
    if (!same(minimum.value, surface->value(minimum.x.data()))) fail(text, "a minimum with another value");
    for (std::size_t i = 0; i < minimum.x.size(); ++i)
      if (!(std::abs(minimum.x[i]) <= 3.0 + 1e-9)) fail(text, "a minimum outside the domain");
  }
}

/// Returns whether the text parsed.
bool check(std::string_view text) {
  ExpressionError where;
  const auto expression = parse_expression(text, &where);
  if (!expression) {
    if (where.offset > text.size() || where.position < 1 || where.position > where.offset + 1)
      fail(text, "the position of the error is outside the text");
    if (where.message.empty() || where.message.size() > 200 || where.message.find('\n') != std::string::npos)
      fail(text, "the message is not one short line");
    return false;
  }
  if (expression->nodes().empty() || expression->nodes().size() > 2 * text.size())
    fail(text, "more nodes than the text accounts for");
  check_values(text, Program(*expression, kParameters));
  if (std::hash<std::string_view>{}(text) % 64 == 0) check_surface(text, *expression);  // slower: a sample
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  check({reinterpret_cast<const char*>(data), size});
  return 0;
}

#ifndef THALWEG_LIBFUZZER

namespace {

constexpr std::string_view kTokens[] = {
    "x",        "y",         "a",     "b",     "c",      "d",     "e",      "pi",     "π",      "1",
    "2",        "0",         "0.5",   "3e2",   "1e-3",   "16",    "17",     "-1",     "+",      "-",
    "*",        "/",         "^",     "**",    "(",      ")",     ",",      "²",      "³",      "⁻¹",
    "½",        "·",         "−",     "√",     " ",      "sin(",  "cos(",   "exp(",   "log(",   "sqrt(",
    "tan(",     "tanh(",     "abs(",  "sign(", "floor(", "min(",  "max(",   "pow(",   "atan2(", "hypot(",
    "sigmoid(", "softplus(", "relu(", "erf(",  "cbrt(",  "asin(", "acosh(", "atanh(", "log1p(", "expm1(",
    "sin",      "nan",       "inf",   "1e999", "z",      "\n",    ";",      "="};

constexpr std::string_view kFormulas[] = {
    "(1-x)^2 + 100*(y-x^2)^2",
    "(1.5-x+x*y)^2 + (2.25-x+x*y^2)^2 + (2.625-x+x*y^3)^2",
    "20(1-exp(-0.2 sqrt((x^2+y^2)/2))) + e - exp((cos(2pi x)+cos(2pi y))/2)",
    "sin²(3πx) + (x−1)²(1+sin²(3πy))",
    "½(x² − y²) + ¼y⁴",
    "min(max(x,y),a)^b + atan2(y,x)^c - hypot(x,y)^x",
    "softplus(a*x)/sigmoid(b*y) + tanh(x)^3 - erf(y)^-2",
    "abs(x)^1.5 + (x^2+y^2)^0.5 + 2^x + x^y",
};

class Maker {
 public:
  explicit Maker(std::uint64_t seed) : random_(seed) {}

  std::string make() {
    switch (below(4)) {
      case 0:
        return tokens(1 + below(12));
      case 1:
        return bytes(below(40));
      case 2:
        return mutated();
      default:
        return grown(static_cast<int>(below(5)));
    }
  }

 private:
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(random_() % n); }

  std::string tokens(std::size_t count) {
    std::string out;
    for (std::size_t i = 0; i < count; ++i) out += kTokens[below(std::size(kTokens))];
    return out;
  }
  std::string bytes(std::size_t count) {
    std::string out;
    for (std::size_t i = 0; i < count; ++i) out += static_cast<char>(below(3) ? 32 + below(95) : below(256));
    return out;
  }
  std::string mutated() {
    std::string out(kFormulas[below(std::size(kFormulas))]);
    for (std::size_t n = 1 + below(4); n > 0 && !out.empty(); --n) {
      const std::size_t at = below(out.size());
      switch (below(4)) {
        case 0:
          out[at] = static_cast<char>(below(256));
          break;
        case 1:
          out.erase(at, 1 + below(6));
          break;
        case 2:
          out.insert(at, kTokens[below(std::size(kTokens))]);
          break;
        default:
          out.insert(at, out.substr(below(out.size()), below(20)));
      }
    }
    return out;
  }
  /// A formula that parses, most of the time.
  std::string grown(int depth) {
    static constexpr std::string_view kUnary[] = {
        "sin",  "cos",  "tan",  "exp",   "expm1", "log",     "log1p",    "log2",  "log10", "sqrt",
        "cbrt", "asin", "acos", "atan",  "sinh",  "cosh",    "tanh",     "asinh", "acosh", "atanh",
        "erf",  "abs",  "sign", "floor", "ceil",  "sigmoid", "softplus", "relu",  "-"};
    static constexpr std::string_view kBinary[] = {"min", "max", "pow", "atan2", "hypot"};
    static constexpr std::string_view kInfix[] = {"+", "-", "*", "/", "^"};
    static constexpr std::string_view kLeaves[] = {"x", "y", "a", "b",  "c",  "d",   "pi",  "e", "0",
                                                   "1", "2", "3", "16", "17", "0.5", "1.5", "-1"};
    if (depth <= 0) return std::string(kLeaves[below(std::size(kLeaves))]);
    switch (below(4)) {
      case 0:
        return std::string(kUnary[below(std::size(kUnary))]) + "(" + grown(depth - 1) + ")";
      case 1:
        return std::string(kBinary[below(std::size(kBinary))]) + "(" + grown(depth - 1) + "," +
               grown(depth - 1) + ")";
      default:
        return "(" + grown(depth - 1) + ")" + std::string(kInfix[below(std::size(kInfix))]) + "(" +
               grown(depth - 1) + ")";
    }
  }

  std::mt19937_64 random_;
};

}  // namespace

int main(int argc, char** argv) {
  const char* runs = std::getenv("THALWEG_FUZZ_RUNS");
  const long long count = runs ? std::atoll(runs) : argc > 1 ? std::atoll(argv[1]) : 1'000'000;
  Maker maker(argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1);
  long long parsed = 0;
  for (long long i = 0; i < count; ++i) parsed += check(maker.make()) ? 1 : 0;
  std::printf("%lld texts, %lld of them formulas\n", count, parsed);
  // A generator that no longer makes formulas would test nothing.
  return parsed * 5 > count ? 0 : 1;
}

#endif
