// The rules as templates: found by id, run without virtual calls, and in single precision.
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "core/optimizer/rule_stepper.hpp"
#include "core/optimizer/rules.hpp"
#include "tests/golden/close.hpp"
#include "tests/optimizer/problems.hpp"

namespace thalweg::test {
namespace {

TEST(Rules, AreFoundByTheIdTheyDescribe) {
  for (const auto& descriptor : element_wise()) {
    std::string id;
    EXPECT_TRUE(visit_rule(descriptor.id, [&]<class Rule>(std::type_identity<Rule>) {
      EXPECT_TRUE(id.empty());
      id = Rule::describe().id;
    }));
    EXPECT_EQ(id, descriptor.id);
  }
  EXPECT_FALSE(visit_rule("nothing", [](auto) { FAIL(); }));
}

/// A loop compiled for one rule gives what the virtual Stepper gives, to the bit.
TEST(Rules, CompiledLoopEqualsTheStepper) {
  for (const auto& descriptor : element_wise()) {
    const Spec spec = default_spec(descriptor);
    const auto stepper = make_stepper(spec, 2);
    double expected[2] = {-1.35, 1.55}, p[2] = {-1.35, 1.55}, g[2];
    for (int i = 0; i < 100; ++i) {
      rosenbrock_gradient(expected, g);
      stepper->step(expected, g, spec.number("lr"));
    }
    visit_rule(spec.id, [&]<class Rule>(std::type_identity<Rule>) {
      RuleStepper<Rule> direct(spec, 2);
      for (int i = 0; i < 100; ++i) {
        rosenbrock_gradient(p, g);
        direct.step(p, g, spec.number("lr"));
      }
    });
    EXPECT_EQ(p[0], expected[0]) << spec.id;
    EXPECT_EQ(p[1], expected[1]) << spec.id;
  }
}

/// As an ensemble runs them: constants prepared in double, elements in float.
TEST(Rules, SinglePrecisionStaysNearDouble) {
  for (const auto& descriptor : element_wise()) {
    const Spec spec = default_spec(descriptor);
    const auto stepper = make_stepper(spec, 2);
    double expected[2] = {-1.5, 2.0}, g[2];
    for (int i = 0; i < 100; ++i) {
      quadratic_gradient(expected, g);
      stepper->step(expected, g, spec.number("lr"));
    }
    visit_rule(spec.id, [&]<class Rule>(std::type_identity<Rule>) {
      const auto hyper = Rule::hyper(spec);
      typename Rule::Progress progress{};
      float p[2] = {-1.5f, 2.0f};
      float slots[2][Rule::kSlots + 1];
      for (auto& each : slots) init_slots<Rule>(hyper, each);
      for (int t = 1; t <= 100; ++t) {
        const auto constants = Rule::template prepare<float>(hyper, spec.number("lr"), t, progress);
        const float u = p[0] - 0.5f;
        const float v = p[1] + 0.25f;
        Rule::update(p[0], 4.0f * u + 3.0f * v, slots[0], constants);
        Rule::update(p[1], 3.0f * u + 7.0f * v, slots[1], constants);
      }
      EXPECT_TRUE(close(p[0], expected[0], 2e-5)) << spec.id;
      EXPECT_TRUE(close(p[1], expected[1], 2e-5)) << spec.id;
    });
  }
}

/// The powers of β fall below 1e-30 after 66 steps with β = 0.35; from there they are exactly 0, not
/// denormal, and the step is Adam's without correction.
TEST(Rules, PowersOfBetaAreFlushedToZero) {
  AdamProgress progress;
  const AdamHyper hyper{.beta1 = 0.35, .beta2 = 0.999, .eps = 1e-8, .weight_decay = 0.0};
  for (int t = 1; t <= 60; ++t) Adam::prepare<double>(hyper, 0.1, t, progress);
  EXPECT_TRUE(close(progress.power1, std::pow(0.35, 60), 1e-38));
  EXPECT_TRUE(close(progress.power2, std::pow(0.999, 60), 1e-14));
  for (int t = 61; t <= 70; ++t) Adam::prepare<double>(hyper, 0.1, t, progress);
  EXPECT_EQ(progress.power1, 0.0);
}

/// 10,000 running products stay within rounding of pow.
TEST(Rules, RunningPowersStayExact) {
  AdamProgress progress;
  const AdamHyper hyper{.beta1 = 0.99, .beta2 = 0.9999, .eps = 1e-8, .weight_decay = 0.0};
  for (int t = 1; t <= 10000; ++t) {
    Adam::prepare<double>(hyper, 0.1, t, progress);
    ASSERT_TRUE(close(progress.power2, std::pow(0.9999, t), 1e-13)) << t;
  }
}

}  // namespace
}  // namespace thalweg::test
