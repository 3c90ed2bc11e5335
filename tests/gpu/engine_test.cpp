// The device engine, by the emulator or on a device (target.hpp), against the CPU engine.
#include <gtest/gtest.h>

#include "core/optimizer/rules.hpp"
#include "tests/gpu/comparisons.hpp"

namespace thalweg {
namespace {

using test::batch_of;
using test::difference;
using test::expect_alike;

class DeviceEngine : public test::OnDevice<::testing::TestWithParam<const char*>> {};

TEST_P(DeviceEngine, TrainsAsTheCpuDoes) {
  for (const char* loss : {"cross_entropy:label_smoothing=0.1", "squared_error"}) {
    SCOPED_TRACE(loss);
    const auto data = test::toy_data();
    const NetworkSettings settings = test::network(GetParam(), "momentum:lr=0.05", loss);
    const auto ours = test::on_device(settings, data);
    const auto cpu = test::built(settings, data);
    EXPECT_EQ(difference(ours->parameters(), cpu->parameters()), 0.0);
    for (int step = 0; step < 4; ++step) {
      test::before_step(step);
      const auto batch = batch_of(step == 1 ? 13 : 32, static_cast<std::uint32_t>(step * 20));
      StepDetail detail{.whole = true}, wanted_detail{.whole = true};
      const auto result = ours->step(batch, {.learning_rate = 0.05, .clip_norm = 0.5}, &detail);
      const auto wanted = cpu->step(batch, {.learning_rate = 0.05, .clip_norm = 0.5}, &wanted_detail);
      ASSERT_TRUE(result && wanted);
      EXPECT_NEAR(result->loss, wanted->loss, 1e-5 * (1.0 + wanted->loss));
      EXPECT_NEAR(result->gradient_norm, wanted->gradient_norm, 1e-5 * (1.0 + wanted->gradient_norm));
      EXPECT_EQ(result->correct, wanted->correct);
      EXPECT_LE(difference(ours->gradient(), cpu->gradient()), 2e-5);
      expect_alike(*ours, *cpu, 1e-5);
      for (std::size_t t = 0; t < detail.tensors.size(); ++t) {
        const TensorStatistics &a = detail.tensors[t], &b = wanted_detail.tensors[t];
        EXPECT_NEAR(a.gradient_norm, b.gradient_norm,
                    2e-5 * (0.05 * wanted->gradient_norm + b.gradient_norm));
        EXPECT_NEAR(a.weight_norm, b.weight_norm, 1e-5 * (1e-3 + b.weight_norm));
        EXPECT_NEAR(a.update_norm, b.update_norm, 1e-4 * (1e-3 + b.update_norm));
        EXPECT_NEAR(a.effective_rate, b.effective_rate, 1e-6);
      }
    }
    const auto measured = ours->evaluate(DataPart::kTest), wanted = cpu->evaluate(DataPart::kTest);
    ASSERT_TRUE(measured && wanted);
    EXPECT_NEAR(measured->loss, wanted->loss, 1e-5 * (1.0 + wanted->loss));
    EXPECT_EQ(measured->accuracy, wanted->accuracy);
    EXPECT_EQ(measured->count, wanted->count);
    EXPECT_LE(difference(*ours->outputs(data->test), *cpu->outputs(data->test)), 1e-5);
    std::vector<float> gradient(ours->parameters().size()), wanted_gradient(gradient.size());
    const auto samples = batch_of(40);
    ASSERT_FALSE(ours->loss_gradient(samples, gradient));
    ASSERT_FALSE(cpu->loss_gradient(samples, wanted_gradient));
    EXPECT_LE(difference(gradient, wanted_gradient), 3e-5);
  }
  test::before_step(0);
}

INSTANTIATE_TEST_SUITE_P(Networks, DeviceEngine, ::testing::ValuesIn(test::kNetworks));

class DeviceRule : public test::OnDevice<::testing::TestWithParam<std::string>> {};

TEST_P(DeviceRule, KeepsToTheCpuForAHundredSteps) {
  const auto data = test::toy_data();
  const OptimizerDescriptor& descriptor = *find_optimizer(GetParam());
  NetworkSettings settings = test::network("linear:units=7; tanh; linear:units=3");
  settings.optimizer = training_spec(descriptor);
  settings.ema_decay = 0.9;
  const double rate = settings.optimizer.number("lr");
  const auto ours = test::on_device(settings, data);
  const auto cpu = test::built(settings, data);
  for (std::uint32_t step = 0; step < 100; ++step) {
    const auto batch = batch_of(16, step * 5 % 80);
    const auto wanted = cpu->step(batch, {.learning_rate = rate});
    ASSERT_TRUE(wanted);
    ASSERT_FALSE(ours->begin(batch, {.learning_rate = rate}, {}));
    if (step % 25 != 24) continue;
    const auto results = ours->finish();
    ASSERT_EQ(results.size(), 25u);
    EXPECT_NEAR(results.back().loss, wanted->loss, 1e-4 * (1.0 + wanted->loss));
  }
  expect_alike(*ours, *cpu, 1e-4);
  const auto a = ours->evaluate(DataPart::kTest), b = cpu->evaluate(DataPart::kTest);
  EXPECT_NEAR(a->loss, b->loss, 1e-3 * b->loss);
}

std::vector<std::string> rules() {
  std::vector<std::string> out;
  for (const OptimizerDescriptor& optimizer : optimizers())
    if (rule_index(optimizer.id) >= 0) out.push_back(optimizer.id);
  return out;
}
INSTANTIATE_TEST_SUITE_P(Rules, DeviceRule, ::testing::ValuesIn(rules()));

}  // namespace
}  // namespace thalweg
