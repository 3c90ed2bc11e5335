// Settings of a training that follow schedules: the batch, the momentum, and a rate that goes by the loss.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "tests/training/runs.hpp"

namespace thalweg {
namespace {

using test::made;
using test::run_settings;
using test::set;

TrainingSettings with_schedules(TrainingSettings settings, const std::vector<std::string>& schedules) {
  for (const std::string& text : schedules) {
    Drive drive = parse_drive(text).value();
    if (drive.key.empty())
      settings.schedule = drive.schedule;
    else
      settings.drives.push_back(std::move(drive));
  }
  return settings;
}

std::vector<std::uint32_t> numbers(std::uint32_t count) {
  std::vector<std::uint32_t> out(count);
  for (std::uint32_t i = 0; i < count; ++i) out[i] = i;
  return out;
}

/// Each epoch sees every sample once, whatever its batches.
TEST(Batches, OfSizesThatChangeSeeEverySample) {
  const auto size = [](std::int64_t step) { return step * step % 37 + 1; };
  Batches batches(numbers(500), size, 1, 7), other(numbers(500), size, 1, 7);
  std::int64_t step = 0;
  for (std::int64_t epoch = 0; epoch < 5; ++epoch) {
    EXPECT_EQ(batches.begin_of(epoch), step);
    std::multiset<std::uint32_t> seen;
    do {
      const auto batch = batches.at(step);
      const std::vector<std::uint32_t> samples(batch.begin(), batch.end());
      const bool ends = batches.is_whole(step + 1);
      EXPECT_TRUE(ends || std::ssize(samples) == size(step));
      seen.insert(samples.begin(), samples.end());
      // The same from a walk that begins anywhere.
      Batches fresh(numbers(500), size, 1, 7);
      const auto again = fresh.at(step);
      EXPECT_TRUE(std::equal(again.begin(), again.end(), samples.begin(), samples.end()));
      ++step;
    } while (!batches.is_whole(step));
    EXPECT_EQ(seen.size(), 500u);
    EXPECT_EQ(std::set<std::uint32_t>(seen.begin(), seen.end()).size(), 500u);
  }
  // Backwards, too.
  const auto late = other.at(step - 1);
  const std::vector<std::uint32_t> last(late.begin(), late.end());
  (void)other.at(0);
  const auto again = other.at(step - 1);
  EXPECT_TRUE(std::equal(again.begin(), again.end(), last.begin(), last.end()));
}

TEST(Batches, AConstantScheduleCutsAsNoSchedule) {
  Batches fixed(numbers(103), 10, 0, 3), scheduled(
                                             numbers(103), [](std::int64_t) { return 10; }, 1, 3);
  EXPECT_EQ(fixed.per_epoch(), scheduled.per_epoch());
  for (std::int64_t step = 0; step < 40; ++step) {
    const auto a = fixed.at(step), b = scheduled.at(step);
    EXPECT_TRUE(std::equal(a.begin(), a.end(), b.begin(), b.end())) << step;
  }
  // One sample that is left over is left out where two are needed.
  Batches pairs(
      numbers(101), [](std::int64_t) { return 1; }, 2, 3);
  EXPECT_EQ(pairs.per_epoch(), 50);
}

TEST(Drives, OfATrainingAreChangesAtEveryStep) {
  const auto driven = made(with_schedules(run_settings("8-16-3", "momentum:lr=0.05"),
                                          {"momentum=linear:end_factor=0.5,total=10"}));
  auto settings = run_settings("8-16-3", "momentum:lr=0.05");
  for (int t = 0; t <= 10; ++t) settings.optimizer.change(t, "momentum", 0.9 * (1.0 - 0.5 * (t / 10.0)));
  const auto changed = made(settings);
  driven->advance(1000);
  changed->advance(1000);
  EXPECT_EQ(driven->engine().state(), changed->engine().state());
  const auto constant = made(run_settings("8-16-3", "momentum:lr=0.05"));
  constant->advance(1000);
  EXPECT_NE(driven->engine().state(), constant->engine().state());
}

TEST(Drives, EpochsOfABatchThatGrows) {
  const auto trainer = made(with_schedules(run_settings(), {"batch=batch_ramp:start=10,peak=50,ramp=200"}));
  trainer->advance(1'000'000);
  EXPECT_EQ(trainer->outcome(), Outcome::kBudget);
  ASSERT_EQ(trainer->epochs().size(), 4u);
  EXPECT_EQ(trainer->epochs().back().steps, trainer->budget());
  std::int64_t before = 0;
  std::vector<std::int64_t> counts;
  for (const EpochRecord& epoch : trainer->epochs()) {
    EXPECT_TRUE(epoch.whole);
    counts.push_back(epoch.steps - before);
    before = epoch.steps;
  }
  EXPECT_EQ(counts.front(), trainer->steps_per_epoch());
  EXPECT_GT(counts.front(), counts.back());
  EXPECT_EQ(counts.back(), 2);  // 50 and 50
}

TEST(Drives, PlateauGoesByTheValidationLoss) {
  auto s =
      with_schedules(run_settings("8-16-3", "adam:lr=0.05"), {"plateau:patience=0,factor=0.5,threshold=0.3"});
  set(s, "epochs", 12.0);
  for (const double share : {0.2, 0.0}) {
    set(s, "validation", share);
    const auto trainer = made(s);
    trainer->advance(1'000'000);
    const auto follower = find_schedule("plateau")->follow(s.schedule);
    std::int64_t step = 0, reductions = 0;
    for (const EpochRecord& epoch : trainer->epochs()) {
      const double rate = follower->rate(0.05);
      for (; step < epoch.steps; ++step)
        EXPECT_EQ(trainer->table().at(step, TrainingColumns::kLearningRate), rate) << step;
      follower->observe(epoch.steps, share > 0.0 ? epoch.validation_loss : epoch.test_loss);
      reductions += follower->rate(0.05) < rate ? 1 : 0;
    }
    EXPECT_GT(reductions, 2);
  }
}

TEST(Drives, AStateOfAnotherScheduleIsRefused) {
  const auto plateau = made(with_schedules(run_settings(), {"plateau"})), plain = made(run_settings());
  plateau->advance(3);
  plain->advance(3);
  EXPECT_TRUE(plain->restore(plateau->state()));
  EXPECT_TRUE(plateau->restore(plain->state()));
  EXPECT_EQ(plain->steps(), 3);
}

TEST(Drives, OfATrainingWhatCannotBeIsRefused) {
  EXPECT_NE(test::refusal(with_schedules(run_settings("8-16-3", "gd:lr=0.1"), {"momentum=linear"}))
                .find("'gd' has no number 'momentum'"),
            std::string::npos);
  auto accumulated = with_schedules(run_settings(), {"batch=batch_ramp"});
  set(accumulated, "accumulate", 2.0);
  EXPECT_NE(test::refusal(accumulated).find("only where nothing is accumulated"), std::string::npos);
  EXPECT_NE(test::refusal(with_schedules(run_settings(), {"batch=exponential:gamma=2"}))
                .find("batch must be at least 1"),
            std::string::npos);
}

}  // namespace
}  // namespace thalweg
