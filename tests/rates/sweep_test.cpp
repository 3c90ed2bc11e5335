// Sweeps and maps against the radius at single points.
#include "core/rates/sweep.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/rates/rules.hpp"

namespace thalweg {
namespace {

using test::optimizer;

LocalSpectrum spectrum(std::vector<double> eigenvalues) {
  LocalSpectrum out;
  out.eigenvalues = std::move(eigenvalues);
  return out;
}

/// E10.3: the V of gradient descent, its point at 2/101.
TEST(Sweep, TheVOfGradientDescent) {
  const auto sweep = sweep_setting(optimizer("gd"), "lr", spectrum({1, 100}));
  ASSERT_TRUE(sweep);
  EXPECT_NEAR(sweep->best, 0.0198020, 1e-6);
  EXPECT_NEAR(sweep->best_radius, 0.9801980, 1e-6);
  EXPECT_TRUE(std::is_sorted(sweep->setting.begin(), sweep->setting.end()));
  EXPECT_NEAR(*std::min_element(sweep->radius.begin(), sweep->radius.end()), sweep->best_radius, 1e-12);
  for (std::size_t i = 0; i < sweep->setting.size(); ++i)
    EXPECT_NEAR(sweep->radius[i],
                std::max(std::abs(1 - sweep->setting[i]), std::abs(1 - 100 * sweep->setting[i])), 1e-12);
  EXPECT_GT(sweep->radius.back(), 1.0);
}

TEST(Sweep, OfMomentum) {
  const auto sweep =
      sweep_setting(optimizer("momentum:lr=0.0330578512396694"), "momentum", spectrum({1, 100}));
  ASSERT_TRUE(sweep);
  EXPECT_NEAR(sweep->best, 81.0 / 121.0, 1e-5);
  EXPECT_FALSE(sweep_setting(optimizer("gd"), "momentum", spectrum({1, 100})));
  EXPECT_FALSE(sweep_setting(optimizer("adam"), "lr", spectrum({1, 100})));
  EXPECT_FALSE(sweep_setting(optimizer("gd"), "lr", spectrum({-1, 100})));
}

TEST(RateMap, CellsAreTheRadiusThere) {
  for (const char* text : {"momentum", "momentum:form=ema", "nesterov:weight_decay=2"}) {
    RateMapRequest request = rate_map_request(optimizer(text), {1, 100}, 0.01);
    request.width = 37;
    request.height = 23;
    const auto map = rate_map(request);
    ASSERT_EQ(map.size(), 37U * 23U);
    for (const auto& [i, j] : {std::pair{0, 0}, {36, 22}, {11, 17}}) {
      Spec at = optimizer(text);
      *at.find("momentum") = (j + 0.5) / 23.0;
      EXPECT_DOUBLE_EQ(map[static_cast<std::size_t>(j * 37 + i)],
                       radius_over(*linear_rule(at), request.rate_at((i + 0.5) / 37.0), {1, 100}));
    }
  }
}

TEST(RateMap, BoundaryIsWhereTheMapPassesOne) {
  RateMapRequest request = rate_map_request(optimizer("nesterov"), {1, 100}, 0.01);
  request.height = 40;
  for (const RateMapPoint& point : stability_boundary(request)) {
    Spec at = optimizer("nesterov");
    *at.find("momentum") = point.momentum;
    EXPECT_LT(radius_over(*linear_rule(at), 0.999 * point.rate, {1, 100}), 1.0);
    EXPECT_GT(radius_over(*linear_rule(at), 1.001 * point.rate, {1, 100}), 1.0);
    EXPECT_GT(point.rate, request.lowest_rate);
    EXPECT_LT(point.rate, request.highest_rate);
  }
}

TEST(RateMap, StretchHoldsTheBestAndTheRateInForce) {
  for (const double rate : {1e-5, 0.003, 0.5}) {
    const RateMapRequest request = rate_map_request(optimizer("momentum"), {1, 100}, rate);
    EXPECT_LT(request.lowest_rate, std::min(rate, 1.0 / 100.0));
    EXPECT_GT(request.highest_rate, std::max(rate, 4.0 / 100.0));
    EXPECT_NEAR(request.unit_of_rate(request.rate_at(0.3)), 0.3, 1e-12);
  }
  EXPECT_EQ(rate_map_request(optimizer("momentum:momentum=0.3,lr=0.01"), {1, 100}, 0.01),
            rate_map_request(optimizer("momentum:momentum=0.8,lr=0.012"), {1, 100}, 0.012));
}

TEST(RateMap, NothingToShow) { EXPECT_TRUE(rate_map({optimizer("gd"), {1, 2}, 0.1, 1.0, 4, 4}).empty()); }

}  // namespace
}  // namespace thalweg
