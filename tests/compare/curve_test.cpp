// Smoothing, axes and reduction of curves against sums written out another way.
#include "core/compare/curve.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/compare/running_average.hpp"
#include "core/compare/series_choice.hpp"

namespace thalweg {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

TEST(RunningAverage, IsTheWeightedMeanOfAllThatCameBefore) {
  const std::vector<double> values{3.0, -1.0, 4.0, 1.5, 9.0};
  for (const double share : {0.0, 0.3, 0.9, 0.999}) {
    RunningAverage average(share);
    for (std::size_t n = 0; n < values.size(); ++n) {
      // Σ a^(n−i) v_i / Σ a^(n−i), from the definition.
      double sum = 0.0, weights = 0.0;
      for (std::size_t i = 0; i <= n; ++i) {
        const double weight = std::pow(share, static_cast<double>(n - i));
        sum += weight * values[i];
        weights += weight;
      }
      EXPECT_NEAR(average.add(values[n]), sum / weights, 1e-12) << share << " " << n;
    }
  }
}

TEST(RunningAverage, LeavesOutWhatIsNotFinite) {
  RunningAverage average(0.5), without(0.5);
  EXPECT_EQ(average.add(2.0), without.add(2.0));
  EXPECT_TRUE(std::isnan(average.add(kNaN)));
  EXPECT_TRUE(std::isnan(average.add(std::numeric_limits<double>::infinity())));
  EXPECT_EQ(average.add(6.0), without.add(6.0));
}

TEST(StepScale, GoesThereAndBack) {
  const StepScale epochs = StepScale::epochs(250.0);
  EXPECT_DOUBLE_EQ(epochs.to_x(500.0), 2.0);
  EXPECT_DOUBLE_EQ(epochs.to_step(2.0), 500.0);
  const std::vector<std::int64_t> steps{0, 100, 200};
  const std::vector<double> seconds{0.0, 1.0, 5.0};
  const StepScale times = StepScale::times(steps, seconds);
  EXPECT_DOUBLE_EQ(times.to_x(50.0), 0.5);
  EXPECT_DOUBLE_EQ(times.to_x(150.0), 3.0);
  EXPECT_DOUBLE_EQ(times.to_x(250.0), 7.0);  // beyond the end with the last slope
  for (const double step : {0.0, 30.0, 100.0, 170.0, 400.0})
    EXPECT_NEAR(times.to_step(times.to_x(step)), step, 1e-9);
}

TEST(StepScale, IsUnknownWhereNothingGoesUp) {
  EXPECT_FALSE(StepScale::epochs(0.0).known());
  EXPECT_FALSE(StepScale::epochs(kNaN).known());
  const std::vector<std::int64_t> steps{0, 10, 20};
  EXPECT_FALSE(StepScale::times(steps, std::vector<double>{1.0, 1.0, kNaN}).known());
  EXPECT_TRUE(StepScale().known());
  EXPECT_EQ(StepScale().to_x(7.0), 7.0);
}

TEST(Curve, AColumnKeepsItsSpikeAndItsGap) {
  const std::vector<ColumnExtent> columns{
      {.x = 1, .min = 2, .max = 2, .first = 2, .last = 2, .any = true},
      {.x = 5, .min = -9, .max = 8, .first = 1, .last = 3, .any = true},
      {.x = 9, .min = 4, .max = 4, .first = 4, .last = kNaN, .any = true, .gap = true}};
  const Polyline line = line_of(columns);
  EXPECT_TRUE(std::is_sorted(line.x.begin(), line.x.end()));
  ASSERT_GE(line.y.size(), 6U);
  EXPECT_EQ(line.x.front(), 1.0);
  EXPECT_EQ(std::count(line.x.begin(), line.x.end(), 1.0), 1);
  EXPECT_NE(std::find(line.y.begin(), line.y.end(), -9.0), line.y.end());
  EXPECT_NE(std::find(line.y.begin(), line.y.end(), 8.0), line.y.end());
  EXPECT_TRUE(std::isnan(line.y.back()));
}

TEST(Curve, ReducedKeepsEndsAndExtremes) {
  Polyline line;
  for (int i = 0; i < 10000; ++i) {
    line.x.push_back(i);
    line.y.push_back(i == 7777 ? 50.0 : std::sin(0.01 * i));
  }
  const Polyline short_one = reduced(line, 0.0, 9999.0, 100);
  EXPECT_LT(short_one.x.size(), 600U);
  EXPECT_EQ(*std::max_element(short_one.y.begin(), short_one.y.end()), 50.0);
  EXPECT_EQ(short_one.y.front(), line.y.front());
  EXPECT_EQ(short_one.y.back(), line.y.back());
  Polyline few{{0.0, 1.0}, {5.0, 6.0}};
  EXPECT_EQ(reduced(few, 0.0, 1.0, 100), few);
}

TEST(Curve, ValuesLieOnStraightLines) {
  const Polyline line{{0.0, 2.0, 4.0, 6.0}, {0.0, 10.0, kNaN, 3.0}};
  EXPECT_DOUBLE_EQ(value_at(line, 0.5), 2.5);
  EXPECT_DOUBLE_EQ(value_at(line, 2.0), 10.0);
  EXPECT_TRUE(std::isnan(value_at(line, 3.0)));
  EXPECT_DOUBLE_EQ(value_at(line, 6.0), 3.0);
  EXPECT_TRUE(std::isnan(value_at(line, -0.1)));
  EXPECT_TRUE(std::isnan(value_at(line, 6.1)));
  EXPECT_TRUE(std::isnan(value_at({}, 1.0)));
}

TEST(SeriesChoice, TakesWhatMostRunsHave) {
  using Names = std::vector<std::vector<std::string>>;
  EXPECT_EQ(usual_series(Names{{"x", "y", "loss", "grad_norm"}}),
            (std::vector<std::string>{"loss", "grad_norm"}));
  EXPECT_EQ(usual_series(Names{{"loss", "test_loss", "test_accuracy"}, {"loss", "test_accuracy"}, {"loss"}}),
            (std::vector<std::string>{"loss", "test_accuracy"}));
  EXPECT_EQ(usual_series(Names{{"own"}, {"own", "other"}}), (std::vector<std::string>{"own"}));
  EXPECT_TRUE(usual_series(Names{}).empty());
  EXPECT_EQ(series_by_use(Names{{"b", "loss"}, {"b", "a"}}), (std::vector<std::string>{"b", "loss", "a"}));
}

}  // namespace
}  // namespace thalweg
