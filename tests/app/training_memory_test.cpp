// States that a training keeps of itself: bounded, evenly spread, and true.
#include "app/work/training_memory.hpp"

#include <gtest/gtest.h>

#include "tests/app/small_training.hpp"

namespace thalweg {
namespace {

/// Trains to `steps` with the pauses that the memory asks for.
void train(Trainer& trainer, TrainingMemory& memory, std::int64_t steps) {
  while (trainer.steps() < steps) {
    memory.offer(trainer);
    trainer.advance(std::min(steps, memory.next(trainer.steps())) - trainer.steps());
  }
}

TEST(TrainingMemory, StaysWithinItsRoomAndSpreadsOverTheRun) {
  const TrainingSettings settings = test::small_training().lane(3, 0);
  const auto trainer = test::alone(settings, 0);
  TrainingMemory memory;
  memory.set_room(20'000);  // about ten of them
  train(*trainer, memory, 600);
  EXPECT_LE(memory.bytes(), 20'000U);
  ASSERT_GE(memory.count(), 4U);
  // No stretch without one is much longer than the others.
  std::int64_t longest = 0;
  for (std::int64_t step = 0; step <= 600; ++step)
    longest = std::max(longest, step - memory.before(step)->steps());
  EXPECT_LE(longest, 2 * 600 / static_cast<std::int64_t>(memory.count()));
  EXPECT_EQ(memory.before(0)->steps(), 0);
  memory.cut(100);
  EXPECT_LE(memory.before(600)->steps(), 100);
}

TEST(TrainingMemory, AReplayIsTheRunAsItWas) {
  const TrainingSettings settings = test::small_training().lane(3, 0);
  const auto trainer = test::alone(settings, 0);
  TrainingMemory memory;
  train(*trainer, memory, 500);
  const EngineState end = trainer->engine().state();
  TrainingReplay replay;
  const auto data = find_dataset(settings.data.id)->load(settings.data, "").value();
  for (const std::int64_t step : {499, 3, 0, 130, 131, 64, 320}) {
    replay.aim(*trainer, data, [] { return make_cpu_engine(); }, memory, step);
    while (!replay.go_on(1e-4)) {
    }
    ASSERT_EQ(replay.step(), step);
    EXPECT_EQ(replay.trainer()->engine().state(), test::alone(settings, step)->engine().state()) << step;
  }
  // The run noticed nothing.
  EXPECT_EQ(trainer->engine().state(), end);
  EXPECT_EQ(trainer->steps(), 500);
}

TEST(TrainingMemory, AStateGetsTheRecordOfTheRunUpToIt) {
  const TrainingSettings settings = test::small_training().lane(3, 0);
  const auto trainer = test::alone(settings, 0);
  TrainingMemory memory;
  train(*trainer, memory, 200);
  const TrainerState state = with_record(*memory.before(150), trainer->view());
  ASSERT_EQ(state.steps(), 128);
  const auto other = test::alone(settings, 0);
  ASSERT_FALSE(other->restore(state));
  other->advance(72);
  test::expect_same_loss(other->view().steps, trainer->view().steps);
  const ProbeSeries* const measured = trainer->view().find("gradients");
  const TrainingView again = other->view();
  ASSERT_TRUE(measured);
  ASSERT_TRUE(again.find("gradients"));
}

}  // namespace
}  // namespace thalweg
