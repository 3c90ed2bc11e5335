// Levels, tints and the fields made of them, without OpenGL.
#include "app/gl/levels.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "app/gl/height_field.hpp"
#include "app/gl/mesh_camera.hpp"
#include "app/gl/mesh_field.hpp"
#include "tests/app/gl_fixture.hpp"

namespace thalweg {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInf = std::numeric_limits<double>::infinity();

TEST(Levels, LogCoordinatePutsPowersOfTenOnIntegers) {
  const LevelStyle style{.log_levels = true, .reference = -3.0, .floor = 1e-4};
  for (int k = -2; k <= 6; ++k) EXPECT_NEAR(level_coordinate(-3.0 + std::pow(10.0, k), style), k, 3e-5) << k;
  EXPECT_NEAR(level_coordinate(-3.0 + 1e-3, style), -3.0, 0.0025);
  EXPECT_DOUBLE_EQ(level_coordinate(-3.0, style), -4.0);
  EXPECT_DOUBLE_EQ(level_coordinate(-1e9, style), -4.0) << "below the reference there is the floor";
  EXPECT_NEAR(level_coordinate(1e300, style), 300.0, 1e-9);
}

TEST(Levels, CoordinateIncreasesAcrossTheFloorAndTheShortCut) {
  const LevelStyle style{.log_levels = true, .reference = 0.0, .floor = 1e-4};
  double before = level_coordinate(0.0, style);
  for (double height = 1e-6; height < 1e9; height *= 1.01) {
    const double now = level_coordinate(height, style);
    ASSERT_GT(now, before) << height;
    before = now;
  }
}

TEST(Levels, NotFiniteHasNoCoordinate) {
  for (const bool log_levels : {false, true}) {
    for (const double z : {kNan, kInf, -kInf}) {
      EXPECT_TRUE(std::isnan(level_coordinate(z, {.log_levels = log_levels})));
    }
  }
}

TEST(Levels, HeightUndoesCoordinate) {
  const LevelStyle style{.log_levels = true, .reference = 7.0, .floor = 1e-4};
  for (const double height : {1e-3, 0.5, 1.0, 2500.0}) {
    EXPECT_NEAR(level_height(level_coordinate(7.0 + height, style), style), 7.0 + height,
                1e-9 * (7.0 + height));
  }
  EXPECT_DOUBLE_EQ(level_height(-4.0, style), 7.0);
  EXPECT_DOUBLE_EQ(level_height(-2.5, {.log_levels = false}), -2.5);
}

TEST(Levels, NiceStepIsTheLargestThatFits) {
  EXPECT_DOUBLE_EQ(nice_step_below(1.0), 1.0);
  EXPECT_DOUBLE_EQ(nice_step_below(1.99), 1.0);
  EXPECT_DOUBLE_EQ(nice_step_below(4.9), 2.0);
  EXPECT_DOUBLE_EQ(nice_step_below(0.07), 0.05);
  EXPECT_DOUBLE_EQ(nice_step_below(730.0), 500.0);
}

TEST(Levels, FourLinesPerDecadeAndMoreWhereTheRangeIsSmall) {
  const LevelStyle style{.log_levels = true, .reference = 0.0, .floor = 1e-4};
  const ContourLevels wide = choose_levels({-3.0, 3.0}, -3.0, style);
  EXPECT_DOUBLE_EQ(wide.spacing, 0.25);
  EXPECT_EQ(wide.first, -11) << "no line through the minimum itself";
  EXPECT_DOUBLE_EQ(choose_levels({1.0, 1.4}, 1.0, style).spacing, 0.0625);
  EXPECT_DOUBLE_EQ(choose_levels({-3.0, 40.0}, -3.0, style).spacing, 1.0);
  EXPECT_GE(choose_levels({-4.0, 3.0}, -4.0, style).first, -14) << "none that would show the floor";
}

TEST(Levels, LinearLinesAreNiceAndSome) {
  const LevelStyle style{.log_levels = false};
  for (const double span : {1e-6, 0.37, 1.0, 42.0, 9e8}) {
    const ContourLevels levels = choose_levels({-span / 3, span * 2 / 3}, -span / 3, style);
    EXPECT_GE(span / levels.spacing, 12.0);
    EXPECT_LE(span / levels.spacing, 30.0);
  }
}

TEST(Levels, RangeLeavesOutTheTailsAndWhatIsNotFinite) {
  std::vector<double> values(1000);
  for (int i = 0; i < 1000; ++i) values[std::size_t(i)] = i;
  values[3] = kNan;
  values[4] = kInf;
  const LevelRange range = level_range(values, 0.1, 0.2);
  EXPECT_NEAR(range.low, 100.0, 3.0);
  EXPECT_NEAR(range.high, 800.0, 3.0);
  EXPECT_GT(level_range(std::vector<double>(50, 5.0), 0.0, 0.0).span(), 0.0) << "a plain";
  EXPECT_GT(level_range(std::vector<double>(50, 1e200), 0.0, 0.0).span(), 0.0) << "a high plain";
  EXPECT_GT(level_range(std::vector<double>(50, kNan), 0.0, 0.0).span(), 0.0);
}

TEST(Levels, LegendTicksAreTheLinesOfTheField) {
  MapStyle style = light_map_style();
  const ContourLevels levels = choose_levels({-2.1, 3.2}, -2.1, style.levels);
  const MapLegend legend = make_legend(style, {-2.1, 3.2}, levels);
  ASSERT_EQ(legend.ticks.size(), 21u) << "-2 to 3 in quarters";
  EXPECT_NEAR(legend.ticks.front().value, 0.01, 1e-12);
  EXPECT_TRUE(legend.ticks.front().major);
  EXPECT_FALSE(legend.ticks[1].major);
  EXPECT_NEAR(legend.ticks.back().value, 1000.0, 1e-6);
  EXPECT_NEAR(legend.ticks.back().position, 5.1 / 5.3, 1e-6);
  for (std::size_t i = 1; i < legend.ticks.size(); ++i) {
    EXPECT_GT(legend.ticks[i].position, legend.ticks[i - 1].position);
  }
}

TEST(Levels, TintsRunFromTheFirstStopToTheLast) {
  for (const MapStyle& style : {light_map_style(), dark_map_style()}) {
    const auto table = tint_table(style);
    EXPECT_EQ(table.front(), style.tints[0].colour);
    EXPECT_EQ(table.back(), style.tints[std::size_t(style.tint_count - 1)].colour);
  }
  MapStyle style = light_map_style();
  EXPECT_EQ(tint_range(style, {0.0, 1.0}), (LevelRange{-3.0, 4.0}));
  style.levels.log_levels = false;
  EXPECT_EQ(tint_range(style, {0.0, 1.0}), (LevelRange{0.0, 1.0}))
      << "without a minimum: the field's own range";
}

TEST(HeightField, SmallDifferencesOfLargeHeightsSurvive) {
  std::vector<double> z(64 * 64);
  for (std::size_t i = 0; i < z.size(); ++i) z[i] = 1e9 + 1e-4 * double(i % 64);
  const HeightField field = make_height_field(z, 64, 64, {}, {.log_levels = false});
  EXPECT_NEAR((field.level[63] - field.level[0]) * field.contours.spacing, 63e-4, 1e-6);
  const double major = field.contours.spacing * ContourLevels::kMajorEvery;
  EXPECT_NEAR(std::remainder(field.origin, major), 0.0, 1e-4 * major);
}

TEST(HeightField, HolesAreMarkedAndWallsStayFinite) {
  std::vector<double> z = {0.0, 1.0, kNan, kInf, 1e308, -1e308};
  const HeightField field = make_height_field(z, 3, 2, {}, {.log_levels = false});
  EXPECT_EQ(field.level[2], HeightField::kEmpty);
  EXPECT_EQ(field.level[3], HeightField::kEmpty);
  for (const int i : {0, 1, 4, 5}) {
    EXPECT_TRUE(std::isfinite(field.level[std::size_t(i)]));
    EXPECT_GT(field.level[std::size_t(i)], -1e38f);
  }
}

TEST(HeightField, RefusesAGridThatIsNotFull) {
  const std::vector<double> z(5);
  EXPECT_THROW(make_height_field(z, 3, 2, {}, {}), std::invalid_argument);
  EXPECT_THROW(make_mesh_field(z, 3, 2, {}, {}), std::invalid_argument);
}

TEST(MeshField, FillsTheBoxAndFacesUp) {
  const MapRect rect{-6, -3, 6, 3};
  const auto z = gl_test::grid(gl_test::himmelblau, rect, 41, 31);
  const MeshField field = make_mesh_field(z, 41, 31, rect, {});
  ASSERT_EQ(field.surface_indices, 40u * 30u * 6u);
  float low = 10.0f;
  float high = -10.0f;
  for (std::size_t i = 0; i < 41 * 31; ++i) {
    const MeshVertex& v = field.vertices[i];
    low = std::min(low, v.position[2]);
    high = std::max(high, v.position[2]);
    EXPECT_LE(std::abs(v.position[0]), 1.0f);
    EXPECT_LE(std::abs(v.position[1]), 0.5f) << "in proportion";
    EXPECT_GT(v.normal[2], 0.0f);
  }
  EXPECT_FLOAT_EQ(low, kBoxFloor);
  EXPECT_FLOAT_EQ(high, kBoxTop);
  for (std::size_t t = 0; t < field.surface_indices; t += 3) {
    const float* a = field.vertices[field.triangles[t]].position;
    const float* b = field.vertices[field.triangles[t + 1]].position;
    const float* c = field.vertices[field.triangles[t + 2]].position;
    ASSERT_GT((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]), 0.0f) << "triangle " << t / 3;
  }
}

TEST(MeshField, LeavesHolesWhereThereIsNoValue) {
  const MapRect rect{-2, -2, 2, 2};
  auto z = gl_test::grid(gl_test::saddle, rect, 11, 11);
  z[5 * 11 + 5] = kNan;
  const MeshField field = make_mesh_field(z, 11, 11, rect, {.log_levels = false});
  EXPECT_EQ(field.surface_indices, 3u * (2u * 100u - 4u)) << "four cells lose the half at the hole";
  for (std::size_t t = 0; t < field.surface_indices; ++t) EXPECT_NE(field.triangles[t], 5u * 11u + 5u);
  for (const MeshVertex& v : field.vertices) {
    for (const float p : v.position) EXPECT_TRUE(std::isfinite(p));
    for (const float n : v.normal) EXPECT_TRUE(std::isfinite(n));
  }
}

TEST(MeshField, TakesItsLevelsFromTheMap) {
  const MapRect rect{-2, -2, 2, 2};
  const LevelStyle style{.log_levels = false};
  const auto map = make_height_field(gl_test::sample(gl_test::saddle, rect, 200, 200), 200, 200, rect, style);
  const auto mesh = make_mesh_field(gl_test::grid(gl_test::saddle, rect, 21, 21), 21, 21, rect, style, &map);
  EXPECT_EQ(mesh.contours, map.contours);
  EXPECT_EQ(mesh.range, map.range);
}

TEST(MeshCamera, ShowsTheWholeBoxFromEverySide) {
  for (const int width : {700, 300, 1200}) {
    for (float yaw = -180.0f; yaw < 180.0f; yaw += 15.0f) {
      for (const float pitch : {5.0f, 42.0f, 90.0f}) {
        const MeshCamera camera = make_camera({.yaw_deg = yaw, .pitch_deg = pitch}, width, 700);
        for (int corner = 0; corner < 8; ++corner) {
          const MeshPoint p = project(camera, corner & 1 ? 1.0f : -1.0f, corner & 2 ? 1.0f : -1.0f,
                                      corner & 4 ? kBoxTop : 0.0f);
          EXPECT_TRUE(p.x > 0 && p.x < width && p.y > 0 && p.y < 700) << yaw << " " << pitch << " " << corner;
          EXPECT_GT(p.depth, camera.near_plane);
          EXPECT_LT(p.depth, camera.far_plane);
        }
      }
    }
  }
}

TEST(MeshCamera, FillsThePictureWhateverTheBoxAndTheWindow) {
  struct Case {
    float half_x, half_y;
    int width, height;
  };
  for (const auto& [half_x, half_y, width, height] : {Case{1, 1, 600, 600}, Case{1, 0.5f, 1200, 400}, Case{0.5f, 1, 300, 900}}) {
    // Over a whole turn the corners come close to the edges of the side that has less room.
    float x0 = 1e9f, x1 = -1e9f, y0 = 1e9f, y1 = -1e9f;
    for (float yaw = -180.0f; yaw < 180.0f; yaw += 5.0f) {
      const MeshCamera camera = make_camera({.yaw_deg = yaw, .pitch_deg = 52.0f}, width, height, half_x, half_y);
      for (int corner = 0; corner < 8; ++corner) {
        const MeshPoint p = project(camera, corner & 1 ? half_x : -half_x, corner & 2 ? half_y : -half_y,
                                    corner & 4 ? kBoxTop : 0.0f);
        x0 = std::min(x0, p.x), x1 = std::max(x1, p.x), y0 = std::min(y0, p.y), y1 = std::max(y1, p.y);
      }
    }
    const float across = (x1 - x0) / float(width), up = (y1 - y0) / float(height);
    EXPECT_NEAR(std::max(across, up), 0.96f, 0.02f) << width << "x" << height;
    EXPECT_NEAR(0.5f * (y0 + y1), 0.5f * float(height), 0.02f * float(height));
  }
}

TEST(MeshCamera, LooksAlongYWithXToTheRightAndUpIsUp) {
  const MeshCamera camera = make_camera({.yaw_deg = 0.0f, .pitch_deg = 30.0f}, 400, 400);
  const MeshPoint left = project(camera, -1, 0, 0);
  const MeshPoint right = project(camera, 1, 0, 0);
  EXPECT_LT(left.x, right.x);
  EXPECT_NEAR(left.y, right.y, 1e-3);
  EXPECT_LT(project(camera, 0, 0, 1).y, project(camera, 0, 0, 0).y);
  EXPECT_LT(project(camera, 0, 1, 0).y, project(camera, 0, -1, 0).y);
  EXPECT_GT(project(camera, 0, 1, 0).depth, project(camera, 0, -1, 0).depth);
}

}  // namespace
}  // namespace thalweg
