// The search for minima: what it must find and what it must not take for a minimum.
#include "core/surface/minima.hpp"

#include "comparison.hpp"
#include "core/surface/expression.hpp"

namespace thalweg::test {
namespace {

std::vector<MarkedPoint> minima_of(const std::string& formula) {
  const auto expression = parse_expression(formula);
  EXPECT_TRUE(expression) << formula;
  return make_expression_surface(*expression, {1.0, 1.0, 1.0, 1.0})->minima();
}

TEST(Minima, FindsThemToTheLastDigit) {
  const auto bowl = minima_of("(x - 0.3)^2 + 25 (y + 1.7)^2 + 4");
  ASSERT_EQ(bowl.size(), 1u);
  EXPECT_EQ(bowl[0].x, (std::vector<double>{0.3, -1.7}));
  EXPECT_EQ(bowl[0].value, 4.0);
  const auto valley = minima_of("(1 - x)^2 + 1e4 (y - x^2)^2");
  ASSERT_EQ(valley.size(), 1u);
  EXPECT_EQ(valley[0].x, (std::vector<double>{1.0, 1.0}));
  const auto curve = minima_of("x^4 - 2x^2 + 0.3x");
  ASSERT_EQ(curve.size(), 2u);
  EXPECT_TRUE(close(curve[0].x[0], -1.035579, 1e-6));
  EXPECT_TRUE(curve[0].global);
  EXPECT_FALSE(curve[1].global);
}

TEST(Minima, TakesNothingElseForOne) {
  EXPECT_TRUE(minima_of("x^2 - y^2").empty()) << "a saddle";
  EXPECT_TRUE(minima_of("-x^2 - y^2").empty()) << "a top";
  EXPECT_TRUE(minima_of("(x - y)^2").empty()) << "a trough";
  EXPECT_TRUE(minima_of("x + 2y").empty()) << "a slope";
  EXPECT_TRUE(minima_of("(x - 5)^2 + y^2").empty()) << "outside the domain";
  EXPECT_TRUE(minima_of("exp(x) + y^2").empty()) << "at infinity";
  EXPECT_TRUE(minima_of("x^4 + y^2").empty()) << "degenerate: the Hessian is singular there";
  EXPECT_TRUE(minima_of("x^3 + y^2").empty()) << "an inflection";
  EXPECT_TRUE(minima_of("floor(x)^2 + floor(y)^2").empty()) << "steps";
  EXPECT_TRUE(minima_of("3").empty());
  EXPECT_TRUE(minima_of("0/0 + x").empty());
  EXPECT_TRUE(minima_of("1/0 + x*y").empty());
  EXPECT_TRUE(minima_of("abs(x) + abs(y)").empty()) << "a kink: gradients do not vanish beside it";
}

TEST(Minima, SurvivesAHalfUndefinedDomain) {
  const auto found = minima_of("x*log(x) + (y - 1)^2");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_TRUE(close(found[0].x[0], std::exp(-1.0), 1e-14));
  EXPECT_EQ(found[0].x[1], 1.0);
}

TEST(Minima, PolishStaysWithinReach) {
  const auto spec = parse_spec("himmelblau", surface_family());
  const auto surface = *make_surface(*spec);
  EXPECT_TRUE(polish_minimum(*surface, {3.1, 1.8}, 0.5));
  EXPECT_FALSE(polish_minimum(*surface, {1.0, 0.5}, 0.1));
  EXPECT_FALSE(polish_minimum(*surface, {1e300, 1e300}, 1.0));
  EXPECT_FALSE(polish_minimum(*surface, {std::nan(""), 0.0}, 1.0));
}

TEST(Minima, RankSortsDropsTwinsAndMarksTheLowest) {
  std::vector<MarkedPoint> points = {
      {{2.0}, 1.0, true}, {{1.0}, -1.0, false}, {{2.0 + 1e-9}, 1.0, true}, {{-1.0}, -1.0, false}};
  rank_minima(points);
  ASSERT_EQ(points.size(), 3u);
  EXPECT_EQ(points[0].x[0], 1.0);
  EXPECT_TRUE(points[0].global);
  EXPECT_TRUE(points[1].global);
  EXPECT_FALSE(points[2].global);
  std::vector<MarkedPoint> none;
  rank_minima(none);
  EXPECT_TRUE(none.empty());
}

}  // namespace
}  // namespace thalweg::test
