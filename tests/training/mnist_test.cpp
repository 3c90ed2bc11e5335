// Real digits: a network learns them as well as it should. Needs MNIST's files, which ./test fetches.
#include <gtest/gtest.h>

#include "tests/training/runs.hpp"

namespace thalweg {
namespace {

TEST(Mnist, TwoEpochsOfAdam) {
  const Spec spec = default_spec(*find_dataset("mnist"));
  const auto data = find_dataset("mnist")->load(spec, "");
  if (!data) GTEST_SKIP() << data.error().text();
  TrainingSettings settings = default_training();
  test::set(settings, "epochs", 2.0);
  test::set(settings, "seed", 1.0);
  const auto trainer = test::made(settings, *data);
  trainer->advance(1'000'000);
  ASSERT_EQ(trainer->outcome(), Outcome::kBudget);
  const double accuracy = trainer->epochs().back().test_accuracy;
  std::printf("test accuracy %.4f\n", accuracy);
  EXPECT_GE(accuracy, 0.955);
}

}  // namespace
}  // namespace thalweg
