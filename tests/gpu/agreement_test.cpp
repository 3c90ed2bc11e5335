// What else must hold of every device: runs repeat to the bit, an epoch's losses are the CPU's,
// checkpoints pass between devices, and wrong use changes nothing.
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
  const auto take = [&](const auto& done) {
    for (const auto& step : done) losses.push_back(step.result.loss);
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
    EXPECT_NEAR(results.back().result.loss, wanted.back().result.loss, 1e-3 * wanted.back().result.loss);
  }
  const auto a = ours->evaluate(DataPart::kTest), b = cpu->evaluate(DataPart::kTest);
  EXPECT_NEAR(a->loss, b->loss, 1e-3 * b->loss);
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
  const auto engine = test::on_device(test::network("linear:units=3; batch_norm", "adam"), data);
  train(*engine, 3);
  const EngineState before = engine->state();
  for (const std::vector<std::uint32_t>& batch : {std::vector<std::uint32_t>{1, 96}, {0, 0xFFFFFFFFu}}) {
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
  EXPECT_EQ(engine->state(), before);

  for (std::int64_t i = 0; i < engine->steps_ahead(); ++i)
    ASSERT_FALSE(engine->begin(batch_of(8), {.learning_rate = 0.1}, {}));
  EXPECT_TRUE(engine->begin(batch_of(8), {.learning_rate = 0.1}, {}));
  EXPECT_EQ(static_cast<std::int64_t>(engine->finish().size()), engine->steps_ahead());
}

}  // namespace
}  // namespace thalweg
