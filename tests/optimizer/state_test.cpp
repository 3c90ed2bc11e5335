// What rules show of their state: against the definition, and against the steps they make of it.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>

#include "core/optimizer/optimizer.hpp"

namespace thalweg {
namespace {

Spec spec_of(const std::string& text) { return parse_spec(text, optimizer_family()).value(); }

/// Quantities by symbol, of coordinate `i`.
std::map<std::string, double> look(const Stepper& stepper, int dim, int i) {
  const auto quantities = stepper.quantities();
  std::vector<double> values(quantities.size() * static_cast<std::size_t>(dim));
  stepper.look(values);
  std::map<std::string, double> out;
  for (std::size_t k = 0; k < quantities.size(); ++k)
    out[quantities[k].symbol] = values[k * static_cast<std::size_t>(dim) + static_cast<std::size_t>(i)];
  return out;
}

/// A gradient that changes its size and sign, in coordinate `i` at step `t`.
double gradient(int t, int i) { return (i == 0 ? 1.5 : -0.02) * std::cos(0.7 * t + i) + 0.1; }

constexpr double kRate = 0.03;

void make_steps(Stepper& stepper, int dim, int count, std::vector<double>& theta) {
  for (int t = 0; t < count; ++t) {
    std::vector<double> g;
    for (int i = 0; i < dim; ++i) g.push_back(gradient(t, i));
    stepper.step(theta.data(), g.data(), kRate);
  }
}

TEST(State, RulesThatKeepSomethingShowIt) {
  for (const auto& descriptor : optimizers()) {
    if (descriptor.asks_more) continue;
    const auto stepper = make_stepper(default_spec(descriptor), 3);
    const auto quantities = stepper->quantities();
    if (stepper->save().size() > 1) {
      EXPECT_GT(quantities.size(), 0U) << descriptor.id;
    }
    std::vector<double> theta(3, 0.5);
    if (!descriptor.asks_more) make_steps(*stepper, 3, 4, theta);  // without a function to ask
    EXPECT_EQ(stepper->quantities().size(), quantities.size()) << descriptor.id;
    std::vector<double> values(quantities.size() * 3 + 1, 1234.5);
    stepper->look(std::span(values).first(quantities.size() * 3));
    EXPECT_EQ(values.back(), 1234.5);
    for (std::size_t k = 0; k < quantities.size(); ++k) {
      EXPECT_FALSE(quantities[k].symbol.empty() || quantities[k].label.empty()) << descriptor.id;
      EXPECT_FALSE(k == 0 && quantities[k].corrected) << descriptor.id;
      for (std::size_t i = 0; i < 3; ++i) {
        EXPECT_TRUE(std::isfinite(values[k * 3 + i])) << descriptor.id << " " << quantities[k].symbol;
        const double least = quantities[k].positive ? 0.0 : -1e300;
        EXPECT_GE(values[k * 3 + i], least) << descriptor.id << " " << quantities[k].symbol;
      }
    }
  }
}

/// The step is the rate in force times what the rule puts in the gradient's place.
TEST(State, RateTimesNumeratorIsTheStep) {
  const std::pair<const char*, const char*> kCases[] = {
      {"adam", "m̂"},     {"adam_l2:weight_decay=0", "m̂"},   {"adamw:weight_decay=0", "m̂"},  {"amsgrad", "m̂"},
      {"adamax", "m̂"},   {"adabelief:weight_decay=0", "m̂"}, {"radam:beta2=0.9", "m̂"},       {"radam", "m̂"},
      {"momentum", "v"}, {"momentum:form=ema", "v"},        {"adam:bias_correction=0", "m"}};
  for (const auto& [text, symbol] : kCases) {
    const auto stepper = make_stepper(spec_of(text), 2);
    std::vector<double> theta{0.4, -0.7};
    for (int t = 0; t < 30; ++t) {
      const std::vector<double> before = theta;
      std::vector<double> g{gradient(t, 0), gradient(t, 1)};
      stepper->step(theta.data(), g.data(), kRate);
      for (int i = 0; i < 2; ++i) {
        auto state = look(*stepper, 2, i);
        ASSERT_TRUE(state.contains(symbol)) << text;
        const double step = before[static_cast<std::size_t>(i)] - theta[static_cast<std::size_t>(i)];
        EXPECT_NEAR(state["ηᵢ"] * state[symbol], step, 1e-9 * std::abs(step) + 1e-15)
            << text << " step " << t;
      }
    }
  }
}

/// Exercise 10.5: under a constant gradient m is (1 − β₁ᵗ)g and its correction gives g back.
TEST(State, BiasOfTheMoments) {
  const auto stepper = make_stepper(spec_of("adam"), 1);
  double theta = 0.0;
  for (int t = 1; t <= 100; ++t) {
    double g = 3.0;
    stepper->step(&theta, &g, 0.01);
    auto state = look(*stepper, 1, 0);
    EXPECT_NEAR(state["m"], 3.0 * (1.0 - std::pow(0.9, t)), 1e-12);
    EXPECT_NEAR(state["v"], 9.0 * (1.0 - std::pow(0.999, t)), 1e-12);
    EXPECT_NEAR(state["m̂"], 3.0, 1e-11);
    EXPECT_NEAR(state["v̂"], 9.0, 1e-10);
    if (t != 10) continue;
    EXPECT_NEAR(state["m"], 3.0 * 0.6513216, 1e-6);
    EXPECT_NEAR(state["v"], 9.0 * 0.009955120, 1e-7);
  }
}

TEST(State, OfOtherRulesByHand) {
  const auto after_two = [](const char* text, double first, double second) {
    const auto stepper = make_stepper(spec_of(text), 1);
    double theta = 0.0;
    for (double g : {first, second}) stepper->step(&theta, &g, 0.1);
    return look(*stepper, 1, 0);
  };
  EXPECT_DOUBLE_EQ(after_two("adagrad", 3, 4)["s"], 25.0);
  EXPECT_NEAR(after_two("adagrad", 3, 4)["ηᵢ"], 0.1 / 5.0, 1e-10);
  EXPECT_DOUBLE_EQ(after_two("momentum:momentum=0.5", 3, 4)["v"], 5.5);
  EXPECT_DOUBLE_EQ(after_two("nesterov:momentum=0.5", 3, 4)["v"], 5.5);
  EXPECT_NEAR(after_two("rmsprop:alpha=0.5,momentum=0", 3, 4)["s"], 0.5 * 4.5 + 8.0, 1e-12);
  EXPECT_NEAR(after_two("rmsprop:alpha=0.5,centered=1", 3, 4)["ḡ"], 2.75, 1e-12);
  EXPECT_NEAR(after_two("rmsprop:alpha=0.5,centered=1", 3, 4)["s − ḡ²"], 10.25 - 2.75 * 2.75, 1e-12);
  // The second moment forgets: û keeps the largest.
  auto largest = after_two("amsgrad:beta2=0.5", 4, 0.0);
  EXPECT_NEAR(largest["û"] / largest["v̂"], 2.0, 1e-12);
  EXPECT_EQ(after_two("gd", 3, 4).size(), 1U);
}

TEST(State, BeforeTheFirstStep) {
  for (const auto& descriptor : optimizers()) {
    const auto stepper = make_stepper(default_spec(descriptor), 2);
    for (const auto& [symbol, value] : look(*stepper, 2, 0))
      EXPECT_TRUE(symbol == "ηᵢ" ? std::isnan(value) : std::isfinite(value))
          << descriptor.id << " " << symbol;
  }
}

}  // namespace
}  // namespace thalweg
