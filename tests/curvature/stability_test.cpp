// The thresholds against the update rules themselves: on ½λθ² the largest λ that does not blow up, by
// bisection.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <memory>
#include <string>

#include "core/curvature/stability.hpp"
#include "core/optimizer/optimizer.hpp"

namespace thalweg {
namespace {

Spec optimizer(const std::string& text) { return parse_spec(text, optimizer_family()).value(); }

bool blows_up(const Spec& spec, double learning_rate, double curvature) {
  const auto stepper = find_optimizer(spec.id)->make(spec, 1);
  double theta = 1.0;
  for (int t = 0; t < 20'000 && std::abs(theta) < 1e6; ++t) {
    double gradient = curvature * theta;
    stepper->step(&theta, &gradient, learning_rate);
  }
  return !(std::abs(theta) < 1e6);
}

double measured(const Spec& spec, double learning_rate) {
  double stable = 0.0, unstable = 1e4 / learning_rate;
  EXPECT_TRUE(blows_up(spec, learning_rate, unstable));
  for (int i = 0; i < 40; ++i) {
    const double middle = 0.5 * (stable + unstable);
    (blows_up(spec, learning_rate, middle) ? unstable : stable) = middle;
  }
  return stable;
}

TEST(Stability, ThresholdIsWhereTheRuleBlowsUp) {
  for (const char* text :
       {"gd", "gd:weight_decay=3", "momentum:momentum=0.9", "momentum:momentum=0", "momentum:momentum=0.5",
        "momentum:momentum=0.9,dampening=0.4,weight_decay=2", "momentum:momentum=0,dampening=0.5",
        "momentum:form=classical,momentum=0.8", "momentum:form=polyak,momentum=0.8",
        "momentum:form=polyak,momentum=0.3,weight_decay=1", "momentum:form=ema,momentum=0.9",
        "momentum:form=ema,momentum=0", "nesterov:momentum=0.9", "nesterov:momentum=0.4,weight_decay=5",
        "nesterov:momentum=0"}) {
    const Spec spec = optimizer(text);
    for (const double learning_rate : {0.01, 0.2}) {
      const auto threshold = stability_threshold(spec, learning_rate);
      ASSERT_TRUE(threshold) << text;
      const double found = measured(spec, learning_rate);
      EXPECT_NEAR(*threshold, found, 2e-3 * found) << text << " at " << learning_rate;
    }
  }
}

TEST(Stability, KnownNumbers) {
  EXPECT_DOUBLE_EQ(*stability_threshold(optimizer("gd"), 0.01), 200.0);
  EXPECT_NEAR(*stability_threshold(optimizer("momentum:momentum=0.9"), 0.01), 380.0, 1e-9);
  EXPECT_NEAR(*stability_threshold(optimizer("nesterov:momentum=0.9"), 0.01), 3.8 / 0.028, 1e-9);
  EXPECT_NEAR(*preconditioned_threshold(optimizer("adam"), 1e-3), 38'000.0, 1e-6);
  EXPECT_NEAR(*preconditioned_threshold(optimizer("rmsprop:momentum=0.5"), 0.1), 30.0, 1e-9);
  EXPECT_NEAR(*preconditioned_threshold(optimizer("adagrad"), 0.1), 20.0, 1e-9);
}

TEST(Stability, BoundariesOfTheRate) {
  EXPECT_TRUE(std::isinf(*stability_threshold(optimizer("gd"), 0.0)));
  EXPECT_TRUE(std::isinf(*stability_threshold(optimizer("momentum:momentum=0.9,dampening=1"), 0.1)));
  EXPECT_FALSE(stability_threshold(optimizer("gd"), -0.1));
  EXPECT_FALSE(stability_threshold(optimizer("gd"), std::nan("")));
  EXPECT_LT(*stability_threshold(optimizer("gd:weight_decay=30"), 0.1), 0.0);
}

TEST(Stability, EveryRuleHasOneThresholdAtMost) {
  int fixed = 0, adaptive = 0;
  for (const auto& descriptor : optimizers()) {
    const Spec spec = default_spec(descriptor);
    const bool has = stability_threshold(spec, 0.1).has_value();
    const bool preconditioned = preconditioned_threshold(spec, 0.1).has_value();
    EXPECT_FALSE(has && preconditioned) << spec.id;
    fixed += has;
    adaptive += preconditioned;
  }
  EXPECT_EQ(fixed, 3);
  EXPECT_EQ(adaptive, 6);
}

/// With a frozen diagonal D an adaptive rule is its numerator's recurrence at the rate η/D: hold the second
/// moment still by hand and bisect.
TEST(Stability, AdamWithAFrozenDenominator) {
  const double beta = 0.9, learning_rate = 0.01;
  const auto blows = [&](double curvature) {
    double theta = 1.0, m = 0.0;
    for (int t = 0; t < 20'000 && std::abs(theta) < 1e6; ++t) {
      m = beta * m + (1.0 - beta) * curvature * theta;
      theta -= learning_rate * m;
    }
    return !(std::abs(theta) < 1e6);
  };
  const double threshold = *preconditioned_threshold(optimizer("adam:beta1=0.9"), learning_rate);
  EXPECT_FALSE(blows(threshold * 0.995));
  EXPECT_TRUE(blows(threshold * 1.005));
}

}  // namespace
}  // namespace thalweg
