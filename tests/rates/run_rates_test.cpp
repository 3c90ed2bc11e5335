// Descents measured against what theory says of them.
#include "core/rates/run_rates.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/rates/rules.hpp"

namespace thalweg {
namespace {

struct Made {
  DescentSettings settings;
  std::shared_ptr<const Surface> surface;
  DescentView run;
};

Made descend(const std::string& surface, const std::string& optimizer, std::vector<double> start,
             double steps, bool maximize = false) {
  Made out;
  out.settings.surface = parse_spec(surface, surface_family()).value();
  out.surface = make_surface(out.settings.surface).value();
  out.settings.start = std::move(start);
  out.settings.optimizer.spec = test::optimizer(optimizer);
  out.settings.gradient.spec = default_spec(gradient_descriptor());
  *out.settings.gradient.spec.find("maximize") = maximize ? 1.0 : 0.0;
  out.settings.schedule = default_spec(schedules().front());
  out.settings.run = default_spec(run_descriptor());
  *out.settings.run.find("steps") = steps;
  Descent descent(out.settings, out.surface);
  descent.advance(static_cast<std::int64_t>(steps));
  out.run = descent.view();
  return out;
}

RunRates rates(const Made& made, RunRatesOptions options = {}) {
  if (options.step == 0) options.step = made.run.steps();
  return run_rates(made.settings, *made.surface, made.run, options);
}

constexpr const char* kBowl = "quadratic:eigenvalues=1/10/100";

TEST(RunRates, MeasuredRateIsThePredictedOne) {
  for (const char* text : {"gd:lr=0.0198019801980198", "gd:lr=0.004", "nesterov:lr=0.004,momentum=0.7",
                           "momentum:lr=0.003,momentum=0.3"}) {
    const Made made = descend(kBowl, text, {1, 1, 1}, 500);
    const RunRates found = rates(made);
    ASSERT_TRUE(found.analysis && found.of(RateQuantity::kDistance)) << text;
    EXPECT_NEAR(found.of(RateQuantity::kDistance)->rate, found.analysis->radius, 1e-4) << text;
    EXPECT_NEAR(found.of(RateQuantity::kGradientNorm)->rate, found.analysis->radius, 1e-3) << text;
    EXPECT_NEAR(found.of(RateQuantity::kExcess)->rate, std::pow(found.analysis->radius, 2), 1e-3) << text;
  }
}

/// The record's excess is over the global minimum, which this run never sees.
TEST(RunRates, OfALocalMinimumTheLossIsMeasuredFromThere) {
  const RunRates found = rates(descend("styblinski_tang", "gd:lr=0.001", {1, 1}, 1000));
  ASSERT_TRUE(found.of(RateQuantity::kDistance) && found.of(RateQuantity::kExcess));
  const double rate = found.of(RateQuantity::kDistance)->rate;
  EXPECT_NEAR(found.of(RateQuantity::kExcess)->rate, rate * rate, 1e-4);
}

/// No theory of minima for a run that leaves them; the gradient norm is measured all the same.
TEST(RunRates, OfAnAscentSaysWhyThereIsNone) {
  const Made made = descend("expr:sin(x)+sin(y)", "gd:lr=0.1", {1, 1}, 100, true);
  ASSERT_FALSE(made.surface->minima().empty());
  const RunRates found = rates(made, {.predict_steps = 100, .keep = 100});
  EXPECT_FALSE(found.analysis);
  EXPECT_NE(found.why.find("this run goes up"), std::string::npos) << found.why;
  EXPECT_TRUE(found.minimum.empty());
  EXPECT_TRUE(found.predicted.distance.empty());
  EXPECT_FALSE(found.of(RateQuantity::kDistance));
  EXPECT_FALSE(found.of(RateQuantity::kExcess));
  ASSERT_TRUE(found.of(RateQuantity::kGradientNorm));
  EXPECT_NEAR(found.of(RateQuantity::kGradientNorm)->rate, 0.9, 1e-3);  // 1 − η at the top
}

TEST(RunRates, PredictsTheDistanceOfEveryStep) {
  const Made made =
      descend(kBowl, "momentum:lr=0.0330578512396694,momentum=0.669421487603306", {1, 1, 1}, 150);
  const RunRates found = rates(made, {.tolerance = 1e-6, .predict_steps = 1000, .keep = 151});
  ASSERT_EQ(found.predicted.distance.size(), 151U);
  const StepValue distance = step_value(made.run, found.minimum, RateQuantity::kDistance);
  for (std::int64_t t = 0; t <= 150; ++t)
    EXPECT_NEAR(found.predicted.distance[static_cast<std::size_t>(t)], distance(t),
                1e-9 * distance(t) + 1e-14)
        << t;
  EXPECT_EQ(found.predicted.reached, 95);
}

TEST(RunRates, NearTheMinimumOfAnySurface) {
  // Close to (1, 1) of Rosenbrock's valley with a small b: the rate is that of the Hessian there.
  const Made made = descend("rosenbrock:b=5", "gd:lr=0.03", {1.1, 1.15}, 3000);
  const RunRates found = rates(made);
  ASSERT_TRUE(found.analysis);
  EXPECT_TRUE(found.analysis->spectrum.at_minimum);
  EXPECT_TRUE(found.predicted.distance.empty());
  EXPECT_NEAR(found.of(RateQuantity::kDistance)->rate, found.analysis->radius, 1e-5);
}

TEST(RunRates, NoPredictionWhereSettingsMove) {
  Made made = descend(kBowl, "gd:lr=0.01", {1, 1, 1}, 50);
  EXPECT_FALSE(rates(made, {.predict_steps = 50, .keep = 51}).predicted.distance.empty());
  made.settings.optimizer.change(10, "lr", 0.02);
  const RunRates changed = rates(made, {.predict_steps = 50, .keep = 51});
  EXPECT_TRUE(changed.predicted.distance.empty());
  EXPECT_DOUBLE_EQ(changed.analysis->learning_rate, 0.02);
  made.settings.optimizer.changes.clear();
  made.settings.schedule = parse_spec("exponential:gamma=0.5", schedule_family()).value();
  EXPECT_FALSE(is_steady(made.settings));
  EXPECT_DOUBLE_EQ(learning_rate_at(made.settings, 3), 0.01 * 0.125);
}

TEST(RunRates, WhatFollowsAScheduleIsInForce) {
  Made made = descend(kBowl, "momentum:lr=0.01,momentum=0.6", {1, 1, 1}, 20);
  made.settings.drives = {parse_drive("momentum=exponential:gamma=0.5").value()};
  EXPECT_FALSE(is_steady(made.settings));
  EXPECT_DOUBLE_EQ(optimizer_in_force(made.settings, 0).number("momentum"), 0.6);
  EXPECT_DOUBLE_EQ(optimizer_in_force(made.settings, 2).number("momentum"), 0.15);
  const RunRates found = rates(made, {.step = 1});
  EXPECT_NEAR(found.analysis->largest_rate, 2.0 * 1.3 / 100.0, 1e-12);
  EXPECT_TRUE(found.predicted.distance.empty());
}

TEST(RunRates, ADivergenceIsJudgedWhereItStillWasAPlace) {
  const Made made = descend(kBowl, "gd:lr=0.03", {1, 1, 1}, 2000);
  ASSERT_EQ(made.run.outcome, Outcome::kDiverged);
  const RunRates found = rates(made);
  ASSERT_TRUE(found.analysis);
  EXPECT_NEAR(found.analysis->radius, 2.0, 1e-12);
  EXPECT_NEAR(found.of(RateQuantity::kDistance)->rate, 2.0, 1e-6);
}

TEST(RunRates, AdaptiveRulesAreMeasuredAllTheSame) {
  const RunRates found = rates(descend(kBowl, "adam:lr=0.01", {1, 1, 1}, 300));
  EXPECT_FALSE(found.analysis);
  EXPECT_NE(found.why.find("Adam"), std::string::npos);
  EXPECT_TRUE(found.of(RateQuantity::kDistance));
}

/// Adam's own D after a step by hand: √v̂ + ε with v̂ = g² after the first.
TEST(RunRates, DivisorOfTheLastUpdate) {
  const auto stepper = make_stepper(test::optimizer("adam:eps=0.5"), 2);
  EXPECT_FALSE(divisor_of(test::optimizer("adam"), *stepper, 2, 0.1));
  std::vector<double> theta{1, 1}, gradient{3, -4};
  stepper->step(theta.data(), gradient.data(), 0.1);
  const auto found = divisor_of(test::optimizer("adam"), *stepper, 2, 0.1);
  ASSERT_TRUE(found);
  EXPECT_NEAR((*found)[0], 3.5, 1e-12);
  EXPECT_NEAR((*found)[1], 4.5, 1e-12);
  EXPECT_FALSE(divisor_of(test::optimizer("lion"), *make_stepper(test::optimizer("lion"), 2), 2, 0.1));
}

TEST(RunRates, WithoutAMinimumTheGradientSpeaks) {
  const RunRates found = rates(descend("quadratic:eigenvalues=-1/1", "gd:lr=0.1", {1e-6, 1}, 200));
  EXPECT_TRUE(found.minimum.empty());
  EXPECT_FALSE(found.of(RateQuantity::kDistance));
  ASSERT_TRUE(found.of(RateQuantity::kGradientNorm));
  EXPECT_NEAR(found.of(RateQuantity::kGradientNorm)->rate, 1.1, 0.02);
}

}  // namespace
}  // namespace thalweg
