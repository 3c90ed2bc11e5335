// Confusion, mistakes and calibration, counted again by hand from the network's outputs.
#include "core/training/inspect.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "tests/golden/close.hpp"
#include "tests/nn/networks.hpp"

namespace thalweg {
namespace {

TEST(Inspect, CountsWhatTheOutputsSay) {
  const auto data = test::toy_data(200);
  const auto engine = make_cpu_engine();
  ASSERT_FALSE(engine->load(data));
  ASSERT_FALSE(engine->build(test::network("8-16-3", "gd:lr=0.3"), 5));
  std::vector<std::uint32_t> all(200);
  std::iota(all.begin(), all.end(), 0u);
  for (int step = 0; step < 30; ++step) ASSERT_TRUE(engine->step(all, {0.3}));
  const auto seen = inspect(*engine, *data, DataPart::kTrain, {}, 5);
  ASSERT_TRUE(seen);
  const auto measured = engine->evaluate(DataPart::kTrain);
  EXPECT_TRUE(test::close(seen->accuracy, measured->accuracy, 1e-12));
  EXPECT_EQ(std::accumulate(seen->confusion.begin(), seen->confusion.end(), std::int64_t{0}), 200);

  const auto outputs = engine->outputs(data->train);
  ASSERT_TRUE(outputs);
  double loss = 0.0, error = 0.0, worst = 0.0;
  std::vector<double> right(15), sure(15);
  std::vector<int> held(15);
  for (std::size_t i = 0; i < 200; ++i) {
    const auto p = probabilities(std::span(*outputs).subspan(3 * i, 3));
    const std::size_t label = data->train.labels[i];
    loss -= std::log(p[label]) / 200.0;
    const auto best = static_cast<std::size_t>(std::max_element(p.begin(), p.end()) - p.begin());
    std::size_t bin = 0;
    while (p[best] > static_cast<double>(bin + 1) / 15.0) ++bin;
    right[bin] += best == label;
    sure[bin] += p[best];
    ++held[bin];
    if (best != label) worst = std::max(worst, -std::log(p[label]));
  }
  EXPECT_TRUE(test::close(loss, measured->loss, 1e-6));
  for (std::size_t b = 0; b < 15; ++b) {
    EXPECT_EQ(seen->reliability[b].count, held[b]);
    error += std::abs(right[b] - sure[b]) / 200.0;
  }
  EXPECT_TRUE(test::close(seen->calibration_error, error, 1e-9));
  ASSERT_FALSE(seen->mistakes.empty());
  EXPECT_LE(seen->mistakes.size(), 5u);
  EXPECT_TRUE(test::close(seen->mistakes.front().loss, worst, 1e-5));
  for (std::size_t i = 1; i < seen->mistakes.size(); ++i)
    EXPECT_GE(seen->mistakes[i - 1].loss, seen->mistakes[i].loss);
}

TEST(Inspect, AnOutputThatIsNoNumberIsNoPrediction) {
  const auto data = test::toy_data(50);
  const auto engine = make_cpu_engine();
  ASSERT_FALSE(engine->load(data));
  ASSERT_FALSE(engine->build(test::network("8-16-3"), 5));
  EngineState state = engine->state();
  std::fill(state.parameters.begin(), state.parameters.end(), std::numeric_limits<float>::quiet_NaN());
  ASSERT_FALSE(engine->restore(state));
  const auto seen = inspect(*engine, *data, DataPart::kTrain);
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->not_finite, 50);
  EXPECT_TRUE(std::isnan(seen->accuracy));
  EXPECT_TRUE(std::isnan(seen->calibration_error));
  EXPECT_TRUE(seen->mistakes.empty());
}

}  // namespace
}  // namespace thalweg
