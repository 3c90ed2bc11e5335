// The yardsticks themselves: a comparison that lets a NaN or a wrong sign pass would make every other
// test of surfaces worthless.
#include "comparison.hpp"

namespace thalweg::test {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(Comparison, RejectsNanAndInfinity) {
  EXPECT_FALSE(close(kNan, 1.0, 1.0));
  EXPECT_FALSE(close(1.0, kNan, 1.0));
  EXPECT_FALSE(close(kNan, kNan, 1.0));
  EXPECT_FALSE(close(1.0, 1.0, kNan));
  EXPECT_FALSE(close(kInfinity, kInfinity, 1.0));
  EXPECT_FALSE(close_relative(kNan, 1.0, 1.0));
}

TEST(Comparison, RejectsTheWrongSignAndScale) {
  EXPECT_FALSE(close(-1.0, 1.0, 1e-3));
  EXPECT_FALSE(close_relative(-1e6, 1e6, 1e-3));
  EXPECT_FALSE(close_relative(1.01e6, 1e6, 1e-3));
  EXPECT_TRUE(close_relative(1.0001e6, 1e6, 1e-3));
  EXPECT_TRUE(close(1.0, 1.0, 0.0));
}

/// exp(x)·y³ with a gradient that is wrong by one part in 10⁵.
class Wrong : public Surface {
 public:
  Wrong() { domain_ = {{-1.0, 1.0}, {-1.0, 1.0}}; }
  double value(const double* x) const override { return std::exp(x[0]) * x[1] * x[1] * x[1]; }
  double gradient(const double* x, double* g) const override {
    g[0] = value(x) * (1.0 + 1e-5);
    g[1] = 3.0 * std::exp(x[0]) * x[1] * x[1];
    return value(x);
  }
  double hessian(const double*, double*, double*) const override { return kNan; }
  void row(const double*, int, double, double, int, double*) const override {}
};

TEST(Comparison, DifferencesSeeASmallErrorInADerivative) {
  const Wrong surface;
  const std::vector<double> x = {0.3, 0.8};
  double g[2];
  surface.gradient(x.data(), g);
  EXPECT_FALSE(close_relative(g[0], slope(surface, x, 0, 0.01).value, 1e-7));
  EXPECT_TRUE(close_relative(g[1], slope(surface, x, 1, 0.01).value, 1e-9));
  const double e = std::exp(0.3);
  EXPECT_TRUE(close_relative(curvature(surface, x, 0, 0, 0.01).value, e * 0.512, 1e-7));
  EXPECT_TRUE(close_relative(curvature(surface, x, 0, 1, 0.01).value, e * 3.0 * 0.64, 1e-7));
  EXPECT_TRUE(close_relative(curvature(surface, x, 1, 1, 0.01).value, e * 6.0 * 0.8, 1e-7));
}

TEST(Comparison, DifferencesReportAKink) {
  const Estimate kink = extrapolate([](double h) { return std::abs(0.0005 + h) / h; }, 0.01);
  EXPECT_GT(kink.error, 1e-3);
}

}  // namespace
}  // namespace thalweg::test
