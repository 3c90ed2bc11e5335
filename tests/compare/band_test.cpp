#include "core/compare/band.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace thalweg {
namespace {

std::vector<const Polyline*> pointers(const std::vector<Polyline>& lines) {
  std::vector<const Polyline*> out;
  for (const Polyline& line : lines) out.push_back(&line);
  return out;
}

TEST(Band, MeanRangeAndDeviationOfThreeRuns) {
  const std::vector<Polyline> lines{{{0, 1, 2}, {1, 2, 3}}, {{0, 1, 2}, {3, 6, 3}}, {{0, 1, 2}, {5, 1, 3}}};
  const Band range = band_over(pointers(lines), 0, 2, 100, BandKind::kRange);
  ASSERT_EQ(range.x, (std::vector<double>{0, 1, 2}));
  EXPECT_EQ(range.mean, (std::vector<double>{3, 3, 3}));
  EXPECT_EQ(range.low, (std::vector<double>{1, 1, 3}));
  EXPECT_EQ(range.high, (std::vector<double>{5, 6, 3}));
  const Band deviation = band_over(pointers(lines), 0, 2, 100, BandKind::kDeviation);
  EXPECT_NEAR(deviation.high[0], 3.0 + 2.0, 1e-12);            // of 1, 3, 5
  EXPECT_NEAR(deviation.low[1], 3.0 - std::sqrt(7.0), 1e-12);  // of 2, 6, 1: (1 + 9 + 4) / 2
  EXPECT_NEAR(deviation.high[2] - deviation.low[2], 0.0, 1e-12);
}

TEST(Band, CoversOnlyWhatAllHave) {
  const std::vector<Polyline> lines{{{0, 10, 20}, {0, 10, 20}}, {{5, 15}, {0, 0}}};
  const Band band = band_over(pointers(lines), -100, 100, 100, BandKind::kRange);
  ASSERT_FALSE(band.x.empty());
  EXPECT_EQ(band.x.front(), 5.0);
  EXPECT_EQ(band.x.back(), 15.0);
  EXPECT_DOUBLE_EQ(band.mean.front(), 2.5);  // between 0 and 10 the first run is at 5
}

TEST(Band, ManyPointsBecomeEvenPlaces) {
  Polyline line;
  for (int i = 0; i <= 1000; ++i) {
    line.x.push_back(i);
    line.y.push_back(2.0 * i);
  }
  const Band band = band_over(pointers({line, line}), 0, 1000, 11, BandKind::kRange);
  ASSERT_EQ(band.x.size(), 11U);
  for (std::size_t i = 0; i < 11; ++i) {
    EXPECT_NEAR(band.x[i], 100.0 * static_cast<double>(i), 1e-9);
    EXPECT_NEAR(band.mean[i], 200.0 * static_cast<double>(i), 1e-9);
  }
}

TEST(Band, AGapOfOneIsAGapOfAll) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<Polyline> lines{{{0, 1, 2}, {1, 1, 1}}, {{0, 1, 2}, {1, nan, 1}}};
  const Band band = band_over(pointers(lines), 0, 2, 100, BandKind::kRange);
  ASSERT_EQ(band.mean.size(), 3U);
  EXPECT_TRUE(std::isnan(band.mean[1]) && std::isnan(band.low[1]) && std::isnan(band.high[1]));
  EXPECT_EQ(band.mean[2], 1.0);
}

TEST(Band, NothingInCommonIsNothing) {
  const std::vector<Polyline> lines{{{0, 1}, {1, 1}}, {{5, 6}, {1, 1}}};
  EXPECT_TRUE(band_over(pointers(lines), 0, 10, 100, BandKind::kRange).x.empty());
  EXPECT_TRUE(band_over({}, 0, 10, 100, BandKind::kRange).x.empty());
}

}  // namespace
}  // namespace thalweg
