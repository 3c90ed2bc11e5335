// The contract of a surface, checked for every one in the list with its default and with other
// parameters: exact derivatives, true minima, rows equal to values, complete descriptors.
#include <set>
#include <string>

#include "comparison.hpp"
#include "core/surface/surface.hpp"

namespace thalweg::test {
namespace {

struct Case {
  std::string name;
  std::string spec;
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.spec; }

/// A value away from the default, inside the slider's range.
double moved(const Parameter& parameter) {
  const double from = std::get<double>(parameter.default_value);
  const double to = from == parameter.soft_max ? parameter.soft_min : parameter.soft_max;
  return parameter.scale == Scale::kLog ? from * std::pow(to / from, 0.4) : from + 0.4 * (to - from);
}

std::vector<Case> cases() {
  std::vector<Case> out;
  for (const SurfaceDescriptor& descriptor : surfaces()) {
    out.push_back({descriptor.id, descriptor.id});
    Spec spec = default_spec(descriptor);
    bool changed = false;
    for (const Parameter& parameter : descriptor.parameters) {
      if (parameter.kind != Kind::kReal || !std::holds_alternative<double>(parameter.default_value)) continue;
      *spec.find(parameter.key) = moved(parameter);
      changed = true;
    }
    if (changed) out.push_back({descriptor.id + "_moved", format_spec(spec, descriptor)});
  }
  const std::vector<Case> more = {
      {"quadratic_1d", "quadratic:eigenvalues=4"},
      {"quadratic_3d", "quadratic:eigenvalues=1/10/100"},
      {"quadratic_7d", "quadratic:eigenvalues=0.5/1/2/4/8/16/32"},
      {"quadratic_turned", "quadratic:eigenvalues=2/50,angle=30"},
      {"quadratic_condition", "quadratic:eigenvalues=10/1,angle=-20,condition=50"},
      {"quadratic_indefinite", "quadratic:eigenvalues=1/-1,angle=10"},
      {"quadratic_flat", "quadratic:eigenvalues=1/0"},
      {"rosenbrock_zero", "rosenbrock:a=0,b=5"},
      {"rastrigin_shallow", "rastrigin:A=0.7"},
      {"rastrigin_bowl", "rastrigin:A=0"},
      {"ackley_smooth", "ackley:c=0"},
      {"ackley_fine", "ackley:c=25"},
      {"quartic_two_and_offset", "quartic:b=3,c=2"},
      {"quartic_convex", "quartic:b=-1"},
      {"double_well_level", "tilted_double_well:t=0"},
      {"double_well_single", "tilted_double_well:t=1.9"},
      {"logistic_plain", "logistic:l2=0"},
      {"huber_knee", "huber:tau=0.047619"},
      {"expr_powers", "expr:x^4 + y^2/3 - x*y^3/20 + (x^2+1)^-1.5 + (y^2+2)^(x/3)"},
      {"expr_exponential",
       "expr:exp(-x^2) + expm1(y/2) + log1p(x^2) + log(4+y) + log2(5+x) + log10(6-y) + 2^x"},
      {"expr_circular",
       "expr:sin(x)*cos(y) + tan(x/5) + asin(x/4) + acos(y/4) + atan(x*y) + atan2(y+4, x+4)"},
      {"expr_hyperbolic", "expr:sinh(x/2) + cosh(y/2) + tanh(x*y) + asinh(x) + acosh(y+5) + atanh(x/4)"},
      {"expr_network", "expr:sigmoid(a*x) + softplus(b*y) + relu(x+y) + erf(x-y);a=2,b=-3"},
      {"expr_kinks", "expr:abs(x)*y + max(x, y^2) - min(x*y, 1) + sqrt(5+x) + cbrt(y+7) + hypot(x, y)"},
      {"expr_curve", "expr:x sin(3x) + d;d=2"},
  };
  out.insert(out.end(), more.begin(), more.end());
  return out;
}

class EverySurface : public testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    const auto spec = parse_spec(GetParam().spec, surface_family());
    ASSERT_TRUE(spec) << spec.error().text();
    auto made = make_surface(*spec);
    ASSERT_TRUE(made) << made.error().text();
    surface_ = *made;
    dim_ = static_cast<std::size_t>(surface_->dim());
  }
  bool typed() const { return GetParam().spec.starts_with("expr"); }

  std::shared_ptr<const Surface> surface_;
  std::size_t dim_ = 0;
};

TEST_P(EverySurface, HasDomainAndFiniteStart) {
  ASSERT_EQ(surface_->domain().size(), dim_);
  for (const Interval& side : surface_->domain()) EXPECT_LT(side.lower, side.upper);
  ASSERT_EQ(surface_->start().size(), dim_);
  std::vector<double> g(dim_);
  EXPECT_TRUE(std::isfinite(surface_->gradient(surface_->start().data(), g.data())));
  for (std::size_t i = 0; i < dim_; ++i) {
    EXPECT_TRUE(std::isfinite(g[i]));
    EXPECT_GE(surface_->start()[i], surface_->domain()[i].lower);
    EXPECT_LE(surface_->start()[i], surface_->domain()[i].upper);
  }
  for (const MarkedPoint& minimum : surface_->minima()) EXPECT_NE(minimum.x, surface_->start());
}

TEST_P(EverySurface, DerivativesMatchDifferencesOfTheValue) {
  std::mt19937_64 random(1);
  const double extent = widest(*surface_);
  const double h0 = 0.003 * extent;
  int unresolved = 0;
  int compared = 0;
  for (int n = 0; n < 1000; ++n) {
    const auto x = random_point(*surface_, random);
    std::vector<double> g(dim_);
    std::vector<double> g_again(dim_);
    std::vector<double> h(dim_ * dim_);
    const double f = surface_->value(x.data());
    ASSERT_TRUE(std::isfinite(f)) << x[0];
    ASSERT_EQ(surface_->gradient(x.data(), g.data()), f);
    ASSERT_EQ(surface_->hessian(x.data(), g_again.data(), h.data()), f);
    double size_g = std::abs(f) / extent;
    for (const double component : g) size_g = std::max(size_g, std::abs(component));
    double size_h = size_g / extent;
    for (const double component : h) size_h = std::max(size_h, std::abs(component));

    // Where the differences themselves are unsure, close to a kink, they decide nothing.
    const auto compare = [&](double actual, const Estimate& expected, double tolerance) {
      ++compared;
      ASSERT_TRUE(std::isfinite(actual));
      if (expected.error > 0.5 * tolerance) {
        ++unresolved;
        return;
      }
      ASSERT_TRUE(close(actual, expected.value, tolerance)) << "at " << x[0] << ", " << x.back();
    };
    for (std::size_t i = 0; i < dim_; ++i) {
      ASSERT_TRUE(close(g_again[i], g[i], 1e-13 * size_g));
      compare(g[i], slope(*surface_, x, i, h0), 1e-7 * size_g + 1e-11);
      for (std::size_t j = 0; j <= i; ++j) {
        ASSERT_EQ(h[i * dim_ + j], h[j * dim_ + i]);
        compare(h[i * dim_ + j], curvature(*surface_, x, i, j, h0), 1e-5 * size_h + 1e-8);
      }
      if (HasFatalFailure()) return;
    }
  }
  EXPECT_LE(unresolved, compared / 25) << "too few points were compared";
}

TEST_P(EverySurface, MinimaAreMinima) {
  std::mt19937_64 random(2);
  std::normal_distribution<double> normal;
  for (const MarkedPoint& minimum : surface_->minima()) {
    ASSERT_EQ(minimum.x.size(), dim_);
    std::vector<double> g(dim_);
    std::vector<double> h(dim_ * dim_);
    const double f = surface_->hessian(minimum.x.data(), g.data(), h.data());
    EXPECT_TRUE(close_relative(minimum.value, f, 1e-14));
    double stiffness = 0.0;
    for (const double component : h) stiffness = std::max(stiffness, std::abs(component));
    for (const double component : g)
      EXPECT_TRUE(close(component, 0.0, 1e-12 * stiffness * widest(*surface_)));
    for (int n = 0; n < 200; ++n) {
      std::vector<double> v(dim_);
      for (double& component : v) component = normal(random);
      double form = 0.0;
      for (std::size_t i = 0; i < dim_; ++i)
        for (std::size_t j = 0; j < dim_; ++j) form += v[i] * h[i * dim_ + j] * v[j];
      ASSERT_GE(form, 0.0) << "at " << minimum.x[0] << ", " << minimum.x.back();

      auto x = minimum.x;
      for (std::size_t i = 0; i < dim_; ++i) x[i] += 1e-4 * v[i];
      ASSERT_GE(surface_->value(x.data()), minimum.value);
    }
  }
}

TEST_P(EverySurface, GlobalMinimumIsNotBeaten) {
  if (surface_->minima().empty()) return;  // nothing is claimed
  const MarkedPoint& lowest = surface_->minima().front();
  EXPECT_TRUE(lowest.global);
  for (const MarkedPoint& minimum : surface_->minima()) {
    EXPECT_GE(minimum.value, lowest.value);
    EXPECT_EQ(minimum.global, minimum.value <= lowest.value + 1e-10 * (1.0 + std::abs(lowest.value)));
  }
  if (typed()) return;  // found minima, of which the lowest need not be below the domain's edge
  std::mt19937_64 random(3);
  for (int n = 0; n < 10000; ++n) {
    const auto x = random_point(*surface_, random);
    ASSERT_GE(surface_->value(x.data()), lowest.value - 1e-12 * std::max(1.0, std::abs(lowest.value)))
        << "at " << x[0] << ", " << x.back();
  }
}

TEST_P(EverySurface, RowEqualsValue) {
  std::mt19937_64 random(4);
  for (int n = 0; n < 20; ++n) {
    auto x = random_point(*surface_, random);
    for (std::size_t axis = 0; axis < dim_; ++axis) {
      const int count = 1 + n * 13;  // below, at and above the block of an expression's row
      const double first = surface_->domain()[axis].lower;
      const double step = (surface_->domain()[axis].upper - first) / count;
      std::vector<double> out(static_cast<std::size_t>(count) + 1, 12345.0);
      surface_->row(x.data(), static_cast<int>(axis), first, step, count, out.data());
      EXPECT_EQ(out.back(), 12345.0) << "wrote past the end";
      auto p = x;
      for (int i = 0; i < count; ++i) {
        p[axis] = first + i * step;
        const double expected = surface_->value(p.data());
        const double actual = out[static_cast<std::size_t>(i)];
        if (dim_ <= 2)
          ASSERT_TRUE(identical(actual, expected)) << actual - expected;
        else
          ASSERT_TRUE(close_relative(actual, expected, 1e-14));
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Surfaces, EverySurface, testing::ValuesIn(cases()),
                         [](const auto& each) { return each.param.name; });

TEST(SurfaceList, IdsAreStable) {
  // Stored in saved runs: an id may be added, never renamed or dropped.
  const std::vector<std::string> expected = {"quadratic",      "rosenbrock",
                                             "beale",          "booth",
                                             "matyas",         "logistic",
                                             "himmelblau",     "goldstein_price",
                                             "mccormick",      "three_hump_camel",
                                             "six_hump_camel", "styblinski_tang",
                                             "rastrigin",      "ackley",
                                             "griewank",       "levy13",
                                             "easom",          "saddle",
                                             "bounded_saddle", "monkey_saddle",
                                             "plateau",        "sharp_flat",
                                             "parabola",       "shifted_parabola",
                                             "quartic",        "tilted_double_well",
                                             "washboard",      "huber",
                                             "sharp_flat_1d",  "expr"};
  std::vector<std::string> ids;
  for (const SurfaceDescriptor& descriptor : surfaces()) ids.push_back(descriptor.id);
  EXPECT_EQ(ids, expected);
  EXPECT_EQ(std::set<std::string>(ids.begin(), ids.end()).size(), ids.size());
}

TEST(SurfaceList, DescriptorsAreComplete) {
  for (const SurfaceDescriptor& descriptor : surfaces()) {
    SCOPED_TRACE(descriptor.id);
    EXPECT_FALSE(descriptor.label.empty());
    EXPECT_FALSE(descriptor.summary.empty());
    EXPECT_EQ(descriptor.summary.find('\n'), std::string::npos);
    EXPECT_LE(descriptor.summary.size(), 110u);
    EXPECT_FALSE(descriptor.formula.empty());
    EXPECT_FALSE(descriptor.reference.empty());
    EXPECT_TRUE(descriptor.make);
    EXPECT_EQ(find_surface(descriptor.id), &descriptor);
    EXPECT_EQ(surface_family().find(descriptor.id), &descriptor);
    const Spec spec = default_spec(descriptor);
    EXPECT_FALSE(check(spec, descriptor));
    const auto made = make_surface(spec);
    ASSERT_TRUE(made);
    if (descriptor.dim != 0) {
      EXPECT_EQ((*made)->dim(), descriptor.dim);
    }
    const auto read_back = parse_spec(format_spec(spec, descriptor, true), surface_family());
    ASSERT_TRUE(read_back) << read_back.error().text();
    EXPECT_EQ(*read_back, spec);
    for (const Parameter& parameter : descriptor.parameters) {
      EXPECT_FALSE(parameter.help.empty()) << parameter.key;
      EXPECT_FALSE(parameter.label.empty()) << parameter.key;
      if (parameter.kind == Kind::kReal) {
        EXPECT_LT(parameter.soft_min, parameter.soft_max) << parameter.key;
      }
    }
  }
}

TEST(SurfaceList, RefusesWhatIsNoSurface) {
  EXPECT_FALSE(find_surface("rosenbrok"));
  EXPECT_FALSE(make_surface(Spec{"rosenbrok", {}}));
  EXPECT_FALSE(make_surface(Spec{"rosenbrock", {}}));
  EXPECT_FALSE(parse_spec("rosenbrock:b=0", surface_family()));
  const auto typo = parse_spec("rastrigen", surface_family());
  ASSERT_FALSE(typo);
  EXPECT_NE(typo.error().text().find("'rastrigin'"), std::string::npos) << typo.error().text();
}

}  // namespace
}  // namespace thalweg::test
