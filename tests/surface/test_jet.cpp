// Jets against derivatives in closed form, and at the points where they are easily wrong.
#include "core/surface/jet.hpp"

#include <numbers>

#include "comparison.hpp"

namespace thalweg::test {
namespace {

using namespace thalweg::jets;
using J1 = Jet1<2>;
using J2 = Jet2<2>;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// A jet with every component different from zero, as an inner function would leave it.
J2 inner(double value) {
  J2 u(value);
  u.g[0] = 0.7;
  u.g[1] = -1.3;
  u.h[0] = 0.4;
  u.h[1] = 2.1;
  u.h[2] = -0.6;
  return u;
}

struct Function {
  const char* name;
  double (*plain)(double);
  J1 (*first)(const J1&);
  J2 (*second)(const J2&);
  double (*d1)(double);
  double (*d2)(double);
  std::vector<double> at;
};

#define THALWEG_FUNCTION(expression)                                                      \
#expression,                                                                            \
      [](double x)                                                                        \
           -> double { return expression; },                                              \
                                          [](const J1& x)                                 \
                                               -> J1 { return expression; },              \
                                                                          [](const J2& x) \
                                                                               -> J2 { return expression; }

double sigma(double x) { return 1.0 / (1.0 + std::exp(-x)); }

const std::vector<Function>& functions() {
  static const std::vector<Function> list = {
      {THALWEG_FUNCTION(exp(x)),
       [](double x) { return std::exp(x); },
       [](double x) { return std::exp(x); },
       {-3, 0, 2}},
      {THALWEG_FUNCTION(expm1(x)),
       [](double x) { return std::exp(x); },
       [](double x) { return std::exp(x); },
       {-3, 0, 1e-9, 2}},
      {THALWEG_FUNCTION(log(x)),
       [](double x) { return 1 / x; },
       [](double x) { return -1 / (x * x); },
       {0.1, 1, 40}},
      {THALWEG_FUNCTION(log2(x)),
       [](double x) { return 1 / (x * std::numbers::ln2); },
       [](double x) { return -1 / (x * x * std::numbers::ln2); },
       {0.1, 1, 40}},
      {THALWEG_FUNCTION(log10(x)),
       [](double x) { return 1 / (x * std::numbers::ln10); },
       [](double x) { return -1 / (x * x * std::numbers::ln10); },
       {0.1, 1, 40}},
      {THALWEG_FUNCTION(log1p(x)),
       [](double x) { return 1 / (1 + x); },
       [](double x) { return -1 / ((1 + x) * (1 + x)); },
       {-0.9, 0, 1e-9, 3}},
      {THALWEG_FUNCTION(sqrt(x)),
       [](double x) { return 0.5 / std::sqrt(x); },
       [](double x) { return -0.25 / (x * std::sqrt(x)); },
       {1e-8, 2, 900}},
      {THALWEG_FUNCTION(cbrt(x)),
       [](double x) { return 1 / (3 * std::cbrt(x) * std::cbrt(x)); },
       [](double x) { return -2 / (9 * x * std::cbrt(x) * std::cbrt(x)); },
       {-8, 0.3, 27}},
      {THALWEG_FUNCTION(sin(x)),
       [](double x) { return std::cos(x); },
       [](double x) { return -std::sin(x); },
       {-2, 0, 1, 100}},
      {THALWEG_FUNCTION(cos(x)),
       [](double x) { return -std::sin(x); },
       [](double x) { return -std::cos(x); },
       {-2, 0, 1, 100}},
      {THALWEG_FUNCTION(tan(x)),
       [](double x) { return 1 / (std::cos(x) * std::cos(x)); },
       [](double x) { return 2 * std::sin(x) / std::pow(std::cos(x), 3); },
       {-1.2, 0, 0.4, 1.5}},
      {THALWEG_FUNCTION(asin(x)),
       [](double x) { return 1 / std::sqrt(1 - x * x); },
       [](double x) { return x / std::pow(1 - x * x, 1.5); },
       {-0.9, 0, 0.5}},
      {THALWEG_FUNCTION(acos(x)),
       [](double x) { return -1 / std::sqrt(1 - x * x); },
       [](double x) { return -x / std::pow(1 - x * x, 1.5); },
       {-0.9, 0, 0.5}},
      {THALWEG_FUNCTION(atan(x)),
       [](double x) { return 1 / (1 + x * x); },
       [](double x) { return -2 * x / std::pow(1 + x * x, 2); },
       {-4, 0, 0.5}},
      {THALWEG_FUNCTION(sinh(x)),
       [](double x) { return std::cosh(x); },
       [](double x) { return std::sinh(x); },
       {-2, 0, 3}},
      {THALWEG_FUNCTION(cosh(x)),
       [](double x) { return std::sinh(x); },
       [](double x) { return std::cosh(x); },
       {-2, 0, 3}},
      {THALWEG_FUNCTION(tanh(x)),
       [](double x) { return 1 / std::pow(std::cosh(x), 2); },
       [](double x) { return -2 * std::tanh(x) / std::pow(std::cosh(x), 2); },
       {-2, 0, 0.3, 18}},
      {THALWEG_FUNCTION(asinh(x)),
       [](double x) { return 1 / std::sqrt(1 + x * x); },
       [](double x) { return -x / std::pow(1 + x * x, 1.5); },
       {-5, 0, 0.3}},
      {THALWEG_FUNCTION(acosh(x)),
       [](double x) { return 1 / std::sqrt(x * x - 1); },
       [](double x) { return -x / std::pow(x * x - 1, 1.5); },
       {1.1, 3}},
      {THALWEG_FUNCTION(atanh(x)),
       [](double x) { return 1 / (1 - x * x); },
       [](double x) { return 2 * x / std::pow(1 - x * x, 2); },
       {-0.9, 0, 0.5}},
      {THALWEG_FUNCTION(erf(x)),
       [](double x) { return 2 / std::sqrt(std::numbers::pi) * std::exp(-x * x); },
       [](double x) { return -4 * x / std::sqrt(std::numbers::pi) * std::exp(-x * x); },
       {-1, 0, 2}},
      {THALWEG_FUNCTION(sigmoid(x)),
       [](double x) { return sigma(x) * sigma(-x); },
       [](double x) { return sigma(x) * sigma(-x) * (1 - 2 * sigma(x)); },
       {-30, -2, 0, 0.3, 30}},
      {THALWEG_FUNCTION(softplus(x)),
       [](double x) { return sigma(x); },
       [](double x) { return sigma(x) * sigma(-x); },
       {-30, -2, 0, 0.3, 30}},
      {THALWEG_FUNCTION(relu(x)),
       [](double x) { return x > 0 ? 1.0 : 0.0; },
       [](double) { return 0.0; },
       {-2, 2}},
      {THALWEG_FUNCTION(abs(x)),
       [](double x) { return x > 0 ? 1.0 : -1.0; },
       [](double) { return 0.0; },
       {-2, 2}},
      {THALWEG_FUNCTION(sign(x)), [](double) { return 0.0; }, [](double) { return 0.0; }, {-2, 0, 2}},
      {THALWEG_FUNCTION(floor(x)), [](double) { return 0.0; }, [](double) { return 0.0; }, {-2.5, 2.5}},
      {THALWEG_FUNCTION(ceil(x)), [](double) { return 0.0; }, [](double) { return 0.0; }, {-2.5, 2.5}},
      {THALWEG_FUNCTION(square(x)), [](double x) { return 2 * x; }, [](double) { return 2.0; }, {-3, 0, 2}},
      {THALWEG_FUNCTION(powi(x, 5)),
       [](double x) { return 5 * x * x * x * x; },
       [](double x) { return 20 * x * x * x; },
       {-3, 0, 2}},
      {THALWEG_FUNCTION(powi(x, -3)),
       [](double x) { return -3 / std::pow(x, 4); },
       [](double x) { return 12 / std::pow(x, 5); },
       {-3, 0.5, 2}},
      {THALWEG_FUNCTION(pow(x, 2.5)),
       [](double x) { return 2.5 * std::pow(x, 1.5); },
       [](double x) { return 3.75 * std::sqrt(x); },
       {0, 0.5, 2}},
      {THALWEG_FUNCTION(pow(x, 40.0)),
       [](double x) { return 40 * std::pow(x, 39); },
       [](double x) { return 1560 * std::pow(x, 38); },
       {-1.1, 0, 1.2}},
      {THALWEG_FUNCTION(pow(3.0, x)),
       [](double x) { return std::log(3.0) * std::pow(3.0, x); },
       [](double x) { return std::pow(std::log(3.0), 2) * std::pow(3.0, x); },
       {-2, 0, 2}},
      {THALWEG_FUNCTION(2.0 / x),
       [](double x) { return -2 / (x * x); },
       [](double x) { return 4 / (x * x * x); },
       {-2, 0.1, 2}},
      {THALWEG_FUNCTION(3.0 - x / 4.0 + 2.0 * x),
       [](double) { return 1.75; },
       [](double) { return 0.0; },
       {-2, 0.1, 2}},
  };
  return list;
}

TEST(Jet, ChainRuleOfEveryFunction) {
  for (const Function& f : functions()) {
    for (const double x : f.at) {
      SCOPED_TRACE(std::string(f.name) + " at " + std::to_string(x));
      const J2 u = inner(x);
      J1 u1(x);
      u1.g[0] = u.g[0];
      u1.g[1] = u.g[1];
      const J2 result = f.second(u);
      const J1 first = f.first(u1);
      EXPECT_EQ(result.v, f.plain(x));
      EXPECT_EQ(first.v, f.plain(x));
      const double d1 = f.d1(x);
      const double d2 = f.d2(x);
      for (int i = 0; i < 2; ++i) {
        EXPECT_TRUE(close(result.g[i], d1 * u.g[i], 2e-14 * std::abs(d1)));
        EXPECT_EQ(first.g[i], result.g[i]);
      }
      const double scale = 2e-13 * (std::abs(d1) + std::abs(d2));
      EXPECT_TRUE(close(result.h[0], d1 * u.h[0] + d2 * u.g[0] * u.g[0], scale));
      EXPECT_TRUE(close(result.h[1], d1 * u.h[1] + d2 * u.g[0] * u.g[1], scale));
      EXPECT_TRUE(close(result.h[2], d1 * u.h[2] + d2 * u.g[1] * u.g[1], scale));
    }
  }
}

TEST(Jet, TailsKeepTheirDigits) {
  // 1 - tanh² and s(1 - s) would be 0 here.
  const auto t = tanh(Jet2<1>::variable(30.0, 0));
  EXPECT_TRUE(close(t.g[0] / (4.0 * std::exp(-60.0)), 1.0, 1e-12));
  const auto s = sigmoid(Jet2<1>::variable(50.0, 0));
  EXPECT_TRUE(close(s.g[0] / std::exp(-50.0), 1.0, 1e-12));
  EXPECT_TRUE(close(s.h[0] / -std::exp(-50.0), 1.0, 1e-12));
  EXPECT_EQ(softplus(800.0), 800.0);
  EXPECT_EQ(sigmoid(-800.0), 0.0);
}

TEST(Jet, ProductAndQuotient) {
  const double x = 1.7;
  const double y = -0.6;
  const J2 a = J2::variable(x, 0);
  const J2 b = J2::variable(y, 1);
  const J2 product = (a * a * b) * (b + a);  // x²y² + x³y
  EXPECT_TRUE(close(product.g[0], 2 * x * y * y + 3 * x * x * y, 1e-13));
  EXPECT_TRUE(close(product.g[1], 2 * x * x * y + x * x * x, 1e-13));
  EXPECT_TRUE(close(product.h[0], 2 * y * y + 6 * x * y, 1e-13));
  EXPECT_TRUE(close(product.h[1], 4 * x * y + 3 * x * x, 1e-13));
  EXPECT_TRUE(close(product.h[2], 2 * x * x, 1e-13));
  const J2 quotient = a / b;
  EXPECT_TRUE(close(quotient.g[0], 1 / y, 1e-14));
  EXPECT_TRUE(close(quotient.g[1], -x / (y * y), 1e-13));
  EXPECT_EQ(quotient.h[0], 0.0);
  EXPECT_TRUE(close(quotient.h[1], -1 / (y * y), 1e-13));
  EXPECT_TRUE(close(quotient.h[2], 2 * x / (y * y * y), 1e-13));
  J2 sum = a;
  sum += b;
  sum -= a;
  sum *= b;
  sum /= b;
  EXPECT_TRUE(close(sum.g[1], 1.0, 1e-15));
  EXPECT_TRUE(close(sum.h[2], 0.0, 1e-14));
}

TEST(Jet, FunctionsOfTwoArguments) {
  const double x = 0.8;
  const double y = -1.5;
  const double r = std::hypot(x, y);
  const J2 a = J2::variable(x, 0);
  const J2 b = J2::variable(y, 1);
  const J2 h = hypot(a, b);
  const J2 root = sqrt(square(a) + square(b));
  const J2 angle = atan2(b, a);
  const J2 same_angle = atan(b / a);
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(close(h.g[i], root.g[i], 1e-15));
    EXPECT_TRUE(close(angle.g[i], same_angle.g[i], 1e-15));
  }
  for (int k = 0; k < 3; ++k) {
    EXPECT_TRUE(close(h.h[k], root.h[k], 1e-15));
    EXPECT_TRUE(close(angle.h[k], same_angle.h[k], 1e-15));
  }
  EXPECT_TRUE(close(angle.g[0], -y / (r * r), 1e-15));

  const J2 power = pow(a, b);
  const J2 reference = exp(b * log(a));
  EXPECT_TRUE(close_relative(power.v, reference.v, 1e-15));
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(close_relative(power.g[i], reference.g[i], 1e-14));
  for (int k = 0; k < 3; ++k) EXPECT_TRUE(close_relative(power.h[k], reference.h[k], 1e-14));

  EXPECT_EQ(min(a, b).g[1], 1.0);
  EXPECT_EQ(max(a, b).g[0], 1.0);
  EXPECT_EQ(min(a, J2(x)).g[0], 1.0) << "the first of two equal arguments";
  EXPECT_EQ(max(J2(x), a).g[0], 0.0);
  EXPECT_TRUE(std::isnan(min(std::nan(""), 1.0)));
  EXPECT_TRUE(std::isnan(min(1.0, std::nan(""))));
  EXPECT_TRUE(std::isnan(max(std::nan(""), 1.0)));
  EXPECT_TRUE(std::isnan(max(1.0, std::nan(""))));
}

TEST(Jet, PowersAtZero) {
  const auto x = Jet2<1>::variable(0.0, 0);
  const auto expect = [](const Jet2<1>& f, double value, double g, double h) {
    EXPECT_EQ(f.v, value);
    EXPECT_EQ(f.g[0], g);
    EXPECT_EQ(f.h[0], h);
  };
  expect(square(x), 0, 0, 2);
  expect(powi(x, 0), 1, 0, 0);
  expect(powi(x, 1), 0, 1, 0);
  expect(powi(x, 2), 0, 0, 2);
  expect(powi(x, 3), 0, 0, 0);
  expect(powi(x, 4), 0, 0, 0);
  expect(pow(x, 0.0), 1, 0, 0);
  expect(pow(x, 1.0), 0, 1, 0);
  expect(pow(x, 2.0), 0, 0, 2);
  expect(pow(x, 4.0), 0, 0, 0);
  expect(pow(x, 2.5), 0, 0, 0);
  expect(pow(x, 20.0), 0, 0, 0);
  expect(pow(x, 1.5), 0, 0, kInfinity);
  expect(pow(x, 0.5), 0, kInfinity, -kInfinity);
  // An exponent that happens to be a jet without derivatives is a constant exponent.
  expect(pow(x, Jet2<1>(2.0)), 0, 0, 2);
  expect(pow(Jet2<1>::variable(-3.0, 0), Jet2<1>(3.0)), -27, 27, -18);
  // 0^x vanishes to every order for x > 0.
  expect(pow(0.0, Jet2<1>::variable(2.0, 0)), 0, 0, 0);
  const J2 both = pow(J2::variable(0.0, 0), J2::variable(3.0, 1));
  EXPECT_EQ(both.v, 0.0);
  for (const double component : {both.g[0], both.g[1], both.h[0], both.h[1], both.h[2]})
    EXPECT_EQ(component, 0.0);
  EXPECT_TRUE(std::isnan(pow(-2.0, 0.5)));
  EXPECT_EQ(pow(-2.0, 3.0), -8.0);
  EXPECT_EQ(powi(2.0, -2), 0.25);
}

TEST(Jet, KinksHaveTheDocumentedDerivatives) {
  const auto zero = Jet2<1>::variable(0.0, 0);
  EXPECT_EQ(abs(zero).g[0], 0.0);
  EXPECT_EQ(abs(zero).h[0], 0.0);
  EXPECT_EQ(relu(zero).g[0], 0.0);
  EXPECT_EQ(sqrt(zero).g[0], kInfinity);
  EXPECT_EQ(sqrt(zero).h[0], -kInfinity);
  EXPECT_EQ(cbrt(zero).g[0], kInfinity);
  // √(x²) and √(x² + y²) at 0 do not move to first order: all derivatives 0, as abs has.
  EXPECT_EQ(sqrt(square(zero)).g[0], 0.0);
  EXPECT_EQ(sqrt(square(zero)).h[0], 0.0);
  const J2 x = J2::variable(0.0, 0);
  const J2 y = J2::variable(0.0, 1);
  for (const J2& f : {sqrt(square(x) + square(y)), hypot(x, y), pow(square(x) + square(y), 0.5)}) {
    EXPECT_EQ(f.v, 0.0);
    for (const double component : {f.g[0], f.g[1], f.h[0], f.h[1], f.h[2]}) EXPECT_EQ(component, 0.0);
  }
  // A variable that does not occur keeps derivative 0 beside an infinite one.
  EXPECT_EQ(sqrt(x).g[0], kInfinity);
  EXPECT_EQ(sqrt(x).g[1], 0.0);
  EXPECT_EQ(log(x).g[1], 0.0);
  EXPECT_EQ((1.0 / x).h[2], 0.0);
  EXPECT_TRUE(std::isnan(sign(std::nan(""))));
}

TEST(Jet, CountsInCompileTime) {
  constexpr auto x = Jet2<1>::variable(3.0, 0);
  constexpr auto f = x * x * x - 2.0 * x + 1.0;
  static_assert(f.v == 22.0 && f.g[0] == 25.0 && f.h[0] == 18.0);
  static_assert(powi(2.0, 10) == 1024.0);
  static_assert(std::is_trivially_copyable_v<J2> && sizeof(J2) == 6 * sizeof(double));
}

}  // namespace
}  // namespace thalweg::test
