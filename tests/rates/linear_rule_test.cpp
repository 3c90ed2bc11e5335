// Characteristic polynomials against the optimizers themselves: the matrix of one step has the same trace and
// determinant as the roots have sum and product.
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "core/rates/linear_rule.hpp"
#include "tests/rates/rules.hpp"

namespace thalweg {
namespace {

using test::optimizer;
using test::step_matrix;
using Complex = std::complex<double>;

constexpr const char* kLinear[] = {"gd",
                                   "gd:weight_decay=3",
                                   "momentum:momentum=0.9",
                                   "momentum:momentum=0",
                                   "momentum:momentum=0.9,dampening=0.4,weight_decay=2",
                                   "momentum:momentum=0,dampening=0.5",
                                   "momentum:form=classical,momentum=0.8",
                                   "momentum:form=polyak,momentum=0.8,weight_decay=1",
                                   "momentum:form=ema,momentum=0.9",
                                   "momentum:form=ema,momentum=0",
                                   "nesterov:momentum=0.9",
                                   "nesterov:momentum=0.4,weight_decay=5",
                                   "nesterov:momentum=0"};

Complex evaluated(const LinearRule& rule, double x, Complex z) {
  Complex sum = 0.0;
  for (std::size_t k = 0; k < rule.free.size(); ++k)
    sum += (rule.free[k] + (k < rule.driven.size() ? x * rule.driven[k] : 0.0)) *
           std::pow(z, static_cast<double>(k));
  return sum;
}

TEST(LinearRule, RootsAreTheEigenvaluesOfTheStep) {
  for (const char* text : kLinear) {
    const Spec spec = optimizer(text);
    const auto rule = linear_rule(spec);
    ASSERT_TRUE(rule) << text;
    for (const double learning_rate : {0.003, 0.05, 0.4})
      for (const double curvature : {-2.0, 0.0, 0.5, 4.0, 40.0}) {
        SCOPED_TRACE(std::string(text) + " at " + std::to_string(learning_rate) + ", " +
                     std::to_string(curvature));
        const auto m = step_matrix(spec, learning_rate, curvature);
        const auto found = roots(*rule, learning_rate * (curvature + rule->weight_decay));
        Complex sum = 0.0, product = 1.0;
        for (const Complex z : found) sum += z, product *= z;
        if (found.size() == 1) product = 0.0;  // the slot keeps nothing
        const double trace = m[0][0] + m[1][1], determinant = m[0][0] * m[1][1] - m[0][1] * m[1][0];
        const double scale = 1.0 + std::abs(trace);
        EXPECT_NEAR(sum.real(), trace, 1e-12 * scale);
        EXPECT_NEAR(sum.imag(), 0.0, 1e-12 * scale);
        EXPECT_NEAR(product.real(), determinant, 1e-12 * scale * scale);
        EXPECT_NEAR(spectral_radius(*rule, learning_rate * (curvature + rule->weight_decay)),
                    std::abs(found.front()), 1e-12 * scale);
        for (std::size_t i = 0; i + 1 < found.size(); ++i)
          EXPECT_GE(std::abs(found[i]), std::abs(found[i + 1]) - 1e-12);
      }
  }
}

/// The growth of a long run is the radius, found without any of the algebra.
TEST(LinearRule, LongRunsGrowByTheRadius) {
  for (const char* text :
       {"gd:lr=0.05", "momentum:lr=0.03,momentum=0.8", "momentum:form=ema,lr=0.3,momentum=0.7",
        "nesterov:lr=0.04,momentum=0.85", "nesterov:lr=0.2,momentum=0.5"}) {
    const Spec spec = optimizer(text);
    for (const double curvature : {1.0, 10.0, -3.0}) {
      const auto distance = test::distances(spec, {curvature}, {1.0}, 1200);
      // Over a long way, and the largest of some steps at its ends: complex roots swing.
      const auto top = [&](std::size_t from) {
        return *std::max_element(distance.begin() + static_cast<std::ptrdiff_t>(from),
                                 distance.begin() + static_cast<std::ptrdiff_t>(from) + 60);
      };
      if (!std::isfinite(top(1000)) || top(1000) < 1e-290) continue;
      const double measured = std::pow(top(1000) / top(200), 1.0 / 800.0);
      EXPECT_NEAR(spectral_radius(*linear_rule(spec), spec.number("lr") * curvature), measured,
                  2e-3 * measured)
          << text << " " << curvature;
    }
  }
}

TEST(LinearRule, ClosedFormLimits) {
  EXPECT_DOUBLE_EQ(stability_limit(gradient_descent_rule()), 2.0);
  for (const double mu : {0.1, 0.5, 0.9, 0.999}) {
    EXPECT_DOUBLE_EQ(stability_limit(heavy_ball_rule(mu)), 2.0 * (1.0 + mu));
    EXPECT_DOUBLE_EQ(stability_limit(heavy_ball_rule(mu, 1.0 - mu)), 2.0 * (1.0 + mu) / (1.0 - mu));
    EXPECT_DOUBLE_EQ(stability_limit(nesterov_rule(mu)), (2.0 + 2.0 * mu) / (1.0 + 2.0 * mu));
  }
  EXPECT_TRUE(std::isinf(stability_limit(heavy_ball_rule(0.9, 0.0))));
  // From the exercises: heavy ball μ = 0.9 at λmax = 50.
  EXPECT_NEAR(stability_limit(heavy_ball_rule(0.9)) / 50.0, 0.076, 1e-15);
}

/// Exercise 26.25, and for other delays the closed form.
TEST(LinearRule, DelayedDescent) {
  const struct {
    int delay;
    double limit;
  } kBook[] = {{0, 2.0}, {1, 1.0}, {2, .6180340}, {4, .3472964}, {8, .1845367}, {16, .0951638}};
  for (const auto& [delay, limit] : kBook)
    EXPECT_NEAR(stability_limit(delayed(gradient_descent_rule(), delay)), limit, 5e-8) << delay;
  for (int delay = 0; delay <= 40; ++delay) {
    const double limit = stability_limit(delayed(gradient_descent_rule(), delay));
    EXPECT_NEAR(limit, 2.0 * std::sin(std::numbers::pi / (2.0 * (2.0 * delay + 1.0))), 1e-12) << delay;
  }
  const LinearRule rule = delayed(gradient_descent_rule(), 4);
  EXPECT_LT(spectral_radius(rule, 0.34), 1.0);
  EXPECT_GT(spectral_radius(rule, 0.355), 1.0);
}

TEST(LinearRule, LimitIsWhereTheRadiusPassesOne) {
  const LinearRule rules[] = {gradient_descent_rule(),
                              heavy_ball_rule(0.7),
                              nesterov_rule(0.95),
                              delayed(heavy_ball_rule(0.9), 1),
                              delayed(heavy_ball_rule(0.5, 0.5), 7),
                              delayed(nesterov_rule(0.8), 3)};
  for (const LinearRule& rule : rules) {
    const double limit = stability_limit(rule);
    ASSERT_GT(limit, 0.0);
    for (const double share : {0.01, 0.2, 0.7, 0.999})
      EXPECT_LT(spectral_radius(rule, share * limit), 1.0) << share;
    EXPECT_NEAR(spectral_radius(rule, limit), 1.0, 1e-7);
    EXPECT_GT(spectral_radius(rule, 1.001 * limit), 1.0);
  }
}

TEST(LinearRule, RootsOfDelayedRulesAreZerosOfThePolynomial) {
  const LinearRule rule = delayed(nesterov_rule(0.9), 6);
  for (const double x : {0.01, 0.3, 1.5}) {
    const auto found = roots(rule, x);
    ASSERT_EQ(found.size(), 8U);
    Complex product = 1.0;
    for (const Complex z : found) {
      EXPECT_LT(std::abs(evaluated(rule, x, z)), 1e-10);
      product *= z;
    }
    EXPECT_NEAR(std::abs(product), std::abs(x * -0.9), 1e-10);  // the constant of χ
  }
}

TEST(LinearRule, WhichOptimizersHaveOne) {
  for (const auto& descriptor : optimizers()) {
    const Spec spec = default_spec(descriptor);
    const bool linear = spec.id == "gd" || spec.id == "momentum" || spec.id == "nesterov";
    EXPECT_EQ(linear_rule(spec).has_value(), linear) << spec.id;
    EXPECT_FALSE(linear && frozen_rule(spec)) << spec.id;
  }
  EXPECT_DOUBLE_EQ(stability_limit(*frozen_rule(optimizer("adam"))), 38.0);
  EXPECT_NEAR(stability_limit(*frozen_rule(optimizer("rmsprop:momentum=0.5"))), 3.0, 1e-15);
  EXPECT_DOUBLE_EQ(stability_limit(*frozen_rule(optimizer("adagrad"))), 2.0);
}

/// Numerators with everything they divide by taken away, written out: the roots against their growth.
TEST(LinearRule, FrozenNumerators) {
  const auto grows = [](const Spec& spec, double x) {
    // 1-D, curvature x, rate 1: the numerators of NAdam and Adan as their papers have them.
    const double b1 = spec.number("beta1"), b2 = spec.number("beta2");
    double theta = 1.0, m = 0.0, v = 0.0, before = x, size = 0.0;
    for (int t = 0; t < 4000 && std::abs(theta) < 1e9; ++t) {
      const double g = x * theta;
      m = b1 * m + (1 - b1) * g;
      v = b2 * v + (1 - b2) * (g - before);
      before = g;
      theta -= spec.id == "nadam" ? (1 - b1) * g + b1 * m : m + b2 * v;
      size = std::abs(theta);
    }
    return !(size < 1.0);
  };
  for (const char* text :
       {"nadam", "nadam:beta1=0.5", "adan", "adan:beta1=0.5,beta2=0.3", "adan:beta1=0.9,beta2=0.8"}) {
    const Spec spec = optimizer(text);
    const double limit = stability_limit(*frozen_rule(spec));
    ASSERT_TRUE(std::isfinite(limit) && limit > 0.0) << text;
    EXPECT_FALSE(grows(spec, 0.98 * limit)) << text;
    EXPECT_TRUE(grows(spec, 1.02 * limit)) << text;
  }
}

TEST(LinearRule, NoNumberIsNoRadius) {
  EXPECT_TRUE(std::isinf(spectral_radius(heavy_ball_rule(0.9), NAN)));
  EXPECT_TRUE(std::isinf(spectral_radius(gradient_descent_rule(), INFINITY)));
}

}  // namespace
}  // namespace thalweg
