// The thresholds against the update rules themselves: on ½λθ² the largest λ that does not blow up, by
// bisection.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <string>

#include "core/curvature/stability.hpp"
#include "core/optimizer/optimizer.hpp"
#include "tests/nn/networks.hpp"

namespace thalweg {
namespace {

Spec optimizer(const std::string& text) { return parse_spec(text, optimizer_family()).value(); }

bool blows_up(const Spec& spec, double learning_rate, double curvature) {
  const auto stepper = make_stepper(spec, 1);
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
  EXPECT_NEAR(*preconditioned_threshold(optimizer("nadam"), 0.1), 3.8 / (0.1 * 0.1 * 2.8), 1e-9);
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
  EXPECT_EQ(adaptive, 12);  // all but those that take signs
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

/// D against the definition, computed from the slots: m, v (, u) of Adam and its kin, s (, v, ḡ) of RMSprop.
TEST(Preconditioner, IsWhatTheLastUpdateDividedBy) {
  const auto data = test::toy_data();
  const std::uint32_t batch[] = {0, 4, 9, 33};
  const auto root = [](double x) { return std::sqrt(x); };
  struct Case {
    const char* text;
    std::function<double(const std::vector<float>& slots, std::size_t count, std::size_t i)> divisor;
  };
  const double left = 1.0 - std::pow(0.99, 3);  // bias correction after three steps
  const Case cases[] = {
      {"adam:beta2=0.99,eps=0.01",
       [&](const auto& s, std::size_t n, std::size_t i) { return root(double(s[n + i]) / left) + 0.01; }},
      {"adamw:beta2=0.99,eps=0.01",
       [&](const auto& s, std::size_t n, std::size_t i) { return root(double(s[n + i]) / left) + 0.01; }},
      {"amsgrad:beta2=0.99,eps=0.01",
       [&](const auto& s, std::size_t n, std::size_t i) { return root(double(s[2 * n + i]) / left) + 0.01; }},
      {"rmsprop:eps=0.01",
       [&](const auto& s, std::size_t, std::size_t i) { return root(double(s[i])) + 0.01; }},
      {"adagrad:eps=0.01,lr_decay=0.5",
       [&](const auto& s, std::size_t, std::size_t i) { return 2.0 * (root(double(s[i])) + 0.01); }}};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    const auto engine = make_cpu_engine();
    ASSERT_FALSE(engine->load(data));
    ASSERT_FALSE(engine->build(test::network("linear:units=4; tanh; linear:units=3", c.text), 1));
    EXPECT_FALSE(preconditioner(optimizer(c.text), engine->state())) << "before the first update";
    for (int t = 0; t < 3; ++t) ASSERT_TRUE(engine->step(batch, {0.01}));
    const EngineState state = engine->state();
    const auto found = preconditioner(optimizer(c.text), state);
    ASSERT_TRUE(found);
    ASSERT_EQ(found->size(), state.parameters.size());
    for (std::size_t i = 0; i < found->size(); ++i) {
      const double expected = c.divisor(state.slots, found->size(), i);
      EXPECT_NEAR((*found)[i], expected, 1e-5 * expected) << i;
    }
    EXPECT_FALSE(preconditioner(optimizer("gd"), state));
    EngineState other = state;
    other.slots.pop_back();
    EXPECT_FALSE(preconditioner(optimizer(c.text), other));
  }
}

}  // namespace
}  // namespace thalweg
