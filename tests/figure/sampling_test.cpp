#include "core/figure/sampling.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace thalweg {
namespace {

double wave(std::int64_t t) {
  return std::sin(0.37 * static_cast<double>(t)) + 1e-3 * static_cast<double>(t);
}

TEST(Sampling, FewStepsAreAllThere) {
  const Sampled out = sample_steps(wave, 3, 40, 10);
  ASSERT_EQ(out.x.size(), 37U);
  for (std::size_t i = 0; i < out.x.size(); ++i) {
    EXPECT_EQ(out.x[i], 3.0 + static_cast<double>(i));
    EXPECT_EQ(out.y[i], wave(3 + static_cast<std::int64_t>(i)));
  }
}

TEST(Sampling, EveryColumnKeepsItsEndsAndExtremes) {
  // 1 003 steps in 7 columns: 143 or 144 each.
  constexpr std::int64_t kSteps = 1003;
  const Sampled out = sample_steps(wave, 0, kSteps, 7);
  EXPECT_LE(out.x.size(), 7U * 4U);
  EXPECT_TRUE(std::is_sorted(out.x.begin(), out.x.end()));
  EXPECT_EQ(out.x.front(), 0.0);
  EXPECT_EQ(out.x.back(), static_cast<double>(kSteps - 1));
  std::int64_t begin = 0;
  for (std::int64_t column = 0; column < 7; ++column) {
    const std::int64_t end = begin + 143 + (column < 1003 % 7 ? 1 : 0);
    double low = wave(begin), high = low;
    for (std::int64_t t = begin; t < end; ++t) {
      low = std::min(low, wave(t));
      high = std::max(high, wave(t));
    }
    double seen_low = INFINITY, seen_high = -INFINITY;
    bool first = false, last = false;
    for (std::size_t i = 0; i < out.x.size(); ++i) {
      if (out.x[i] < static_cast<double>(begin) || out.x[i] >= static_cast<double>(end)) continue;
      EXPECT_EQ(out.y[i], wave(static_cast<std::int64_t>(out.x[i])));
      seen_low = std::min(seen_low, out.y[i]);
      seen_high = std::max(seen_high, out.y[i]);
      first = first || out.x[i] == static_cast<double>(begin);
      last = last || out.x[i] == static_cast<double>(end - 1);
    }
    EXPECT_EQ(seen_low, low) << column;
    EXPECT_EQ(seen_high, high) << column;
    EXPECT_TRUE(first && last) << column;
    begin = end;
  }
}

TEST(Sampling, ASpikeOfOneStepInAMillionAndAGapStay) {
  const auto f = [](std::int64_t t) {
    if (t == 654'321) return 1000.0;
    if (t == 123'456) return std::numeric_limits<double>::quiet_NaN();
    return 1.0;
  };
  const Sampled out = sample_steps(f, 0, 1'000'000, 512);
  EXPECT_LE(out.x.size(), 512U * 5U);
  EXPECT_EQ(std::count(out.y.begin(), out.y.end(), 1000.0), 1);
  EXPECT_EQ(std::count_if(out.y.begin(), out.y.end(), [](double y) { return std::isnan(y); }), 1);
}

TEST(Sampling, AStopLeavesNothing) {
  const std::atomic<bool> stop{true};
  EXPECT_TRUE(sample_steps(wave, 0, 100'000, 16, &stop).empty());
}

TEST(Sampling, AGlanceTouchesBothEnds) {
  const Sampled out = glance_at_steps(wave, 10, 1'000'010, 100);
  ASSERT_EQ(out.x.size(), 100U);
  EXPECT_EQ(out.x.front(), 10.0);
  EXPECT_EQ(out.x.back(), 1'000'009.0);
  EXPECT_EQ(glance_at_steps(wave, 0, 1, 100).x.size(), 1U);
}

TEST(Sampling, TheFinerStretchTakesThePlaceOfTheCoarse) {
  const Sampled coarse{{0, 10, 20, 30, 40}, {0, 1, 2, 3, 4}};
  const Sampled fine{{10, 11, 12, 29}, {1, 7, 8, 9}};
  const Sampled out = spliced(coarse, fine);
  EXPECT_EQ(out.x, (std::vector<double>{0, 10, 11, 12, 29, 30, 40}));
  EXPECT_EQ(out.y, (std::vector<double>{0, 1, 7, 8, 9, 3, 4}));
  EXPECT_EQ(spliced(coarse, {}), coarse);
}

}  // namespace
}  // namespace thalweg
