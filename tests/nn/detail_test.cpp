// What a step tells about itself, against naive sums; and that asking changes nothing.
#include <gtest/gtest.h>

#include <algorithm>

#include <cmath>

#include "core/optimizer/rules.hpp"
#include "tests/golden/close.hpp"
#include "tests/nn/engines.hpp"

namespace thalweg {
namespace {

double norm(std::span<const float> x) {
  double sum = 0.0;
  for (const float v : x) sum += static_cast<double>(v) * v;
  return std::sqrt(sum);
}

/// η, or η/(√v̂ + ε) from the slots after step t, by the formulas of the rules' papers.
double rate_of(const Spec& rule, double lr, int t, double slot0, double slot1, double slot2) {
  const std::string& id = rule.id;
  if (id == "gd" || id == "momentum" || id == "nesterov" || id == "schedule_free_sgd") return lr;
  // There a rate is felt one step later, and the one before this was 0.01 (t − 1).
  if (id == "asgd")
    return t == 1 ? lr : 0.01 * (t - 1) / std::pow(1.0 + 1e-4 * 0.01 * (t - 1) * (t - 1), rule.number("alpha"));
  // Signs have no factor before the gradient.
  if (id == "rprop" || id == "lion" || id == "signsgd") return std::nan("");
  // Of four steps RAdam makes none with its second moment (ρₜ ≤ 5).
  if (id == "radam") return lr;
  const double eps = rule.number("eps");
  if (id == "adadelta") return lr * std::sqrt(slot1 + eps) / std::sqrt(slot0 + eps);
  if (id == "adamax") return lr / slot1;
  if (id == "adan") return lr / (std::sqrt(slot2 / (1.0 - std::pow(rule.number("beta3"), t))) + eps);
  if (id == "adagrad") return lr / (1.0 + (t - 1) * rule.number("lr_decay")) / (std::sqrt(slot0) + eps);
  if (id == "rmsprop") {
    const double spread = rule.flag("centered") ? slot0 - slot2 * slot2 : slot0;
    return lr / (std::sqrt(std::max(spread, 0.0)) + eps);
  }
  const double correction = 1.0 - std::pow(rule.number("beta2"), t);
  return lr / (std::sqrt((id == "amsgrad" ? slot2 : slot1) / correction) + eps);
}

TEST(Detail, IsWhatTheStepDid) {
  std::vector<std::string> rules = {"momentum:form=classical", "momentum:form=ema", "momentum:form=polyak",
                                    "rmsprop:centered=1,momentum=0.5", "adagrad:lr_decay=0.1"};
  for (const auto& descriptor : optimizers())
    if (rule_index(descriptor.id) >= 0) rules.push_back(descriptor.id);
  for (const std::string& rule : rules) {
    SCOPED_TRACE(rule);
    const auto data = test::toy_data();
    const NetworkSettings settings = test::network("linear:units=9; layer_norm; tanh; linear:units=3", rule);
    const auto engine = test::built(settings, data);
    StepDetail detail{.whole = true, .tensors = {}};
    for (int t = 1; t <= 4; ++t) {
      const double lr = 0.01 * t;
      const std::vector<float> before(engine->parameters().begin(), engine->parameters().end());
      const auto result = engine->step(test::batch_of(20, static_cast<std::uint32_t>(t)), {lr}, &detail);
      ASSERT_TRUE(result);
      EXPECT_TRUE(test::close(result->gradient_norm, norm(engine->gradient()), 3e-7));
      const Plan& plan = engine->plan();
      ASSERT_EQ(detail.tensors.size(), plan.tensors.size());
      const auto count = engine->parameters().size();
      std::vector<float> slots = engine->state().slots;
      slots.resize(3 * count);
      for (std::size_t i = 0; i < plan.tensors.size(); ++i) {
        SCOPED_TRACE(plan.tensors[i].name);
        const auto first = static_cast<std::size_t>(plan.tensors[i].offset);
        const auto size = static_cast<std::size_t>(plan.tensors[i].size());
        const TensorStatistics& told = detail.tensors[i];
        EXPECT_TRUE(test::close(told.gradient_norm, norm(engine->gradient().subspan(first, size)), 3e-7));
        EXPECT_TRUE(test::close(told.weight_norm, norm(engine->parameters().subspan(first, size)), 3e-7));
        std::vector<float> moved(size);
        std::vector<double> rates;
        for (std::size_t k = 0; k < size; ++k) {
          const std::size_t e = first + k;
          moved[k] = engine->parameters()[e] - before[e];
          rates.push_back(
              rate_of(settings.optimizer, lr, t, slots[e], slots[count + e], slots[2 * count + e]));
        }
        EXPECT_TRUE(test::close(told.update_norm, norm(moved), 3e-7));
        EXPECT_GT(told.update_norm, 0.0);
        std::ranges::sort(rates);
        const double rate = rates[size / 2];
        // A centred variance is a small difference of two numbers in single precision.
        const double tolerance = rule.starts_with("rmsprop:c") ? 1e-3 : 2e-6;
        if (std::isnan(rate))
          EXPECT_TRUE(std::isnan(told.effective_rate));
        else
          EXPECT_TRUE(test::close(told.effective_rate, rate, tolerance * rate));
      }
    }
  }
}

TEST(Detail, AskingChangesNothing) {
  const auto data = test::toy_data();
  NetworkSettings settings =
      test::network("linear:units=19; batch_norm; relu; dropout; linear:units=3", "adamw:lr=0.01");
  for (const Precision precision : {Precision::kFp32, Precision::kFp16}) {
    settings.precision = precision;
    const auto plain = test::built(settings, data), asked = test::built(settings, data);
    StepDetail detail;
    for (int step = 0; step < 9; ++step) {
      const StepRates rates{0.01, step % 2 == 0 ? 0.3 : 0.0};
      const auto batch = test::batch_of(24, static_cast<std::uint32_t>(step * 5));
      detail.whole = step % 3 == 0;
      const auto a = plain->step(batch, rates), b = asked->step(batch, rates, &detail);
      ASSERT_TRUE(a && b);
      EXPECT_EQ(a->loss, b->loss);
      if (rates.clip_norm > 0.0) {
        EXPECT_EQ(a->gradient_norm, b->gradient_norm);
      }
      EXPECT_EQ(std::isnan(detail.tensors[1].update_norm), !detail.whole);
      EXPECT_EQ(std::isnan(detail.tensors[1].effective_rate), !detail.whole);
    }
    EXPECT_EQ(plain->state(), asked->state());
  }
}

TEST(Detail, GradientNormsAreThoseBeforeClipping) {
  const auto engine = test::built(test::network("8-9-3"), test::toy_data());
  StepDetail detail;
  const auto result = engine->step(test::batch_of(32), {0.1, 1e-3}, &detail);
  ASSERT_TRUE(result);
  double sum = 0.0;
  for (const TensorStatistics& tensor : detail.tensors) sum += tensor.gradient_norm * tensor.gradient_norm;
  EXPECT_GT(result->gradient_norm, 0.01);
  EXPECT_TRUE(test::close(std::sqrt(sum), result->gradient_norm, 3e-7));
}

}  // namespace
}  // namespace thalweg
