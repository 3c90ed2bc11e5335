// Predicted runs against the optimizers, and the step counts of the exercises.
#include <gtest/gtest.h>

#include <cmath>

#include "core/rates/prediction.hpp"
#include "tests/rates/rules.hpp"

namespace thalweg {
namespace {

using test::optimizer;

const std::vector<double> kCurvatures{1.0, 10.0, 100.0};
const std::vector<double> kStart{1.0, 1.0, 1.0};

PredictedDistances predicted(const Spec& spec, std::int64_t steps, double tolerance) {
  return predict(*linear_rule(spec), spec.number("lr"), kCurvatures, kStart, steps, tolerance, steps + 1);
}

TEST(Prediction, IsTheRunItself) {
  for (const char* text :
       {"gd:lr=0.015", "gd:lr=0.0005,weight_decay=2", "momentum:lr=0.02,momentum=0.7",
        "momentum:lr=0.02,momentum=0", "momentum:form=classical,lr=0.01,momentum=0.9",
        "momentum:form=polyak,lr=0.03,momentum=0.6,weight_decay=1", "momentum:form=ema,lr=0.1,momentum=0.8",
        "nesterov:lr=0.01,momentum=0.8", "nesterov:lr=0.01,momentum=0",
        "nesterov:lr=0.002,momentum=0.95,weight_decay=3", "gd:lr=0.021"}) {
    const Spec spec = optimizer(text);
    const auto measured = test::distances(spec, kCurvatures, kStart, 300);
    const auto found = predicted(spec, 300, 0.0).distance;
    ASSERT_EQ(found.size(), measured.size());
    for (std::size_t t = 0; t < found.size(); ++t)
      EXPECT_NEAR(found[t], measured[t], 1e-9 * measured[t] + 1e-13) << text << " at " << t;
  }
}

TEST(Prediction, StepsOfTheExercises) {
  const struct {
    const char* text;
    std::int64_t steps;
  } kCases[] = {{"gd:lr=0.0198019801980198", 709},
                {"momentum:lr=0.0330578512396694,momentum=0.669421487603306", 95},
                {"nesterov:lr=0.01,momentum=0.818181818181818", 157}};
  for (const auto& [text, steps] : kCases) {
    const auto found = predicted(optimizer(text), 2000, 1e-6);
    ASSERT_TRUE(found.reached) << text;
    EXPECT_EQ(*found.reached, steps) << text;
    EXPECT_EQ(test::steps_below(test::distances(optimizer(text), kCurvatures, kStart, 1000), 1e-6), steps)
        << text;
  }
}

/// E10.4: the norm rises from 1.7321 to 3.8029 at step 4 before it falls.
TEST(Prediction, TransientOfTheHeavyBall) {
  const auto found =
      predicted(optimizer("momentum:lr=0.0330578512396694,momentum=0.669421487603306"), 200, 0.0);
  EXPECT_NEAR(found.distance[0], std::sqrt(3.0), 1e-15);
  EXPECT_EQ(found.largest_step, 4);
  EXPECT_NEAR(found.largest, 3.8029, 5e-5);
}

/// B7: a factor of 10⁶ in the loss of λ = 1, 100 at the optimal rate, and at 1/λmax.
TEST(Prediction, StepsForAFactor) {
  EXPECT_NEAR(steps_for(99.0 / 101.0, 1e-3), 345.38, 5e-3);
  EXPECT_NEAR(steps_for(99.0 / 101.0, 1e-6), 690.75, 5e-3);
  EXPECT_NEAR(steps_for(0.99, 1e-3), 687.3, 5e-2);
  EXPECT_TRUE(std::isinf(steps_for(1.0, 1e-3)));
  EXPECT_TRUE(std::isinf(steps_for(1.2, 1e-3)));
  // A saddle: what grows by 1.1 a step has grown 10⁶-fold after 144.95 (E10.18).
  EXPECT_NEAR(std::log(1e6) / std::log(spectral_radius(gradient_descent_rule(), -0.1)), 144.953, 5e-4);
}

TEST(Prediction, DelayedDescentIsTheRecurrence) {
  const int delay = 3;
  const double rate = 0.4, curvature = 0.9;
  std::vector<double> w(delay + 1, 2.0);  // at rest before the start, and no gradients from there
  std::vector<double> g(delay, 0.0);
  PredictedRun run(delayed(gradient_descent_rule(), delay), rate, std::vector{curvature}, std::vector{2.0});
  double at = 2.0;
  for (int t = 0; t < 60; ++t) {
    EXPECT_NEAR(run.distance(), std::abs(at), 1e-12) << t;
    g.push_back(curvature * at);
    at -= rate * g[g.size() - 1 - delay];
    run.step();
  }
}

TEST(Prediction, EndsWhereItIsNoLongerANumber) {
  const auto found = predicted(optimizer("gd:lr=5"), 100'000, 1e-6);
  EXPECT_LT(found.distance.size(), 500U);
  EXPECT_FALSE(found.reached);
  for (const double d : found.distance) EXPECT_TRUE(std::isfinite(d));
}

}  // namespace
}  // namespace thalweg
