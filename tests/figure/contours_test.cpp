// Contour lines against what is known of a cone, a plane and a saddle.
#include "core/figure/contours.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

namespace thalweg {
namespace {

constexpr float kEmpty = -3e38F;

template <class Height>
std::vector<ContourLine> lines_of(int width, int height, Height z, std::int64_t first = 1) {
  std::vector<float> values;
  for (int j = 0; j < height; ++j)
    for (int i = 0; i < width; ++i) values.push_back(static_cast<float>(z(i, j)));
  return contour_lines({width, height, values, kEmpty}, first);
}

TEST(Contours, OfAConeAreClosedRingsOfTheRightRadius) {
  const auto lines =
      lines_of(101, 101, [](int i, int j) { return 0.1 * std::hypot(i - 50.0, j - 50.0) + 0.0; });
  std::set<std::int64_t> levels;
  for (const ContourLine& line : lines) {
    levels.insert(line.level);
    if (line.level > 4) continue;  // the corners cut the others
    EXPECT_TRUE(line.closed) << line.level;
    for (const ContourPoint& p : line.points)
      EXPECT_NEAR(std::hypot(p.x - 50.0, p.y - 50.0), 10.0 * static_cast<double>(line.level), 0.05);
  }
  EXPECT_EQ(levels, (std::set<std::int64_t>{1, 2, 3, 4, 5, 6, 7}));
  EXPECT_EQ(std::count_if(lines.begin(), lines.end(), [](const ContourLine& l) { return l.level == 2; }), 1);
}

TEST(Contours, RunFromEdgeToEdge) {
  const auto lines = lines_of(21, 11, [](int i, int) { return 0.25 * i; });
  ASSERT_EQ(lines.size(), 4u);
  for (const ContourLine& line : lines) {
    EXPECT_FALSE(line.closed);
    ASSERT_EQ(line.points.size(), 11u);
    for (const ContourPoint& p : line.points) EXPECT_EQ(p.x, 4.0F * static_cast<float>(line.level));
    EXPECT_EQ(std::abs(line.points.back().y - line.points.front().y), 10.0F);
  }
}

TEST(Contours, OfASaddleDoNotCross) {
  const auto lines = lines_of(
      40, 40, [](int i, int j) { return 1.0 + 0.01 * (i - 19.5) * (j - 19.5); }, 1);
  for (const ContourLine& line : lines)
    for (const ContourPoint& p : line.points)
      EXPECT_NEAR(1.0 + 0.01 * (p.x - 19.5) * (p.y - 19.5), static_cast<double>(line.level), 0.01);
}

TEST(Contours, LeaveOutWhatWouldBeABlot) {
  const auto steep = lines_of(40, 10, [](int i, int) { return 1.2 * i; });
  ASSERT_FALSE(steep.empty());
  for (const ContourLine& line : steep) EXPECT_EQ(line.level % 4, 0) << "only the strong ones are left";
  EXPECT_TRUE(lines_of(40, 10, [](int i, int) { return 2.0 * i; }).empty());
  EXPECT_TRUE(lines_of(10, 10, [](int i, int) { return 1e5 * i; }).empty());
}

TEST(Contours, EndAtHolesAndSurviveThem) {
  const auto lines = lines_of(21, 21, [](int i, int j) {
    return i == 10 && j == 10 ? kEmpty : i > 15 ? std::nan("") : 0.25 * j;
  });
  for (const ContourLine& line : lines)
    for (const ContourPoint& p : line.points) {
      EXPECT_LE(p.x, 15.0F);
      EXPECT_FALSE(std::abs(p.x - 10.0F) < 0.9F && std::abs(p.y - 10.0F) < 0.9F);
    }
  EXPECT_TRUE(contour_lines({1, 1, {}, kEmpty}, 0).empty());
  EXPECT_TRUE(contour_lines({5, 5, {}, kEmpty}, 0).empty());
}

}  // namespace
}  // namespace thalweg
