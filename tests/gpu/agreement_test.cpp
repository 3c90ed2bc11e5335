// What else must hold of every device: runs repeat to the bit, checkpoints pass between devices, rounded
// training follows the CPU's, and wrong use changes nothing.
#include "core/optimizer/rules.hpp"
#include "tests/gpu/comparisons.hpp"

namespace thalweg {
namespace {

using test::batch_of;
using test::difference;

class Agreement : public test::OnDevice<> {};

constexpr char kMixed[] =
    "linear:units=9; batch_norm; relu; dropout:p=0.3; residual:norm=layer_norm; linear:units=3";

/// So many steps, begun in blocks as long as the engine likes; their losses.
std::vector<double> train(TrainingEngine& engine, int steps, int first = 0, double rate = 0.02) {
  std::vector<double> losses;
  const auto take = [&](const std::vector<StepResult>& results) {
    for (const StepResult& result : results) losses.push_back(result.loss);
  };
  std::int64_t begun = 0;
  for (int step = first; step < first + steps; ++step) {
    const auto batch = batch_of(step % 7 == 3 ? 11 : 16, static_cast<std::uint32_t>(step * 5 % 80));
    if (auto error = engine.begin(batch, {.learning_rate = rate, .clip_norm = 1.0}, {}))
      ADD_FAILURE() << error->text();
    if (++begun < engine.steps_ahead()) continue;
    take(engine.finish());
    begun = 0;
  }
  if (begun > 0) take(engine.finish());
  return losses;
}

TEST_F(Agreement, TwoRunsAreTheSameToTheBit) {
  NetworkSettings settings = test::network(kMixed, "adam:lr=0.02");
  settings.ema_decay = 0.9;
  std::vector<std::vector<double>> losses;
  std::vector<EngineState> states;
  std::vector<std::vector<float>> outputs;
  for (int run = 0; run < 2; ++run) {
    test::before_step(run);
    const auto data = test::toy_data();
    const auto engine = test::on_device(settings, data);
    losses.push_back(train(*engine, 40));
    states.push_back(engine->state());
    outputs.push_back(engine->outputs(data->test).value());
  }
  test::before_step(0);
  EXPECT_EQ(losses[0].size(), 40u);
  EXPECT_EQ(losses[0], losses[1]);
  EXPECT_EQ(states[0], states[1]);
  EXPECT_EQ(outputs[0], outputs[1]);
}

TEST_F(Agreement, LossesOverAnEpochAreTheCpus) {
  const auto data = test::background_data(320, 40);
  const NetworkSettings settings = test::network("linear:units=24; relu; linear:units=3", "adam");
  const auto ours = test::on_device(settings, data);
  const auto cpu = test::built(settings, data);
  for (std::uint32_t first = 0; first < 320; first += 16) {
    const auto batch = batch_of(16, first);
    ASSERT_FALSE(ours->begin(batch, {.learning_rate = 0.005}, {}));
    ASSERT_FALSE(cpu->begin(batch, {.learning_rate = 0.005}, {}));
    const auto wanted = cpu->finish();
    if (first + 16 < 320 && first / 16 % 10 != 9) continue;
    const auto results = ours->finish();
    ASSERT_EQ(results.size(), 10u);
    EXPECT_NEAR(results.back().loss, wanted.back().loss, 1e-3 * wanted.back().loss);
  }
  const auto a = ours->evaluate(DataPart::kTest), b = cpu->evaluate(DataPart::kTest);
  EXPECT_NEAR(a->loss, b->loss, 1e-3 * b->loss);
}

class AgreementOfPrecisions : public test::OnDevice<::testing::TestWithParam<Precision>> {};

/// Sums that differ in the last digit of fp32 may be rounded to 16 bits apart: 2⁻¹¹ of fp16, 2⁻⁸ of bf16.
TEST_P(AgreementOfPrecisions, RoundedTrainingFollowsTheCpus) {
  const double tolerance = GetParam() == Precision::kFp16 ? 5e-3 : 3e-2;
  for (const char* model : {"linear:units=5; gelu; linear:units=3", kMixed}) {
    SCOPED_TRACE(model);
    NetworkSettings settings = test::network(model, "momentum:lr=0.02");
    settings.precision = GetParam();
    const auto data = test::toy_data();
    const auto ours = test::on_device(settings, data);
    const auto cpu = test::built(settings, data);
    const std::vector<float> start = ours->state().parameters;
    const std::vector<double> losses = train(*ours, 20), wanted = train(*cpu, 20);
    ASSERT_EQ(losses.size(), wanted.size());
    for (std::size_t i = 0; i < losses.size(); ++i)
      EXPECT_NEAR(losses[i], wanted[i], tolerance * (1.0 + wanted[i])) << i;
    EXPECT_LE(difference(ours->parameters(), cpu->parameters()), tolerance);
    EXPECT_GE(difference(ours->parameters(), start), 10.0 * tolerance);
    EXPECT_EQ(ours->state().scaling, cpu->state().scaling);
    // It did round: in fp32 the same network says something else.
    settings.precision = Precision::kFp32;
    const auto exact = test::on_device(settings, data);
    ASSERT_FALSE(exact->restore([&] {
      EngineState state = ours->state();
      state.scaling.clear();
      return state;
    }()));
    EXPECT_GT(difference(*ours->outputs(data->test), *exact->outputs(data->test)), 1e-5);
  }
}

INSTANTIATE_TEST_SUITE_P(Precisions, AgreementOfPrecisions,
                         ::testing::Values(Precision::kFp16, Precision::kBf16));

TEST_F(Agreement, AnOverflowOfFp16IsSkippedAlike) {
  NetworkSettings settings = test::network("linear:units=5; relu; linear:units=3", "gd", "squared_error");
  settings.precision = Precision::kFp16;
  const auto data = test::toy_data();
  const auto ours = test::on_device(settings, data);
  const auto cpu = test::built(settings, data);
  EngineState state = cpu->state();
  state.scaling = {0x1p100, 0.0};
  for (float& weight : state.parameters) weight *= 50.0f;
  ASSERT_FALSE(ours->restore(state));
  ASSERT_FALSE(cpu->restore(state));
  for (int step = 0; step < 3; ++step) {
    const auto result = ours->step(batch_of(16), {.learning_rate = 0.1});
    const auto wanted = cpu->step(batch_of(16), {.learning_rate = 0.1});
    ASSERT_TRUE(result && wanted);
    EXPECT_TRUE(result->skipped && wanted->skipped);
    EXPECT_EQ(result->loss_scale, wanted->loss_scale);
  }
  state.scaling = {0x1p97, 0.0};
  EXPECT_EQ(ours->state(), state);
  EXPECT_EQ(cpu->state(), state);
}

class AgreementOfCheckpoints : public test::OnDevice<::testing::TestWithParam<std::string>> {};

TEST_P(AgreementOfCheckpoints, ARunGoesOnOnTheOtherDevice) {
  NetworkSettings settings = test::network("batch_norm; linear:units=6; tanh; linear:units=3");
  settings.optimizer = training_spec(*find_optimizer(GetParam()));
  settings.ema_decay = 0.8;
  const double rate = settings.optimizer.number("lr");
  const auto data = test::toy_data();
  for (const bool begins_on_cpu : {true, false}) {
    SCOPED_TRACE(begins_on_cpu ? "from the CPU to the device" : "from the device to the CPU");
    const auto first = begins_on_cpu ? test::built(settings, data) : test::on_device(settings, data);
    const auto second = begins_on_cpu ? test::on_device(settings, data) : test::built(settings, data);
    train(*first, 10, 0, rate);
    const EngineState middle = first->state();
    EXPECT_EQ(middle.steps, 10);
    ASSERT_FALSE(second->restore(middle));
    EXPECT_EQ(second->state(), middle);
    train(*first, 10, 10, rate);
    train(*second, 10, 10, rate);
    test::expect_alike(*second, *first, 2e-5 * test::looseness());
    EXPECT_LE(difference(second->state().slots, first->state().slots), 1e-4 * test::looseness());
    EXPECT_GT(difference(first->state().parameters, middle.parameters), 1e-3);
  }
}

INSTANTIATE_TEST_SUITE_P(Rules, AgreementOfCheckpoints,
                         ::testing::Values("gd", "nesterov", "rprop", "adam", "radam", "adan", "asgd",
                                           "schedule_free_adamw"));

TEST_F(Agreement, WrongUseIsAnErrorAndChangesNothing) {
  const auto data = test::toy_data();
  const auto empty = test::make_device_engine();
  EXPECT_TRUE(empty->build(test::network("linear:units=3"), 1));
  ASSERT_FALSE(empty->load(data));
  EXPECT_FALSE(empty->step(batch_of(4), {.learning_rate = 0.1}));

  const auto engine = test::on_device(test::network("linear:units=3; batch_norm", "adam"), data);
  train(*engine, 3);
  const EngineState before = engine->state();
  for (const std::vector<std::uint32_t>& batch :
       {std::vector<std::uint32_t>{}, {1, 96}, {0, 0xFFFFFFFFu}, {5}}) {
    EXPECT_FALSE(engine->step(batch, {.learning_rate = 0.1}));
    EXPECT_TRUE(engine->begin(batch, {.learning_rate = 0.1}, {}));
  }
  EXPECT_TRUE(engine->finish().empty());
  const std::vector<std::uint32_t> beyond{31};
  EXPECT_FALSE(engine->evaluate(DataPart::kTest, beyond));
  EXPECT_FALSE(engine->outputs(data->test, beyond));
  EXPECT_FALSE(engine->activations(DataPart::kTest, beyond, 10));
  std::vector<float> gradient(engine->parameters().size());
  EXPECT_TRUE(engine->loss_gradient(std::vector<std::uint32_t>{96}, gradient));
  EXPECT_FALSE(engine->hessian(std::vector<std::uint32_t>{96}));
  EngineState other = before;
  other.slots.pop_back();
  EXPECT_TRUE(engine->restore(other));
  EXPECT_EQ(engine->state(), before);

  for (std::int64_t i = 0; i < engine->steps_ahead(); ++i)
    ASSERT_FALSE(engine->begin(batch_of(8), {.learning_rate = 0.1}, {}));
  EXPECT_TRUE(engine->begin(batch_of(8), {.learning_rate = 0.1}, {}));
  EXPECT_EQ(static_cast<std::int64_t>(engine->finish().size()), engine->steps_ahead());
}

}  // namespace
}  // namespace thalweg
