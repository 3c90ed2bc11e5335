#include "core/descent/descent.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/descent/race.hpp"

namespace thalweg {
namespace {

DescentSettings settings(const std::string& surface, std::vector<double> start, const std::string& optimizer,
                         const std::string& run = "run:steps=2000", const std::string& gradient = "gradient") {
  return {parse_spec(surface, surface_family()).value(),
          std::move(start),
          {parse_spec(optimizer, optimizer_family()).value(), {}},
          {parse_spec(gradient, gradient_descriptor()).value(), {}},
          default_spec(schedules().front()),
          parse_spec(run, run_descriptor()).value()};
}

Descent descent(const DescentSettings& s) { return Descent(s, make_surface(s.surface).value()); }

DescentView run(const DescentSettings& s) {
  Descent d = descent(s);
  d.advance(s.run.number("steps") > 0 ? static_cast<std::int64_t>(s.run.number("steps")) : 0);
  return d.view();
}

/// Bit for bit, NaN included.
::testing::AssertionResult identical(const DescentView& a, const DescentView& b) {
  if (a.table.rows() != b.table.rows())
    return ::testing::AssertionFailure() << a.table.rows() << " rows, not " << b.table.rows();
  for (std::int64_t row = 0; row < a.table.rows(); ++row)
    for (int c = 0; c < a.columns.count(); ++c) {
      const double x = a.table.at(row, c), y = b.table.at(row, c);
      if (std::memcmp(&x, &y, sizeof x) != 0)
        return ::testing::AssertionFailure() << "row " << row << " column " << c << ": " << x << " and " << y;
    }
  if (a.outcome != b.outcome) return ::testing::AssertionFailure() << "another outcome";
  return ::testing::AssertionSuccess();
}

struct Count {
  const char* optimizer;
  int steps;
};

// Counts worked out independently of this program (plain double loops); ±1 for rounding.
TEST(Descent, StepsToTheMinimumOfAQuadratic) {
  for (const Count& count : {Count{"gd:lr=0.0198019802", 709}, Count{"adam:lr=0.1", 189},
                             Count{"rmsprop:lr=0.01,alpha=0.9", 146}, Count{"adagrad:lr=0.5", 26},
                             Count{"adam:lr=0.01", 352}, Count{"adagrad:lr=0.1", 436}}) {
    const DescentView view = run(settings("quadratic:eigenvalues=1/10/100", {1, 1, 1}, count.optimizer, "run:tol=1e-6"));
    EXPECT_EQ(view.outcome, Outcome::kConverged) << count.optimizer;
    EXPECT_NEAR(static_cast<double>(view.steps()), count.steps, 1.0) << count.optimizer;
  }
}

TEST(Descent, CountsWhatWasAskedOfTheSurface) {
  const auto evaluations = [](const std::string& optimizer, int steps) {
    const DescentView view =
        run(settings("rosenbrock", {-1.2, 1}, optimizer, "run:steps=" + std::to_string(steps)));
    EXPECT_EQ(view.steps(), steps) << optimizer;
    return view.evaluations;
  };
  EXPECT_EQ(evaluations("adam", 50), 50);
  EXPECT_EQ(evaluations("lamb:lr=0.001", 50), 50);
  EXPECT_EQ(evaluations("spsa", 50), 100);           // two losses and no gradient
  EXPECT_EQ(evaluations("newton:lr=0.1", 50), 100);  // a gradient and a Hessian
  EXPECT_EQ(evaluations("sophia:lr=0.001,period=10", 50), 55);
  EXPECT_GT(evaluations("lbfgs", 20), 40);
  // Going back and on again leaves the count of a run that did not.
  const DescentSettings once = settings("rosenbrock", {-1.2, 1}, "cg", "run:steps=300");
  Descent back = descent(once);
  back.advance(300);
  DescentSettings other = once;
  other.optimizer.change(250, "search_slope", 0.1);
  back.retarget(other, make_surface(once.surface).value());
  back.retarget(once, make_surface(once.surface).value());
  back.advance(300);
  EXPECT_EQ(back.view().evaluations, run(once).evaluations);
}

/// What a wrapper does not need itself counts only if its base does.
TEST(Descent, CountsWhatWrappersAskFor) {
  const auto evaluations = [](const std::string& optimizer) {
    return run(settings("rosenbrock", {-1.2, 1}, optimizer, "run:steps=30")).evaluations;
  };
  EXPECT_EQ(evaluations("lookahead+gd:lr=0.001"), 30);
  EXPECT_EQ(evaluations("lookahead+spsa"), 60);
  EXPECT_EQ(evaluations("delayed+gd:lr=0.0001,delay=2"), 30);
  EXPECT_EQ(evaluations("delayed+spsa:delay=2"), 60);
  EXPECT_EQ(evaluations("sam+gd:lr=0.001"), 60);
  EXPECT_EQ(evaluations("lookahead+sam+gd:lr=0.001"), 60);
  EXPECT_EQ(evaluations("sam+spsa"), 120);  // two gradients that are of no use, and two losses
  // Each worker a gradient of its own, and none of the mean.
  EXPECT_EQ(evaluations("local+gd:lr=0.001,workers=3"), 90);
  EXPECT_EQ(evaluations("local+sam+gd:lr=0.001,workers=3"), 180);
  EXPECT_EQ(evaluations("local+spsa:workers=3"), 180);
  EXPECT_EQ(evaluations("lookahead+local+spsa:workers=3"), 180);
}

/// ½x² from x = 4, where every search can be followed by hand.
TEST(Descent, CountsWhatSearchesAskFor) {
  const auto evaluations = [](const std::string& optimizer, int steps) {
    return run(settings("quadratic:eigenvalues=1/1", {4, 0}, optimizer,
                        "run:steps=" + std::to_string(steps)))
        .evaluations;
  };
  // t = ¼ leads to 3, where the slope, −12, is within 0.9 of −16; then d = −3 and t = 1 lead to 0.
  EXPECT_EQ(evaluations("lbfgs", 1), 2);
  EXPECT_EQ(evaluations("lbfgs", 2), 4);
  EXPECT_EQ(evaluations("lbfgs:line_search_fn=none", 2), 2);
  // That slope is too much for 0.01: on to the cubic's minimum, t = 1.
  EXPECT_EQ(evaluations("cg", 1), 3);
  // t = 6¼ is too far, and the cubic between the two leads to t = 1, too.
  EXPECT_EQ(evaluations("cg:lr=25", 1), 3);
  EXPECT_EQ(evaluations("newton", 1), 2);
  EXPECT_EQ(evaluations("newton:form=damped", 1), 3);       // the loss after the whole step
  EXPECT_EQ(evaluations("newton:form=damped,lr=3", 1), 4);  // 3 leads to −8, half of it to −2
}

TEST(Descent, GaussNewtonGoesDownSumsOfSquaresAlone) {
  for (const char* surface : {"rosenbrock", "beale", "booth", "matyas", "himmelblau", "quadratic", "parabola",
                              "quadratic:eigenvalues=1/10,angle=30", "quadratic:eigenvalues=1/2/3"}) {
    const auto made = make_surface(parse_spec(surface, surface_family()).value()).value();
    const DescentView view = run(settings(surface, made->start(), "gauss_newton", "run:steps=100,tol=1e-6"));
    EXPECT_EQ(view.outcome, Outcome::kConverged) << surface;
    EXPECT_LE(view.steps(), 60) << surface;
  }
  for (const char* surface : {"ackley", "saddle", "expr:x^2+y^2", "quadratic:eigenvalues=1/-1",
                              "quadratic:eigenvalues=1/-1,angle=20"}) {
    const auto made = make_surface(parse_spec(surface, surface_family()).value()).value();
    const auto error = check(settings(surface, made->start(), "gauss_newton"), *made);
    ASSERT_TRUE(error) << surface;
    EXPECT_NE(error->message.find("sum of squares"), std::string::npos) << error->text();
  }
}

/// Linear residuals: the undamped step is Newton's, and arrives at once.
TEST(Descent, GaussNewtonTakesOneStepOnLinearResiduals) {
  for (const char* surface : {"booth", "matyas", "quadratic:eigenvalues=1/10,angle=30"}) {
    const auto made = make_surface(parse_spec(surface, surface_family()).value()).value();
    const DescentView view =
        run(settings(surface, made->start(), "gauss_newton:damping=0", "run:steps=10,tol=1e-9"));
    EXPECT_EQ(view.steps(), 1) << surface;
  }
}

TEST(Descent, MethodsSeeTheNoiseOfTheirStep) {
  for (const char* optimizer : {"lbfgs:line_search_fn=none,lr=0.05", "lbfgs", "cg", "spsa", "newton"}) {
    const DescentView quiet = run(settings("booth", {-8, -2}, optimizer, "run:steps=4"));
    const DescentView noisy = run(settings("booth", {-8, -2}, optimizer, "run:steps=4", "gradient:noise=1"));
    EXPECT_NE(quiet.table.at(2, 0), noisy.table.at(2, 0)) << optimizer;
    const DescentView again = run(settings("booth", {-8, -2}, optimizer, "run:steps=4", "gradient:noise=1"));
    EXPECT_TRUE(identical(noisy, again)) << optimizer;
  }
}

/// Where a method can't go on it stays where it is, and every number stays a number.
TEST(Descent, MethodsThatCantGoOnStay) {
  for (const char* optimizer : {"lbfgs", "cg", "newton", "newton:form=damped", "gauss_newton", "spsa"}) {
    const DescentView view = run(settings("rosenbrock", {1, 1}, optimizer, "run:steps=50"));
    EXPECT_EQ(view.outcome, Outcome::kBudget) << optimizer;
    EXPECT_NEAR(view.table.at(50, 0), 1.0, 1e-3) << optimizer;
  }
}

TEST(Descent, SaddleHoldsOnItsStableAxisAndLetsGoBesideIt) {
  const DescentView on = run(settings("saddle", {1, 0}, "gd:lr=0.1", "run:steps=200"));
  EXPECT_EQ(on.steps(), 200);
  EXPECT_EQ(on.table.at(200, 1), 0.0);
  EXPECT_NEAR(on.table.at(200, 0), 7.055e-10, 1e-12);
  const DescentView off = run(settings("saddle", {1, 1e-6}, "gd:lr=0.1", "run:steps=200"));
  std::int64_t passed = 0;
  while (std::abs(off.table.at(passed, 1)) < 1.0) ++passed;
  EXPECT_EQ(passed, 145);
}

TEST(Descent, RowsHoldWhatTheyAreNamedFor) {
  const DescentView view = run(settings("rosenbrock", {-1.2, 1}, "momentum:lr=0.0005,momentum=0.9", "run:steps=50"));
  const auto surface = make_surface(default_spec(*find_surface("rosenbrock"))).value();
  for (std::int64_t t = 0; t <= 50; ++t) {
    const double x[2] = {view.table.at(t, 0), view.table.at(t, 1)};
    double g[2];
    EXPECT_EQ(view.table.at(t, view.columns.loss()), surface->gradient(x, g));
    EXPECT_DOUBLE_EQ(view.table.at(t, view.columns.gradient_norm()), std::hypot(g[0], g[1]));
    if (t == 0) {
      EXPECT_EQ(view.table.at(0, view.columns.step_length()), 0.0);
      continue;
    }
    const double moved = std::hypot(x[0] - view.table.at(t - 1, 0), x[1] - view.table.at(t - 1, 1));
    EXPECT_NEAR(view.table.at(t, view.columns.step_length()), moved, 1e-15);
    EXPECT_NEAR(view.table.at(t, view.columns.effective_rate()),
                moved / view.table.at(t - 1, view.columns.gradient_norm()), 1e-15);
  }
}

class EveryOptimizer : public ::testing::TestWithParam<const OptimizerDescriptor*> {
 protected:
  DescentSettings noisy(int steps) const {
    // A clipped gradient is not the loss's: a line search finds no way there.
    const std::string clip = GetParam()->asks_more ? "" : ",clip=30";
    DescentSettings s = settings("himmelblau", {-1, 2.5}, GetParam()->id, "run:seed=11,steps=" + std::to_string(steps),
                                 "gradient:noise=0.5,batch=4" + clip);
    *s.optimizer.spec.find("lr") = 0.001;
    return s;
  }
};

TEST_P(EveryOptimizer, RecordDoesNotDependOnHowStepsWereAskedFor) {
  const DescentSettings s = noisy(9000);
  const DescentView whole = run(s);
  Descent d = descent(s);
  for (std::int64_t step = 0, piece = 1; step < 9000; piece = piece * 7 % 1009 + 1) d.advance(step += piece);
  EXPECT_TRUE(identical(whole, d.view()));
}

TEST_P(EveryOptimizer, GoingBackAndOnAgainChangesNothing) {
  if (!GetParam()->find("lr")->live) return;  // no change on the way, no past to go back to
  const DescentSettings s = noisy(9000);
  const DescentView whole = run(s);
  for (const std::int64_t back : {1, 100, 4095, 4096, 4097, 5000, 8192, 8999}) {
    Descent d = descent(s);
    d.advance(9000);
    DescentSettings changed = s;
    changed.optimizer.change(back, "lr", 0.0005);
    d.retarget(changed, make_surface(s.surface).value());
    ASSERT_EQ(d.steps(), back);
    d.advance(9000);
    EXPECT_TRUE(identical(run(changed), d.view())) << back;
    const bool felt = GetParam()->id != "asgd" || back < 8999;  // there a rate is felt one step later
    EXPECT_EQ(identical(whole, d.view()), !felt) << back;
    d.retarget(s, make_surface(s.surface).value());
    d.advance(9000);
    EXPECT_TRUE(identical(whole, d.view())) << back;
  }
}

TEST_P(EveryOptimizer, OthersInTheRaceChangeNothing) {
  const DescentSettings s = noisy(3000);
  const DescentView alone = run(s);
  RaceSettings race{s.surface, s.start, {}, s.gradient, s.schedule, s.run};
  for (const OptimizerDescriptor& other : optimizers()) {
    if (!other.not_on_surfaces.empty()) continue;
    race.optimizers.push_back({default_spec(other), {}});
    *race.optimizers.back().spec.find("lr") = 0.002;
  }
  race.optimizers.insert(race.optimizers.begin() + 3, s.optimizer);
  Race together;
  ASSERT_FALSE(together.set(race));
  together.advance(1000);
  race.optimizers.erase(race.optimizers.begin());  // one leaves in the middle of the race
  ASSERT_FALSE(together.set(race));
  together.advance(3000);
  EXPECT_TRUE(identical(alone, together.view().lanes[2]));
}

INSTANTIATE_TEST_SUITE_P(All, EveryOptimizer, ::testing::ValuesIn([] {
                           std::vector<const OptimizerDescriptor*> out;
                           for (const auto& o : optimizers())
                             if (o.not_on_surfaces.empty()) out.push_back(&o);
                           for (const char* wrapped : {"sam+adam", "lookahead+momentum", "delayed+gd", "local+adam",
                                                       "lookahead+local+schedule_free_sgd"})
                             out.push_back(find_optimizer(wrapped));
                           return out;
                         }()),
                         [](const auto& each) {
                           std::string name = each.param->id;
                           std::replace(name.begin(), name.end(), '+', '_');
                           return name;
                         });

/// A surface has no weight matrices.
TEST(Descent, SaysWhyAnOptimizerIsNotForSurfaces) {
  const DescentSettings s = settings("booth", {0, 0}, "muon", "run:steps=1");
  const auto error = check(s, *make_surface(s.surface).value());
  ASSERT_TRUE(error);
  EXPECT_NE(error->text().find("weight matrices"), std::string::npos);
}

TEST(Descent, LiveChangeTakesEffectAtItsStep) {
  DescentSettings s = settings("quadratic:eigenvalues=1/10", {1, 1}, "gd:lr=0.01", "run:steps=20");
  s.optimizer.change(10, "lr", 0.1);
  const DescentView view = run(s);
  for (std::int64_t t = 1; t <= 20; ++t)
    EXPECT_NEAR(view.table.at(t, view.columns.effective_rate()), t <= 10 ? 0.01 : 0.1, 1e-12) << t;
}

TEST(Descent, ADroppedFutureIsForgotten) {
  LiveSpec p{default_spec(*find_optimizer("gd")), {}};
  p.change(10, "lr", 0.1);
  p.change(20, "lr", 0.2);
  p.change(15, "lr", 0.3);
  EXPECT_EQ(p.changes, (std::vector<Change>{{10, "lr", 0.1}, {15, "lr", 0.3}}));
  p.change(15, "lr", 0.4);
  EXPECT_EQ(p.changes.size(), 2U);
  EXPECT_EQ(p.at(14).number("lr"), 0.1);
  EXPECT_EQ(p.at(15).number("lr"), 0.4);
  p.set("lr", 0.5);
  EXPECT_TRUE(p.changes.empty());
  EXPECT_EQ(p.at(100).number("lr"), 0.5);
}

TEST(Descent, DivergenceIsAnOutcomeWithItsStep) {
  const DescentView view = run(settings("quadratic:eigenvalues=1/10", {1, 1}, "gd:lr=0.3", "run:steps=100000"));
  EXPECT_EQ(view.outcome, Outcome::kDiverged);
  // |1 - 0.3*10| = 2 a step: beyond 1e15 after the 50th.
  EXPECT_EQ(view.steps(), 50);
}

TEST(Descent, NanIsADivergence) {
  const DescentView view = run(settings("expr:log(x) + y^2", {0.1, 1}, "gd:lr=0.5", "run:steps=100"));
  EXPECT_EQ(view.outcome, Outcome::kDiverged);
  EXPECT_LT(view.steps(), 100);
}

TEST(Descent, NoiseHasVarianceSigmaSquaredOverB) {
  const int n = 20'000;
  // On a plane the exact gradient is known, so each step shows its noise.
  const DescentView view = run(settings("expr:0*x + 0*y", {0, 0}, "gd:lr=1", "run:steps=20000",
                                        "gradient:noise=3,batch=9"));
  ASSERT_EQ(view.steps(), n);
  double squares = 0;
  for (int t = 1; t <= n; ++t)
    for (int axis = 0; axis < 2; ++axis) squares += std::pow(view.table.at(t, axis) - view.table.at(t - 1, axis), 2);
  EXPECT_NEAR(squares / (2 * n), 1.0, 4.0 * std::sqrt(2.0 / (2 * n)));
}

TEST(Descent, ClippingLimitsNormOrComponents) {
  const DescentView by_norm = run(settings("quadratic:eigenvalues=3/4", {1, 1}, "gd:lr=1", "run:steps=1", "gradient:clip=0.5"));
  EXPECT_NEAR(by_norm.table.at(1, 0), 1.0 - 0.3, 1e-6);
  EXPECT_NEAR(by_norm.table.at(1, 1), 1.0 - 0.4, 1e-6);
  const DescentView by_value =
      run(settings("quadratic:eigenvalues=3/0.1", {1, 1}, "gd:lr=1", "run:steps=1", "gradient:clip_value=0.5"));
  EXPECT_DOUBLE_EQ(by_value.table.at(1, 0), 0.5);
  EXPECT_DOUBLE_EQ(by_value.table.at(1, 1), 0.9);
}

TEST(Descent, ScheduleSetsTheRateOfEachUpdate) {
  DescentSettings s = settings("quadratic:eigenvalues=1/2", {1, 1}, "gd:lr=0.1", "run:steps=30");
  s.schedule = parse_spec("cosine:peak=0.2,min=0.02,total=20", schedule_family()).value();
  const DescentView view = run(s);
  for (std::int64_t t = 1; t <= 30; ++t) {
    const double at = std::min<double>(static_cast<double>(t - 1), 20.0);
    const double rate = 0.02 + 0.5 * (0.2 - 0.02) * (1 + std::cos(3.14159265358979323846 * at / 20.0));
    EXPECT_NEAR(view.table.at(t, view.columns.effective_rate()), rate, 1e-12) << t;
  }
}

TEST(Descent, MoreBudgetGoesOnLessCutsBack) {
  DescentSettings s = settings("rosenbrock", {-1, 1}, "adam:lr=0.01", "run:steps=100");
  Descent d = descent(s);
  d.advance(1'000'000);
  EXPECT_EQ(d.outcome(), Outcome::kBudget);
  EXPECT_EQ(d.steps(), 100);
  *s.run.find("steps") = 300.0;
  d.retarget(s, make_surface(s.surface).value());
  EXPECT_EQ(d.outcome(), Outcome::kRunning);
  d.advance(300);
  EXPECT_TRUE(identical(run(s), d.view()));
  *s.run.find("steps") = 50.0;
  d.retarget(s, make_surface(s.surface).value());
  EXPECT_TRUE(identical(run(s), d.view()));
}

TEST(Descent, ZeroStepsIsABudgetToo) {
  const DescentView view = run(settings("rosenbrock", {-1, 1}, "adam", "run:steps=0"));
  EXPECT_EQ(view.outcome, Outcome::kBudget);
  EXPECT_EQ(view.table.rows(), 1);
}

TEST(Descent, ManyChangesAreTakenInTurnWhereverTheRunStops) {
  DescentSettings s = settings("rosenbrock", {-1, 1}, "momentum:lr=0.0001", "run:steps=9000", "gradient:noise=0.1");
  for (int t = 0; t < 9000; t += 3) s.optimizer.changes.push_back({t, t % 2 ? "lr" : "momentum", t % 2 ? 1e-4 : 0.5 + 1e-5 * t});
  for (int t = 1; t < 9000; t += 7) s.gradient.changes.push_back({t, "noise", 0.1 + 1e-4 * t});
  const DescentView whole = run(s);
  // Each step under the settings that at() says are in force for it.
  Descent single = descent(s);
  for (int t = 1; t <= 9000; ++t) single.advance(t);
  EXPECT_TRUE(identical(whole, single.view()));
  // Back into the first block and on again, under changes that are the same up to there.
  DescentSettings other = s;
  other.optimizer.change(5001, "lr", 1e-5);
  Descent back = descent(s);
  back.advance(9000);
  back.retarget(other, make_surface(s.surface).value());
  back.advance(9000);
  EXPECT_TRUE(identical(run(other), back.view()));
  Spec now = s.optimizer.at(0);
  for (int t = 1; t < 9000; ++t) {
    s.optimizer.proceed(now, t - 1, t);
    ASSERT_EQ(now, s.optimizer.at(t)) << t;
  }
}

TEST(Race, RefusesWhatNoMemoryHolds) {
  const DescentSettings s = settings("rosenbrock", {1, 2}, "gd", "run:steps=1000");
  const RaceSettings race{s.surface, s.start, {s.optimizer, s.optimizer}, s.gradient, s.schedule, s.run};
  Race r;
  constexpr double kNeeded = 2 * 1001 * 7 * 8;
  EXPECT_EQ(r.set(race, kNeeded - 1)->code, ErrorCode::kUnsupported);
  EXPECT_TRUE(r.view().lanes.empty());
  EXPECT_FALSE(r.set(race, kNeeded));
}

TEST(Race, RefusesWhatDoesNotFit) {
  RaceSettings race;
  const DescentSettings s = settings("rosenbrock", {1, 1}, "gd");
  race = {s.surface, {1, 1, 1}, {s.optimizer}, s.gradient, s.schedule, s.run};
  Race r;
  EXPECT_EQ(r.set(race)->text(), "start: has 3 coordinates, the surface has 2");
  race.start = {1, std::nan("")};
  EXPECT_TRUE(r.set(race));
  race.start = {1, 1};
  EXPECT_FALSE(r.set(race));
  r.advance(10);
  race.optimizers[0].changes.push_back({5, "nothing", 1.0});
  EXPECT_TRUE(r.set(race));
  EXPECT_EQ(r.view().steps(), 10);  // the old race is still there
}

}  // namespace
}  // namespace thalweg
