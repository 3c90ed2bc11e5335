// The 3D view, drawn without a window and looked at pixel by pixel.
#include "app/gl/mesh_renderer.hpp"

#include <epoxy/gl.h>

#include <algorithm>
#include <array>
#include <limits>

#include "tests/app/gl_fixture.hpp"

namespace thalweg::gl_test {
namespace {

constexpr int kSize = 400;

class Mesh : public GlTest {
 protected:
  void SetUp() override {
    GlTest::SetUp();
    if (IsSkipped()) return;
    auto made = MeshRenderer::create();
    ASSERT_TRUE(made) << made.error().text();
    mesh_ = std::make_unique<MeshRenderer>(std::move(made).value());
    const auto error = mesh_->resize(kSize, kSize);
    ASSERT_FALSE(error) << error->text();
  }

  /// Samples a square grid; returns the field that was set.
  MeshField show(Formula formula, const MapRect& rect, bool log_levels, int side = 61) {
    MapStyle style = light_map_style();
    style.levels.log_levels = log_levels;
    MeshField field = make_mesh_field(grid(formula, rect, side, side), side, side, rect, style.levels);
    mesh_->set_field(field);
    mesh_->set_style(style);
    return field;
  }

  Image draw() {
    EXPECT_NE(mesh_->texture(), 0u);
    EXPECT_EQ(glGetError(), GLenum(GL_NO_ERROR));
    return read_pixels(mesh_->framebuffer(), mesh_->width(), mesh_->height());
  }

  std::unique_ptr<MeshRenderer> mesh_;
};

std::array<int, 3> pixel(const Image& image, int i, int j) {
  const std::size_t at = 3 * (std::size_t(j) * std::size_t(image.width) + std::size_t(i));
  return {image.rgb[at], image.rgb[at + 1], image.rgb[at + 2]};
}

bool is_ground(const Image& image, int i, int j, const MapStyle& style) {
  const auto p = pixel(image, i, j);
  const MapColour g = style.ground;
  return std::abs(p[0] - int(std::lround(g.r * 255))) <= 1 &&
         std::abs(p[1] - int(std::lround(g.g * 255))) <= 1 &&
         std::abs(p[2] - int(std::lround(g.b * 255))) <= 1;
}

double dome(double x, double y) { return -(x * x + y * y); }

TEST_F(Mesh, CoversTheSurfaceWithoutAGap) {
  show(himmelblau, {-5, -5, 5, 5}, true);
  mesh_->set_view({.yaw_deg = 20.0f, .pitch_deg = 90.0f});
  const Image image = draw();
  const MapStyle style = light_map_style();
  // From straight above the surface fills a turned square.
  int inside = 0;
  for (int i = 1; i < 40; ++i) {
    for (int j = 1; j < 40; ++j) {
      const MeshPoint p = mesh_->project(-5 + i * 0.25, -5 + j * 0.25, 0.0f);
      ASSERT_FALSE(is_ground(image, int(p.x), int(p.y), style)) << i << " " << j;
      ++inside;
    }
  }
  EXPECT_EQ(inside, 39 * 39);
  EXPECT_TRUE(is_ground(image, 2, 2, style));
  EXPECT_TRUE(is_ground(image, kSize - 3, kSize - 3, style));
}

TEST_F(Mesh, HasOneLineForEachLevel) {
  MapStyle style = light_map_style();
  style.levels.log_levels = false;
  style.tints = {};
  style.tint_count = 1;
  style.tints[0] = {0.0, map_colour(0xffffff)};
  style.line = map_colour(0x000000);
  style.minor_alpha = style.major_alpha = 1.0f;
  style.hillshade_light = style.hillshade_dark = 0.0f;
  const MapRect rect{0, 0, 10, 10};
  const Formula ramp = [](double x, double) { return x; };
  const MeshField field = make_mesh_field(grid(ramp, rect, 41, 41), 41, 41, rect, style.levels);
  mesh_->set_field(field);
  mesh_->set_style(style);
  mesh_->set_view({.yaw_deg = 0.0f, .pitch_deg = 90.0f});
  const Image image = draw();
  const int row = int(mesh_->project(0, 5.1, 0.5f).y);
  const auto left = int(mesh_->project(1.1, 5.1, field.relief_height(1.1)).x);
  const auto right = int(mesh_->project(8.9, 5.1, field.relief_height(8.9)).x);
  int found = 0;
  bool inside = false;
  for (int i = left; i <= right; ++i) {
    const bool dark = pixel(image, i, row)[0] < 200;
    found += dark && !inside;
    inside = dark;
  }
  const double spacing = field.contours.spacing;
  EXPECT_EQ(found, int(std::floor(8.9 / spacing)) - int(std::floor(1.1 / spacing)));
  EXPECT_GE(found, 7);
}

TEST_F(Mesh, ProjectsPointsOntoTheSurfaceThatIsDrawn) {
  // Grey everywhere but for a blue lowest basin: its centre must be where project() says.
  MapStyle style = light_map_style();
  style.levels.log_levels = true;
  style.tints = {};
  style.tint_count = 3;
  style.tints[0] = {-3.0, map_colour(0x0000ff)};
  style.tints[1] = {-1.0, map_colour(0x0000ff)};
  style.tints[2] = {-0.8, map_colour(0x808080)};
  style.minor_alpha = style.major_alpha = 0.0f;
  style.hillshade_light = style.hillshade_dark = 0.0f;
  const MapRect rect{-2, -1, 2, 1};
  const Formula well = [](double x, double y) { return (x - 0.9) * (x - 0.9) + (y + 0.3) * (y + 0.3); };
  const MeshField field = make_mesh_field(grid(well, rect, 121, 61), 121, 61, rect, style.levels);
  mesh_->set_field(field);
  mesh_->set_style(style);
  for (const float yaw : {-60.0f, 0.0f, 140.0f}) {
    mesh_->set_view({.yaw_deg = yaw, .pitch_deg = 75.0f});
    const Image image = draw();
    double x = 0, y = 0, n = 0;
    for (int j = 0; j < kSize; ++j) {
      for (int i = 0; i < kSize; ++i) {
        const auto p = pixel(image, i, j);
        if (p[2] > 200 && p[0] < 60) {
          x += i + 0.5;
          y += j + 0.5;
          n += 1;
        }
      }
    }
    ASSERT_GT(n, 50) << yaw;
    const MeshPoint centre = mesh_->project(0.9, -0.3, field.relief_height(well(1.1, -0.3)));
    EXPECT_NEAR(x / n, centre.x, 7.0) << yaw;
    EXPECT_NEAR(y / n, centre.y, 7.0) << yaw;
  }
}

TEST_F(Mesh, HidesWhatIsBehindAndShowsWhatIsInFront) {
  const MeshField field = show(dome, {-1, -1, 1, 1}, false);
  mesh_->set_view({.yaw_deg = 0.0f, .pitch_deg = 15.0f});
  mesh_->texture();
  const auto on_surface = [&](double x, double y) {
    return mesh_->project(x, y, field.relief_height(dome(x, y)));
  };
  EXPECT_FALSE(mesh_->hidden(on_surface(0, -0.5))) << "the near slope";
  EXPECT_FALSE(mesh_->hidden(on_surface(0, 0))) << "the top";
  EXPECT_TRUE(mesh_->hidden(on_surface(0, 0.8))) << "the far slope";
  EXPECT_FALSE(mesh_->hidden(mesh_->project(0, 0.8, 1.2f))) << "above the far slope";
  EXPECT_FALSE(mesh_->hidden({-5.0f, 10.0f, 1e6f})) << "outside the picture";
  mesh_->set_view({.yaw_deg = 180.0f, .pitch_deg = 15.0f});
  mesh_->texture();
  EXPECT_FALSE(mesh_->hidden(on_surface(0, 0.8))) << "from the other side it is the near slope";
  EXPECT_TRUE(mesh_->hidden(on_surface(0, -0.5 - 0.3)));
  mesh_->set_moving(true);
  mesh_->set_view({.yaw_deg = 0.0f, .pitch_deg = 15.0f});
  mesh_->texture();
  EXPECT_TRUE(mesh_->hidden(on_surface(0, 0.8))) << "while moving as well";
}

TEST_F(Mesh, EveryPointOfASurfaceSeenFromAboveIsSeen) {
  const MeshField field = show(rosenbrock, {-2, -1, 2, 3}, true, 121);
  mesh_->set_view({.yaw_deg = 10.0f, .pitch_deg = 90.0f});
  mesh_->texture();
  int seen = 0;
  for (int k = 0; k <= 100; ++k) {
    const double x = -1.6 + 3.2 * k / 100;  // along the valley
    seen += !mesh_->hidden(mesh_->project(x, x * x, field.relief_height(rosenbrock(x, x * x))));
  }
  EXPECT_EQ(seen, 101);
}

TEST_F(Mesh, ShowsTheGroundThroughAHole) {
  MapStyle style = light_map_style();
  style.levels.log_levels = false;
  const MapRect rect{-1, -1, 1, 1};
  auto z = grid(saddle, rect, 41, 41);
  for (int j = 16; j <= 24; ++j) {
    for (int i = 16; i <= 24; ++i) z[std::size_t(j * 41 + i)] = std::numeric_limits<double>::quiet_NaN();
  }
  mesh_->set_field(make_mesh_field(z, 41, 41, rect, style.levels));
  mesh_->set_style(style);
  mesh_->set_view({.yaw_deg = 0.0f, .pitch_deg = 90.0f});
  const Image image = draw();
  const MeshPoint middle = mesh_->project(0, 0, 0.5f);
  EXPECT_TRUE(is_ground(image, int(middle.x), int(middle.y), style));
  const MeshPoint beside = mesh_->project(0.5, 0.5, 0.5f);
  EXPECT_FALSE(is_ground(image, int(beside.x), int(beside.y), style));
  EXPECT_FALSE(mesh_->hidden(middle));
}

TEST_F(Mesh, AllHolesOrNoFieldIsAnEmptyView) {
  const MapStyle style = light_map_style();
  mesh_->set_style(style);
  const Image before = draw();
  EXPECT_TRUE(is_ground(before, kSize / 2, kSize / 2, style));
  const std::vector<double> z(25, std::numeric_limits<double>::quiet_NaN());
  mesh_->set_field(make_mesh_field(z, 5, 5, {}, style.levels));
  EXPECT_FALSE(mesh_->has_field());
  EXPECT_EQ(draw().rgb, before.rgb);
}

TEST_F(Mesh, IsTheSameAgainAndIsDrawnOnlyAfterAChange) {
  show(himmelblau, {-5, -5, 5, 5}, true);
  const Image first = draw();
  const int drawn = mesh_->redraws();
  mesh_->texture();
  mesh_->set_view({});
  mesh_->set_style(light_map_style());
  ASSERT_FALSE(mesh_->resize(kSize, kSize));
  mesh_->texture();
  EXPECT_EQ(mesh_->redraws(), drawn) << "nothing changed";
  mesh_->set_view({.yaw_deg = 10.0f});
  EXPECT_NE(draw().rgb, first.rgb);
  mesh_->set_view({});
  EXPECT_EQ(draw().rgb, first.rgb);
  EXPECT_EQ(mesh_->redraws(), drawn + 2);
}

TEST_F(Mesh, EdgesAreSmoothOnceTheViewRests) {
  show(saddle, {-1, -1, 1, 1}, false);
  const Image smooth = draw();
  mesh_->set_moving(true);
  mesh_->set_view({.yaw_deg = 31.0f});
  mesh_->texture();
  mesh_->set_view({});
  const Image jagged = draw();
  EXPECT_NE(jagged.rgb, smooth.rgb);
  mesh_->set_moving(false);
  EXPECT_EQ(draw().rgb, smooth.rgb);
  const int drawn = mesh_->redraws();
  mesh_->set_moving(true);
  mesh_->texture();
  EXPECT_EQ(mesh_->redraws(), drawn) << "a drag that has not moved yet changes nothing";
}

TEST_F(Mesh, LeavesTheCallersFramebufferAndViewport) {
  context_->bind();
  show(saddle, {}, false);
  mesh_->texture();
  mesh_->hidden({10.0f, 10.0f, 1.0f});
  GLint bound = 0;
  GLint read = 0;
  std::array<GLint, 4> viewport{};
  glGetIntegerv(GL_DRAW_FRAMEBUFFER_BINDING, &bound);
  glGetIntegerv(GL_READ_FRAMEBUFFER_BINDING, &read);
  glGetIntegerv(GL_VIEWPORT, viewport.data());
  EXPECT_EQ(unsigned(bound), context_->framebuffer());
  EXPECT_EQ(unsigned(read), context_->framebuffer());
  EXPECT_EQ(viewport, (std::array<GLint, 4>{0, 0, 64, 64}));
}

TEST_F(Mesh, Gallery) {
  ASSERT_FALSE(mesh_->resize(700, 700));
  for (const Case& c : cases()) {
    for (const bool dark : {false, true}) {
      MapStyle style = dark ? dark_map_style() : light_map_style();
      style.levels.log_levels = c.log_levels;
      mesh_->set_field(make_mesh_field(grid(c.formula, c.rect, 141, 141), 141, 141, c.rect, style.levels));
      mesh_->set_style(style);
      const Image image = draw();
      keep(std::string("mesh_") + c.name + (dark ? "_dark" : "_light"), image);
      int not_ground = 0;
      for (int j = 0; j < 700; ++j) {
        for (int i = 0; i < 700; ++i) not_ground += !is_ground(image, i, j, style);
      }
      EXPECT_GT(not_ground, 700 * 700 / 6) << c.name;
    }
  }
}

}  // namespace
}  // namespace thalweg::gl_test
