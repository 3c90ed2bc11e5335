// L-BFGS, conjugate gradient, Newton, Gauss-Newton and SPSA: against PyTorch and the plain Python of
// tests/golden/make_method_golden.py, and what the books promise of them.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>
#include <set>
#include <string>
#include <vector>

#include "core/optimizer/dense.hpp"
#include "core/optimizer/line_search.hpp"
#include "core/random/philox.hpp"
#include "tests/golden/close.hpp"
#include "tests/golden/traces.hpp"
#include "tests/optimizer/functions.hpp"
#include "tests/optimizer/problems.hpp"

namespace thalweg::test {
namespace {

/// An optimizer on its way down a function.
class Walk {
 public:
  Walk(const std::string& spec, Function function, Point start)
      : spec_(spec_of(spec)),
        function_(function),
        objective_(std::move(function)),
        stepper_(make_stepper(spec_, static_cast<int>(start.size()))),
        theta(std::move(start)) {}

  void step(int count = 1) {
    Point g(theta.size());
    for (int i = 0; i < count; ++i) {
      function_.gradient(theta.data(), g.data());
      objective_.begin(theta.data());
      stepper_->step(theta.data(), g.data(), spec_.number("lr"), &objective_);
      evaluations += objective_.evaluations();
    }
  }
  double loss() const { return function_.value(theta.data()); }
  Stepper& stepper() { return *stepper_; }

 private:
  Spec spec_;
  Function function_;
  FunctionObjective objective_;
  std::unique_ptr<Stepper> stepper_;

 public:
  Point theta;
  std::int64_t evaluations = 0;
};

const std::vector<std::string> kMethods = {"lbfgs", "cg", "newton", "gauss_newton", "spsa"};

TEST(MethodGolden, FollowPytorchAndThePapers) {
  std::set<std::string> covered;
  for (const Trace& trace : read_traces("method_traces.txt")) {
    SCOPED_TRACE(trace.spec + " on " + trace.setting);
    covered.insert(spec_of(trace.spec).id);
    const bool rosenbrock = trace.setting == "rosenbrock", saddle = trace.setting == "saddle";
    Walk walk(trace.spec,
              rosenbrock ? rosenbrock_function()
              : saddle   ? saddle_function()
                         : tilted_function(),
              rosenbrock ? Point{-1.0, 2.0}
              : saddle   ? Point{0.7, 0.2}
                         : Point{-1.5, 2.0});
    ASSERT_GE(trace.rows.size(), 1u);
    // The slope of the central difference over 2c of SPSA has 1e-13 of relative rounding.
    for (const auto& row : trace.rows) {
      walk.step();
      const double tolerance = 1e-10 * std::max(1.0, std::hypot(row.values[0], row.values[1]));
      ASSERT_TRUE(close(walk.theta[0], row.values[0], tolerance)) << "step " << row.step;
      ASSERT_TRUE(close(walk.theta[1], row.values[1], tolerance)) << "step " << row.step;
    }
  }
  EXPECT_EQ(covered, (std::set<std::string>{"lbfgs", "cg", "newton", "gauss_newton", "spsa"}));
}

TEST(Lbfgs, ReachesTheFloorOfRosenbrock) {
  Walk walk("lbfgs", rosenbrock_function(), {-1.0, 2.0});
  int steps = 0;
  while (walk.loss() >= 1e-20 && steps < 100) {
    walk.step();
    ++steps;
  }
  EXPECT_LT(walk.loss(), 1e-20);
  EXPECT_LE(steps, 50);
  EXPECT_LE(walk.evaluations, 80);
  // And stays there, a number.
  walk.step(200);
  EXPECT_LT(walk.loss(), 1e-20);
}

TEST(ConjugateGradient, TakesNStepsForNEigenvalues) {
  for (const char* beta : {"fletcher_reeves", "polak_ribiere", "hestenes_stiefel"}) {
    for (const std::vector<double>& eigenvalues :
         {std::vector<double>{1.0, 10.0, 100.0}, {2.0, 3.0, 5.0, 7.0, 11.0}, {4.0}, {1.0, 10.0, 10.0, 1.0}}) {
      const std::set<double> different(eigenvalues.begin(), eigenvalues.end());
      Walk walk("cg:search_slope=1e-9,beta=" + std::string(beta), bowl_function(eigenvalues),
                Point(eigenvalues.size(), 1.0));
      const double start = walk.loss();
      for (std::size_t i = 0; i + 1 < different.size(); ++i) {
        walk.step();
        EXPECT_GT(walk.loss(), 1e-9 * start) << beta << ", step " << i;
      }
      walk.step();
      EXPECT_LT(walk.loss(), 1e-15 * start) << beta << ", " << eigenvalues.size();
    }
  }
}

TEST(ConjugateGradient, GoesDownRosenbrockWithEveryBeta) {
  for (const char* beta : {"fletcher_reeves", "polak_ribiere", "hestenes_stiefel"}) {
    Walk walk("cg:beta=" + std::string(beta), rosenbrock_function(), {-1.0, 2.0});
    double before = walk.loss();
    for (int i = 0; i < 200; ++i) {
      walk.step();
      ASSERT_LE(walk.loss(), before) << beta << ", step " << i;
      before = walk.loss();
    }
    EXPECT_LT(walk.loss(), 1e-12) << beta;
  }
}

TEST(ConjugateGradient, StartedAgainAtEveryStepIsSteepestDescent) {
  Walk walk("cg:restart_period=1,search_slope=1e-9", bowl_function({1.0, 9.0}), {9.0, 1.0});
  for (int i = 0; i < 6; ++i) {
    walk.step();
    // Nocedal & Wright 2006, eq. (3.28): from here each exact step shrinks both by (κ − 1)/(κ + 1) = 0.8.
    EXPECT_NEAR(std::abs(walk.theta[0]), 9.0 * std::pow(0.8, i + 1), 1e-9);
    EXPECT_NEAR(std::abs(walk.theta[1]), std::pow(0.8, i + 1), 1e-9);
  }
}

TEST(Newton, TakesOneStepOnAQuadratic) {
  for (const char* spec : {"newton", "newton:form=damped", "newton:form=saddle_free"}) {
    Walk walk(spec, bowl_function({1.0, 10.0, 100.0}), {1.0, -2.0, 3.0});
    walk.step();
    for (const double x : walk.theta) EXPECT_NEAR(x, 0.0, 1e-14) << spec;
    walk.step();
    EXPECT_LT(walk.loss(), 1e-25) << spec;
  }
}

TEST(Newton, IsDrawnToTheSaddleThatTheSaddleFreeFormLeaves) {
  Walk plain("newton", saddle_function(), {0.5, 0.1}),
      free("newton:form=saddle_free", saddle_function(), {0.5, 0.1});
  plain.step(20);
  EXPECT_NEAR(plain.theta[0], 0.0, 1e-12);
  EXPECT_NEAR(plain.theta[1], 0.0, 1e-12);
  free.step(20);
  EXPECT_NEAR(free.theta[0], 0.0, 1e-12);
  EXPECT_NEAR(free.theta[1], 1.0, 1e-10);
}

TEST(Newton, DampedNeverClimbsAndPlainDoes) {
  Walk damped("newton:form=damped", rosenbrock_function(), {-1.0, 2.0});
  double before = damped.loss();
  for (int i = 0; i < 30; ++i) {
    damped.step();
    ASSERT_LE(damped.loss(), before);
    before = damped.loss();
  }
  EXPECT_LT(before, 1e-20);
  Walk plain("newton", rosenbrock_function(), {-1.0, 2.0});
  bool climbed = false;
  for (int i = 0; i < 10; ++i) {
    before = plain.loss();
    plain.step();
    climbed = climbed || plain.loss() > before;
  }
  EXPECT_TRUE(climbed);
}

TEST(Newton, DoesNotMoveAlongAFlatDirection) {
  for (const char* spec : {"newton", "newton:form=saddle_free", "newton:form=damped"}) {
    Walk walk(spec, bowl_function({2.0, 0.0}), {1.0, 3.0});
    walk.step(3);
    EXPECT_NEAR(walk.theta[0], 0.0, 1e-15) << spec;
    EXPECT_EQ(walk.theta[1], 3.0) << spec;
  }
  // With a shift there is a step; here the slope is 0, so that it is 0, too.
  Walk shifted("newton:shift=1", bowl_function({2.0, 0.0}), {1.0, 3.0});
  shifted.step();
  EXPECT_NEAR(shifted.theta[0], 1.0 / 3.0, 1e-15);
}

TEST(Dense, WhatIsNotFiniteComesOut) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  std::vector<double> x(2);
  solve_symmetric(std::vector<double>{1.0, nan, nan, 1.0}, std::vector<double>{1.0, 1.0}, Curvature::kSigned,
                  0.0, x);
  EXPECT_TRUE(std::isnan(x[0]) && std::isnan(x[1]));
  solve_symmetric(std::vector<double>{0.0, 0.0, 0.0, 0.0}, std::vector<double>{1.0, 1.0}, Curvature::kSigned,
                  0.0, x);
  EXPECT_EQ(x, (std::vector<double>{0.0, 0.0}));
}

TEST(GaussNewton, DampingFollowsHowWellTheQuadraticForetells) {
  // The matrix is exact here, so that ρ = 1 at every step and λ halves: θ ← θ λ/(1 + λ).
  Walk walk("gauss_newton:damping=4,adaptation=2", bowl_function({1.0}), {1.0});
  double lambda = 4.0, expected = 1.0;
  for (int i = 0; i < 10; ++i) {
    walk.step();
    expected *= lambda / (1.0 + lambda);
    EXPECT_NEAR(walk.theta[0], expected, 1e-14);
    lambda /= 2.0;
  }
  // An indefinite "G" sends the undamped step uphill: nothing moves until the damping has grown.
  Walk stuck("gauss_newton:damping=0.1,adaptation=10", saddle_function(), {0.0, 0.1});
  const double start = stuck.loss();
  stuck.step();
  EXPECT_EQ(stuck.theta[1], 0.1);
  stuck.step(60);
  EXPECT_LT(stuck.loss(), start - 0.1);
  // Left alone it steps whatever comes.
  Walk fixed("gauss_newton:damping=0.1,adaptation=1", saddle_function(), {0.0, 0.1});
  fixed.step();
  EXPECT_NE(fixed.theta[1], 0.1);
}

TEST(Spsa, LooksTwiceAndUsesNoGradient) {
  Walk walk("spsa", rosenbrock_function(), {-1.0, 2.0});
  EXPECT_FALSE(walk.stepper().uses_gradient());
  walk.step(50);
  EXPECT_EQ(walk.evaluations, 100);
  FunctionObjective objective(rosenbrock_function());
  const auto stepper = make_stepper(spec_of("spsa"), 2);
  Point theta = {-1.0, 2.0};
  double nonsense[2] = {std::numeric_limits<double>::quiet_NaN(), 1e300};
  for (int i = 0; i < 50; ++i) {
    objective.begin(theta.data());
    stepper->step(theta.data(), nonsense, 5e-4, &objective);
  }
  EXPECT_EQ(theta, walk.theta);
}

/// E ĝ = ∇f: on a quadratic the estimate has no other error than chance.
TEST(Spsa, EstimatesTheGradientOnAverage) {
  for (const char* direction : {"rademacher", "gaussian"}) {
    const Spec spec = spec_of("spsa:perturbation=0.5,direction=" + std::string(direction));
    const auto stepper = make_stepper(spec, 3);
    FunctionObjective objective(bowl_function({1.0, 2.0, 3.0}));
    double sum[3] = {}, g[3];
    constexpr int kDraws = 20000;
    for (int i = 0; i < kDraws; ++i) {
      double theta[3] = {1.0, 1.0, -1.0};
      objective.begin(theta);
      stepper->step(theta, g, 1.0, &objective);
      for (int k = 0; k < 3; ++k) sum[k] += (k < 2 ? 1.0 : -1.0) - theta[k];
    }
    const double expected[3] = {1.0, 2.0, -3.0};
    // The deviation of the mean is at most √(‖∇f‖² + |gᵢ|²)/√20000 < 0.04.
    for (int k = 0; k < 3; ++k) EXPECT_NEAR(sum[k] / kDraws, expected[k], 0.15) << direction;
  }
}

/// Every coordinate has a number of its own in every step, however many there are: Δ and what comes of it,
/// one by one.
TEST(Spsa, DrawsForEveryCoordinateAndStep) {
  for (const bool gaussian : {false, true})
    for (const std::uint32_t n : {1u, 3u, 128u, 129u, 300u}) {
      SCOPED_TRACE((gaussian ? "gaussian, " : "rademacher, ") + std::to_string(n));
      const Function bowl = bowl_function(std::vector<double>(n, 2.0));
      Walk walk(
          std::string("spsa:lr=0.1,perturbation=0.5,direction=") + (gaussian ? "gaussian" : "rademacher"),
          bowl, Point(n, 1.0));
      Point expected(n, 1.0);
      for (std::uint64_t step = 0; step < 3; ++step) {
        Point delta, ahead = expected, behind = expected;
        for (std::uint32_t i = 0; i < n; ++i) {
          const PhiloxBlock words = random_words(7, RandomStream::kPerturbation, step, i / 128);
          delta.push_back(gaussian ? normal_pair(7, RandomStream::kPerturbation, step, i / 2)[i % 2]
                                   : 2.0 * static_cast<double>(words[i % 128 / 32] >> i % 32 & 1u) - 1.0);
          ahead[i] += 0.5 * delta[i];
          behind[i] -= 0.5 * delta[i];
        }
        const double slope = bowl.value(ahead.data()) - bowl.value(behind.data());  // over 2c = 1
        walk.step();
        const auto insight = walk.stepper().insight();
        for (std::uint32_t i = 0; i < n; ++i) {
          expected[i] -= 0.1 * slope * delta[i];
          ASSERT_EQ(insight[0].values[i], delta[i]) << i;
          ASSERT_TRUE(close(insight[1].values[i], slope * delta[i], 1e-9)) << i;
          ASSERT_TRUE(close(walk.theta[i], expected[i], 1e-9)) << i;
        }
        expected = walk.theta;
      }
    }
}

/// Numbers of other coordinates and steps are other ones, and half of the signs are minus.
TEST(Spsa, DirectionsAreAsRandomAsTheyLook) {
  Walk walk("spsa:lr=1e-9", bowl_function(std::vector<double>(1024, 1.0)), Point(1024, 1.0));
  std::vector<std::vector<double>> seen;
  for (int step = 0; step < 4; ++step) {
    walk.step();
    const std::vector<double> delta = walk.stepper().insight()[0].values;
    for (int block = 0; block < 8; ++block)
      seen.emplace_back(delta.begin() + 128 * block, delta.begin() + 128 * (block + 1));
  }
  // Products of two different blocks of 128 signs have a deviation of √128 = 11.3.
  for (std::size_t i = 0; i < seen.size(); ++i) {
    EXPECT_LT(std::abs(std::accumulate(seen[i].begin(), seen[i].end(), 0.0)), 57.0) << i;
    for (std::size_t j = 0; j < i; ++j)
      EXPECT_LT(std::abs(std::inner_product(seen[i].begin(), seen[i].end(), seen[j].begin(), 0.0)), 57.0)
          << i << " " << j;
  }
}

TEST(WolfeSearch, FulfilsBothConditions) {
  const Function f = rosenbrock_function();
  FunctionObjective objective(f);
  for (const double first : {1e-6, 1e-3, 1.0, 100.0}) {
    for (const double c2 : {0.9, 0.1, 1e-3}) {
      WolfeSearch<double> search(2);
      const Point theta = {-1.0, 2.0};
      Point g(2), d(2);
      f.gradient(theta.data(), g.data());
      d = {-g[0], -g[1]};
      const double slope = -(g[0] * g[0] + g[1] * g[1]);
      const auto found = search.search(objective, theta.data(), d.data(), first, f.value(theta.data()), g,
                                       {.c2 = c2, .smallest = 0.0});
      const Point there = {theta[0] + found.t * d[0], theta[1] + found.t * d[1]};
      EXPECT_EQ(found.loss, f.value(there.data()));
      EXPECT_LE(found.loss, f.value(theta.data()) + 1e-4 * found.t * slope);
      EXPECT_LE(std::abs(search.gradient()[0] * d[0] + search.gradient()[1] * d[1]), -c2 * slope)
          << first << " " << c2;
    }
  }
}

TEST(WolfeSearch, TurnsBackIntoTheDomainAndElseStays) {
  // −log(x) + x: no number where x ≤ 0, lowest at 1.
  const Function logarithm = {1,
                              [](const double* p) { return p[0] > 0 ? p[0] - std::log(p[0]) : NAN; },
                              [](const double* p, double* g) { g[0] = p[0] > 0 ? 1.0 - 1.0 / p[0] : NAN; },
                              {}};
  for (const char* spec : {"lbfgs:lr=10", "cg:lr=10"}) {
    Walk walk(spec, logarithm, {4.0});
    walk.step(60);
    EXPECT_NEAR(walk.theta[0], 1.0, 1e-6) << spec;
  }
  // Nowhere but at the start.
  const Function point = {1,
                          [](const double* p) { return p[0] == 2.0 ? 1.0 : NAN; },
                          [](const double* p, double* g) { g[0] = p[0] == 2.0 ? 1.0 : NAN; },
                          {}};
  for (const char* spec : {"lbfgs", "cg"}) {
    Walk walk(spec, point, {2.0});
    walk.step(3);
    EXPECT_EQ(walk.theta[0], 2.0) << spec;
  }
}

class Method : public ::testing::TestWithParam<std::string> {};

TEST_P(Method, ContinuesToTheBitFromItsState) {
  for (const int before : {0, 1, 2, 13}) {
    Walk whole(GetParam(), rosenbrock_function(), {-1.0, 2.0});
    whole.step(before);
    Walk resumed(GetParam(), rosenbrock_function(), {0.3, 0.2});
    resumed.step(3);
    resumed.stepper().load(whole.stepper().save());
    EXPECT_EQ(resumed.stepper().save(), whole.stepper().save());
    EXPECT_EQ(resumed.stepper().steps(), before);
    resumed.theta = whole.theta;
    whole.step(10);
    resumed.step(10);
    EXPECT_EQ(resumed.theta, whole.theta) << before;
    EXPECT_EQ(resumed.stepper().save(), whole.stepper().save());
  }
}

TEST_P(Method, RefusesTheStateOfAnotherShape) {
  Walk walk(GetParam(), rosenbrock_function(), {-1.0, 2.0});
  walk.step(4);
  const auto state = walk.stepper().save();
  auto wrong = state;
  wrong[0] = -1.0;
  EXPECT_THROW(walk.stepper().load(wrong), std::invalid_argument);
  wrong = state;
  wrong.pop_back();
  EXPECT_THROW(walk.stepper().load(wrong), std::invalid_argument);
  EXPECT_EQ(walk.stepper().save(), state);
}

TEST_P(Method, NeedsAnObjective) {
  const auto stepper = make_stepper(spec_of(GetParam()), 2);
  double theta[2] = {1.0, 1.0}, g[2] = {1.0, 1.0};
  EXPECT_THROW(stepper->step(theta, g, 0.1), std::logic_error);
}

/// Every number at both ends of its bounds makes steps that end as numbers, on a bowl that forgives a lot.
TEST_P(Method, RunsAtBothEndsOfEveryBound) {
  const auto* descriptor = find_optimizer(GetParam());
  for (const Parameter& parameter : descriptor->parameters) {
    if (parameter.kind != Kind::kReal && parameter.kind != Kind::kInteger) continue;
    for (const bool upper : {false, true}) {
      Spec spec = default_spec(*descriptor);
      double value = upper ? parameter.max : parameter.min;
      if (upper ? parameter.max_open : parameter.min_open) {
        *spec.find(parameter.key) = value;
        EXPECT_TRUE(check(spec, *descriptor)) << parameter.key;
        value = upper ? std::nextafter(value, 0.0) : 1e-9;
      }
      *spec.find(parameter.key) = value;
      ASSERT_FALSE(check(spec, *descriptor)) << parameter.key << " " << value;
      Walk walk(format_spec(spec, *descriptor), bowl_function({1.0, 2.0}), {0.01, 0.02});
      walk.step(2);
      EXPECT_TRUE(std::isfinite(walk.loss())) << parameter.key << " " << value;
    }
  }
}

/// A number moved while it runs counts from the next step on.
TEST_P(Method, TakesNewSettings) {
  const auto* descriptor = find_optimizer(GetParam());
  // A is of the decay, which is off by default.
  const std::string base = GetParam() == "spsa" ? "spsa:gain_decay=0.5" : GetParam();
  for (const Parameter& parameter : descriptor->parameters) {
    if (!parameter.live || parameter.key == "lr") continue;
    Spec changed = spec_of(base);
    *changed.find(parameter.key) =
        changed.number(parameter.key) == parameter.soft_max ? parameter.soft_min : parameter.soft_max;
    Walk as_it_was(base, rosenbrock_function(), {-1.0, 2.0}), moved(base, rosenbrock_function(), {-1.0, 2.0});
    as_it_was.step(3);
    moved.step(3);
    const auto state = moved.stepper().save();
    moved.stepper().set(changed);
    EXPECT_EQ(moved.stepper().save(), state) << parameter.key;
    bool differs = false;
    for (int i = 0; i < 60 && !differs; ++i) {
      as_it_was.step();
      moved.step();
      differs = as_it_was.theta != moved.theta;
    }
    EXPECT_TRUE(differs) << parameter.key << " changed nothing";
  }
}

TEST_P(Method, DefaultsDescendRosenbrock) {
  Walk walk(GetParam(), rosenbrock_function(), {-1.35, 1.55});
  walk.step(2000);
  EXPECT_LT(std::hypot(walk.theta[0], walk.theta[1]), 3.0);
  EXPECT_LT(std::abs(walk.theta[1] - walk.theta[0] * walk.theta[0]), 0.05);
  EXPECT_GT(walk.theta[0], GetParam() == "spsa" ? -1.0 : 0.999);  // one direction at a time takes its time
}

INSTANTIATE_TEST_SUITE_P(All, Method, ::testing::ValuesIn(kMethods),
                         [](const auto& each) { return each.param; });

TEST(Lbfgs, KeepsTheSizeOfItsHistory) {
  const auto stepper = make_stepper(spec_of("lbfgs"), 2);
  EXPECT_THROW(stepper->set(spec_of("lbfgs:history_size=5")), std::logic_error);
}

}  // namespace
}  // namespace thalweg::test
