// Typed formulas: grammar, error messages with positions, limits, and that what comes out equals the
// built-in surfaces.
#include "core/surface/expression.hpp"

#include <chrono>
#include <numbers>

#include "comparison.hpp"

namespace thalweg::test {
namespace {

/// The value of a formula at (x, y) with a..d = 2, 3, 5, 7.
double evaluate(const std::string& formula, double x = 0.7, double y = -0.4) {
  const auto expression = parse_expression(formula);
  EXPECT_TRUE(expression) << formula << ": " << (expression ? "" : expression.error().text());
  if (!expression) return std::nan("");
  const double at[2] = {x, y};
  return make_expression_surface(*expression, {2.0, 3.0, 5.0, 7.0})->value(at);
}

std::string error_of(const std::string& formula) {
  const auto expression = parse_expression(formula);
  EXPECT_FALSE(expression) << formula;
  return expression ? "" : expression.error().text();
}

TEST(Expression, Precedence) {
  EXPECT_EQ(evaluate("1 + 2*3"), 7.0);
  EXPECT_EQ(evaluate("(1 + 2)*3"), 9.0);
  EXPECT_EQ(evaluate("10 - 4 - 3"), 3.0);
  EXPECT_EQ(evaluate("64/4/2"), 8.0);
  EXPECT_EQ(evaluate("12/3*2"), 8.0);
  EXPECT_EQ(evaluate("2^3^2"), 512.0);
  EXPECT_EQ(evaluate("(2^3)^2"), 64.0);
  EXPECT_EQ(evaluate("-x^2", 3.0), -9.0);
  EXPECT_EQ(evaluate("(-x)^2", 3.0), 9.0);
  EXPECT_EQ(evaluate("2^-2"), 0.25);
  EXPECT_EQ(evaluate("2^-x^2", 2.0), 0.0625);
  EXPECT_EQ(evaluate("2*-3"), -6.0);
  EXPECT_EQ(evaluate("--+-4"), -4.0);
  EXPECT_EQ(evaluate("3*x^2", 2.0), 12.0);
  EXPECT_EQ(evaluate("1 - -1"), 2.0);
  EXPECT_EQ(evaluate("  1\t+\n1 "), 2.0);
}

TEST(Expression, NumbersAndNames) {
  EXPECT_EQ(evaluate(".5 + 1. + 2e3 + 1E-1"), 2001.6);
  EXPECT_EQ(evaluate("pi"), std::numbers::pi);
  EXPECT_EQ(evaluate("e"), std::numbers::e);
  EXPECT_EQ(evaluate("2e"), 2.0 * std::numbers::e)
      << "a number and the constant, not an exponent without digits";
  EXPECT_EQ(evaluate("2e - x", 1.0), 2.0 * std::numbers::e - 1.0);
  EXPECT_EQ(evaluate("a + 10b + 100c + 1000d"), 7532.0);
  EXPECT_EQ(evaluate("x", 0.1), 0.1);
  EXPECT_EQ(evaluate("e^x", 1.5), std::exp(1.5));
}

TEST(Expression, ProductsWithoutASign) {
  EXPECT_EQ(evaluate("2x", 3.0), 6.0);
  EXPECT_EQ(evaluate("3(x+1)", 3.0), 12.0);
  EXPECT_EQ(evaluate("(x+1)(x-1)", 3.0), 8.0);
  EXPECT_EQ(evaluate("x y", 3.0, 5.0), 15.0);
  EXPECT_EQ(evaluate("x(y+1)", 3.0, 5.0), 18.0);
  EXPECT_EQ(evaluate("2x^2 y", 3.0, 5.0), 90.0);
  EXPECT_EQ(evaluate("2pi x", 1.0), 2.0 * std::numbers::pi);
  EXPECT_EQ(evaluate("-2x", 3.0), -6.0);
  EXPECT_EQ(evaluate("2sin(x)cos(x)", 0.4), 2.0 * std::sin(0.4) * std::cos(0.4));
  EXPECT_EQ(evaluate("x/2*y", 3.0, 4.0), 6.0);
  EXPECT_NE(error_of("1/2x").find("position 4: write '*' here"), std::string::npos);
  EXPECT_NE(error_of("x/y(x+1)").find("position 4"), std::string::npos);
  EXPECT_EQ(error_of("x 2"), "formula: position 3: expected an operator before '2'");
}

TEST(Expression, AsPasted) {
  EXPECT_EQ(evaluate("½(x² − y²)", 3.0, 1.0), 4.0);
  EXPECT_EQ(evaluate("x³ − 3·x·y²", 2.0, 1.0), 2.0);
  EXPECT_EQ(evaluate("2π × x ÷ 2", 1.0), std::numbers::pi);
  EXPECT_EQ(evaluate("√(x² + y²)", 3.0, 4.0), 5.0);
  EXPECT_EQ(evaluate("x⁻¹ + x¹⁰ + x**3", 2.0), 1032.5);
  EXPECT_EQ(evaluate("sin²(x) + cos²(x)", 1.1), 1.0);
  EXPECT_EQ(evaluate("x²y²", 3.0, 2.0), 36.0);
  // The formulas on our own pages can be pasted back.
  EXPECT_TRUE(parse_expression("(a − x)² + b (y − x²)²"));
  EXPECT_TRUE(parse_expression("sin²(3πx) + (x − 1)² (1 + sin²(3πy)) + (y − 1)² (1 + sin²(2πy))"));
  EXPECT_TRUE(parse_expression("(1.5 − x + x y)² + (2.25 − x + x y²)² + (2.625 − x + x y³)²"));
}

TEST(Expression, Functions) {
  volatile const double run_time = 0.7;  // or the compiler's own functions would be compared
  const double x = run_time;
  EXPECT_EQ(evaluate("ln(x) - log(x)"), 0.0);
  EXPECT_EQ(evaluate("sqrt(x)"), std::sqrt(x));
  EXPECT_EQ(evaluate("cbrt(x)"), std::cbrt(x));
  EXPECT_EQ(evaluate("exp(x)"), std::exp(x));
  EXPECT_EQ(evaluate("expm1(x)"), std::expm1(x));
  EXPECT_EQ(evaluate("log2(x)"), std::log2(x));
  EXPECT_EQ(evaluate("log10(x)"), std::log10(x));
  EXPECT_EQ(evaluate("log1p(x)"), std::log1p(x));
  EXPECT_EQ(evaluate("tan(x)"), std::tan(x));
  EXPECT_EQ(evaluate("asin(x)"), std::asin(x));
  EXPECT_EQ(evaluate("arccos(x)"), std::acos(x));
  EXPECT_EQ(evaluate("atan(x)"), std::atan(x));
  EXPECT_EQ(evaluate("sinh(x)"), std::sinh(x));
  EXPECT_EQ(evaluate("cosh(x)"), std::cosh(x));
  EXPECT_EQ(evaluate("tanh(x)"), std::tanh(x));
  EXPECT_EQ(evaluate("asinh(x)"), std::asinh(x));
  EXPECT_EQ(evaluate("acosh(1+x)"), std::acosh(1.0 + x));
  EXPECT_EQ(evaluate("atanh(x)"), std::atanh(x));
  EXPECT_EQ(evaluate("erf(x)"), std::erf(x));
  EXPECT_EQ(evaluate("abs(-x)"), x);
  EXPECT_EQ(evaluate("sign(-x)"), -1.0);
  EXPECT_EQ(evaluate("floor(x) + 10ceil(x)"), 10.0);
  EXPECT_EQ(evaluate("relu(x) + relu(-x)"), x);
  EXPECT_TRUE(close(evaluate("sigmoid(x)"), 1.0 / (1.0 + std::exp(-x)), 1e-16));
  EXPECT_TRUE(close(evaluate("softplus(x)"), std::log(1.0 + std::exp(x)), 1e-15));
  EXPECT_EQ(evaluate("atan2(y, x)"), std::atan2(-0.4, x));
  EXPECT_EQ(evaluate("hypot(3, 4)"), 5.0);
  EXPECT_EQ(evaluate("pow(2, 10)"), 1024.0);
  EXPECT_EQ(evaluate("min(3, 1, 2) + max(x, 4)"), 5.0);
}

TEST(Expression, DimensionAndNames) {
  const auto curve = parse_expression("x^2 + c");
  ASSERT_TRUE(curve);
  EXPECT_EQ(curve->dim(), 1);
  EXPECT_TRUE(curve->uses("x"));
  EXPECT_FALSE(curve->uses("y"));
  EXPECT_TRUE(curve->uses("c"));
  EXPECT_FALSE(curve->uses("a"));
  EXPECT_FALSE(curve->uses("pi"));
  EXPECT_EQ(curve->text(), "x^2 + c");
  EXPECT_EQ(parse_expression("y")->dim(), 2);
  EXPECT_EQ(parse_expression("4")->dim(), 1);

  const SurfaceDescriptor& descriptor = *find_surface("expr");
  const Spec spec = *parse_spec("expr:x^2 + b*y^2;b=3", descriptor);
  EXPECT_TRUE(descriptor.relevant(spec, "formula"));
  EXPECT_TRUE(descriptor.relevant(spec, "b"));
  EXPECT_FALSE(descriptor.relevant(spec, "a"));
  const double x[2] = {1.0, 2.0};
  EXPECT_EQ((*make_surface(spec))->value(x), 13.0);
  EXPECT_EQ((*make_surface(spec))->dim(), 2);
  EXPECT_FALSE(descriptor.relevant(*parse_spec("expr:x+;b=3", descriptor), "b"));
  const auto plain = parse_spec("expr", surface_family());
  ASSERT_TRUE(plain);
  EXPECT_TRUE(make_surface(*plain)) << "the id alone means the default formula";
  const auto empty = parse_spec("expr:", surface_family());
  ASSERT_TRUE(empty);
  EXPECT_FALSE(make_surface(*empty));
}

TEST(Expression, ErrorsSayWhereAndWhat) {
  const std::vector<std::pair<std::string, std::string>> expected = {
      {"", "position 1: expected a formula, such as x^2 + 3*y^2"},
      {"  ", "position 3: expected a formula, such as x^2 + 3*y^2"},
      {"2*x + *", "position 7: expected a number, a name or '(' after '+'"},
      {"x +", "position 4: expected a number, a name or '(' after '+'"},
      {"x*)", "position 3: expected a number, a name or '(' after '*'"},
      {"(x", "position 3: expected an operator or ')' to close the '(' at position 1"},
      {"2(x+3 4)", "position 7: expected an operator or ')' to close the '(' at position 2, not '4'"},
      {"(x))", "position 4: this ')' has no '('"},
      {"()", "position 2: expected a number, a name or '(' after '('"},
      {"x,y", "position 2: expected an operator before ','"},
      {"sin x", "position 5: expected '(' after 'sin'"},
      {"sin", "position 4: expected '(' after 'sin'"},
      {"sin(x,y)", "position 6: 'sin' takes one argument"},
      {"atan2(x)", "position 8: 'atan2' takes two arguments: expected ','"},
      {"pow(x,y,2)", "position 8: 'pow' takes two arguments"},
      {"1..2", "position 3: a number with two decimal points"},
      {".", "position 1: expected a digit beside '.'"},
      {"1e999", "position 1: this number is out of range"},
      {"x²²²²²²", "position 2: this exponent is too large"},
      {"x²^2", "position 3: two exponents in a row; use parentheses"},
      {"sin⁻¹(x)", "position 4: sin⁻¹ can mean two things; write asin(x) or 1/sin(x)"},
      {"x # y", "position 3: unexpected '#'"},
      {"π² + λ", "position 6: unexpected 'λ'"},
      {"x = 3", "position 3: unexpected '='"},
      {"sine(x)", "position 1: unknown name 'sine'; did you mean 'sin'?"},
      {"1 + sqr(x)", "position 5: unknown name 'sqr'; did you mean 'sqrt'?"},
      {"xy", "position 1: unknown name 'xy'; write x*y for the product"},
      {"2 x2", "position 3: unknown name 'x2'; write x^2 or 2*x"},
      {"z", "position 1: unknown name 'z'; the variables are x and y, the parameters a, b, c and d"},
      {"nan", "position 1: unknown name 'nan'; did you mean 'tan'?"},
      {"system(1)", "position 1: unknown name 'system'; see the list of functions"},
      {"x\x01", "position 2: a formula is made of letters, digits and signs; this character is none"},
      {"x\xff", "position 2: a formula is made of letters, digits and signs; this character is none"},
  };
  for (const auto& [formula, message] : expected)
    EXPECT_EQ(error_of(formula), "formula: " + message) << formula;
}

TEST(Expression, ErrorsComeInPartsForACaret) {
  ExpressionError where;
  EXPECT_FALSE(parse_expression("π² + λ", &where));
  EXPECT_EQ(where.offset, 7u) << "bytes";
  EXPECT_EQ(where.position, 6u) << "characters";
  EXPECT_EQ(where.message, "unexpected 'λ'");
  EXPECT_FALSE(parse_expression("x +", &where));
  EXPECT_EQ(where.offset, 3u) << "the end of the text";
}

TEST(Expression, Limits) {
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(error_of(std::string(10'000'000, 'x')),
            "formula: position 4097: a formula has at most 4096 characters");
  EXPECT_EQ(error_of(std::string(100'000, '(')),
            "formula: position 4097: a formula has at most 4096 characters");
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(1));
  const std::string deep = "nested deeper than 200 levels";
  for (const std::string unit : {"(", "-", "2^", "sin(", "+", "√(", "min(1,"}) {
    std::string formula;
    while (formula.size() + unit.size() < 4000) formula += unit;
    EXPECT_NE(error_of(formula + "x").find(deep), std::string::npos) << unit;
  }
  std::string nested = "x";
  for (int i = 0; i < 150; ++i) nested = "(" + nested + ")";
  EXPECT_EQ(evaluate(nested, 1.5), 1.5);
  // As long as allowed: every register is live at once.
  std::string wide;
  for (int i = 0; wide.size() < 4000; ++i)
    wide += (i ? "+" : "") + std::string("sin(") + std::to_string(i) + "x)";
  EXPECT_TRUE(std::isfinite(evaluate(wide)));
  std::string tall = "x";
  for (int i = 0; i < 180; ++i) tall = "x*y+sin(" + tall + ")";
  EXPECT_TRUE(std::isfinite(evaluate(tall)));
}

TEST(Expression, MakingALongOneStaysInteractive) {
  std::string formula = "0";
  for (int i = 1; formula.size() < 4000; ++i) formula += "+cos(" + std::to_string(i) + "x)*y";
  const auto expression = parse_expression(formula);
  ASSERT_TRUE(expression);
  const auto start = std::chrono::steady_clock::now();
  make_expression_surface(*expression, {1.0, 1.0, 1.0, 1.0});
  // A few milliseconds in a release build; a sanitizer on a busy machine needs the rest.
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(1));
}

void expect_same(const std::string& spec, const std::string& formula) {
  SCOPED_TRACE(spec);
  const auto builtin = *make_surface(*parse_spec(spec, surface_family()));
  const auto typed = *make_surface(*parse_spec("expr:" + formula, surface_family()));
  std::mt19937_64 random(5);
  const auto dim = static_cast<std::size_t>(builtin->dim());
  ASSERT_EQ(typed->dim(), builtin->dim());
  for (int n = 0; n < 1000; ++n) {
    const auto x = random_point(*typed, random);
    std::vector<double> g1(dim), g2(dim), h1(dim * dim), h2(dim * dim);
    const double f1 = builtin->hessian(x.data(), g1.data(), h1.data());
    const double f2 = typed->hessian(x.data(), g2.data(), h2.data());
    EXPECT_TRUE(close_relative(f2, f1, 1e-12));
    EXPECT_EQ(typed->value(x.data()), f2);
    double size_g = 1.0;
    double size_h = 1.0;
    for (const double component : g1) size_g = std::max(size_g, std::abs(component));
    for (const double component : h1) size_h = std::max(size_h, std::abs(component));
    for (std::size_t i = 0; i < dim; ++i) ASSERT_TRUE(close(g2[i], g1[i], 1e-12 * size_g));
    for (std::size_t i = 0; i < dim * dim; ++i) ASSERT_TRUE(close(h2[i], h1[i], 1e-12 * size_h));
  }
}

TEST(Expression, EqualsTheBuiltInSurfaces) {
  expect_same("rosenbrock", "(1-x)^2 + 100*(y-x^2)^2");
  expect_same("rosenbrock:a=0.5,b=7", "(a-x)^2 + b*(y-x^2)^2;a=0.5,b=7");
  expect_same("beale", "(1.5-x+x*y)^2 + (2.25-x+x*y^2)^2 + (2.625-x+x*y^3)^2");
  expect_same("himmelblau", "(x²+y−11)² + (x+y²−7)²");
  expect_same("ackley", "20(1-exp(-0.2 sqrt((x^2+y^2)/2))) + e - exp((cos(2pi x)+cos(2pi y))/2)");
  expect_same("rastrigin", "20 + x^2 + y^2 - 10cos(2pi x) - 10cos(2pi y)");
  expect_same("monkey_saddle", "x³ − 3x y²");
  expect_same("washboard", "0.05x^2 - cos(x)");
  expect_same("huber:tau=1", "min(abs(x), 1)*(abs(x) - min(abs(x), 1)/2)");
}

TEST(Expression, FindsTheMinimaItShows) {
  const auto typed = *make_surface(*parse_spec("expr:(x²+y−11)² + (x+y²−7)²", surface_family()));
  ASSERT_EQ(typed->minima().size(), 1u) << "the other three lie outside [-3, 3]²";
  EXPECT_EQ(typed->minima()[0].x, (std::vector<double>{3.0, 2.0}));
}

}  // namespace
}  // namespace thalweg::test
