#include "app/ui/theme.hpp"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cmath>
#include <iostream>

#include "app/ui/text.hpp"
#include "app/ui/widgets.hpp"
#include "tests/app/ui_harness.hpp"

namespace thalweg::ui::testing {
namespace {

using Vec = std::array<double, 3>;

Vec linear(Colour c) {
  Vec out{};
  const int shifts[] = {IM_COL32_R_SHIFT, IM_COL32_G_SHIFT, IM_COL32_B_SHIFT};
  for (std::size_t i = 0; i < 3; ++i) {
    const double v = static_cast<double>(c >> shifts[i] & 255u) / 255.0;
    out[i] = v <= 0.04045 ? v / 12.92 : std::pow((v + 0.055) / 1.055, 2.4);
  }
  return out;
}

/// OKLab (Ottosson 2020) of linear sRGB.
Vec oklab(const Vec& c) {
  const auto cone = [&](double r, double g, double b) {
    return std::cbrt(std::max(0.0, r * c[0] + g * c[1] + b * c[2]));
  };
  const double l = cone(0.4122214708, 0.5363325363, 0.0514459929);
  const double m = cone(0.2119034982, 0.6806995451, 0.1073969566);
  const double s = cone(0.0883024619, 0.2817188376, 0.6299787005);
  return {0.2104542553 * l + 0.7936177850 * m - 0.0040720468 * s,
          1.9779984951 * l - 2.4285922050 * m + 0.4505937099 * s,
          0.0259040371 * l + 0.7827717662 * m - 0.8086757660 * s};
}

/// Machado, Oliveira, Fernandes (2009), severity 1: none, protan, deutan, tritan.
constexpr std::array<std::array<double, 9>, 4> kSight = {{
    {1, 0, 0, 0, 1, 0, 0, 0, 1},
    {0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998},
    {0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.011820, 0.042940, 0.968881},
    {1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733, 0.691367, 0.303900},
}};

Vec seen(Colour c, const std::array<double, 9>& m) {
  const Vec v = linear(c);
  return oklab({m[0] * v[0] + m[1] * v[1] + m[2] * v[2], m[3] * v[0] + m[4] * v[1] + m[5] * v[2],
                m[6] * v[0] + m[7] * v[1] + m[8] * v[2]});
}

double contrast(Colour a, Colour b) {
  const auto light = [](Colour c) {
    const Vec v = linear(c);
    return 0.2126 * v[0] + 0.7152 * v[1] + 0.0722 * v[2] + 0.05;
  };
  return std::max(light(a), light(b)) / std::min(light(a), light(b));
}

class EachTheme : public ::testing::TestWithParam<const char*> {};

TEST_P(EachTheme, PathColoursAreToldApartByColourBlindPeople) {
  const Theme& t = theme_by_id(GetParam());
  for (std::size_t sight = 0; sight < kSight.size(); ++sight)
    for (std::size_t a = 0; a < t.path.size(); ++a)
      for (std::size_t b = a + 1; b < t.path.size(); ++b) {
        const Vec u = seen(t.path[a], kSight[sight]);
        const Vec v = seen(t.path[b], kSight[sight]);
        EXPECT_GT(std::hypot(u[0] - v[0], u[1] - v[1], u[2] - v[2]), 0.075)
            << sight << ": " << a << " and " << b;
      }
}

TEST_P(EachTheme, TextIsLegible) {
  const Theme& t = theme_by_id(GetParam());
  for (const Colour ground : {t.panel, t.card, t.ground}) {
    EXPECT_GT(contrast(t.text, ground), 7.0);
    EXPECT_GT(contrast(t.dim, ground), 4.3);
    EXPECT_GT(contrast(t.error, ground), 4.5);
    EXPECT_GT(contrast(t.warning, ground), 4.0);
    for (const Colour path : t.path) EXPECT_GT(contrast(path, ground), 2.6);
  }
}

INSTANTIATE_TEST_SUITE_P(Themes, EachTheme, ::testing::Values("light", "dark", "projector"),
                         [](const auto& tested) { return std::string(tested.param); });

TEST(ThemeMeasures, FollowTheScale) {
  Bench bench([] {});
  apply(dark_theme(), 1.0f);
  EXPECT_EQ(px(8.0f), 8.0f);
  EXPECT_EQ(px(0.0f), 0.0f);
  EXPECT_EQ(px(0.1f), 1.0f);
  apply(dark_theme(), 1.5f);
  EXPECT_EQ(px(8.0f), 12.0f);
  EXPECT_EQ(line_width(1.0f), 2.0f);
  apply(dark_theme(), 9.0f);
  EXPECT_EQ(px(8.0f), 24.0f) << "clamped to 3";
  apply(projector_theme(), 1.0f);
  EXPECT_EQ(px(8.0f), 10.0f);
}

TEST(Fonts, AreRebuiltOnlyWhenTheScaleChanges) {
  Bench bench([] {});
  EXPECT_FALSE(apply(light_theme(), 1.0f)) << "the same type";
  EXPECT_TRUE(apply(light_theme(), 2.0f));
  const float large = line_height(Type::kNormal);
  bench.frame();
  EXPECT_TRUE(apply(light_theme(), 1.0f));
  EXPECT_NEAR(line_height(Type::kNormal) * 2.0f, large, 1.0f);
  bench.frame();
}

TEST(Fonts, HaveTheGlyphsOfTheField) {
  Bench bench([] {});
  if (!fonts_found()) GTEST_SKIP() << "neither Inter nor DejaVu Sans is installed";
  for (const ImWchar c : {0x3b7,  0x3b2, 0x2081, 0x2207, 0x2208, 0x211d, 0x2016, 0x2202, 0x2212, 0x207b,
                          0x2077, 0xd7,  0x2009, 0x2026, 0x2264, 0x221e, 0x2192, 0x1d40, 0x1d57, 0x141})
    EXPECT_NE(font(Type::kNormal)->FindGlyphNoFallback(c), nullptr) << std::hex << c;
}

TEST(Fonts, MissingFilesFallBackToImGuisOwn) {
  set_font_folders({"/nowhere"});
  {
    Bench bench([] {
      Parameter p;
      p.key = "x";
      p.symbol = "η";
      static Value value = 0.5;
      parameter_row(p, value, path_colour(0));
    });
    EXPECT_FALSE(fonts_found());
    EXPECT_TRUE(apply(dark_theme(), 2.0f));
    bench.frame(2);
    EXPECT_GT(text_width(Type::kNormal, "Adam"), 10.0f);
  }
  set_font_folders({});
}

TEST(Fonts, AtlasIsBuiltQuickly) {
  Bench bench([] {});
  for (const float scale : {2.0f, 3.0f, 1.0f}) {
    const auto start = std::chrono::steady_clock::now();
    apply(dark_theme(), scale);
    const double ms =
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
    std::cout << "atlas at " << scale << "x: " << ms << " ms, " << ImGui::GetIO().Fonts->TexWidth << "x"
              << ImGui::GetIO().Fonts->TexHeight << "\n";
    EXPECT_LT(ms, 1000.0);
    EXPECT_LE(ImGui::GetIO().Fonts->TexHeight, 4096);
  }
}

}  // namespace
}  // namespace thalweg::ui::testing
