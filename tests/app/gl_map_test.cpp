// The map, drawn without a window and looked at pixel by pixel.
#include "app/gl/map_renderer.hpp"

#include <epoxy/gl.h>

#include <algorithm>
#include <array>
#include <limits>
#include <set>

#include "tests/app/gl_fixture.hpp"

namespace thalweg::gl_test {
namespace {

/// White ground and black lines, so that darkness is ink.
MapStyle ink_style(bool log_levels) {
  MapStyle style;
  style.levels.log_levels = log_levels;
  style.tint_count = 2;
  style.tints[0] = {-3.0, map_colour(0xffffff)};
  style.tints[1] = {4.0, map_colour(0xffffff)};
  style.line = map_colour(0x000000);
  style.minor_alpha = style.major_alpha = 1.0f;
  style.minor_width = style.major_width = 1.5f;
  style.hillshade_light = style.hillshade_dark = 0.0f;
  style.empty = map_colour(0x0000ff);
  style.hatch = map_colour(0x00ff00);
  return style;
}

class Map : public GlTest {
 protected:
  void SetUp() override {
    GlTest::SetUp();
    if (IsSkipped()) return;
    auto made = MapRenderer::create();
    ASSERT_TRUE(made) << made.error().text();
    map_ = std::make_unique<MapRenderer>(std::move(made).value());
  }

  /// Samples and draws.
  Image draw(Formula formula, const MapRect& rect, int width, int height, const MapStyle& style) {
    map_->set_field(
        make_height_field(sample(formula, rect, width, height), width, height, rect, style.levels));
    map_->set_style(style);
    return drawn();
  }

  Image drawn() {
    EXPECT_NE(map_->texture(), 0u);
    EXPECT_EQ(glGetError(), GLenum(GL_NO_ERROR));
    return read_pixels(map_->framebuffer(), map_->width(), map_->height());
  }

  std::unique_ptr<MapRenderer> map_;
};

/// 0 white to 1 black; j counts from the top.
double ink(const Image& image, int i, int j) {
  return 1.0 - image.rgb[3 * (std::size_t(j) * std::size_t(image.width) + std::size_t(i))] / 255.0;
}

/// Runs of ink along a row, and the ink in each.
std::vector<double> strokes(const Image& image, int row) {
  std::vector<double> found;
  bool inside = false;
  for (int i = 0; i < image.width; ++i) {
    const double here = ink(image, i, row);
    if (here < 0.02) {
      inside = false;
    } else {
      if (!inside) found.push_back(0.0);
      inside = true;
      found.back() += here;
    }
  }
  return found;
}

double ramp(double x, double) { return x; }

TEST_F(Map, HasOneLineForEachLevelAndNoOther) {
  const Image image = draw(ramp, {0, 0, 10, 4}, 600, 240, ink_style(false));
  const ContourLevels levels = map_->contours();
  // Between the centres of the first and of the last pixel.
  const double low = 10.0 * 0.5 / 600;
  const double high = 10.0 - low;
  std::size_t predicted = 0;
  for (std::int64_t k = levels.first; double(k) * levels.spacing < high; ++k) {
    if (double(k) * levels.spacing > low) ++predicted;
  }
  EXPECT_GT(predicted, 8u);
  for (const int row : {0, 100, 239}) EXPECT_EQ(strokes(image, row).size(), predicted) << row;
}

TEST_F(Map, LinesOfALogSurfaceLieWhereTheLegendSays) {
  const MapRect rect{-1, -1, 1, 1};
  const MapStyle style = ink_style(true);
  const int n = 801;
  const Image image = draw([](double x, double y) { return 1e3 * (x * x + y * y); }, rect, n, n, style);
  int checked = 0;
  for (const auto& tick : map_->legend().ticks) {
    const double radius = std::sqrt(tick.value / 1e3) * n / 2.0;
    if (radius < 60.0 || radius > 390.0) continue;  // closer in, the lines fade
    // The middle of the ink around the predicted crossing, on the row through the centre.
    double sum = 0.0;
    double moment = 0.0;
    for (int i = int(n / 2.0 + radius) - 3; i <= int(n / 2.0 + radius) + 3; ++i) {
      sum += ink(image, i, n / 2);
      moment += ink(image, i, n / 2) * (i + 0.5);
    }
    ASSERT_GT(sum, 0.5) << tick.value;
    EXPECT_NEAR(moment / sum, n / 2.0 + radius, 0.15) << tick.value;
    ++checked;
  }
  EXPECT_GE(checked, 6);
}

TEST_F(Map, LinesKeepTheirWidthWhateverTheSlope) {
  for (const float scale : {1.0f, 2.0f, 3.0f}) {
    MapStyle style = ink_style(false);
    style.pixel_scale = scale;
    // The slope grows along x: gaps from about 80 pixels down to 20.
    const Image image = draw([](double x, double) { return x * x; }, {1, 0, 4, 1}, 1200, 40, style);
    const auto found = strokes(image, 20);
    ASSERT_GE(found.size(), 10u);
    for (std::size_t k = 1; k + 1 < found.size(); ++k) EXPECT_NEAR(found[k], 1.5 * scale, 0.12 * scale) << k;
  }
}

TEST_F(Map, LinesKeepTheirWidthInEveryDirection) {
  const MapStyle style = ink_style(false);
  const int n = 600;
  const Image image = draw(cone, {-1, -1, 1, 1}, n, n, style);
  // Ink in the ring around one line is its length times its width.
  const double spacing = map_->contours().spacing;
  const double radius = 5 * spacing * n / 2.0;
  double sum = 0.0;
  for (int j = 0; j < n; ++j) {
    for (int i = 0; i < n; ++i) {
      const double r = std::hypot(i + 0.5 - n / 2.0, j + 0.5 - n / 2.0);
      if (std::abs(r - radius) < 6.0) sum += ink(image, i, j);
    }
  }
  EXPECT_NEAR(sum / (2 * std::numbers::pi * radius), 1.5, 0.06);
}

TEST_F(Map, LinesDoNotBreakAtAKink) {
  const int n = 401;  // the kinks run through the middles of pixels
  const Image image = draw(kinked, {-1, -1, 1, 1}, n, n, ink_style(false));
  const double spacing = map_->contours().spacing;
  const double radius = 4 * spacing * n / 2.0;
  // Along the whole diamond, corners included, there is ink right at the line.
  for (int step = 0; step <= int(radius); ++step) {
    for (const auto& [sx, sy] : {std::pair{1, 1}, {1, -1}, {-1, 1}, {-1, -1}}) {
      const int i = int(std::floor(n / 2.0 + sx * double(step)));
      const int j = int(std::floor(n / 2.0 + sy * (radius - step)));
      double most = 0.0;
      for (int d = -1; d <= 1; ++d) most = std::max({most, ink(image, i + d, j), ink(image, i, j + d)});
      ASSERT_GT(most, 0.6) << step << " " << sx << " " << sy;
    }
  }
}

TEST_F(Map, LineBesideTheBottomOfAKinkIsDrawn) {
  // A line 0.4 pixels to both sides of a valley's bottom, which runs through the middles of pixels.
  // Across the bottom a central difference vanishes. The step at the right keeps the line from
  // being the lowest of all, which is left out.
  const int n = 401;
  const Formula valley = [](double x, double) { return x > 0.9 ? -0.5 : std::abs(x) - 0.4 * 2.0 / 401; };
  const Image image = draw(valley, {-1, -1, 1, 1}, n, n, ink_style(false));
  for (int j = 0; j < n; ++j) ASSERT_GT(ink(image, n / 2, j), 0.6) << j;
}

TEST_F(Map, LinesFadeWhereTheyWouldMeet) {
  // The slope grows along x without end: at first lines are far apart, then a fraction of a pixel.
  MapStyle style = ink_style(true);
  style.levels.reference = 1.0;
  const Formula narrowing = [](double x, double) { return 1.0 + std::pow(10.0, 8.0 * x * x * x * x); };
  const Image image = draw(narrowing, {0, 0, 1, 0.1}, 260, 20, style);
  EXPECT_GT(strokes(image, 10).size(), 10u);
  const Formula steep = [](double x, double) { return std::sin(400 * x) * 50; };
  const Image dense = draw(steep, {0, 0, 1, 0.1}, 400, 40, ink_style(false));
  double mean = 0.0;
  for (int i = 0; i < 400; ++i) mean += ink(dense, i, 20) / 400;
  EXPECT_LT(mean, 0.25) << "steeper than the picture can show, and not blackened";
}

TEST_F(Map, ThePicturesBottomIsTheFieldsBottom) {
  MapStyle style = ink_style(false);
  style.tints[1] = {4.0, map_colour(0x000000)};
  style.minor_alpha = style.major_alpha = 0.0f;
  const Image image = draw([](double, double y) { return y; }, {0, 0, 1, 1}, 64, 64, style);
  EXPECT_LT(ink(image, 32, 63), 0.05) << "low is white";
  EXPECT_GT(ink(image, 32, 0), 0.95);
}

TEST_F(Map, LightComesFromTheUpperLeft) {
  MapStyle style = ink_style(false);
  style.tints[0].colour = style.tints[1].colour = map_colour(0x808080);
  style.minor_alpha = style.major_alpha = 0.0f;
  style.hillshade_light = style.hillshade_dark = 0.3f;
  const Image hill =
      draw([](double x, double y) { return std::exp(-(x * x + y * y)); }, {-2, -2, 2, 2}, 200, 200, style);
  EXPECT_LT(ink(hill, 70, 70), 0.48) << "upper left of the hill is lit";
  EXPECT_GT(ink(hill, 130, 130), 0.52) << "lower right is in shade";
}

TEST_F(Map, WhereThereIsNoValueItIsHatchedAndNothingElseIs) {
  const MapRect rect{-1, -1, 1, 1};
  const int n = 200;
  auto z = sample([](double x, double) { return 1 + 0 * x; }, rect, n, n);
  for (int j = 0; j < n; ++j) {
    for (int i = 0; i < n; ++i) {
      if (i < 60) z[std::size_t(j * n + i)] = std::numeric_limits<double>::quiet_NaN();
      if (i >= 140) z[std::size_t(j * n + i)] = std::numeric_limits<double>::infinity();
    }
  }
  const MapStyle style = ink_style(false);
  map_->set_field(make_height_field(z, n, n, rect, style.levels));
  map_->set_style(style);
  const Image image = drawn();
  int strokes_seen = 0;
  for (int j = 0; j < n; ++j) {
    for (int i = 0; i < n; ++i) {
      const std::uint8_t* p = &image.rgb[3 * std::size_t(j * n + i)];
      if (i < 60 || i >= 140) {
        ASSERT_EQ(p[0], 0) << i << " " << j << ": neither tint nor line";
        strokes_seen += p[1] > 128;
      } else {
        ASSERT_EQ(int(p[0]) + p[1] + p[2], 3 * 255) << i << " " << j << ": a plain, no line at the border";
      }
    }
  }
  EXPECT_GT(strokes_seen, 400);
}

TEST_F(Map, AHoleLeavesTheShadeBesideIt) {
  MapStyle style = ink_style(false);
  style.tints[0].colour = style.tints[1].colour = map_colour(0x808080);
  style.minor_alpha = style.major_alpha = 0.0f;
  style.hillshade_light = style.hillshade_dark = 0.5f;
  auto z = sample([](double, double y) { return y; }, {}, 50, 50);
  z[25 * 50 + 25] = std::numeric_limits<double>::quiet_NaN();
  map_->set_field(make_height_field(z, 50, 50, {}, style.levels));
  map_->set_style(style);
  const Image image = drawn();
  EXPECT_NE(image.rgb[3 * (24 * 50 + 5)], 128) << "a slope";
  for (const int i : {24, 26})
    EXPECT_EQ(image.rgb[std::size_t(3 * (24 * 50 + i))], image.rgb[3 * (24 * 50 + 5)]);
}

TEST_F(Map, EveryPixelIsDrawnAtEverySize) {
  for (const auto& [width, height] : {std::pair{1, 1}, {7, 3}, {64, 200}, {772, 718}, {1, 50}}) {
    const Image image = draw(himmelblau, {-5, -5, 5, 5}, width, height, light_map_style());
    ASSERT_EQ(image.width, width);
    for (std::size_t p = 0; p < image.rgb.size(); p += 3) {
      ASSERT_GT(int(image.rgb[p]) + image.rgb[p + 1] + image.rgb[p + 2], 150)
          << width << "x" << height << " " << p;
    }
  }
}

TEST_F(Map, IsTheSameAgainAndIsDrawnOnlyAfterAChange) {
  const MapStyle style = dark_map_style();
  const Image first = draw(rosenbrock, {-2, -1, 2, 3}, 300, 300, style);
  EXPECT_EQ(map_->redraws(), 1);
  map_->texture();
  map_->set_style(style);
  map_->texture();
  EXPECT_EQ(map_->redraws(), 1) << "nothing changed";
  MapStyle other = style;
  other.levels.log_levels = false;  // meant for the field to come
  map_->set_style(other);
  map_->texture();
  EXPECT_EQ(map_->redraws(), 1) << "levels belong to the field";
  other.pixel_scale = 2.0f;
  map_->set_style(other);
  EXPECT_NE(drawn().rgb, first.rgb);
  EXPECT_EQ(map_->redraws(), 2);
  map_->set_style(style);
  EXPECT_EQ(drawn().rgb, first.rgb);

  auto another = MapRenderer::create();
  ASSERT_TRUE(another);
  another->set_style(style);
  another->set_field(make_height_field(sample(rosenbrock, {-2, -1, 2, 3}, 300, 300), 300, 300, {-2, -1, 2, 3},
                                       style.levels));
  another->texture();
  EXPECT_EQ(read_pixels(another->framebuffer(), 300, 300).rgb, first.rgb)
      << "whatever the order of the calls";
}

TEST_F(Map, LeavesTheCallersFramebufferAndViewport) {
  context_->bind();
  draw(saddle, {}, 128, 128, light_map_style());
  GLint bound = 0;
  std::array<GLint, 4> viewport{};
  glGetIntegerv(GL_DRAW_FRAMEBUFFER_BINDING, &bound);
  glGetIntegerv(GL_VIEWPORT, viewport.data());
  EXPECT_EQ(unsigned(bound), context_->framebuffer());
  EXPECT_EQ(viewport, (std::array<GLint, 4>{0, 0, 64, 64}));
}

TEST_F(Map, AnOldFieldCanStandInForANewView) {
  draw(saddle, {-2, -1, 2, 1}, 64, 32, light_map_style());
  const MapUv same = map_->uv({-2, -1, 2, 1});
  EXPECT_FLOAT_EQ(same.u0, 0.0f);
  EXPECT_FLOAT_EQ(same.v0, 1.0f);
  EXPECT_FLOAT_EQ(same.u1, 1.0f);
  EXPECT_FLOAT_EQ(same.v1, 0.0f);
  const MapUv panned = map_->uv({0, 0, 4, 2});
  EXPECT_FLOAT_EQ(panned.u0, 0.5f);
  EXPECT_FLOAT_EQ(panned.v0, 1.5f);
  EXPECT_FLOAT_EQ(panned.u1, 1.5f);
  EXPECT_FLOAT_EQ(panned.v1, 0.5f);
}

TEST_F(Map, UsesTheTintsOfTheLegend) {
  MapStyle style = light_map_style();
  style.hillshade_light = style.hillshade_dark = 0.0f;
  style.minor_alpha = style.major_alpha = 0.0f;
  const Image image = draw([](double x, double) { return std::pow(10.0, x); }, {-2, 0, 3, 1}, 640, 8, style);
  const MapLegend& legend = map_->legend();
  for (std::size_t k = 4; k < 60; k += 5) {
    const double at = legend.range.low + legend.range.span() * double(k) / 63.0;
    const auto i = std::size_t((at + 2.0) / 5.0 * 640.0);
    const MapColour c = legend.gradient[k];
    EXPECT_NEAR(image.rgb[3 * i], c.r * 255.0f, 2.0) << k;
    EXPECT_NEAR(image.rgb[3 * i + 1], c.g * 255.0f, 2.0) << k;
    EXPECT_NEAR(image.rgb[3 * i + 2], c.b * 255.0f, 2.0) << k;
  }
}

TEST_F(Map, Gallery) {
  std::set<std::vector<std::uint8_t>> different;
  for (const Case& c : cases()) {
    for (const bool dark : {false, true}) {
      MapStyle style = dark ? dark_map_style() : light_map_style();
      style.levels.log_levels = c.log_levels;
      const std::string name = std::string("map_") + c.name + (dark ? "_dark" : "_light");
      const Image image = draw(c.formula, c.rect, 772, 718, style);
      keep(name, image);
      different.insert(image.rgb);
    }
  }
  EXPECT_EQ(different.size(), cases().size() * 2);
  MapStyle projector = light_map_style();
  projector.pixel_scale = 2.0f;
  keep("map_projector", draw(rosenbrock, {-2.05, -1.06, 2.05, 2.75}, 1544, 1436, projector));
  keep("map_small", draw(rosenbrock, {-2.05, -1.06, 2.05, 2.75}, 240, 224, light_map_style()));
  keep("map_zoomed", draw(rosenbrock, {0.9, 0.9, 1.1, 1.086}, 772, 718, dark_map_style()));
}

}  // namespace
}  // namespace thalweg::gl_test
