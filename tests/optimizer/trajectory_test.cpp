// Whole trajectories: against the naive reference in reference.hpp, against PyTorch's numbers in
// tests/golden/optimizer_traces.txt (made by tests/golden/make_golden.py), and the number of steps to a
// tolerance on diag(1, 10, 100), which is known from independent runs.
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <set>
#include <string>
#include <vector>

#include "tests/golden/close.hpp"
#include "tests/golden/traces.hpp"
#include "tests/optimizer/problems.hpp"
#include "tests/optimizer/reference.hpp"
#include "tests/optimizer/toy_objective.hpp"

namespace thalweg::test {
namespace {

/// What an error is relative to: the size of the position, or 1, the size of the landscape, where the
/// path passes near the origin.
double scale_of(double x, double y) { return std::max(1.0, std::hypot(x, y)); }

class AgainstReference : public ::testing::TestWithParam<std::string> {};

/// 1,000 steps on Rosenbrock, every one compared, with the learning rate halved on the way.
TEST_P(AgainstReference, RosenbrockAgreesTo1em12) {
  const Spec spec = spec_of(GetParam());
  const auto stepper = make_stepper(spec, 2);
  Reference reference(spec, 2);
  Vector theta = {-1.35, 1.55}, expected = theta, g(2), h(2);
  double lr = spec.number("lr");
  for (int t = 1; t <= 1000; ++t) {
    if (t == 600) lr *= 0.5;
    rosenbrock_gradient(theta.data(), g.data());
    rosenbrock_gradient(expected.data(), h.data());
    stepper->step(theta.data(), g.data(), lr);
    reference.step(expected, h, lr);
    const double tolerance = 1e-12 * scale_of(expected[0], expected[1]);
    ASSERT_TRUE(close(theta[0], expected[0], tolerance)) << "step " << t;
    ASSERT_TRUE(close(theta[1], expected[1], tolerance)) << "step " << t;
  }
}

/// Settings changed while running: the reference takes 1 − βᵗ with the β in force, as PyTorch does.
TEST_P(AgainstReference, SettingsChangedWhileRunning) {
  const Spec spec = spec_of(GetParam());
  const auto stepper = make_stepper(spec, 2);
  Reference reference(spec, 2);
  Vector theta = {-1.5, 2.0}, expected = theta, g(2), h(2);
  Spec changed = spec;
  const auto change = [&](const char* key, double value) {
    const Parameter* parameter = find_optimizer(spec.id)->find(key);
    if (parameter && parameter->live) *changed.find(key) = value;
  };
  for (int t = 1; t <= 300; ++t) {
    if (t == 100 || t == 200) {
      const bool first = t == 100;
      change("beta1", first ? 0.5 : 0.95);
      change("beta2", first ? 0.9 : 0.9995);
      change("alpha", first ? 0.9 : 0.995);
      change("momentum", first ? 0.5 : 0.7);
      change("weight_decay", first ? 0.0 : 0.1);
      change("eps", first ? 1e-3 : 1e-6);
      change("lr_decay", first ? 0.01 : 0.0);
      stepper->set(changed);
      reference.set(changed);
    }
    quadratic_gradient(theta.data(), g.data());
    quadratic_gradient(expected.data(), h.data());
    stepper->step(theta.data(), g.data(), 0.003);
    reference.step(expected, h, 0.003);
    const double tolerance = 1e-12 * scale_of(expected[0], expected[1]);
    ASSERT_TRUE(close(theta[0], expected[0], tolerance)) << "step " << t;
    ASSERT_TRUE(close(theta[1], expected[1], tolerance)) << "step " << t;
  }
}

const std::vector<std::string> kReferenceSpecs = {
    "asgd:lr=0.001,lambd=0.01,alpha=0.6,weight_decay=0.02",
    "schedule_free_sgd:lr=0.001,momentum=0.8,weight_decay=0.02,warmup_steps=20,r=1",
    "schedule_free_adamw:lr=0.01,beta1=0.8,weight_decay=0.02,warmup_steps=20,weight_lr_power=1",
    "gd:lr=0.001,weight_decay=0.02",
    "momentum:lr=2e-4,momentum=0.9,dampening=0.3,weight_decay=0.02",
    "momentum:lr=2e-4,momentum=0.9,form=classical,weight_decay=0.02",
    "momentum:lr=2e-4,momentum=0.9,form=polyak,weight_decay=0.02",
    "momentum:lr=1e-3,momentum=0.9,form=ema,weight_decay=0.02",
    "nesterov:lr=2e-4,momentum=0.9,weight_decay=0.02",
    "adagrad:lr=0.4,lr_decay=0.001,initial_accumulator_value=0.1,weight_decay=0.02",
    "rmsprop:lr=0.001,weight_decay=0.02",
    "rmsprop:lr=0.0003,momentum=0.5",
    "rmsprop:lr=0.0003,alpha=0.98,eps=1e-3,centered=true",
    "adam:lr=0.01",
    "adam_l2:lr=0.01,weight_decay=0.05",
    "adamw:lr=0.01,weight_decay=0.05",
    "amsgrad:lr=0.01,weight_decay=0.05,beta2=0.99",
    "amsgrad:lr=0.01,weight_decay=0.2,beta2=0.99,decoupled_weight_decay=true",
    "adam:lr=0.01,bias_correction=false",
    "adadelta:lr=0.3,weight_decay=0.02",
    "rprop:lr=0.01",
    "adamax:lr=0.03,weight_decay=0.02",
    "nadam:lr=0.01,weight_decay=0.02",
    "nadam:lr=0.01,weight_decay=0.2,decoupled_weight_decay=true",
    "radam:lr=0.004,weight_decay=0.02",
    "radam:lr=0.004,weight_decay=0.2,decoupled_weight_decay=true",
    "adabelief:lr=0.01,weight_decay=0.02,eps=1e-8",
    "adan:lr=0.005,weight_decay=0.02",
    "lion:lr=0.002,weight_decay=0.02",
    "signsgd:lr=0.002,weight_decay=0.02",
};

std::string legible(std::string text) {
  for (char& c : text)
    if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
  return text;
}

INSTANTIATE_TEST_SUITE_P(All, AgainstReference, ::testing::ValuesIn(kReferenceSpecs),
                         [](const auto& each) { return legible(each.param); });

TEST(Reference, CoversEveryOptimizer) {
  std::set<std::string> covered;
  for (const auto& text : kReferenceSpecs) covered.insert(spec_of(text).id);
  for (const auto& descriptor : element_wise()) EXPECT_TRUE(covered.contains(descriptor.id)) << descriptor.id;
}

/// Every case of the golden file, at every step stored.
TEST(Golden, OptimizersFollowPytorch) {
  const auto traces = read_traces("optimizer_traces.txt");
  std::set<std::string> covered;
  for (const auto& trace : traces) {
    SCOPED_TRACE(trace.spec + " on " + trace.setting);
    const Spec spec = spec_of(trace.spec);
    covered.insert(spec.id);
    const bool rosenbrock = trace.setting == "rosenbrock";
    ASSERT_TRUE(rosenbrock || trace.setting == "quadratic");
    const auto stepper = make_stepper(spec, 2);
    double p[2] = {rosenbrock ? -1.35 : -1.5, rosenbrock ? 1.55 : 2.0};
    double g[2];
    ToyObjective valley(2, ToyObjective::rosenbrock()), bowl(2, ToyObjective::quadratic());
    ASSERT_EQ(trace.rows.size(), 109u);
    for (const auto& row : trace.rows) {
      while (stepper->steps() < row.step) {
        ToyObjective& toy = rosenbrock ? valley : bowl;
        toy.begin(p, g, stepper->steps());
        stepper->step(p, g, spec.number("lr"), &toy);
      }
      ASSERT_EQ(row.values.size(), stepper->averages() ? 4u : 2u);
      const double tolerance = 1e-10 * scale_of(row.values[0], row.values[1]);
      ASSERT_TRUE(close(p[0], row.values[0], tolerance)) << "step " << row.step;
      ASSERT_TRUE(close(p[1], row.values[1], tolerance)) << "step " << row.step;
      if (!stepper->averages()) continue;
      double average[2];
      stepper->average(p, average);
      ASSERT_TRUE(close(average[0], row.values[2], tolerance)) << "step " << row.step;
      ASSERT_TRUE(close(average[1], row.values[3], tolerance)) << "step " << row.step;
    }
  }
  for (const auto& descriptor : element_wise()) EXPECT_TRUE(covered.contains(descriptor.id)) << descriptor.id;
}

/// Steps until ‖θ‖ < 1e-6 on ½θᵀdiag(1, 10, 100)θ from (1, 1, 1).
int steps_to_tolerance(const std::string& text) {
  const Spec spec = spec_of(text);
  const auto stepper = make_stepper(spec, 3);
  double p[3] = {1.0, 1.0, 1.0};
  while (stepper->steps() < 5000) {
    double g[3] = {p[0], 10.0 * p[1], 100.0 * p[2]};
    stepper->step(p, g, spec.number("lr"));
    if (std::sqrt(p[0] * p[0] + p[1] * p[1] + p[2] * p[2]) < 1e-6) break;
  }
  return static_cast<int>(stepper->steps());
}

TEST(StepsToTolerance, AreTheKnownOnes) {
  const auto within_one = [](const std::string& spec, int expected) {
    EXPECT_NEAR(steps_to_tolerance(spec), expected, 1) << spec;
  };
  within_one("gd:lr=0.0198019802", 709);
  // Heavy ball with the best rates for this spectrum: η = 4/121, μ = 81/121.
  within_one("momentum:form=polyak,lr=0.03305785123966942,momentum=0.6694214876033058", 95);
  within_one("momentum:form=pytorch,lr=0.03305785123966942,momentum=0.6694214876033058", 95);
  within_one("nesterov:lr=0.01,momentum=0.8181818181818182", 157);
  within_one("adagrad:lr=0.5", 26);
  within_one("adagrad:lr=0.1", 436);
  within_one("rmsprop:lr=0.01,alpha=0.9", 146);
  within_one("rmsprop:lr=0.001,alpha=0.9", 1064);
  within_one("adam:lr=0.1", 189);
  within_one("adam:lr=0.01", 352);
}

}  // namespace
}  // namespace thalweg::test
