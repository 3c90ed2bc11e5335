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
    EXPECT_NEAR(results.back().result.loss, wanted->loss, 1e-4 * (1.0 + wanted->loss));
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

std::vector<std::uint8_t> bits(const EngineState& state) {
  std::vector<std::uint8_t> out;
  for (const std::vector<float>* part : {&state.parameters, &state.buffers, &state.slots, &state.average}) {
    const auto* const first = reinterpret_cast<const std::uint8_t*>(part->data());
    out.insert(out.end(), first, first + part->size() * sizeof(float));
  }
  return out;
}

constexpr const char* kMixed = "linear:units=9; batch_norm; relu; dropout:p=0.3; linear:units=3";

class StepsOnADevice : public test::OnDevice<> {};

/// Steps waited for one by one, with and without a look at their detail, and steps under way together.
TEST_F(StepsOnADevice, AreTheSameHoweverTheyAreAskedFor) {
  const auto data = test::toy_data();
  for (const double clip : {0.0, 0.4}) {
    NetworkSettings settings = test::network(kMixed, "adamw:lr=0.01");
    settings.ema_decay = 0.9;
    const auto one = test::on_device(settings, data), detailed = test::on_device(settings, data),
               together = test::on_device(settings, data);
    std::vector<StepResult> results;
    for (std::uint32_t step = 0; step < 40; ++step) {
      const auto batch = batch_of(step == 20 ? 11 : 16, step);
      const StepRates rates{.learning_rate = 0.01 / (1.0 + step), .clip_norm = clip};
      StepDetail detail{.whole = step % 3 == 0};
      results.push_back(*detailed->step(batch, rates, &detail));
      const auto plain = one->step(batch, rates);
      EXPECT_EQ(plain->loss, results.back().loss);
      EXPECT_EQ(std::isnan(plain->gradient_norm), clip == 0.0);
      ASSERT_FALSE(together->begin(batch, rates, {.norms = true}));
    }
    const auto finished = together->finish();
    ASSERT_EQ(finished.size(), results.size());
    for (std::size_t i = 0; i < results.size(); ++i) {
      EXPECT_EQ(finished[i].result.loss, results[i].loss) << i;
      EXPECT_EQ(finished[i].result.gradient_norm, results[i].gradient_norm) << i;
      EXPECT_EQ(finished[i].result.correct, results[i].correct);
      EXPECT_EQ(finished[i].norms.size(), 6u);
    }
    EXPECT_EQ(bits(one->state()), bits(detailed->state()));
    EXPECT_EQ(bits(one->state()), bits(together->state()));
    EXPECT_EQ(one->state().progress, together->state().progress);
    EXPECT_EQ(one->state().steps, 40);
  }
}

TEST_F(StepsOnADevice, EndWhereALossEscapes) {
  const auto data = test::toy_data();
  const NetworkSettings settings = test::network(kMixed, "adam:lr=0.01");
  for (const std::size_t last : {0u, 5u, 15u, 16u, 30u}) {
    const auto plain = test::on_device(settings, data), together = test::on_device(settings, data);
    std::vector<double> losses;
    for (std::uint32_t step = 0; step <= last; ++step)
      losses.push_back(plain->step(batch_of(16, step), {.learning_rate = 0.01})->loss);
    for (std::uint32_t step = 0; step < 40; ++step)
      ASSERT_FALSE(together->begin(batch_of(16, step), {.learning_rate = 0.01},
                                   {.escape = step == last ? losses[last] - 1e-3 : 1e9}));
    EXPECT_EQ(together->finish().size(), last + 1);
    EXPECT_EQ(bits(plain->state()), bits(together->state())) << last;
    EXPECT_EQ(plain->state().progress, together->state().progress);
    EXPECT_EQ(plain->state().steps, together->state().steps);
    // And it goes on from there.
    EXPECT_EQ(plain->step(batch_of(16), {.learning_rate = 0.01})->loss,
              together->step(batch_of(16), {.learning_rate = 0.01})->loss);
  }
}

TEST_F(StepsOnADevice, TakeTheirBatchInParts) {
  const auto data = test::toy_data();
  for (const char* model : {"8-7-3", kMixed}) {
    NetworkSettings settings = test::network(model, "momentum:lr=0.05");
    settings.micro_batch = 6;
    const auto ours = test::on_device(settings, data);
    const auto cpu = test::built(settings, data);
    for (std::uint32_t step = 0; step < 5; ++step) {
      const auto batch = batch_of(step == 3 ? 5 : 22, step * 7);
      const auto result = ours->step(batch, {.learning_rate = 0.05}),
                 wanted = cpu->step(batch, {.learning_rate = 0.05});
      EXPECT_NEAR(result->loss, wanted->loss, 1e-5);
      EXPECT_EQ(result->correct, wanted->correct);
    }
    expect_alike(*ours, *cpu, 1e-5);
  }
}

TEST_F(StepsOnADevice, RoundAsTheCpuDoes) {
  const auto data = test::toy_data();
  for (const Precision precision : {Precision::kFp16, Precision::kBf16})
    for (const char* model :
         {"8-7-3", kMixed, "linear:units=6; rms_norm; gelu; residual:units=5; linear:units=3"}) {
      SCOPED_TRACE(model);
      NetworkSettings settings = test::network(model, "adam:lr=0.01");
      settings.precision = precision;
      const auto ours = test::on_device(settings, data);
      const auto cpu = test::built(settings, data);
      const double step_of = precision == Precision::kFp16 ? 1e-3 : 8e-3;
      for (std::uint32_t step = 0; step < 12; ++step) {
        const auto batch = batch_of(16, step * 5);
        StepDetail detail, wanted_detail;
        const auto result = ours->step(batch, {.learning_rate = 0.01}, &detail);
        const auto wanted = cpu->step(batch, {.learning_rate = 0.01}, &wanted_detail);
        EXPECT_EQ(result->skipped, wanted->skipped);
        EXPECT_EQ(result->loss_scale, wanted->loss_scale);
        EXPECT_NEAR(result->loss, wanted->loss, step_of * (1.0 + wanted->loss));
        EXPECT_NEAR(result->gradient_norm, wanted->gradient_norm,
                    2.0 * step_of * (1.0 + wanted->gradient_norm));
      }
      // A sum that is rounded the other way moves a number by one place of its format.
      expect_alike(*ours, *cpu, 4.0 * step_of);
    }
}

TEST_F(StepsOnADevice, SkipAStepThatOverflows) {
  const auto data = test::toy_data();
  NetworkSettings settings = test::network("8-7-3", "adam:lr=0.01");
  settings.precision = Precision::kFp16;
  const auto ours = test::on_device(settings, data);
  const auto cpu = test::built(settings, data);
  EngineState state = cpu->state();
  state.scaling = {0x1p40, 7.0};
  ASSERT_FALSE(ours->restore(state));
  ASSERT_FALSE(cpu->restore(state));
  for (int step = 0; step < 3; ++step) {
    const auto result = ours->step(batch_of(16), {.learning_rate = 0.01});
    const auto wanted = cpu->step(batch_of(16), {.learning_rate = 0.01});
    EXPECT_TRUE(result->skipped && wanted->skipped);
    EXPECT_EQ(result->loss_scale, wanted->loss_scale);
  }
  EXPECT_EQ(ours->state().steps, 0);
  EXPECT_EQ(ours->state().scaling, cpu->state().scaling);
  EXPECT_EQ(bits(ours->state()), bits(cpu->state()));
}

TEST_F(StepsOnADevice, GoOnFromTheCpusState) {
  const auto data = test::toy_data();
  // Nothing before the normalisation: the gradient of a bias there is noise, which Adam makes large.
  NetworkSettings settings =
      test::network("batch_norm; linear:units=9; relu; dropout:p=0.3; linear:units=3", "adam:lr=0.01");
  settings.ema_decay = 0.9;
  const auto cpu = test::built(settings, data);
  for (std::uint32_t step = 0; step < 9; ++step)
    ASSERT_TRUE(cpu->step(batch_of(16, step), {.learning_rate = 0.01}));
  const auto ours = test::on_device(settings, data, 3);
  ASSERT_FALSE(ours->restore(cpu->state()));
  EXPECT_EQ(ours->state(), cpu->state());
  for (std::uint32_t step = 0; step < 9; ++step) {
    ASSERT_TRUE(ours->step(batch_of(16, step), {.learning_rate = 0.01}));
    ASSERT_TRUE(cpu->step(batch_of(16, step), {.learning_rate = 0.01}));
  }
  // Its own masks: the seed that it was built with differs.
  EXPECT_GT(difference(ours->state().parameters, cpu->state().parameters), 1e-4);
  const auto same = test::on_device(settings, data);
  const EngineState before = cpu->state();
  ASSERT_FALSE(same->restore(before));
  EXPECT_EQ(same->state(), before);
  ASSERT_TRUE(same->step(batch_of(16), {.learning_rate = 0.01}));
  ASSERT_TRUE(cpu->step(batch_of(16), {.learning_rate = 0.01}));
  expect_alike(*same, *cpu, 1e-6 * test::looseness());
  EngineState wrong = before;
  wrong.slots.pop_back();
  EXPECT_TRUE(same->restore(wrong));
}

TEST_F(StepsOnADevice, RefuseWhatTheCpuRefuses) {
  const auto data = test::toy_data();
  auto engine = test::make_device_engine();
  EXPECT_FALSE(engine->step(batch_of(4), {}));
  EXPECT_TRUE(engine->build(test::network("8-3"), 1));
  EXPECT_TRUE(engine->load(nullptr));
  ASSERT_FALSE(engine->load(data));
  ASSERT_FALSE(engine->build(test::network(kMixed), 1));
  const auto cpu = test::built(test::network(kMixed), data);
  for (const auto& [batch, clip] : {std::pair{batch_of(0), 0.0},
                                    {batch_of(1), 0.0},
                                    {batch_of(4, 95), 0.0},
                                    {batch_of(4), -1.0},
                                    {batch_of(4), double(NAN)}}) {
    const auto refused = engine->step(batch, {.learning_rate = 0.1, .clip_norm = clip});
    const auto wanted = cpu->step(batch, {.learning_rate = 0.1, .clip_norm = clip});
    ASSERT_FALSE(refused || wanted);
    EXPECT_EQ(refused.error().text(), wanted.error().text());
    EXPECT_TRUE(engine->begin(batch, {.learning_rate = 0.1, .clip_norm = clip}, {}));
  }
  EXPECT_TRUE(engine->finish().empty());
  EXPECT_TRUE(engine->set_optimizer(parse_spec("adam", optimizer_family()).value()));
  EXPECT_FALSE(engine->evaluate(DataPart::kTest, {}, {}, Weights::kAverage));
  EXPECT_FALSE(engine->activations(DataPart::kTest, batch_of(4), 0));
}

TEST_F(StepsOnADevice, SeeWhatComesOutOfEachLayer) {
  const auto data = test::toy_data();
  const NetworkSettings settings = test::network(kMixed, "adam:lr=0.01");
  const auto ours = test::on_device(settings, data);
  const auto cpu = test::built(settings, data);
  const auto a = ours->activations(DataPart::kTest, batch_of(31), 8),
             b = cpu->activations(DataPart::kTest, batch_of(31), 8);
  ASSERT_TRUE(a && b);
  ASSERT_EQ(a->size(), b->size());
  for (std::size_t i = 0; i < a->size(); ++i) {
    EXPECT_NEAR((*a)[i].mean, (*b)[i].mean, 1e-6);
    EXPECT_NEAR((*a)[i].deviation, (*b)[i].deviation, 1e-5);
    EXPECT_TRUE((*a)[i].dead == (*b)[i].dead || std::isnan((*a)[i].dead));
    EXPECT_EQ((*a)[i].histogram.counts.size(), 8u);
  }
}

TEST_F(StepsOnADevice, AnswerForSamplesOfTheirOwn) {
  const auto data = test::toy_data();
  const auto ours = test::on_device(test::network("8-7-3"), data);
  const auto cpu = test::built(test::network("8-7-3"), data);
  Samples own = data->test;
  own.labels.clear();
  const auto chosen = batch_of(5, 3);
  EXPECT_LE(difference(*ours->outputs(own), *cpu->outputs(own)), 1e-6);
  EXPECT_LE(difference(*ours->outputs(own, chosen), *cpu->outputs(own, chosen)), 1e-6);
  EXPECT_EQ(ours->evaluate(DataPart::kTrain, chosen)->count, 5);
  int asked = 0;
  const auto stopped = ours->evaluate(DataPart::kTrain, {}, [&] { return asked++ >= 0; });
  EXPECT_EQ(stopped->count, 0);
}

}  // namespace
}  // namespace thalweg
