// Optimal settings against the books' numbers and against every setting near them.
#include <gtest/gtest.h>

#include <cmath>

#include "core/rates/optimal.hpp"
#include "tests/rates/rules.hpp"

namespace thalweg {
namespace {

using test::optimizer;

constexpr CurvatureRange kBook{1.0, 100.0};

TEST(Optimal, NumbersOfTheExercises) {
  const OptimalSettings gd = optimal_gradient_descent(kBook);  // E10.3
  EXPECT_NEAR(gd.learning_rate, 2.0 / 101.0, 1e-15);
  EXPECT_NEAR(gd.radius, 99.0 / 101.0, 1e-15);
  const OptimalSettings ball = optimal_heavy_ball(kBook);  // E10.4
  EXPECT_NEAR(ball.learning_rate, 4.0 / 121.0, 1e-15);
  EXPECT_NEAR(ball.momentum, 81.0 / 121.0, 1e-15);
  EXPECT_NEAR(ball.radius, 9.0 / 11.0, 1e-15);
  const OptimalSettings nesterov = optimal_nesterov(kBook);  // E10.14
  EXPECT_NEAR(nesterov.learning_rate, 4.0 / 301.0, 1e-15);
  EXPECT_NEAR(nesterov.momentum, 0.7932747, 1e-7);
  EXPECT_NEAR(nesterov.radius, 0.8847219, 1e-7);
  const OptimalSettings usual = usual_nesterov(kBook);
  EXPECT_NEAR(usual.learning_rate, 0.01, 1e-15);
  EXPECT_NEAR(usual.momentum, 9.0 / 11.0, 1e-15);
  EXPECT_NEAR(usual.radius, 0.9, 1e-15);
  const OptimalSettings wide = optimal_gradient_descent({2.0, 50.0});  // ch5:B3
  EXPECT_NEAR(wide.learning_rate, 2.0 / 52.0, 1e-15);
  EXPECT_NEAR(wide.radius, 0.9230769, 1e-7);
}

/// The radius that is promised is the one that the polynomial has there.
TEST(Optimal, RadiusIsThatOfTheRule) {
  for (const CurvatureRange& range : {kBook, CurvatureRange{0.4, 1001.6}, CurvatureRange{3.0, 3.0}}) {
    const auto check = [&](const OptimalSettings& s, const LinearRule& rule) {
      // Double roots: the radius has a square root there, half of the digits.
      EXPECT_NEAR(radius_over(rule, s.learning_rate, range), s.radius, 1e-7);
    };
    const OptimalSettings gd = optimal_gradient_descent(range), ball = optimal_heavy_ball(range),
                          nesterov = optimal_nesterov(range), usual = usual_nesterov(range);
    check(gd, gradient_descent_rule());
    check(ball, heavy_ball_rule(ball.momentum));
    check(nesterov, nesterov_rule(nesterov.momentum));
    check(usual, nesterov_rule(usual.momentum));
  }
}

TEST(Optimal, NothingNearIsBetter) {
  for (const char* text :
       {"momentum", "momentum:form=ema", "momentum:dampening=0.3", "momentum:weight_decay=2", "nesterov",
        "nesterov:weight_decay=1", "gd", "gd:weight_decay=4"}) {
    Spec spec = optimizer(text);
    const auto best = optimal_settings(spec, kBook);
    ASSERT_TRUE(best) << text;
    const bool has_momentum = momentum_of(spec).has_value();
    for (int i = -40; i <= 40; ++i)
      for (int k = has_momentum ? -40 : 0; k <= (has_momentum ? 40 : 0); ++k) {
        const double rate = best->learning_rate * (1.0 + 0.01 * i);
        if (has_momentum) *spec.find("momentum") = std::min(best->momentum + 0.004 * k, 0.999);
        EXPECT_GE(radius_over(*linear_rule(spec), rate, kBook), best->radius - 1e-7)
            << text << " " << i << " " << k;
      }
  }
}

TEST(Optimal, OneSettingAlone) {
  const auto sweep = optimal_alone(optimizer("gd"), "lr", 0.5, kBook);  // E10.3: --sweep-lr
  ASSERT_TRUE(sweep);
  EXPECT_NEAR(sweep->learning_rate, 0.0198020, 1e-6);
  EXPECT_NEAR(sweep->radius, 0.9801980, 1e-6);
  EXPECT_FALSE(optimal_alone(optimizer("gd"), "momentum", 0.5, kBook));
  EXPECT_FALSE(optimal_alone(optimizer("adam"), "lr", 0.5, kBook));
  for (const char* text :
       {"momentum:momentum=0.3", "momentum:momentum=0.95", "momentum:form=ema,momentum=0.6",
        "nesterov:momentum=0.2", "nesterov:momentum=0.9", "nesterov:momentum=0"}) {
    Spec spec = optimizer(text);
    const double rate = 0.008;
    const auto by_rate = optimal_alone(spec, "lr", rate, kBook);
    const auto by_momentum = optimal_alone(spec, "momentum", rate, kBook);
    ASSERT_TRUE(by_rate && by_momentum) << text;
    EXPECT_NEAR(radius_over(*linear_rule(spec), by_rate->learning_rate, kBook), by_rate->radius, 1e-12);
    for (int i = 1; i < 2000; ++i) {
      EXPECT_GE(radius_over(*linear_rule(spec), 5e-5 * i, kBook), by_rate->radius - 1e-9) << text << " " << i;
      Spec other = spec;
      *other.find("momentum") = i / 2000.0;
      EXPECT_GE(radius_over(*linear_rule(other), rate, kBook), by_momentum->radius - 1e-6)
          << text << " " << i;
    }
  }
}

/// The ends of the spectrum speak for all of it.
TEST(Optimal, EndsOfTheSpectrumAreTheWorst) {
  for (const char* text :
       {"gd", "momentum:momentum=0.6", "momentum:form=ema,momentum=0.8", "nesterov:momentum=0.7"})
    for (const double rate : {0.001, 0.01, 0.015, 0.03}) {
      const LinearRule rule = *linear_rule(optimizer(text));
      for (double curvature = 1.0; curvature <= 100.0; curvature += 0.5)
        EXPECT_LE(spectral_radius(rule, rate * curvature), radius_over(rule, rate, kBook) + 1e-12) << text;
    }
}

TEST(Optimal, NoneForARuleThatNeverMoves) {
  EXPECT_FALSE(optimal_settings(optimizer("momentum:dampening=1"), kBook));
  EXPECT_FALSE(optimal_settings(optimizer("adam"), kBook));
}

}  // namespace
}  // namespace thalweg
