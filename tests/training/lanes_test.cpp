// Several runs beside each other.
#include "core/training/lanes.hpp"

#include <gtest/gtest.h>

#include "tests/golden/close.hpp"
#include "tests/training/runs.hpp"

namespace thalweg {
namespace {

TEST(Lanes, EveryOptimizerFromTheSameStart) {
  std::vector<LiveSpec> optimizers;
  for (const char* text : {"gd:lr=0.1", "momentum:lr=0.1", "adam:lr=0.01"})
    optimizers.push_back({parse_spec(text, optimizer_family()).value(), {}});
  auto settings = test::run_settings("linear:units=9; relu; dropout:p=0.2; linear:units=3");
  const auto all = lanes(settings, optimizers, 2);
  ASSERT_EQ(all.size(), 6u);
  std::vector<double> first;
  std::vector<std::vector<float>> weights;
  for (const Lane& lane : all) {
    const auto trainer = test::made(lane.settings);
    const auto parameters = trainer->engine().parameters();
    weights.emplace_back(parameters.begin(), parameters.end());
    trainer->advance(1);
    first.push_back(trainer->table().at(0, TrainingColumns::kLoss));
  }
  for (const std::size_t i : {1u, 2u}) {
    EXPECT_EQ(weights[i], weights[0]);
    EXPECT_EQ(first[i], first[0]);
    EXPECT_EQ(weights[i + 3], weights[3]);
  }
  EXPECT_NE(weights[3], weights[0]);
  EXPECT_EQ(all[0].seed, 3u);
  EXPECT_EQ(all[5].seed, 4u);
  EXPECT_EQ(all[5].optimizer, 2u);
  EXPECT_EQ(lanes(settings, {}, 3).size(), 3u);
}

TEST(Lanes, MeanAndBandOverSeeds) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const auto run = [](std::vector<double> losses) {
    std::vector<EpochRecord> out;
    for (const double loss : losses) {
      out.push_back({});
      out.back().test_loss = loss;
    }
    return out;
  };
  const std::vector runs{run({1.0, 2.0, 4.0}), run({3.0, nan}), run({8.0, 5.0})};
  const auto band = bands(runs, &EpochRecord::test_loss);
  ASSERT_EQ(band.size(), 3u);
  EXPECT_EQ(band[0].count, 3);
  EXPECT_TRUE(test::close(band[0].mean, 4.0, 1e-12));
  EXPECT_EQ(band[0].min, 1.0);
  EXPECT_EQ(band[0].max, 8.0);
  EXPECT_TRUE(test::close(band[0].deviation, std::sqrt(13.0), 1e-12));
  EXPECT_EQ(band[1].count, 2);
  EXPECT_TRUE(test::close(band[1].mean, 3.5, 1e-12));
  EXPECT_EQ(band[2].epoch, 3);
  EXPECT_TRUE(std::isnan(band[2].deviation));
  EXPECT_TRUE(bands(runs, &EpochRecord::validation_loss).empty());
}

}  // namespace
}  // namespace thalweg
