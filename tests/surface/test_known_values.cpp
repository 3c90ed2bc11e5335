// Numbers from the papers, and numbers worked out by hand, for single surfaces.
#include <numbers>

#include "comparison.hpp"

namespace thalweg::test {
namespace {

std::shared_ptr<const Surface> surface(const std::string& text) {
  const auto spec = parse_spec(text, surface_family());
  EXPECT_TRUE(spec) << (spec ? "" : spec.error().text());
  auto made = make_surface(*spec);
  EXPECT_TRUE(made) << (made ? "" : made.error().text());
  return *made;
}

double value(const std::string& text, std::vector<double> x) { return surface(text)->value(x.data()); }

/// Whether one of the minima lies at x with that value.
bool has_minimum(const Surface& s, const std::vector<double>& x, double f, bool global, double tolerance) {
  return std::any_of(s.minima().begin(), s.minima().end(), [&](const MarkedPoint& m) {
    bool same = m.global == global && std::abs(m.value - f) <= tolerance;
    for (std::size_t i = 0; i < x.size(); ++i) same = same && std::abs(m.x[i] - x[i]) <= tolerance;
    return same;
  });
}

TEST(KnownValues, Rosenbrock) {
  EXPECT_EQ(value("rosenbrock", {1.0, 1.0}), 0.0);
  EXPECT_EQ(value("rosenbrock", {-1.0, 2.0}), 104.0);
  const auto s = surface("rosenbrock");
  double g[2];
  double h[4];
  s->hessian(std::vector<double>{1.0, 1.0}.data(), g, h);
  EXPECT_EQ(h[0], 802.0);
  EXPECT_EQ(h[1], -400.0);
  EXPECT_EQ(h[2], -400.0);
  EXPECT_EQ(h[3], 200.0);
  s->gradient(std::vector<double>{-1.2, 1.0}.data(), g);
  EXPECT_TRUE(close(g[0], -215.6, 1e-12));
  EXPECT_TRUE(close(g[1], -88.0, 1e-12));
  EXPECT_TRUE(has_minimum(*surface("rosenbrock:a=-0.5,b=10"), {-0.5, 0.25}, 0.0, true, 0.0));
}

TEST(KnownValues, Beale) {
  EXPECT_EQ(value("beale", {3.0, 0.5}), 0.0);
  EXPECT_EQ(value("beale", {1.0, 1.0}), 14.203125);
  EXPECT_EQ(value("beale", {1.0, 1.5}), 41.25);
  double g[2];
  surface("beale")->gradient(std::vector<double>{1.0, 1.0}.data(), g);
  EXPECT_EQ(g[0], 0.0);
  EXPECT_EQ(g[1], 27.75);
}

TEST(KnownValues, MinimaOfTheLiterature) {
  const auto himmelblau = surface("himmelblau");
  ASSERT_EQ(himmelblau->minima().size(), 4u);
  EXPECT_TRUE(has_minimum(*himmelblau, {3.0, 2.0}, 0.0, true, 1e-12));
  EXPECT_TRUE(has_minimum(*himmelblau, {-2.805118, 3.131312}, 0.0, true, 1e-6));
  EXPECT_TRUE(has_minimum(*himmelblau, {-3.779310, -3.283186}, 0.0, true, 1e-6));
  EXPECT_TRUE(has_minimum(*himmelblau, {3.584428, -1.848126}, 0.0, true, 1e-6));

  const auto goldstein = surface("goldstein_price");
  ASSERT_EQ(goldstein->minima().size(), 4u);
  EXPECT_TRUE(has_minimum(*goldstein, {0.0, -1.0}, 3.0, true, 1e-12));
  EXPECT_TRUE(has_minimum(*goldstein, {-0.6, -0.4}, 30.0, false, 1e-11));
  EXPECT_TRUE(has_minimum(*goldstein, {1.8, 0.2}, 84.0, false, 1e-11));
  EXPECT_TRUE(has_minimum(*goldstein, {1.2, 0.8}, 840.0, false, 1e-11));

  const auto mccormick = surface("mccormick");
  const double x = 0.5 - std::numbers::pi / 3.0;
  EXPECT_TRUE(
      has_minimum(*mccormick, {x, x - 1.0}, -std::sqrt(3.0) / 2.0 - std::numbers::pi / 3.0, true, 1e-12));
  EXPECT_TRUE(
      has_minimum(*mccormick, {x + std::numbers::pi, x - 1.0 + std::numbers::pi}, 1.2283697, false, 1e-7));

  const auto camel = surface("three_hump_camel");
  ASSERT_EQ(camel->minima().size(), 3u);
  EXPECT_TRUE(has_minimum(*camel, {0.0, 0.0}, 0.0, true, 0.0));
  EXPECT_TRUE(has_minimum(*camel, {1.747552, -0.873776}, 0.298638, false, 1e-6));

  const auto six = surface("six_hump_camel");
  ASSERT_EQ(six->minima().size(), 6u);
  EXPECT_TRUE(has_minimum(*six, {0.0898420131, -0.7126564030}, -1.0316284535, true, 1e-9));
  EXPECT_TRUE(has_minimum(*six, {-0.0898420131, 0.7126564030}, -1.0316284535, true, 1e-9));
  EXPECT_TRUE(has_minimum(*six, {1.70360671, -0.79608357}, -0.2154638, false, 1e-7));
  EXPECT_TRUE(has_minimum(*six, {1.6071, 0.5687}, 2.10425, false, 1e-4));

  const auto styblinski = surface("styblinski_tang");
  ASSERT_EQ(styblinski->minima().size(), 4u);
  EXPECT_TRUE(has_minimum(*styblinski, {-2.903534, -2.903534}, -2.0 * 39.16616570, true, 1e-6));

  EXPECT_TRUE(has_minimum(*surface("easom"), {std::numbers::pi, std::numbers::pi}, -1.0, true, 1e-15));
  EXPECT_TRUE(has_minimum(*surface("levy13"), {1.0, 1.0}, 0.0, true, 1e-15));
  EXPECT_TRUE(has_minimum(*surface("griewank"), {0.0, 0.0}, 0.0, true, 1e-15));
  EXPECT_TRUE(has_minimum(*surface("griewank"), {3.140022, 4.438444}, 0.007396, false, 1e-6));
}

TEST(KnownValues, RastriginHasATrapAtEveryWholePoint) {
  const auto s = surface("rastrigin");
  EXPECT_EQ(s->minima().size(), 121u);
  EXPECT_TRUE(has_minimum(*s, {0.0, 0.0}, 0.0, true, 0.0));
  EXPECT_TRUE(has_minimum(*s, {0.9949586, 0.0}, 0.9949591, false, 1e-6));
  // With A = 0.7 the waves, at most 2πA = 4.4 steep, only hold within 2.2 of the axes.
  EXPECT_EQ(surface("rastrigin:A=0.7")->minima().size(), 25u);
  EXPECT_EQ(surface("rastrigin:A=0")->minima().size(), 1u);
}

TEST(KnownValues, AckleyIsFlatAtItsKink) {
  const auto s = surface("ackley");
  double g[2];
  double h[4];
  EXPECT_EQ(s->hessian(std::vector<double>{0.0, 0.0}.data(), g, h), 0.0);
  EXPECT_EQ(g[0], 0.0);
  EXPECT_EQ(g[1], 0.0);
  // What the smooth part alone contributes: e c²/2.
  EXPECT_TRUE(close(h[0], 2.0 * std::numbers::e * std::numbers::pi * std::numbers::pi, 1e-12));
  EXPECT_EQ(h[1], 0.0);
  EXPECT_TRUE(has_minimum(*s, {0.0, 0.0}, 0.0, true, 0.0));
  EXPECT_TRUE(has_minimum(*s, {0.0, 0.9521665}, 2.5799276, false, 1e-7));
}

TEST(KnownValues, Saddles) {
  EXPECT_TRUE(surface("saddle")->minima().empty());
  EXPECT_TRUE(surface("monkey_saddle")->minima().empty());
  double g[2];
  double h[4];
  EXPECT_EQ(surface("saddle")->hessian(std::vector<double>{0.0, 0.0}.data(), g, h), 0.0);
  EXPECT_EQ(h[0], 1.0);
  EXPECT_EQ(h[3], -1.0);
  const auto bounded = surface("bounded_saddle");
  ASSERT_EQ(bounded->minima().size(), 2u);
  EXPECT_TRUE(has_minimum(*bounded, {0.0, 1.0}, -0.25, true, 0.0));
  EXPECT_TRUE(has_minimum(*bounded, {0.0, -1.0}, -0.25, true, 0.0));
  EXPECT_EQ(value("monkey_saddle", {2.0, 1.0}), 2.0);
}

TEST(KnownValues, OneVariable) {
  const auto tilted = surface("tilted_double_well");
  ASSERT_EQ(tilted->minima().size(), 2u);
  EXPECT_TRUE(has_minimum(*tilted, {-1.035579}, -1.305428, true, 1e-6));
  EXPECT_TRUE(has_minimum(*tilted, {0.9601496}, -0.7058535, false, 1e-7));
  const auto washboard = surface("washboard");
  ASSERT_EQ(washboard->minima().size(), 3u);
  EXPECT_TRUE(has_minimum(*washboard, {0.0}, -1.0, true, 0.0));
  EXPECT_TRUE(has_minimum(*washboard, {5.679208}, 0.7895868, false, 1e-6));
  EXPECT_TRUE(has_minimum(*washboard, {-5.679208}, 0.7895868, false, 1e-6));
  EXPECT_TRUE(has_minimum(*surface("quartic"), {-1.0}, -1.0, true, 0.0));
  EXPECT_TRUE(has_minimum(*surface("quartic:b=3,c=2"), {std::sqrt(1.5)}, -0.25, true, 1e-15));
  EXPECT_EQ(surface("quartic:b=-1")->minima().size(), 1u);
  EXPECT_EQ(value("parabola:a=4", {3.0}), 18.0);
  EXPECT_EQ(value("shifted_parabola", {0.0}), 9.0);
  EXPECT_EQ(value("huber:tau=0.5", {2.0}), 0.875);
  EXPECT_EQ(value("huber:tau=0.5", {0.25}), 0.03125);
  double g = 0.0;
  surface("huber:tau=0.5")->gradient(std::vector<double>{-2.0}.data(), &g);
  EXPECT_EQ(g, -0.5);
}

TEST(KnownValues, SharpAndFlatMinimumHaveTheCurvaturesAskedFor) {
  for (const std::string id : {"sharp_flat", "sharp_flat_1d"}) {
    const auto s = surface(id + ":sharp=50,flat=1,gap=0.25");
    ASSERT_EQ(s->minima().size(), 2u);
    double g[2];
    double h[4];
    s->hessian(s->minima()[0].x.data(), g, h);
    EXPECT_TRUE(close(h[0], 50.0, 1e-3));
    s->hessian(s->minima()[1].x.data(), g, h);
    EXPECT_TRUE(close(h[0], 1.0, 1e-6));
    EXPECT_TRUE(close(s->minima()[1].value, 0.25, 1e-6));
  }
}

TEST(KnownValues, QuadraticInManyDimensions) {
  EXPECT_EQ(value("quadratic:eigenvalues=1/10/100", {1.0, 1.0, 1.0}), 55.5);
  std::string text = "quadratic:eigenvalues=1";
  for (int i = 2; i <= 1000; ++i) text += "/" + std::to_string(i);
  const auto s = surface(text);
  ASSERT_EQ(s->dim(), 1000);
  std::vector<double> x(1000, 2.0);
  std::vector<double> g(1000);
  EXPECT_EQ(s->gradient(x.data(), g.data()), 0.5 * 4.0 * 500500.0);
  EXPECT_EQ(g[999], 2000.0);
  EXPECT_EQ(s->start(), std::vector<double>(1000, 1.0));
  const auto too_many = make_surface(*parse_spec(text + "/1001", surface_family()));
  ASSERT_FALSE(too_many);
  EXPECT_EQ(too_many.error().text(), "quadratic: eigenvalues: at most 1000 are allowed, not 1001");
}

TEST(KnownValues, QuadraticTurnsAndStretches) {
  double g[2];
  double h[4];
  const double along[2] = {std::cos(std::numbers::pi / 6.0), std::sin(std::numbers::pi / 6.0)};
  const auto turned = surface("quadratic:eigenvalues=2/50,angle=30");
  EXPECT_TRUE(close(turned->value(along), 1.0, 1e-14));
  turned->hessian(along, g, h);
  EXPECT_TRUE(close(h[0] + h[3], 52.0, 1e-12));
  EXPECT_TRUE(close(h[0] * h[3] - h[1] * h[1], 100.0, 1e-11));
  EXPECT_EQ(value("quadratic:eigenvalues=2/5,condition=100", {1.0, 0.0}), 1.0);
  EXPECT_EQ(value("quadratic:eigenvalues=2/5,condition=100", {0.0, 1.0}), 100.0);
  EXPECT_EQ(value("quadratic:eigenvalues=5/2,condition=100", {1.0, 0.0}), 100.0);
  EXPECT_EQ(value("quadratic:eigenvalues=2/50,angle=180", {1.0, 1.0}), 26.0);
  // Angle and condition number speak of two dimensions only.
  EXPECT_EQ(value("quadratic:eigenvalues=1/10/100,angle=30,condition=7", {1.0, 1.0, 1.0}), 55.5);
  const SurfaceDescriptor& descriptor = *find_surface("quadratic");
  const Spec two = *parse_spec("quadratic", descriptor);
  const Spec three = *parse_spec("quadratic:eigenvalues=1/2/3", descriptor);
  EXPECT_TRUE(descriptor.relevant(two, "angle"));
  EXPECT_FALSE(descriptor.relevant(three, "angle"));
  EXPECT_FALSE(descriptor.relevant(three, "condition"));
  EXPECT_TRUE(descriptor.relevant(three, "eigenvalues"));
  EXPECT_FALSE(make_surface(*parse_spec("quadratic:eigenvalues=1/-1,condition=5", descriptor)));
  EXPECT_TRUE(surface("quadratic:eigenvalues=1/-1")->minima().empty());
}

TEST(KnownValues, LogisticMinimumSatisfiesTheNormalEquations) {
  // With λ = 0 the residuals σ(s) - t are orthogonal to (x, 1): checked here from first principles.
  const double data[12][2] = {{0.4, 0}, {0.8, 0}, {1.1, 0}, {1.5, 1}, {1.7, 0}, {2.0, 0},
                              {2.2, 1}, {2.5, 1}, {2.8, 0}, {3.1, 1}, {3.4, 1}, {3.9, 1}};
  const auto s = surface("logistic:l2=0");
  ASSERT_EQ(s->minima().size(), 1u);
  const auto& w = s->minima()[0].x;
  double slope = 0.0;
  double offset = 0.0;
  double loss = 0.0;
  for (const auto& [x, t] : data) {
    const double p = 1.0 / (1.0 + std::exp(-(w[0] * x + w[1])));
    slope += (p - t) * x;
    offset += p - t;
    loss -= (t * std::log(p) + (1.0 - t) * std::log(1.0 - p)) / 12.0;
  }
  EXPECT_TRUE(close(slope, 0.0, 1e-13));
  EXPECT_TRUE(close(offset, 0.0, 1e-13));
  EXPECT_TRUE(close(loss, s->minima()[0].value, 1e-14));
}

}  // namespace
}  // namespace thalweg::test
