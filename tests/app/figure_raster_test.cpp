// SVG to PNG: the curve is where the numbers are, in the right colour, at every scale.
#include <gtest/gtest.h>
#include <stb/stb_image.h>

#include <cmath>
#include <memory>
#include <tuple>

#include "app/export/raster.hpp"
#include "core/figure/svg.hpp"
#include "tests/figure/xml.hpp"

namespace thalweg {
namespace {

struct Pixels {
  int width = 0, height = 0;
  std::unique_ptr<stbi_uc, void (*)(void*)> rgb{nullptr, stbi_image_free};

  std::tuple<int, int, int> at(double x, double y) const {
    const auto column = static_cast<std::size_t>(x), row = static_cast<std::size_t>(y);
    const stbi_uc* p = rgb.get() + 3 * (row * static_cast<std::size_t>(width) + column);
    return {p[0], p[1], p[2]};
  }
};

Pixels decoded(const std::string& png) {
  Pixels out;
  int channels = 0;
  out.rgb.reset(stbi_load_from_memory(reinterpret_cast<const stbi_uc*>(png.data()),
                                      static_cast<int>(png.size()), &out.width, &out.height, &channels, 3));
  return out;
}

Series points(std::vector<double> x, std::vector<double> y, int colour) {
  Series out;
  out.name = "s" + std::to_string(colour);
  out.colour = colour;
  out.x = std::move(x);
  out.y = std::move(y);
  return out;
}

constexpr auto kWhite = std::tuple(255, 255, 255);
constexpr auto kRed = std::tuple(0xc8, 0x35, 0x2b);
constexpr auto kBlue = std::tuple(0x1f, 0x6f, 0xc4);

std::string two_lines() {
  Chart chart;
  chart.title = "Lines";
  chart.x = {.label = "step", .range = Range{0.0, 10.0}};
  chart.y = {.label = "value", .range = Range{0.0, 4.0}};
  chart.series = {points({0, 10}, {1.3, 1.3}, 0), points({0, 10}, {0, 4}, 1)};
  FigureStyle style;
  style.palette = {0xc8352b, 0x1f6fc4};
  style.grid = 0xffffff;
  style.curve = 3.0;
  return to_svg(chart, {.style = style});
}

TEST(Raster, HasTheCurvesWhereTheNumbersAre) {
  const std::string svg = two_lines();
  const testing::XmlElement root = testing::XmlReader::read(svg);
  const testing::XmlElement& frame = *root.all("clipPath").at(0)->all("rect").at(0);
  const double left = frame.number("x"), top = frame.number("y") + 1.0;
  const double width = frame.number("width") - 1.0, height = frame.number("height") - 2.0;
  for (const double scale : {1.0, 2.0, 3.0}) {
    const auto png = png_of_svg(svg, scale);
    ASSERT_TRUE(png) << png.error().text();
    const Pixels picture = decoded(*png);
    ASSERT_TRUE(picture.rgb);
    EXPECT_EQ(picture.width, std::lround(720 * scale));
    EXPECT_EQ(picture.height, std::lround(450 * scale));
    for (const double u : {0.1, 0.2, 0.6, 0.75, 0.9}) {
      const double x = (left + u * width) * scale;
      const double level = (top + (1.0 - 1.3 / 4.0) * height) * scale;
      const double slope = (top + (1.0 - u) * height) * scale;
      EXPECT_EQ(picture.at(x, level), kRed) << u << " at " << scale;
      EXPECT_EQ(picture.at(x, slope), kBlue) << u << " at " << scale;
      EXPECT_EQ(picture.at(x, level - 6.0 * scale), kWhite);
      EXPECT_EQ(picture.at(x, slope + 8.0 * scale), kWhite);
    }
  }
}

TEST(Raster, RefusesWhatItCannotDraw) {
  EXPECT_FALSE(png_of_svg("", 1.0));
  EXPECT_FALSE(png_of_svg("<svg", 1.0));
  EXPECT_FALSE(png_of_svg("no xml at all", 1.0));
  EXPECT_FALSE(png_of_svg(two_lines(), 0.0));
  EXPECT_FALSE(png_of_svg(two_lines(), std::nan("")));
  const std::string huge = R"(<svg xmlns="http://www.w3.org/2000/svg" width="30000" height="10"/>)";
  const auto refused = png_of_svg(huge, 1.0);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kBadInput);
}

TEST(Raster, TakesHostileNames) {
  Chart chart;
  chart.title = "<script>&\"' \x07 \u05e9\u05dc\u05d5\u05dd \xff";
  chart.series = {points({0, 1, 2}, {1, std::nan(""), 2}, 0)};
  chart.series[0].name = std::string(10'000, 'w');
  chart.marks = {{1.0, "]]> <!--"}};
  const auto png = png_of_svg(to_svg(chart, {}), 1.0);
  ASSERT_TRUE(png) << png.error().text();
  EXPECT_TRUE(decoded(*png).rgb);
}

}  // namespace
}  // namespace thalweg
