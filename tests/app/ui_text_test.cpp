#include "app/ui/text.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/app/ui_harness.hpp"
#include "tests/app/ui_samples.hpp"

namespace thalweg::ui::testing {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

TEST(Number, HasFourSignificantDigits) {
  EXPECT_EQ(number(0.34612), "0.3461");
  EXPECT_EQ(number(268.31), "268.3");
  EXPECT_EQ(number(1.0), "1.000");
  EXPECT_EQ(number(0.001), "0.001000");
  EXPECT_EQ(number(99.996), "100.0") << "rounding may carry";
}

TEST(Number, WritesPowersAsPowers) {
  EXPECT_EQ(number(7.4534e-7), "7.453×10⁻⁷");
  EXPECT_EQ(number(2.5e12, 2), "2.5×10¹²");
  EXPECT_EQ(number(9.9999e-4), "0.001000") << "rounding carries into the plain range";
  EXPECT_EQ(number(9.9999e-5), "1.000×10⁻⁴") << "the mantissa carries into the exponent";
  EXPECT_EQ(number(999999.9), "1.000×10⁶");
}

TEST(Number, UsesATrueMinusAndThinSpaces) {
  EXPECT_EQ(number(-12345.6), "\u221212\u2009346");
  EXPECT_EQ(integer(1240), "1\u2009240");
  EXPECT_EQ(integer(-1240000), "\u22121\u2009240\u2009000");
  EXPECT_EQ(integer(0), "0");
  EXPECT_EQ(integer(999), "999");
}

TEST(Number, SaysWhatIsNotANumber) {
  EXPECT_EQ(number(std::nan("")), "NaN");
  EXPECT_EQ(number(kInf), "∞");
  EXPECT_EQ(number(-kInf), "\u2212∞");
  EXPECT_EQ(number(-0.0), "0");
}

TEST(ValueText, ShowsAsManyDigitsAsTheValueNeeds) {
  EXPECT_EQ(value_text(learning_rate(1), Value{0.001}), "0.00100");
  EXPECT_EQ(value_text(learning_rate(1), Value{1e-8}), "1.00×10⁻⁸");
  EXPECT_EQ(value_text(learning_rate(1), Value{0.12345}), "0.1235");
  const Parameter beta = decay_rate("b", "β", "memory", 0.9);
  EXPECT_EQ(value_text(beta, Value{0.9}), "0.900");
  EXPECT_EQ(value_text(beta, Value{0.999}), "0.9990");
  EXPECT_EQ(value_text(beta, Value{0.9999}), "0.99990");
  EXPECT_EQ(value_text(layers(), Value{3.0}), "3");
  EXPECT_EQ(value_text(clip_norm(), Value{}), "off");
}

TEST(TextDrawing, NumbersOfEqualLengthAreEquallyWide) {
  if (!fonts_found() && !std::filesystem::exists("/usr/share/fonts/opentype/inter"))
    GTEST_SKIP() << "Inter is not installed";
  Bench bench([] {});
  for (const Type type : {Type::kSmall, Type::kNormal, Type::kStrong, Type::kTitle}) {
    EXPECT_EQ(text_width(type, "1111"), text_width(type, "8040"));
    EXPECT_EQ(text_width(type, "0.111"), text_width(type, "9.996"));
  }
}

TEST(TextDrawing, ElidesToTheWidth) {
  Bench bench([] {});
  const std::string whole = "Gradient descent with ∇ and β₂";
  EXPECT_EQ(elided(Type::kNormal, whole, 1000.0f), whole);
  for (float width = 20.0f; width < text_width(Type::kNormal, whole); width += 7.0f) {
    const std::string cut = elided(Type::kNormal, whole, width);
    EXPECT_LE(text_width(Type::kNormal, cut), width);
    EXPECT_TRUE(cut.ends_with("…"));
  }
}

TEST(TextDrawing, CapitalsKeepFormulas) {
  EXPECT_EQ(capitals("Gradient norm ‖∇f‖ at x"), "GRADIENT NORM ‖∇f‖ AT X");
}

}  // namespace
}  // namespace thalweg::ui::testing
