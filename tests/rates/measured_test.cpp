// Fits against lines that are known, and against the rates of runs.
#include <gtest/gtest.h>

#include <cmath>

#include "core/rates/measured.hpp"
#include "tests/rates/rules.hpp"

namespace thalweg {
namespace {

TEST(Measured, ALineIsFoundExactly) {
  const auto value = [](std::int64_t t) { return 7.0 * std::pow(0.93, static_cast<double>(t)); };
  const auto found = measure_rate(value, 100, 400);
  ASSERT_TRUE(found);
  EXPECT_NEAR(found->rate, 0.93, 1e-12);
  EXPECT_NEAR(found->endpoints, 0.93, 1e-12);
  EXPECT_NEAR(found->fit, 1.0, 1e-12);
  EXPECT_LT(found->error, 1e-9);
  EXPECT_NEAR(found->at_first, value(100), 1e-10 * value(100));
  EXPECT_EQ(found->first, 100);
  EXPECT_EQ(found->last, 400);
}

/// Least squares by hand: ln y = 0, 1, 3 at t = 0, 1, 2 has slope 3/2, mean 4/3, residuals 1/6, −1/3, 1/6.
TEST(Measured, ByHand) {
  const auto found =
      measure_rate([](std::int64_t t) { return std::exp(t == 0   ? 0.0
                                                        : t == 1 ? 1.0
                                                                 : 3.0); }, 0, 2);
  ASSERT_TRUE(found);
  EXPECT_NEAR(found->rate, std::exp(1.5), 1e-12);
  EXPECT_NEAR(found->at_first, std::exp(4.0 / 3.0 - 1.5), 1e-12);
  EXPECT_NEAR(found->fit, 1.0 - (1.0 / 6.0) / (14.0 / 3.0), 1e-12);
  EXPECT_NEAR(found->error, std::exp(1.5) * std::sqrt((1.0 / 6.0) / 1.0 / 2.0), 1e-12);
  EXPECT_NEAR(found->endpoints, std::exp(1.5), 1e-12);
}

TEST(Measured, LeavesOutWhatHasNoLogarithm) {
  const auto found = measure_rate(
      [](std::int64_t t) {
        return t == 3   ? 0.0
               : t == 5 ? std::nan("")
               : t == 6 ? INFINITY
                        : std::pow(0.5, static_cast<double>(t));
      },
      0, 10);
  ASSERT_TRUE(found);
  EXPECT_NEAR(found->rate, 0.5, 1e-12);
}

TEST(Measured, TooLittleIsNothing) {
  EXPECT_FALSE(measure_rate([](std::int64_t) { return 1.0; }, 4, 4));
  EXPECT_FALSE(measure_rate([](std::int64_t t) { return t < 2 ? 1.0 : 0.0; }, 0, 100));
  EXPECT_FALSE(measure_rate([](std::int64_t) { return std::nan(""); }, 0, 100));
}

/// E10.4: over steps 100 to 200 the optimal heavy ball has 0.8238, on its way to 9/11 = 0.8182.
TEST(Measured, HeavyBallOfTheExercises) {
  const Spec spec = test::optimizer("momentum:lr=0.0330578512396694,momentum=0.669421487603306");
  const auto distance = test::distances(spec, {1.0, 10.0, 100.0}, {1.0, 1.0, 1.0}, 200);
  const auto at = [&](std::int64_t t) { return distance[static_cast<std::size_t>(t)]; };
  const auto found = measure_rate(at, 100, 200);
  ASSERT_TRUE(found);
  EXPECT_NEAR(found->endpoints, 0.8238, 1e-4);
  EXPECT_NEAR(found->rate, 0.8238, 4e-4);
  EXPECT_GT(found->fit, 0.999);
}

TEST(Measured, WindowLeavesOutStartAndRounding) {
  const auto value = [](std::int64_t t) { return std::max(std::pow(0.5, static_cast<double>(t)), 1e-16); };
  const StepWindow window = settled_window(value, 1000);
  EXPECT_EQ(window.last, 39);  // 2^-39 is the last above 1e-12
  EXPECT_EQ(window.first, 19);
  const StepWindow all = settled_window([](std::int64_t t) { return 1.0 / static_cast<double>(t + 1); }, 500);
  EXPECT_EQ(all.last, 500);
  EXPECT_EQ(all.first, 250);
  EXPECT_EQ(settled_window([](std::int64_t) { return 1.0; }, 4).first, 0);
}

}  // namespace
}  // namespace thalweg
