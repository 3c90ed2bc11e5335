// Going up instead of down: every optimizer, what counts as the end, and PyTorch's numbers with maximize=True
// (tests/golden/maximize_traces.txt, made by tests/golden/make_golden.py).
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string>

#include "core/descent/race.hpp"
#include "core/descent/surface_objective.hpp"
#include "tests/golden/close.hpp"
#include "tests/golden/traces.hpp"

namespace thalweg {
namespace {

/// Bounded above, with several hills.
constexpr const char* kHills = "sin(x)+cos(y/2)-0.05*(x^2+y^2)+0.1*x*y";

DescentSettings settings(const std::string& surface, std::vector<double> start, const std::string& optimizer,
                         const std::string& run, const std::string& gradient = "gradient:maximize=true") {
  return {parse_spec(surface, surface_family()).value(),
          std::move(start),
          {parse_spec(optimizer, optimizer_family()).value(), {}},
          {parse_spec(gradient, gradient_descriptor()).value(), {}},
          default_spec(schedules().front()),
          parse_spec(run, run_descriptor()).value()};
}

DescentView run(const DescentSettings& s) {
  Descent descent(s, make_surface(s.surface).value());
  descent.advance(1'000'000);
  return descent.view();
}

double loss_at_end(const DescentView& view) { return view.table.at(view.steps(), view.columns.loss()); }

TEST(Maximize, FollowsPytorch) {
  std::set<std::string> covered;
  for (const test::Trace& trace : test::read_traces("maximize_traces.txt")) {
    SCOPED_TRACE(trace.spec + " on " + trace.setting);
    const DescentSettings s = settings(trace.setting, {-1.35, 1.55}, trace.spec, "run:steps=1000");
    covered.insert(s.optimizer.spec.id);
    const DescentView view = run(s);
    ASSERT_EQ(view.steps(), 1000);
    ASSERT_EQ(trace.rows.size(), 109U);
    for (const auto& row : trace.rows) {
      const double size = std::max(1.0, std::hypot(row.values[0], row.values[1]));
      for (int axis = 0; axis < 2; ++axis)
        ASSERT_TRUE(test::close(view.table.at(row.step, axis), row.values[static_cast<std::size_t>(axis)],
                                1e-10 * size))
            << "step " << row.step;
    }
  }
  // Every class of torch.optim 1.13 that takes dense gradients and can maximize.
  for (const char* id : {"gd", "momentum", "nesterov", "adagrad", "adadelta", "rmsprop", "rprop", "adam",
                         "adam_l2", "adamw", "amsgrad", "adamax", "asgd"})
    EXPECT_TRUE(covered.contains(id)) << id;
}

/// Going up f is going down −f: the same positions bit for bit, whatever the optimizer asks of it.
TEST(Maximize, EveryOptimizerGoesUpAsItGoesDownTheNegative) {
  std::vector<std::string> all = {"sam+adam",   "lookahead+momentum", "delayed+gd",
                                  "local+adam", "newton:form=damped", "lbfgs:line_search_fn=none,lr=0.1"};
  for (const OptimizerDescriptor& optimizer : optimizers())
    if (optimizer.not_on_surfaces.empty() && !optimizer.needs_squares) all.push_back(optimizer.id);
  for (const std::string& optimizer : all) {
    for (const char* shaping : {"gradient", "gradient:clip=0.3", "gradient:clip_value=0.2"}) {
      SCOPED_TRACE(optimizer + " " + shaping);
      const std::vector<double> start = {-1.35, 1.55};
      DescentSettings up = settings(std::string("expr:") + kHills, start, optimizer, "run:steps=60", shaping);
      DescentSettings down = up;
      *down.surface.find("formula") = "-(" + std::string(kHills) + ")";
      *up.gradient.spec.find("maximize") = 1.0;
      const DescentView a = run(up), b = run(down);
      ASSERT_EQ(a.steps(), b.steps());
      EXPECT_EQ(a.evaluations, b.evaluations);
      for (std::int64_t step = 0; step <= a.steps(); ++step) {
        for (int axis = 0; axis < 2; ++axis)
          ASSERT_EQ(a.table.at(step, axis), b.table.at(step, axis)) << step;
        // What is shown stays that of f.
        ASSERT_EQ(a.table.at(step, a.columns.loss()), -b.table.at(step, b.columns.loss())) << step;
        ASSERT_EQ(a.table.at(step, a.columns.gradient_norm()), b.table.at(step, b.columns.gradient_norm()));
      }
    }
  }
}

/// The noise is of the gradient of f, and is turned round with it; it does not turn weight decay round.
TEST(Maximize, TurnsNoiseRoundAndLeavesDecayAlone) {
  const auto first = [](const char* gradient) {
    return run(
        settings("expr:3*x+4*y", {1, 1}, "gd:lr=0.5,weight_decay=0.2", "run:steps=1,seed=3", gradient));
  };
  const DescentView up = first("gradient:maximize=true,noise=2");
  const DescentView down = first("gradient:noise=2");
  // Without the decay, which takes 0.1 of 1, one moves by what the other moves back.
  for (int axis = 0; axis < 2; ++axis)
    EXPECT_NEAR(up.table.at(1, axis) - 0.9, 0.9 - down.table.at(1, axis), 1e-15);
  EXPECT_GT(std::abs(down.table.at(1, 0) - (0.9 - 0.5 * 3)), 0.01);  // there is noise
}

TEST(Maximize, HasArrivedWhereTheGradientVanishes) {
  const auto end = [](const char* surface, std::vector<double> start) {
    return run(settings(surface, std::move(start), "gd:lr=0.1", "run:steps=2000,tol=1e-6"));
  };
  const DescentView top = end("quadratic:eigenvalues=-1/-3", {1, 1});
  EXPECT_EQ(top.outcome, Outcome::kConverged);
  EXPECT_LT(top.table.at(top.steps(), top.columns.gradient_norm()), 1e-6);
  EXPECT_NEAR(loss_at_end(top), 0.0, 1e-11);
  // Where minima are known, how far they are says nothing.
  const DescentView away = end("expr:sin(x)+sin(y)", {-1.5, -1.6});
  EXPECT_EQ(away.outcome, Outcome::kConverged);
  EXPECT_NEAR(loss_at_end(away), 2.0, 1e-11);
  EXPECT_EQ(end("quadratic:eigenvalues=1/3", {1, 1}).outcome, Outcome::kDiverged);
}

TEST(Maximize, GaussNewtonSaysThatItCant) {
  const DescentSettings s = settings("rosenbrock", {1, 2}, "gauss_newton", "run:steps=1");
  const auto error = check(s, *make_surface(s.surface).value());
  ASSERT_TRUE(error);
  EXPECT_EQ(
      error->text(),
      "optimizer: 'gauss_newton' can't go up 'rosenbrock': it needs a loss that is a sum of squares, and −f "
      "is none");
  // Nor does the surface hand it one.
  SurfaceObjective objective(make_surface(s.surface).value());
  GradientShaping shaping;
  double matrix[4];
  objective.begin(0, 0.0, s.start.data(), shaping);
  EXPECT_TRUE(objective.gauss_newton(s.start.data(), matrix));
  shaping.maximize = true;
  objective.begin(0, 0.0, s.start.data(), shaping);
  EXPECT_FALSE(objective.gauss_newton(s.start.data(), matrix));
}

/// It is a setting of the whole run.
TEST(Maximize, IsNotChangedOnTheWay) {
  DescentSettings s = settings("rosenbrock", {1, 2}, "gd:lr=1e-4", "run:steps=20", "gradient");
  s.gradient.change(5, "maximize", 1.0);
  const auto error = check(s, *make_surface(s.surface).value());
  ASSERT_TRUE(error);
  EXPECT_NE(error->text().find("can't change while a run goes on"), std::string::npos);
  DescentSettings up = s;
  up.gradient.set("maximize", 1.0);
  EXPECT_EQ(first_difference(s, up), 0);
}

}  // namespace
}  // namespace thalweg
