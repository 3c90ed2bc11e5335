#include "core/figure/axis.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace thalweg {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

std::vector<std::string> labels(const std::vector<Tick>& all) {
  std::vector<std::string> out;
  for (const Tick& tick : all)
    if (tick.major) out.push_back(tick.label.plain());
  return out;
}

using Words = std::vector<std::string>;

TEST(Ticks, StandAtNiceNumbersOfALinearAxis) {
  EXPECT_EQ(labels(ticks({0, 2000}, AxisScale::kLinear, 280, 50)),
            (Words{"0", "500", "1\u2009000", "1\u2009500", "2\u2009000"}));
  EXPECT_EQ(labels(ticks({-1, 1}, AxisScale::kLinear, 200, 45)),
            (Words{"\u22121.0", "\u22120.5", "0", "0.5", "1.0"}));
}

TEST(Ticks, PutFewerLabelsWhereThereIsLessRoom) {
  const Range range{0, 100};
  const auto wide = labels(ticks(range, AxisScale::kLinear, 1000, 50));
  const auto narrow = labels(ticks(range, AxisScale::kLinear, 100, 50));
  EXPECT_EQ(wide.size(), 21u);
  EXPECT_EQ(narrow, (Words{"0", "50", "100"}));
}

TEST(Ticks, WritePowersOfTenOnALogAxis) {
  EXPECT_EQ(labels(ticks({1e-6, 1e4}, AxisScale::kLog, 180, 30)),
            (Words{"10^\u22126", "10^\u22124", "10^\u22122", "10^0", "10^2", "10^4"}));
}

TEST(Ticks, HaveMinorOnesWithinADecade) {
  const auto all = ticks({1.0, 100.0}, AxisScale::kLog, 300, 30);
  ASSERT_EQ(all.size(), 19u);
  EXPECT_TRUE(all[0].major);
  EXPECT_FALSE(all[1].major);
  EXPECT_DOUBLE_EQ(all[1].value, 2.0);
  EXPECT_DOUBLE_EQ(all[9].value, 10.0);
  EXPECT_TRUE(all[9].major);
}

TEST(Ticks, FallBackToNumbersOnLessThanADecadeOfALogAxis) {
  EXPECT_EQ(labels(ticks({2.0, 5.0}, AxisScale::kLog, 200, 50)), (Words{"2", "3", "4", "5"}));
}

TEST(Ticks, WriteVerySmallAndLargeNumbersWithAnExponent) {
  EXPECT_EQ(labels(ticks({0, 4e-5}, AxisScale::kLinear, 200, 90)),
            (Words{"0", "2\u00d710^\u22125", "4\u00d710^\u22125"}));
  EXPECT_EQ(labels(ticks({0, 2e9}, AxisScale::kLinear, 200, 90)), (Words{"0", "10^9", "2\u00d710^9"}));
}

TEST(Ticks, SurviveAnyRange) {
  for (const AxisScale scale : {AxisScale::kLinear, AxisScale::kLog})
    for (const Range range : {Range{0, 0},
                              {-1, -1},
                              {kNan, 1},
                              {-kInf, kInf},
                              {5, -5},
                              {1e300, 1e308},
                              {1, 1 + 1e-15},
                              {0, 5e-324},
                              {1e-320, 1}}) {
      const auto all = ticks(range, scale, 300, 30);
      EXPECT_LT(all.size(), 2000u);
      for (const Tick& tick : all) EXPECT_TRUE(std::isfinite(tick.value));
      const Range sound = valid(range, scale);
      EXPECT_LT(sound.min, sound.max);
      if (scale == AxisScale::kLog) {
        EXPECT_GT(sound.min, 0.0);
      }
    }
}

TEST(Unit, PlacesValuesAndReadsThemBack) {
  const Range range{1e-6, 1e4};
  EXPECT_NEAR(to_unit(range, AxisScale::kLog, 0.1), 0.5, 1e-12);
  EXPECT_NEAR(from_unit(range, AxisScale::kLog, 0.5), 0.1, 1e-12);
  EXPECT_EQ(to_unit(range, AxisScale::kLog, 0.0), -kInf);
  EXPECT_EQ(to_unit(range, AxisScale::kLog, -3.0), -kInf);
  EXPECT_TRUE(std::isnan(to_unit(range, AxisScale::kLog, kNan)));
  EXPECT_DOUBLE_EQ(to_unit({-2, 2}, AxisScale::kLinear, 1.0), 0.75);
}

TEST(Fit, RoundsOutwardToDecades) {
  EXPECT_EQ(fit({3.2e-5, 740}, AxisScale::kLog), (Range{1e-5, 1e3}));
  EXPECT_EQ(fit({1e-5, 1e3}, AxisScale::kLog), (Range{1e-5, 1e3}));
}

TEST(Fit, RoundsOutwardToNiceNumbers) {
  EXPECT_EQ(fit({0.3, 9.2}, AxisScale::kLinear), (Range{0, 10}));
  const Range flat = fit({5, 5}, AxisScale::kLinear);
  EXPECT_LT(flat.min, 5.0);
  EXPECT_GT(flat.max, 5.0);
}

TEST(Fit, HoldsStillWhileTheDataStaysWithinAndFillsIt) {
  const Range shown{1e-6, 1e4};
  EXPECT_EQ(fit({4e-5, 3e3}, AxisScale::kLog, shown), shown);
  EXPECT_NE(fit({4e-7, 3e3}, AxisScale::kLog, shown), shown) << "runs out below";
  EXPECT_EQ(fit({0.5, 20}, AxisScale::kLog, shown), (Range{0.1, 100})) << "fills too little";
}

TEST(Zoom, KeepsTheValueUnderTheCursor) {
  for (const AxisScale scale : {AxisScale::kLinear, AxisScale::kLog}) {
    const Range range{1.0, 100.0};
    const double before = from_unit(range, scale, 0.3);
    const Range closer = zoomed(range, scale, 0.3, 0.5);
    EXPECT_NEAR(from_unit(closer, scale, 0.3), before, 1e-9);
    EXPECT_LT(closer.max, range.max);
  }
}

TEST(Zoom, StopsBeforeTheNumbersRunOut) {
  Range range{1.0, 2.0};
  for (int i = 0; i < 1000; ++i) range = zoomed(range, AxisScale::kLinear, 0.5, 0.5);
  EXPECT_LT(range.min, range.max);
  EXPECT_GT(range.span(), 1e-13);
  for (int i = 0; i < 5000; ++i) range = zoomed(range, AxisScale::kLinear, 0.5, 2.0);
  EXPECT_TRUE(std::isfinite(range.span()));
}

}  // namespace
}  // namespace thalweg
