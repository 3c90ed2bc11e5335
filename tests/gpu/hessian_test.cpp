// Hessian-vector products of the device engine against those of the CPU engine (which
// tests/nn/hessian_test.cpp holds against differences of the loss).
#include <stdexcept>

#include "core/curvature/power_iteration.hpp"
#include "tests/gpu/comparisons.hpp"

namespace thalweg {
namespace {

using test::batch_of, test::difference, test::direction, test::product;

constexpr std::uint32_t kSamples[] = {0, 5, 17, 40, 41, 90, 3, 3, 77, 31, 32, 60, 61, 62, 63, 64, 65, 66, 67};

class DeviceHessian : public test::OnDevice<::testing::TestWithParam<const char*>> {};

TEST_P(DeviceHessian, IsThatOfTheCpu) {
  const auto data = test::toy_data();
  for (const char* loss : {"cross_entropy:label_smoothing=0.2", "squared_error"}) {
    SCOPED_TRACE(loss);
    const NetworkSettings settings = test::network(GetParam(), "gd", loss);
    const auto engine = test::on_device(settings, data), cpu = test::built(settings, data);
    for (TrainingEngine* each : {engine.get(), cpu.get()})
      ASSERT_FALSE(each->restore(test::scattered(each->state())));
    const auto ours = engine->hessian(kSamples), wanted = cpu->hessian(kSamples);
    ASSERT_TRUE(ours && wanted);
    for (int i = 0; i < 3; ++i) {  // as it is, recorded, and replayed
      test::before_step(i);
      const std::vector<float> v = direction(static_cast<std::uint64_t>(i), engine->parameters().size());
      EXPECT_LE(difference(product(**ours, v), product(**wanted, v)), 3e-6 * test::looseness()) << i;
    }
  }
  test::before_step(0);
}

INSTANTIATE_TEST_SUITE_P(Networks, DeviceHessian, ::testing::ValuesIn(test::kNetworks));

class DeviceHessians : public test::OnDevice<> {};

TEST_F(DeviceHessians, StayWhatTheyAreWhateverBecomesOfTheirEngine) {
  const auto data = test::toy_data();
  const NetworkSettings settings =
      test::network("linear:units=6; batch_norm; gelu; dropout:p=0.2; linear:units=3", "adam");
  auto engine = test::on_device(settings, data);
  const auto cpu = test::built(settings, data);
  ASSERT_FALSE(engine->restore(test::scattered(engine->state())));
  ASSERT_FALSE(cpu->restore(test::scattered(cpu->state())));
  const auto hessian = engine->hessian(kSamples);
  ASSERT_TRUE(hessian);
  const std::vector<float> v = direction(2, engine->parameters().size());
  const std::vector<float> expected = product(**cpu->hessian(kSamples), v);
  EXPECT_LE(difference(product(**hessian, v), expected), 3e-6 * test::looseness());
  const EngineState before = engine->state();
  for (std::uint32_t t = 0; t < 3; ++t) ASSERT_TRUE(engine->step(batch_of(16, t), {.learning_rate = 0.1}));
  EXPECT_LE(difference(product(**hessian, v), expected), 3e-6 * test::looseness());
  EXPECT_GT(difference(product(**engine->hessian(kSamples), v), expected), 1e-3);
  engine = nullptr;
  EXPECT_LE(difference(product(**hessian, v), expected), 3e-6 * test::looseness());
  // Products change nothing of the training.
  const auto one = test::on_device(settings, data), other = test::on_device(settings, data);
  for (TrainingEngine* each : {one.get(), other.get()}) {
    ASSERT_FALSE(each->restore(before));
    if (each == one.get()) product(**each->hessian(kSamples), v);
    ASSERT_TRUE(each->step(batch_of(16), {.learning_rate = 0.1}));
  }
  EXPECT_EQ(one->state(), other->state());
  EXPECT_FALSE(one->hessian({}));
  EXPECT_THROW((*hessian)->multiply(v, std::span<float>()), std::invalid_argument);
}

/// In single precision whatever the network trains in.
TEST_F(DeviceHessians, AreNotRounded) {
  const auto data = test::toy_data();
  NetworkSettings settings = test::network("linear:units=6; tanh; linear:units=3");
  std::vector<float> expected;
  for (const Precision precision : {Precision::kFp32, Precision::kBf16, Precision::kFp16}) {
    settings.precision = precision;
    const auto engine = test::on_device(settings, data);
    const auto hessian = engine->hessian(kSamples);
    ASSERT_TRUE(hessian);
    const std::vector<float> hv = product(**hessian, direction(3, engine->parameters().size()));
    if (expected.empty()) expected = hv;
    EXPECT_EQ(hv, expected);
  }
}

TEST_F(DeviceHessians, HaveTheLargestEigenvalueOfTheCpu) {
  const auto data = test::toy_data();
  const NetworkSettings settings = test::network("linear:units=12; relu; linear:units=3", "gd:lr=0.3");
  const auto engine = test::on_device(settings, data), cpu = test::built(settings, data);
  for (std::uint32_t t = 0; t < 20; ++t) ASSERT_TRUE(cpu->step(batch_of(32, t * 3), {.learning_rate = 0.3}));
  EngineState state = engine->state();
  state.parameters = cpu->state().parameters;
  ASSERT_FALSE(engine->restore(state));
  const auto samples = batch_of(96);
  std::vector<double> values;
  for (TrainingEngine* each : {engine.get(), cpu.get()}) {
    const auto hessian = each->hessian(samples);
    ASSERT_TRUE(hessian);
    const PowerResult found = power_iteration(hessian_operator(**hessian, each->plan().parameters),
                                              {.tolerance = 0.0, .products = 30});
    EXPECT_EQ(found.products, 30);
    values.push_back(found.value);
  }
  EXPECT_GT(values[1], 0.1);
  EXPECT_NEAR(values[0], values[1], 1e-4 * values[1]);
}

}  // namespace
}  // namespace thalweg
