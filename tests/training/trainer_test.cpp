// The trainer: epochs, schedule, records, and every way a run can end.
#include <gtest/gtest.h>

#include <set>

#include "tests/golden/close.hpp"
#include "tests/training/runs.hpp"

namespace thalweg {
namespace {

using test::made;
using test::refusal;
using test::set;

TrainingSettings settings(const std::string& model = "8-16-3",
                          const std::string& optimizer = "adam:lr=0.01") {
  return test::run_settings(model, optimizer);
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
  trainer->advance(100, [&] { return trainer->steps() >= 6; });
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
  auto accumulated = settings("linear:units=4; batch_norm; linear:units=3");
  set(accumulated, "accumulate", 8.0);  // parts of 32, 32, 32 and no part of 1
  const auto parts = made(accumulated, test::toy_data(97));
  EXPECT_EQ(parts->steps_per_epoch(), 1);
  parts->advance(100);
  EXPECT_EQ(parts->outcome(), Outcome::kBudget);
  auto one = settings("linear:units=4; batch_norm; linear:units=3");
  set(one, "batch", 1.0);
  EXPECT_NE(refusal(one).find("variance"), std::string::npos);
}

TEST(Trainer, ValidationIsMeasuredOnWhatIsKeptBack) {
  auto s = settings();
  set(s, "validation", 0.25);
  const auto trainer = made(s);
  trainer->advance(100);
  const EpochRecord& last = trainer->epochs().back();
  const auto measured = trainer->engine().evaluate(DataPart::kTrain, trainer->samples().validation);
  ASSERT_TRUE(measured);
  EXPECT_EQ(measured->count, 25);
  EXPECT_EQ(last.validation_loss, measured->loss);
  EXPECT_EQ(last.validation_accuracy, measured->accuracy);
  EXPECT_NE(last.validation_loss, last.test_loss);
  EXPECT_TRUE(std::isnan(last.average_test_loss));
}

/// A run that overfits quickly: many weights, few samples, labels with noise.
TrainingSettings overfitting(double patience) {
  auto s = settings("8-64-3", "adam:lr=0.05");
  set(s, "validation", 0.5);
  set(s, "epochs", 60.0);
  set(s, "patience", patience);
  return s;
}

TEST(Trainer, EarlyStoppingGoesBackToTheBestEpoch) {
  const auto trainer = made(overfitting(5.0));
  trainer->advance(1000);
  EXPECT_EQ(trainer->outcome(), Outcome::kConverged);
  const auto& epochs = trainer->epochs();
  const auto best = std::min_element(epochs.begin(), epochs.end(), [](const auto& a, const auto& b) {
    return a.validation_loss < b.validation_loss;
  });
  EXPECT_EQ(epochs.end() - best, 6);  // five more, none of them better
  const TrainingView view = trainer->view();
  EXPECT_EQ(view.restored_step, best->steps - 1);
  EXPECT_EQ(view.final_epoch()->epoch, best->epoch);
  EXPECT_EQ(trainer->engine().evaluate(DataPart::kTrain, trainer->samples().validation)->loss,
            best->validation_loss);
  // The optimizer went back too: the engine is in the state of a run that ended there.
  auto shorter = overfitting(5.0);
  set(shorter, "steps", static_cast<double>(best->steps));
  const auto other = made(shorter);
  other->advance(1000);
  EXPECT_EQ(other->outcome(), Outcome::kBudget);
  EXPECT_EQ(other->view().restored_step, -1);
  EXPECT_EQ(other->engine().state(), trainer->engine().state());
}

TEST(Trainer, TheBestEpochIsRestoredAtTheEndOfTheBudgetToo) {
  const auto trainer = made(overfitting(1000.0));
  trainer->advance(1000);
  EXPECT_EQ(trainer->outcome(), Outcome::kBudget);
  EXPECT_EQ(trainer->epochs().size(), 60u);
  const TrainingView view = trainer->view();
  ASSERT_GE(view.restored_step, 0);
  EXPECT_LT(view.restored_step, view.steps.rows() - 1);
  EXPECT_EQ(trainer->engine().evaluate(DataPart::kTrain, trainer->samples().validation)->loss,
            view.final_epoch()->validation_loss);
}

TEST(Trainer, TheAverageIsEvaluatedToo) {
  auto s = settings();
  set(s, "ema_decay", 0.9);
  const auto trainer = made(s);
  trainer->advance(100);
  const EpochRecord& last = trainer->epochs().back();
  const auto measured = trainer->engine().evaluate(DataPart::kTest, {}, {}, Weights::kAverage);
  ASSERT_TRUE(measured);
  EXPECT_EQ(last.average_test_loss, measured->loss);
  EXPECT_EQ(last.average_test_accuracy, measured->accuracy);
  EXPECT_NE(last.average_test_loss, last.test_loss);
}

TEST(Trainer, CountsTheStepsThatFp16Skips) {
  auto data = std::make_shared<Dataset>(*test::toy_data(100));
  data->deviation = {0.001f, 0.001f};  // inputs so large that the first scaled gradients overflow
  auto s = settings("8-16-3", "gd:lr=1e-8");
  set(s, "precision", std::string("fp16"));
  const auto trainer = made(s, data);
  trainer->advance(100);
  EXPECT_EQ(trainer->outcome(), Outcome::kBudget);
  const TrainingView view = trainer->view();
  EXPECT_GT(view.skipped_steps, 0);
  EXPECT_EQ(view.skipped_steps, trainer->steps() - trainer->engine().state().steps);
}

TEST(Trainer, GoesOnFromAStateBitForBit) {
  for (const char* model : {"8-16-3", "linear:units=16; batch_norm; relu; dropout:p=0.3; linear:units=3"}) {
    auto s = settings(model);
    set(s, "validation", 0.2);
    set(s, "patience", 50.0);
    set(s, "epochs", 12.0);
    s.optimizer.change(4, "lr", 0.004);
    const auto whole = made(s), first = made(s), second = made(s);
    whole->advance(1000);
    first->advance(7);  // in the middle of the third epoch
    ASSERT_FALSE(second->restore(first->state()));
    EXPECT_EQ(second->steps(), 7);
    second->advance(1000);
    ASSERT_EQ(second->steps(), whole->steps());
    EXPECT_EQ(second->engine().state(), whole->engine().state());
    for (std::int64_t t = 0; t < whole->steps(); ++t)
      for (int c = 0; c < TrainingColumns::kCount; ++c)
        EXPECT_TRUE(test::same_bits(second->table().at(t, c), whole->table().at(t, c))) << t << ' ' << c;
    ASSERT_EQ(second->epochs().size(), whole->epochs().size());
    for (std::size_t e = 0; e < whole->epochs().size(); ++e) {
      EXPECT_EQ(second->epochs()[e].train_loss, whole->epochs()[e].train_loss);
      EXPECT_EQ(second->epochs()[e].validation_loss, whole->epochs()[e].validation_loss);
    }
    EXPECT_EQ(second->view().restored_step, whole->view().restored_step);
  }
}

TEST(Trainer, AStateOfAnotherRunIsRefused) {
  const auto trainer = made(settings()), wider = made(settings("8-17-3"));
  auto batches = settings();
  set(batches, "batch", 20.0);
  const auto other = made(batches);
  trainer->advance(3);
  for (Trainer* into : {wider.get(), other.get()}) {
    const EngineState before = into->engine().state();
    EXPECT_TRUE(into->restore(trainer->state()));
    EXPECT_EQ(into->steps(), 0);
    EXPECT_EQ(into->engine().state(), before);
  }
}

TEST(Trainer, ViewsShareWhatHasNotChanged) {
  const auto trainer = made(settings());
  trainer->advance(5);
  const TrainingView a = trainer->view(), b = trainer->view();
  EXPECT_EQ(a.epochs, b.epochs);
  EXPECT_EQ(a.histograms, b.histograms);
  trainer->advance(5);
  const TrainingView c = trainer->view();
  EXPECT_EQ(a.epochs->size(), 1u);
  EXPECT_EQ(c.epochs->size(), 2u);
  EXPECT_TRUE(c.steps.extends(a.steps));
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
  s = settings();
  set(s, "patience", 3.0);
  EXPECT_NE(refusal(s).find("patience: needs a validation share"), std::string::npos);
  s = settings();
  set(s, "validation", 0.9);
  EXPECT_NE(refusal(s, test::toy_data(3)).find("leaves no sample"), std::string::npos);
}

}  // namespace
}  // namespace thalweg
