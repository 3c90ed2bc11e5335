// Our functions of floats against the library's in double, over all of their range.
#include "core/surface/float_functions.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

namespace thalweg {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

/// The float so many floats after `x`.
float later(float x, std::uint32_t by) {
  const auto bits = std::bit_cast<std::uint32_t>(x);
  if (x < 0.0f) return (bits & 0x7fffffffU) <= by ? 0.0f : std::bit_cast<float>(bits - by);
  return std::bit_cast<float>(bits + by);
}

/// The largest error in units in the last place between `low` and `high`, of results that are normal numbers.
template <class Ours, class Wanted>
double largest_error(const Ours& ours, const Wanted& wanted, float low, float high) {
  double worst = 0.0;
  int compared = 0;
  for (float x = low; x <= high; x = later(x, 40'009)) {
    const double exact = wanted(static_cast<double>(x));
    if (!(std::abs(exact) >= 0x1p-126 && std::abs(exact) < 0x1p128)) continue;
    const double unit = std::ldexp(1.0, std::ilogb(exact) - 23);
    const double error = std::abs(static_cast<double>(ours(x)) - exact) / unit;
    worst = error <= worst ? worst : error;  // a NaN stays
    ++compared;
  }
  EXPECT_GT(compared, 1000);
  return worst;
}

TEST(FloatFunctions, AreExactToTheLastUnits) {
  EXPECT_LT(largest_error(
                floats::exp, [](double x) { return std::exp(x); }, -87.0f, 88.7f),
            1.0);
  EXPECT_LT(largest_error(
                floats::expm1, [](double x) { return std::expm1(x); }, -100.0f, 88.7f),
            2.0);
  EXPECT_LT(largest_error(
                floats::log1p, [](double x) { return std::log1p(x); }, -0.9999999f, 3e38f),
            1.0);
  EXPECT_LT(largest_error(
                floats::sin, [](double x) { return std::sin(x); }, -1048576.0f, 1048576.0f),
            2.0);
  EXPECT_LT(largest_error(
                floats::cos, [](double x) { return std::cos(x); }, -1048576.0f, 1048576.0f),
            2.0);
}

TEST(FloatFunctions, KeepZeroInfinityAndNaN) {
  EXPECT_EQ(floats::exp(0.0f), 1.0f);
  EXPECT_EQ(floats::exp(89.0f), kInfinity);
  EXPECT_EQ(floats::exp(kInfinity), kInfinity);
  EXPECT_EQ(floats::exp(-kInfinity), 0.0f);
  EXPECT_EQ(floats::expm1(kInfinity), kInfinity);
  EXPECT_EQ(floats::expm1(88.9f), kInfinity);
  EXPECT_NEAR(static_cast<double>(floats::expm1(88.72f)), std::expm1(static_cast<double>(88.72f)), 1e32);
  EXPECT_EQ(floats::expm1(-kInfinity), -1.0f);
  EXPECT_EQ(floats::log1p(kInfinity), kInfinity);
  EXPECT_EQ(floats::log1p(-1.0f), -kInfinity);
  EXPECT_EQ(floats::cos(0.0f), 1.0f);
  for (const auto ours : {floats::expm1, floats::log1p, floats::sin}) {
    EXPECT_EQ(std::bit_cast<std::uint32_t>(ours(0.0f)), 0U);
    EXPECT_EQ(std::bit_cast<std::uint32_t>(ours(-0.0f)), 0x80000000U);
    EXPECT_EQ(ours(1e-30f), 1e-30f);
  }
  for (const auto ours : {floats::exp, floats::expm1, floats::log1p, floats::sin, floats::cos})
    EXPECT_TRUE(std::isnan(ours(kNan)));
  EXPECT_TRUE(std::isnan(floats::log1p(-1.5f)));
  EXPECT_TRUE(std::isnan(floats::log1p(-kInfinity)));
  EXPECT_TRUE(std::isnan(floats::sin(kInfinity)));
  EXPECT_TRUE(std::isnan(floats::cos(-kInfinity)));
}

TEST(FloatFunctions, OfLargeAnglesStayBounded) {
  for (float x = 1e6f; x < 1e15f; x = later(x, 9'001)) {
    ASSERT_LE(std::abs(floats::sin(x)), 1.0f);
    ASSERT_LE(std::abs(floats::cos(x)), 1.0f);
  }
  for (const float x : {3e6f, 5.5e7f, 2e8f})
    EXPECT_NEAR(static_cast<double>(floats::sin(x)), std::sin(static_cast<double>(x)), 1e-6);
}

}  // namespace
}  // namespace thalweg
