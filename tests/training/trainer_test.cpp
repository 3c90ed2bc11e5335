// The trainer: epochs, schedule, records, and every way a run can end.
#include <gtest/gtest.h>

#include <set>

#include "core/training/trainer.hpp"
#include "tests/golden/close.hpp"
#include "tests/nn/networks.hpp"

namespace thalweg {
namespace {

void set(TrainingSettings& settings, const char* key, Value value) { *settings.training.spec.find(key) = std::move(value); }

TrainingSettings settings(const std::string& model = "8-16-3",
                          const std::string& optimizer = "adam:lr=0.01") {
  const NetworkSettings network = test::network(model, optimizer);
  TrainingSettings out = default_training();
  out.model = network.model;
  out.loss = network.loss;
  out.optimizer.spec = network.optimizer;
  set(out, "batch", 32.0);
  set(out, "epochs", 4.0);
  set(out, "seed", 3.0);
  return out;
}

std::unique_ptr<Trainer> made(const TrainingSettings& s,
                              std::shared_ptr<const Dataset> data = test::toy_data(100)) {
  auto trainer = Trainer::create(s, std::move(data), make_cpu_engine());
  if (!trainer) throw std::runtime_error(trainer.error().text());
  return std::move(*trainer);
}

std::string refusal(const TrainingSettings& s, std::shared_ptr<const Dataset> data = test::toy_data(100)) {
  const auto trainer = Trainer::create(s, std::move(data), make_cpu_engine());
  return trainer ? "accepted" : trainer.error().text();
}

TEST(Trainer, EpochsThenBudget) {
  const auto trainer = made(settings());
  EXPECT_EQ(trainer->steps_per_epoch(), 4);  // 32, 32, 32, 4
  trainer->advance(1'000'000);
  EXPECT_EQ(trainer->outcome(), Outcome::kBudget);
  EXPECT_EQ(trainer->steps(), 16);
  ASSERT_EQ(trainer->epochs().size(), 4u);
  for (std::size_t e = 0; e < 4; ++e) {
    const EpochRecord& epoch = trainer->epochs()[e];
    EXPECT_EQ(epoch.epoch, static_cast<std::int64_t>(e) + 1);
    EXPECT_EQ(epoch.steps, 4 * static_cast<std::int64_t>(e + 1));
    EXPECT_TRUE(epoch.whole);
    EXPECT_GE(epoch.seconds, 0.0);
    double sum = 0.0;  // the mean weighs the short last batch by its samples
    for (int b = 0; b < 4; ++b)
      sum += trainer->table().at(static_cast<std::int64_t>(e) * 4 + b, 0) * (b == 3 ? 4 : 32);
    EXPECT_TRUE(test::close(epoch.train_loss, sum / 100.0, 1e-12));
  }
  EXPECT_LT(trainer->epochs()[3].test_loss, trainer->epochs()[0].test_loss);
}

TEST(Trainer, HowItIsSlicedChangesNothing) {
  const auto whole = made(settings()), sliced = made(settings());
  whole->advance(100);
  while (sliced->outcome() == Outcome::kRunning) sliced->advance(3);
  ASSERT_EQ(whole->steps(), sliced->steps());
  for (std::int64_t t = 0; t < whole->steps(); ++t)
    EXPECT_EQ(whole->table().at(t, 0), sliced->table().at(t, 0));
  EXPECT_EQ(whole->engine().state(), sliced->engine().state());
  EXPECT_EQ(whole->epochs().back().test_loss, sliced->epochs().back().test_loss);
}

TEST(Trainer, SeedsDiffer) {
  auto other = settings();
  set(other, "seed", 4.0);
  const auto a = made(settings()), b = made(other);
  a->advance(1), b->advance(1);
  EXPECT_NE(a->table().at(0, 0), b->table().at(0, 0));
}

TEST(Trainer, StepsEndInTheMiddleOfAnEpoch) {
  auto s = settings();
  set(s, "steps", 6.0);
  const auto trainer = made(s);
  trainer->advance(100);
  EXPECT_EQ(trainer->outcome(), Outcome::kBudget);
  EXPECT_EQ(trainer->steps(), 6);
  ASSERT_EQ(trainer->epochs().size(), 2u);
  EXPECT_FALSE(trainer->epochs()[1].whole);
  EXPECT_TRUE(std::isfinite(trainer->epochs()[1].test_loss));
}

TEST(Trainer, UsesTheScheduleFromStepZero) {
  auto s = settings("8-16-3", "gd:lr=0.2");
  s.schedule = parse_spec("step:step_size=5,gamma=0.5", schedule_family()).value();
  const auto trainer = made(s);
  trainer->advance(11);
  EXPECT_EQ(trainer->table().at(0, TrainingColumns::kLearningRate), 0.2);
  EXPECT_EQ(trainer->table().at(4, TrainingColumns::kLearningRate), 0.2);
  EXPECT_EQ(trainer->table().at(5, TrainingColumns::kLearningRate), 0.1);
  EXPECT_EQ(trainer->table().at(10, TrainingColumns::kLearningRate), 0.05);
}

TEST(Trainer, AHugeRateDiverges) {
  for (const char* optimizer : {"gd:lr=1e6", "momentum:lr=1e6", "adam:lr=1e6"}) {
    const auto trainer = made(settings("8-16-3", optimizer));
    trainer->advance(100);
    EXPECT_EQ(trainer->outcome(), Outcome::kDiverged) << optimizer;
    ASSERT_FALSE(trainer->epochs().empty());
  }
  // In the very last update, too, which no loss of a step can show.
  auto last = settings("8-16-3", "gd:lr=1e6");
  last.schedule = parse_spec("linear:start_factor=1e6,end_factor=1e6", schedule_family()).value();
  set(last, "steps", 1.0);
  const auto trainer = made(last);
  trainer->advance(100);
  EXPECT_EQ(trainer->outcome(), Outcome::kDiverged);
}

TEST(Trainer, StopKeepsWhatWasMeasured) {
  const auto trainer = made(settings());
  int asked = 0;
  trainer->advance(100, [&] { return ++asked > 14; });
  EXPECT_EQ(trainer->outcome(), Outcome::kStopped);
  EXPECT_GT(trainer->steps(), 4);
  EXPECT_LT(trainer->steps(), 8);
  ASSERT_EQ(trainer->epochs().size(), 2u);
  EXPECT_TRUE(std::isfinite(trainer->epochs()[0].test_loss));
  EXPECT_FALSE(trainer->epochs()[1].whole);
  EXPECT_TRUE(std::isfinite(trainer->epochs()[1].train_loss));
  EXPECT_TRUE(std::isnan(trainer->epochs()[1].test_loss));
  const auto steps = trainer->steps();
  trainer->advance(100);
  EXPECT_EQ(trainer->steps(), steps);
}

TEST(Trainer, AValidationShareIsKeptBack) {
  auto s = settings();
  set(s, "validation", 0.4);
  const auto trainer = made(s);
  EXPECT_EQ(trainer->samples().validation.size(), 40u);
  EXPECT_EQ(trainer->steps_per_epoch(), 2);
  set(s, "validation", 0.001);
  EXPECT_NE(refusal(s).find("not a single one of 100"), std::string::npos);
}

TEST(Trainer, LiveParametersChangeAtTheirStep) {
  auto s = settings("8-16-3", "gd:lr=0.2");
  const auto trainer = made(s);
  trainer->advance(5);
  s.optimizer.change(5, "lr", 0.05);
  ASSERT_FALSE(trainer->retarget(s));
  trainer->advance(5);
  EXPECT_EQ(trainer->table().at(4, TrainingColumns::kLearningRate), 0.2);
  EXPECT_EQ(trainer->table().at(5, TrainingColumns::kLearningRate), 0.05);
  const auto told = made(s);  // the same changes, known from the start
  told->advance(10);
  EXPECT_EQ(told->engine().state(), trainer->engine().state());
  s.optimizer.change(3, "lr", 0.01);
  EXPECT_TRUE(trainer->retarget(s));
  set(s, "batch", 8.0);
  EXPECT_TRUE(trainer->retarget(s));
}

TEST(Trainer, BatchNormalisationLeavesOutALastBatchOfOne) {
  const auto trainer = made(settings("linear:units=4; batch_norm; linear:units=3"), test::toy_data(97));
  EXPECT_EQ(trainer->steps_per_epoch(), 3);
  trainer->advance(100);
  EXPECT_EQ(trainer->outcome(), Outcome::kBudget);
  auto one = settings("linear:units=4; batch_norm; linear:units=3");
  set(one, "batch", 1.0);
  EXPECT_NE(refusal(one).find("variance"), std::string::npos);
}

TEST(Trainer, RefusesWhatCannotBe) {
  auto s = settings();
  set(s, "batch", 0.0);
  EXPECT_NE(refusal(s).find("batch: must be at least 1"), std::string::npos);
  s = settings();
  set(s, "epochs", 0.0);
  EXPECT_NE(refusal(s).find("epochs"), std::string::npos);
  s = settings("9-3");
  EXPECT_NE(refusal(s).find("9 inputs, but a sample has 8"), std::string::npos);
  s = settings();
  auto empty = std::make_shared<Dataset>(*test::toy_data());
  empty->train = {};
  EXPECT_NE(refusal(s, empty).find("no training samples"), std::string::npos);
}

}  // namespace
}  // namespace thalweg
