// Sampling a surface for drawing.
#include "core/surface/field.hpp"

#include "comparison.hpp"

namespace thalweg::test {
namespace {

std::shared_ptr<const Surface> surface(const std::string& text) {
  return *make_surface(*parse_spec(text, surface_family()));
}

TEST(Field, SamplesPixelCentresFromTheBottomUp) {
  const FieldRequest request{
      .surface = surface("rosenbrock"), .x0 = -2, .x1 = 2, .y0 = -1, .y1 = 3, .width = 40, .height = 20};
  const Field field = sample_field(request);
  ASSERT_EQ(field.z.size(), 800u);
  EXPECT_EQ(field.request, request);
  EXPECT_DOUBLE_EQ(field.x(0), -1.95);
  EXPECT_DOUBLE_EQ(field.y(0), -0.9);
  EXPECT_DOUBLE_EQ(field.y(19), 2.9);
  double least = 1e300;
  double most = -1e300;
  for (int row = 0; row < 20; ++row) {
    for (int column = 0; column < 40; ++column) {
      const double x[2] = {field.x(column), field.y(row)};
      EXPECT_TRUE(close_relative(field.at(column, row), request.surface->value(x), 1e-12));
      least = std::min(least, field.at(column, row));
      most = std::max(most, field.at(column, row));
    }
  }
  EXPECT_TRUE(field.any_finite);
  EXPECT_EQ(field.min, least);
  EXPECT_EQ(field.max, most);
}

TEST(Field, IsTheSameOnAnyNumberOfThreads) {
  for (const std::string text : {"ackley", "expr:sin(x*y)/x", "quadratic:eigenvalues=1/2/3"}) {
    FieldRequest request{
        .surface = surface(text), .x0 = -3, .x1 = 3, .y0 = -3, .y1 = 3, .width = 101, .height = 97};
    const Field one = sample_field(request, 1);
    for (const int threads : {-1, 0, 2, 3, 64}) {
      const Field more = sample_field(request, threads);
      ASSERT_EQ(more.z.size(), one.z.size());
      for (std::size_t i = 0; i < one.z.size(); ++i) ASSERT_TRUE(identical(more.z[i], one.z[i]));
      EXPECT_EQ(more.min, one.min);
      EXPECT_EQ(more.max, one.max);
    }
  }
}

TEST(Field, ShowsAnyTwoAxes) {
  FieldRequest request{.surface = surface("quadratic:eigenvalues=1/10/100"),
                       .at = {2.0},
                       .axis_x = 2,
                       .axis_y = 1,
                       .x0 = -1,
                       .x1 = 1,
                       .y0 = -1,
                       .y1 = 1,
                       .width = 2,
                       .height = 2};
  const Field field = sample_field(request);
  ASSERT_EQ(field.z.size(), 4u);
  for (const double z : field.z) EXPECT_DOUBLE_EQ(z, 0.5 * (4.0 + 10.0 * 0.25 + 100.0 * 0.25));
}

TEST(Field, KeepsNanAndInfinityOutOfTheRange) {
  const FieldRequest request{
      .surface = surface("expr:log(x) + 0*y"), .x0 = -2, .x1 = 3, .y0 = 0, .y1 = 1, .width = 5, .height = 1};
  const Field field = sample_field(request);
  EXPECT_TRUE(std::isnan(field.at(0, 0)));
  EXPECT_TRUE(field.any_finite);
  EXPECT_DOUBLE_EQ(field.min, std::log(0.5));
  EXPECT_DOUBLE_EQ(field.max, std::log(2.5));
  const Field poles = sample_field({.surface = surface("expr:1/(x*y)"),
                                    .x0 = -1.5,
                                    .x1 = 1.5,
                                    .y0 = 0.5,
                                    .y1 = 1.5,
                                    .width = 3,
                                    .height = 1});
  EXPECT_TRUE(std::isinf(poles.at(1, 0)));
  EXPECT_DOUBLE_EQ(poles.min, -1.0);
  EXPECT_DOUBLE_EQ(poles.max, 1.0);
}

TEST(Field, EmptyWhereNothingCanBeSampled) {
  const auto rosenbrock = surface("rosenbrock");
  const auto sampled = [](FieldRequest request) { return sample_field(request, 2).z.size(); };
  EXPECT_EQ(sampled({.surface = rosenbrock, .width = 3, .height = 3}), 9u);
  EXPECT_EQ(sampled({.surface = nullptr, .width = 3, .height = 3}), 0u);
  EXPECT_EQ(sampled({.surface = rosenbrock, .width = 0, .height = 3}), 0u);
  EXPECT_EQ(sampled({.surface = rosenbrock, .width = 3, .height = -3}), 0u);
  EXPECT_EQ(sampled({.surface = rosenbrock, .axis_x = 1, .width = 3, .height = 3}), 0u);
  EXPECT_EQ(sampled({.surface = rosenbrock, .axis_y = 2, .width = 3, .height = 3}), 0u);
  EXPECT_EQ(sampled({.surface = rosenbrock, .axis_x = -1, .width = 3, .height = 3}), 0u);
  EXPECT_EQ(sampled({.surface = surface("parabola"), .width = 3, .height = 3}), 0u);
  EXPECT_EQ(sampled({.surface = rosenbrock, .x1 = std::nan(""), .width = 3, .height = 3}), 0u);
}

TEST(Field, StopsWhenCancelled) {
  const std::atomic<bool> cancel{true};
  const Field field =
      sample_field({.surface = surface("rosenbrock"), .width = 300, .height = 300}, 2, &cancel);
  EXPECT_TRUE(field.empty());
  EXPECT_FALSE(field.any_finite);
}

TEST(Curve, IncludesBothEnds) {
  const auto washboard = surface("washboard");
  const Curve curve = sample_curve(*washboard, -8.0, 8.0, 161);
  ASSERT_EQ(curve.x.size(), 161u);
  EXPECT_EQ(curve.x.front(), -8.0);
  EXPECT_DOUBLE_EQ(curve.x.back(), 8.0);
  for (std::size_t i = 0; i < curve.x.size(); ++i) EXPECT_EQ(curve.y[i], washboard->value(&curve.x[i]));
  EXPECT_DOUBLE_EQ(curve.min, -1.0);
  EXPECT_TRUE(curve.any_finite);
  EXPECT_TRUE(sample_curve(*washboard, 0.0, 1.0, 1).y.empty());
  EXPECT_TRUE(sample_curve(*washboard, 0.0, 1.0, 5, 1).y.empty());
  EXPECT_TRUE(sample_curve(*washboard, 0.0, std::numeric_limits<double>::infinity(), 5).y.empty());
}

TEST(Curve, CutsThroughASurface) {
  const Curve curve = sample_curve(*surface("rosenbrock"), 0.0, 2.0, 3, 1, {1.0, 99.0});
  EXPECT_EQ(curve.y, (std::vector<double>{100.0, 0.0, 100.0}));
}

TEST(Curve, SurvivesPoles) {
  const Curve curve = sample_curve(*surface("expr:1/x"), -1.0, 1.0, 3);
  EXPECT_EQ(curve.min, -1.0);
  EXPECT_EQ(curve.max, 1.0);
  EXPECT_TRUE(std::isinf(curve.y[1]));
  const Curve none = sample_curve(*surface("expr:sqrt(-1-x^2)"), -1.0, 1.0, 3);
  EXPECT_FALSE(none.any_finite);
  EXPECT_EQ(none.min, 0.0);
}

}  // namespace
}  // namespace thalweg::test
