#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/compare/axes.hpp"

namespace thalweg {
namespace {

Fact number(double value) { return {"key", std::to_string(value), value}; }
Fact word(const std::string& text) { return {"key", text}; }
const Fact kNothing{"key", ""};

TEST(ValueAxis, NumbersThatSpanDecadesAreOnALogAxis) {
  const std::vector<Fact> facts{number(1e-4), number(1e-1), kNothing, number(1e-2)};
  const ValueAxis axis = make_value_axis("lr", facts);
  EXPECT_EQ(axis.scale, AxisScale::kLog);
  EXPECT_TRUE(axis.words.empty());
  // Evenly in powers of ten.
  const double a = axis.unit(facts[0]), b = axis.unit(facts[3]), c = axis.unit(facts[1]);
  EXPECT_NEAR((b - a) / (c - b), 2.0, 1e-9);
  EXPECT_GE(a, 0.0);
  EXPECT_LE(c, 1.0);
  EXPECT_TRUE(std::isnan(axis.unit(kNothing)));
  EXPECT_EQ(make_value_axis("lr", facts, AxisScale::kLinear).scale, AxisScale::kLinear);
}

TEST(ValueAxis, NumbersOfOneSizeAreOnALinearAxis) {
  const std::vector<Fact> facts{number(0.90), number(0.98)};
  const ValueAxis axis = make_value_axis("accuracy", facts);
  EXPECT_EQ(axis.scale, AxisScale::kLinear);
  EXPECT_LE(axis.range.min, 0.90);
  EXPECT_GE(axis.range.max, 0.98);
}

TEST(ValueAxis, AZeroHasNoPlaceOnALogAxis) {
  const std::vector<Fact> facts{number(0.0), number(1e-3), number(1.0)};
  const ValueAxis axis = make_value_axis("decay", facts, AxisScale::kLog);
  EXPECT_EQ(axis.scale, AxisScale::kLog);
  EXPECT_TRUE(std::isnan(axis.unit(facts[0])));
  EXPECT_GT(axis.range.min, 0.0);
  const std::vector<Fact> zeros{number(0.0), number(-1.0)};
  EXPECT_EQ(make_value_axis("k", zeros, AxisScale::kLog).scale, AxisScale::kLinear);
}

TEST(ValueAxis, WordsAreSortedPlaces) {
  const std::vector<Fact> facts{word("momentum"), word("adam"), word("momentum"), kNothing, number(3.0)};
  const ValueAxis axis = make_value_axis("optimizer", facts);
  EXPECT_EQ(axis.words, (std::vector<std::string>{"3.000000", "adam", "momentum"}));
  EXPECT_NEAR(axis.unit(facts[1]), 0.5, 1e-12);
  EXPECT_NEAR(axis.unit(facts[0]), 5.0 / 6.0, 1e-12);
  EXPECT_TRUE(std::isnan(axis.unit(kNothing)));
}

TEST(ValueAxis, NoValuesAtAllStillMakeAnAxis) {
  const ValueAxis axis = make_value_axis("k", std::vector<Fact>{kNothing, kNothing});
  EXPECT_LT(axis.range.min, axis.range.max);
  const ValueAxis one = make_value_axis("k", std::vector<Fact>{number(5.0)});
  EXPECT_LT(one.range.min, 5.0 + 1e-9);
  EXPECT_GT(one.range.max, one.range.min);
}

TEST(Brushes, AllMustHold) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<std::optional<Brush>> brushes{Brush{0.2, 0.4}, std::nullopt, Brush{0.0, 0.5}};
  EXPECT_TRUE(brushed(std::vector<double>{0.3, 0.9, 0.5}, brushes));
  EXPECT_FALSE(brushed(std::vector<double>{0.1, 0.9, 0.5}, brushes));
  EXPECT_FALSE(brushed(std::vector<double>{0.3, 0.9, 0.6}, brushes));
  EXPECT_FALSE(brushed(std::vector<double>{nan, 0.9, 0.5}, brushes));
  EXPECT_TRUE(brushed(std::vector<double>{0.2, nan, 0.0}, brushes));
}

}  // namespace
}  // namespace thalweg
