// Steps of the methods and wrappers worked out by hand, and what theory says of them.
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <string>
#include <vector>

#include "core/optimizer/muon.hpp"
#include "tests/golden/close.hpp"
#include "tests/optimizer/toy_objective.hpp"

namespace thalweg::test {
namespace {

constexpr double kTight = 1e-14;

/// ½ a θ² in one variable.
Problem parabola(double a) {
  return {[a](const double* p, double* g) { g[0] = a * p[0]; }, [a](const double*, double* h) { h[0] = a; },
          [a](const double* p) { return 0.5 * a * p[0] * p[0]; }};
}

/// Positions after each of so many steps down a parabola from `theta`.
std::vector<double> path(const std::string& text, double a, double theta, int steps) {
  const Spec spec = spec_of(text);
  const auto stepper = make_stepper(spec, 1);
  ToyObjective objective(1, parabola(a));
  std::vector<double> out;
  double g = 0.0;
  for (int i = 0; i < steps; ++i) {
    objective.begin(&theta, &g, i);
    stepper->step(&theta, &g, spec.number("lr"), &objective);
    out.push_back(theta);
  }
  return out;
}

TEST(ByHand, Asgd) {
  // g₁ = 0.5 + 0.2 = 0.7, θ₁ = 0.95·2 − 0.07 (shrunk by 1 − 0.5·0.1);  η₂ = 0.1/1.05;  η₃ = 0.1/1.1;
  // averages begin with μ₃ = 1/max(1, 2 − 0) = ½.
  const auto stepper = stepper_of("asgd:lambd=0.5,alpha=1,t0=0,weight_decay=0.1", 1);
  const double t1 = 0.95 * 2 - 0.1 * 0.7;
  const double r2 = 0.1 / 1.05, t2 = (1 - 0.5 * r2) * t1 - r2 * (-0.2 + 0.1 * t1);
  const double r3 = 0.1 / 1.1, t3 = (1 - 0.5 * r3) * t2 - r3 * (0.8 + 0.1 * t2);
  double theta = 2.0, average = 0.0;
  stepper->average(&theta, &average);
  EXPECT_EQ(average, 2.0);
  const double expected[3] = {t1, t2, t3}, mean[3] = {t1, t2, 0.5 * (t2 + t3)},
               gradients[3] = {0.5, -0.2, 0.8};
  for (int i = 0; i < 3; ++i) {
    double g = gradients[i];
    stepper->step(&theta, &g, 0.1);
    EXPECT_TRUE(close(theta, expected[i], kTight)) << i;
    stepper->average(&theta, &average);
    EXPECT_TRUE(close(average, mean[i], kTight)) << i;
  }
}

/// What it has found is a choice; the path is the same.
TEST(ByHand, AsgdFindsTheLastIterateIfAsked) {
  const auto stepper = stepper_of("asgd:t0=0,found=last", 1);
  double theta = 2.0, average = 0.0;
  for (int i = 0; i < 4; ++i) {
    double g = theta;
    stepper->step(&theta, &g, 0.1);
  }
  stepper->average(&theta, &average);
  EXPECT_EQ(average, theta);
}

TEST(ByHand, ScheduleFreeSgd) {
  // β = 0.5, constant rate 0.1, gradients 0.5 and −0.2 with decay 0.1 at y; c₁ = 1, c₂ = ½.
  // z₁ = 2 − 0.07 = 1.93 = x₁ = y₁;  d₂ = −0.2 + 0.193 = −0.007, z₂ = 1.9307, x₂ = 1.93035, y₂ = 1.930525.
  const auto stepper = stepper_of("schedule_free_sgd:momentum=0.5,weight_decay=0.1", 1);
  double theta = 2.0, average = 0.0, g = 0.5;
  stepper->step(&theta, &g, 0.1);
  EXPECT_TRUE(close(theta, 1.93, kTight));
  stepper->average(&theta, &average);
  EXPECT_TRUE(close(average, 1.93, kTight));
  g = -0.2;
  stepper->step(&theta, &g, 0.1);
  EXPECT_TRUE(close(theta, 1.930525, kTight));
  stepper->average(&theta, &average);
  EXPECT_TRUE(close(average, 1.93035, kTight));
}

TEST(ByHand, ScheduleFreeWarmUpCountsByTheSquareOfTheRate) {
  // W = 2: rates 0.05 and 0.1, weights 0.0025 and 0.01, c₂ = 0.8. z₁ = x₁ = 1.95, z₂ = 1.85, x₂ = 1.87.
  const auto stepper = stepper_of("schedule_free_sgd:momentum=0.5,warmup_steps=2", 1);
  double theta = 2.0, average = 0.0;
  for (int i = 0; i < 2; ++i) {
    double g = 1.0;
    stepper->step(&theta, &g, 0.1);
  }
  stepper->average(&theta, &average);
  EXPECT_TRUE(close(average, 1.87, kTight));
}

TEST(ByHand, Lamb) {
  // The first step of Adam is the sign of the gradient: u = (1, 1), r = 5/√2.
  const auto stepper = stepper_of("lamb:weight_decay=0,eps=0", 2);
  double w[2] = {3.0, 4.0}, g[2] = {0.3, 20.0};
  stepper->step(w, g, 0.01);
  EXPECT_TRUE(close(w[0], 3.0 - 0.05 / std::numbers::sqrt2, kTight));
  EXPECT_TRUE(close(w[0], 2.9646447, 5e-8));
  EXPECT_TRUE(close(w[1], 3.9646447, 5e-8));
  EXPECT_TRUE(close(stepper->insight().back().values[1], 3.535534, 5e-7));
}

TEST(ByHand, Lars) {
  // ‖w‖ = 5, ‖g‖ = 2, λ = 0.1: r = 0.02·5/(2 + 0.5) = 0.04; v = 0.5·0.04·(g + 0.1 w).
  const auto stepper = stepper_of("lars:momentum=0.5,trust_coefficient=0.02,weight_decay=0.1", 2);
  double w[2] = {3.0, 4.0}, g[2] = {0.0, 2.0};
  stepper->step(w, g, 0.5);
  EXPECT_TRUE(close(w[0], 3.0 - 0.02 * 0.3, kTight));
  EXPECT_TRUE(close(w[1], 4.0 - 0.02 * 2.4, kTight));
  // The velocity keeps the rate that was in force: half of it with no rate now.
  double still[2] = {1.0, 1.0};
  stepper->step(w, still, 0.0);
  EXPECT_TRUE(close(w[0], 2.994 - 0.003, kTight));
}

/// A bias at 0 must move, and a tensor without gradient must not become NaN.
TEST(ByHand, TrustRatiosAreOneWhereANormIsZero) {
  for (const char* text : {"lars:momentum=0,weight_decay=0", "lamb:weight_decay=0,eps=0"}) {
    const auto stepper = make_stepper(spec_of(text), Layout{{.columns = 2}, {.offset = 2, .columns = 1}});
    double w[3] = {0.0, 0.0, 3.0}, g[3] = {1.0, -1.0, 0.0};
    stepper->step(w, g, 0.5);
    EXPECT_TRUE(close(w[0], -0.5, 1e-12)) << text;
    EXPECT_TRUE(close(w[1], 0.5, 1e-12)) << text;
    if (std::string(text).starts_with("lars")) {
      EXPECT_EQ(w[2], 3.0);
    }
  }
}

/// Each tensor has a ratio of its own.
TEST(ByHand, TrustRatiosAreThoseOfTheirTensor) {
  const Layout two = {{.columns = 2}, {.offset = 2, .columns = 2}};
  for (const char* text : {"lars", "lamb"}) {
    const auto together = make_stepper(spec_of(text), two);
    const auto alone = stepper_of(text, 2);
    double w[4] = {3.0, 4.0, 0.1, -0.2}, g[4] = {1.0, -2.0, 50.0, 30.0}, v[2] = {0.1, -0.2},
           h[2] = {50.0, 30.0};
    together->step(w, g, 0.1);
    alone->step(v, h, 0.1);
    EXPECT_EQ(w[2], v[0]) << text;
    EXPECT_EQ(w[3], v[1]) << text;
  }
}

TEST(ByHand, Sophia) {
  // β₁ = 0.5, β₂ = 0.75: m = 0.5·g, h = 0.25·a. f = ½·8θ² from 2: m = 8, h = 2; γh = 1, clipped to ρ = 3;
  // then θ = 2·0.99 − 0.3 = 1.68, m = 4 + 6.72 = 10.72: clipped again; h stands still for two steps.
  const auto steps =
      path("sophia:lr=0.1,beta1=0.5,beta2=0.75,gamma=0.5,rho=3,weight_decay=0.1,period=2", 8.0, 2.0, 2);
  EXPECT_TRUE(close(steps[0], 1.68, kTight));
  EXPECT_TRUE(close(steps[1], 1.68 * 0.99 - 0.3, kTight));
  // Not clipped: m/γh = 8.
  EXPECT_TRUE(
      close(path("sophia:lr=0.1,beta1=0.5,beta2=0.75,gamma=0.5,rho=10", 8.0, 2.0, 1)[0], 1.2, kTight));
  // Negative curvature: a step of the momentum's sign.
  EXPECT_TRUE(close(path("sophia:lr=0.1", -8.0, 2.0, 1)[0], 2.1, kTight));
}

/// w ← w − ηa(w + ρ sign w).
TEST(ByHand, Sam) {
  for (const double w : {2.0, -0.3}) {
    const double sign = w > 0 ? 1.0 : -1.0;
    EXPECT_TRUE(close(path("sam+gd:lr=0.1,sam_rho=0.05", 4.0, w, 1)[0], w - 0.4 * (w + 0.05 * sign), kTight));
    // ASAM: ε = ρ T²g/‖Tg‖ = ρ T sign g.
    const double t = std::abs(w) + 0.01;
    EXPECT_TRUE(close(path("sam+gd:lr=0.1,sam_rho=0.5,adaptive=true", 4.0, w, 1)[0],
                      w - 0.4 * (w + 0.5 * t * sign), kTight));
  }
  EXPECT_EQ(path("sam+gd:lr=0.1", 4.0, 0.0, 1)[0], 0.0);  // no gradient, no way uphill
  EXPECT_EQ(path("sam+adam:sam_rho=0", 4.0, 2.0, 20), path("adam", 4.0, 2.0, 20));
}

TEST(ByHand, SamTakesTwoGradients) {
  const auto stepper = stepper_of("sam+gd", 2);
  ToyObjective objective(2, ToyObjective::quadratic());
  double w[2] = {1.0, 2.0}, g[2];
  objective.begin(w, g, 0);
  stepper->step(w, g, 0.1, &objective);
  EXPECT_EQ(objective.gradients, 2);
}

TEST(ByHand, Lookahead) {
  // f = ½θ² from 8, η = 0.5, k = 2, α = ½: 4, 2 → 8 + ½(2 − 8) = 5; 2.5, 1.25 → 5 + ½(1.25 − 5).
  EXPECT_EQ(path("lookahead+gd:lr=0.5,sync_period=2", 1.0, 8.0, 4),
            (std::vector<double>{4.0, 5.0, 2.5, 3.125}));
  EXPECT_EQ(path("lookahead+adam:slow_step=1", 4.0, 2.0, 20), path("adam", 4.0, 2.0, 20));
}

TEST(ByHand, Delayed) {
  // τ = 2, η a = ½: g₀ three times (θ of before the start is θ₀), then that of θ₁: 8, 4, 0, −4, −6.
  EXPECT_EQ(path("delayed+gd:lr=0.5,delay=2", 1.0, 8.0, 4), (std::vector<double>{4.0, 0.0, -4.0, -6.0}));
  EXPECT_EQ(path("delayed+adam:delay=0", 4.0, 2.0, 20), path("adam", 4.0, 2.0, 20));
}

/// θ ← θ − ηaθ₋τ is stable as long as ηa < 2 sin(π/(2(2τ+1))).
TEST(Theory, DelayedGradientDescentIsStableUpToItsLimit) {
  const std::vector<std::pair<int, double>> known = {{0, 2.0},       {1, 1.0},       {2, 0.6180340},
                                                     {4, 0.3472964}, {8, 0.1845367}, {16, 0.0951638}};
  for (const auto& [delay, rounded] : known) {
    const double limit = 2.0 * std::sin(std::numbers::pi / (2.0 * (2 * delay + 1)));
    EXPECT_NEAR(limit, rounded, 5e-8);
    const auto last = [&, delay = delay](double rate) {
      const auto steps =
          path("delayed+gd:lr=" + std::to_string(rate) + ",delay=" + std::to_string(delay), 1.0, 1.0, 30'000);
      double largest = 0.0;
      for (std::size_t i = steps.size() - 100; i < steps.size(); ++i)
        largest = std::max(largest, std::abs(steps[i]));
      return largest;
    };
    EXPECT_LT(last(limit * 0.99), 1e-3) << delay;
    EXPECT_GT(last(limit * 1.01), 1e3) << delay;
  }
}

/// Workers that all see the same are one; those that meet after each step are one whose gradient is the mean.
TEST(ByHand, LocalWorkersThatAgreeAreOne) {
  EXPECT_EQ(path("local+adam:workers=1", 4.0, 2.0, 20), path("adam", 4.0, 2.0, 20));
  const auto together = path("local+gd:workers=4,local_steps=1,lr=0.01", 4.0, 2.0, 20);
  const auto plain = path("gd:lr=0.01", 4.0, 2.0, 20);
  for (std::size_t i = 0; i < plain.size(); ++i) EXPECT_TRUE(close(together[i], plain[i], 1e-13));
}

/// Two workers with gradient descent: each by itself for H steps, then at their mean.
TEST(ByHand, LocalWorkersMeetAtTheirMean) {
  for (const bool average_state : {false, true}) {
    const Spec spec = spec_of("local+momentum:workers=2,local_steps=3,average_state=" +
                              std::string(average_state ? "true" : "false"));
    const auto stepper = make_stepper(spec, 1);
    ToyObjective objective(1, parabola(2.0));
    double theta = 1.0, g = 0.0, w[2] = {1.0, 1.0}, v[2] = {0.0, 0.0};
    for (int t = 1; t <= 12; ++t) {
      objective.begin(&theta, &g, t - 1);
      stepper->step(&theta, &g, 0.1, &objective);
      for (int i = 0; i < 2; ++i) {
        v[i] = 0.9 * v[i] + 2.0 * w[i] + ToyObjective::noise(i, 2, t - 1, 0);
        w[i] -= 0.1 * v[i];
      }
      const double mean = 0.5 * (w[0] + w[1]);
      EXPECT_TRUE(close(theta, mean, 1e-13)) << t;
      const double drift = std::abs(w[0] - mean);
      EXPECT_TRUE(close(stepper->insight().back().values[0], t % 3 == 0 ? 0.0 : drift, 1e-13)) << t;
      if (t % 3 != 0) continue;
      w[0] = w[1] = mean;
      if (average_state) v[0] = v[1] = 0.5 * (v[0] + v[1]);
    }
  }
}

/// Whoever goes around the workers may move them all.
TEST(ByHand, LocalWorkersFollowWhoeverMovesThem) {
  EXPECT_EQ(path("lookahead+local+gd:lr=0.5,sync_period=2,workers=1", 1.0, 8.0, 4),
            (std::vector<double>{4.0, 5.0, 2.5, 3.125}));
}

/// The iteration brings singular values to near 1 and keeps singular vectors: of diag(3, 0.5) it gives a
/// diagonal.
TEST(Muon, MakesMatricesNearlyOrthogonal) {
  NewtonSchulz<double> newton_schulz;
  double square[4] = {3.0, 0.0, 0.0, 0.5};
  newton_schulz.orthogonalise(square, 2, 2);
  EXPECT_EQ(square[1], 0.0);
  EXPECT_EQ(square[2], 0.0);
  for (const double value : {square[0], square[3]}) {
    EXPECT_GT(value, 0.65);
    EXPECT_LT(value, 1.25);
  }
  // The scalar iteration on each singular value, s ← as + bs³ + cs⁵.
  double s = 3.0 / std::hypot(3.0, 0.5);
  for (int i = 0; i < 5; ++i) s = 3.4445 * s - 4.7750 * std::pow(s, 3) + 2.0315 * std::pow(s, 5);
  EXPECT_TRUE(close(square[0], s, 1e-6));
}

/// Wide and tall are each other's transposes.
TEST(Muon, TreatsRowsAndColumnsAlike) {
  double wide[6] = {1.0, -2.0, 0.5, 0.3, 0.7, -1.1}, tall[6];
  for (int i = 0; i < 2; ++i)
    for (int j = 0; j < 3; ++j) tall[j * 2 + i] = wide[i * 3 + j];
  NewtonSchulz<double> newton_schulz;
  newton_schulz.orthogonalise(wide, 2, 3);
  newton_schulz.orthogonalise(tall, 3, 2);
  for (int i = 0; i < 2; ++i)
    for (int j = 0; j < 3; ++j) EXPECT_TRUE(close(tall[j * 2 + i], wide[i * 3 + j], 1e-14));
}

TEST(Muon, HasNothingToDoOnASurface) {
  EXPECT_FALSE(find_optimizer("muon")->not_on_surfaces.empty());
  EXPECT_FALSE(find_optimizer("sam+muon")->not_on_surfaces.empty());
}

}  // namespace
}  // namespace thalweg::test
