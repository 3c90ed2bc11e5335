// Surfaces that are sums of squares: that the squares add up to the surface, and what Gauss-Newton is told of
// them.
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "core/surface/formulas.hpp"
#include "core/surface/surface.hpp"

namespace thalweg {
namespace {

std::shared_ptr<const Surface> surface(const std::string& text) {
  return make_surface(parse_spec(text, surface_family()).value()).value();
}

/// The squares of a formula, its value, and half the gradient of the squares against that of the value.
template <class Formula>
void expect_squares(const Formula& formula, const char* name) {
  for (double x = -3.1; x < 3.0; x += 0.7)
    for (double y = -2.9; y < 3.0; y += 0.7) {
      const auto jx = Jet1<2>::variable(x, 0), jy = Jet1<2>::variable(y, 1);
      double sum = 0.0, dx = 0.0, dy = 0.0;
      for (const auto& r : formula.residuals(jx, jy)) {
        sum += r.v * r.v;
        dx += 2.0 * r.v * r.g[0];
        dy += 2.0 * r.v * r.g[1];
      }
      const auto f = formula(jx, jy);
      EXPECT_NEAR(sum, f.v, 1e-12 * (1.0 + std::abs(f.v))) << name << " at " << x << ", " << y;
      EXPECT_NEAR(dx, f.g[0], 1e-11 * (1.0 + std::abs(f.g[0]))) << name;
      EXPECT_NEAR(dy, f.g[1], 1e-11 * (1.0 + std::abs(f.g[1]))) << name;
    }
}

TEST(SumsOfSquares, AreTheirSurfaces) {
  expect_squares(formulas::Rosenbrock{0.7, 30.0}, "rosenbrock");
  expect_squares(formulas::Beale{}, "beale");
  expect_squares(formulas::Booth{}, "booth");
  expect_squares(formulas::Matyas{}, "matyas");
  expect_squares(formulas::Himmelblau{}, "himmelblau");
  expect_squares(formulas::Levy13{}, "levy13");
}

/// Rosenbrock: r = (a − x, √b (y − x²)), so that 2JᵀJ = ((2 + 8bx², −4bx), (−4bx, 2b)).
TEST(SumsOfSquares, HaveTheMatrixOfTheirJacobian) {
  const auto rosenbrock = surface("rosenbrock");
  ASSERT_TRUE(rosenbrock->sums_squares());
  const double p[2] = {-1.5, 0.4};
  double g[4];
  rosenbrock->gauss_newton(p, g);
  EXPECT_NEAR(g[0], 2.0 + 800.0 * 2.25, 1e-10);
  EXPECT_NEAR(g[1], 600.0, 1e-10);
  EXPECT_NEAR(g[2], 600.0, 1e-10);
  EXPECT_NEAR(g[3], 200.0, 1e-12);
}

/// Of linear residuals it is the Hessian; at a zero of all residuals as well.
TEST(SumsOfSquares, HaveTheHessianWhereNothingBends) {
  struct Case {
    const char* surface;
    std::vector<double> at;
  };
  for (const Case& one :
       {Case{"booth", {0.3, -2.0}}, Case{"matyas", {0.3, -2.0}}, Case{"parabola:a=3", {0.7}},
        Case{"shifted_parabola", {0.7}}, Case{"quadratic:eigenvalues=1/2/3", {1, 1, 1}},
        Case{"quadratic:eigenvalues=2/9,angle=25", {1, -1}}, Case{"rosenbrock", {1, 1}},
        Case{"beale", {3, 0.5}}, Case{"himmelblau", {3, 2}}, Case{"levy13", {1, 1}}}) {
    const auto made = surface(one.surface);
    ASSERT_TRUE(made->sums_squares()) << one.surface;
    const std::size_t n = one.at.size();
    std::vector<double> gradient(n), hessian(n * n), found(n * n);
    made->hessian(one.at.data(), gradient.data(), hessian.data());
    made->gauss_newton(one.at.data(), found.data());
    for (std::size_t i = 0; i < n * n; ++i)
      EXPECT_NEAR(found[i], hessian[i], 1e-9 * (1.0 + std::abs(hessian[i]))) << one.surface << " " << i;
  }
}

TEST(SumsOfSquares, AreNotClaimedWhereTheyAreNone) {
  for (const char* text : {"ackley", "saddle", "rastrigin", "expr:x^2", "quadratic:eigenvalues=1/-1",
                           "quadratic:eigenvalues=1/-1,angle=30"}) {
    const auto made = surface(text);
    EXPECT_FALSE(made->sums_squares()) << text;
  }
  double x[2] = {0.1, 0.2}, out[4];
  EXPECT_THROW(surface("ackley")->gauss_newton(x, out), std::logic_error);
}

}  // namespace
}  // namespace thalweg
