// Whole runs on the device (target.hpp): their records, checkpoints that change devices, bit for bit again.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/gpu/target.hpp"
#include "tests/training/runs.hpp"

namespace thalweg {
namespace {

class RunsOnADevice : public test::OnDevice<> {};

std::unique_ptr<Trainer> on_device(const TrainingSettings& settings) {
  auto trainer = Trainer::create(settings, test::toy_data(100), test::make_device_engine());
  if (!trainer) throw std::runtime_error(trainer.error().text());
  return std::move(*trainer);
}

TrainerState read_back(const TrainerState& state) {
  auto out = trainer_state(to_bytes(state));
  if (!out) throw std::runtime_error(out.error().text());
  return std::move(*out);
}

double last_test_loss(const Trainer& trainer) { return trainer.epochs().back().test_loss; }

TEST_F(RunsOnADevice, GoOnFromBytesBitForBit) {
  for (const test::KindOfRun& one : test::every_kind_of_run()) {
    SCOPED_TRACE(one.name);
    const auto whole = on_device(one.settings), first = on_device(one.settings),
               second = on_device(one.settings);
    whole->advance(1000);
    first->advance(37);
    ASSERT_EQ(first->outcome(), Outcome::kRunning);
    ASSERT_FALSE(second->restore(read_back(first->state())));
    second->advance(3);
    second->advance(1000);
    EXPECT_EQ(test::timeless(second->state()), test::timeless(whole->state()));
  }
}

TEST_F(RunsOnADevice, GoOnOnTheOtherOne) {
  for (const test::KindOfRun& one : test::every_kind_of_run()) {
    SCOPED_TRACE(one.name);
    const auto cpu = test::made(one.settings), first = test::made(one.settings),
               ours = on_device(one.settings), back = test::made(one.settings);
    cpu->advance(1000);
    first->advance(23);
    ASSERT_FALSE(ours->restore(read_back(first->state())));
    ours->advance(20);
    EXPECT_EQ(ours->steps(), std::min<std::int64_t>(43, cpu->steps()));
    const auto losses = ours->table(), wanted = cpu->table();
    for (std::int64_t row = 0; row < ours->steps(); ++row)
      EXPECT_NEAR(losses.at(row, TrainingColumns::kLoss), wanted.at(row, TrainingColumns::kLoss),
                  1e-3 * (1.0 + wanted.at(row, TrainingColumns::kLoss)));
    ASSERT_FALSE(back->restore(read_back(ours->state())));
    back->advance(1000);
    EXPECT_EQ(back->outcome(), cpu->outcome());
    EXPECT_EQ(back->steps(), cpu->steps());
    EXPECT_NEAR(last_test_loss(*back), last_test_loss(*cpu), 5e-3 * (1.0 + last_test_loss(*cpu)));
  }
}

}  // namespace
}  // namespace thalweg
