// Values of schedules worked out by hand or by another way of counting, their joints, and what they add up
// to.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "core/nn/loss_scaler.hpp"
#include "core/schedule/drawn.hpp"
#include "core/schedule/schedule.hpp"
#include "core/schedule/statistics.hpp"
#include "tests/golden/close.hpp"

namespace thalweg::test {
namespace {

Spec spec_of(const std::string& text) {
  auto spec = parse_spec(text, schedule_family());
  if (!spec) throw std::runtime_error(spec.error().text());
  if (auto error = check_schedule(*spec)) throw std::runtime_error(error->text());
  return *spec;
}

double at(const std::string& text, std::int64_t t, double base = 0.1) {
  const Spec spec = spec_of(text);
  return find_schedule(spec.id)->at(spec, t, base);
}

double momentum(const std::string& text, std::int64_t t) {
  const Spec spec = spec_of(text);
  return find_schedule(spec.id)->momentum(spec, t);
}

std::string why_not(const std::string& text) {
  auto spec = parse_spec(text, schedule_family());
  if (!spec) return spec.error().text();
  const auto error = check_schedule(*spec);
  return error ? error->text() : "";
}

ScheduleStatistics statistics(const std::string& text, std::int64_t steps, double base = 0.1) {
  return schedule_statistics(spec_of(text), steps, base);
}

TEST(OneCycle, RatesAndMomentaOfTheExercise) {
  const std::string spec = "one_cycle:total=10000";
  EXPECT_TRUE(close(at(spec, 0), 0.004, 1e-17));
  EXPECT_TRUE(close(at(spec, 2500), 0.09359015, 5e-9));
  EXPECT_TRUE(close(at(spec, 2999), 0.1, 1e-17));
  EXPECT_TRUE(close(at(spec, 5000), 0.08115702, 5e-9));
  EXPECT_TRUE(close(at(spec, 7500), 0.02828588, 5e-9));
  EXPECT_TRUE(close(at(spec, 9999), 4e-7, 1e-21));
  EXPECT_EQ(at(spec, 20000), at(spec, 9999));
  EXPECT_TRUE(close(momentum(spec, 0), 0.95, 1e-16));
  EXPECT_TRUE(close(momentum(spec, 2500), 0.8566769, 5e-8));
  EXPECT_TRUE(close(momentum(spec, 2999), 0.85, 1e-16));
  EXPECT_TRUE(close(momentum(spec, 5000), 0.8688431, 5e-8));
  EXPECT_TRUE(close(momentum(spec, 9999), 0.95, 1e-16));
  EXPECT_TRUE(std::isnan(momentum("one_cycle:cycle_momentum=false", 5)));
  EXPECT_EQ(why_not("one_cycle:three_phase=true,pct_start=0.6"),
            "one_cycle: pct_start: must be at most 0.5 with three_phase, whose fall is as long as its climb, "
            "not 0.6");
}

TEST(Sgdr, RestartsWhereThePaperSays) {
  const std::string spec = "sgdr:T_0=10,T_mult=2";
  EXPECT_TRUE(close(at(spec, 5), 0.05, 1e-17));
  EXPECT_TRUE(close(at(spec, 9), 0.002447174, 5e-10));
  EXPECT_TRUE(close(at(spec, 15), 0.08535534, 5e-9));
  EXPECT_TRUE(close(at(spec, 35), 0.09619398, 5e-9));
  for (const int restart : {0, 10, 30, 70, 150, 310}) EXPECT_EQ(at(spec, restart), 0.1) << restart;
  // Each peak half as high above the minimum.
  EXPECT_TRUE(close(at("sgdr:T_0=10,T_mult=1,min=0.02,gamma=0.5", 20), 0.04, 1e-16));
}

TEST(InverseSqrt, TheTransformersRates) {
  const std::string paper = "inverse_sqrt:d_model=512,warmup=4000";
  EXPECT_TRUE(close(at(paper, 4000, 1.0), 6.987712e-4, 5e-11));
  EXPECT_TRUE(close(at(paper, 1, 1.0), 1.746928e-7, 5e-14));
  EXPECT_TRUE(close(at(paper, 2000, 1.0), 3.493856e-4, 5e-11));
  EXPECT_TRUE(close(at(paper, 16000, 1.0), 3.493856e-4, 5e-11));
  EXPECT_TRUE(close(at(paper, 100000, 1.0), 1.397542e-4, 5e-11));
  // The paper counts from 1: eq. (3) with step_num = t + 1.
  for (const int t : {0, 1, 398, 399, 400, 5000}) {
    const double step = t + 1.0;
    EXPECT_TRUE(close(at("inverse_sqrt:d_model=256,warmup=400,convention=from_one", t, 1.0),
                      std::min(1.0 / std::sqrt(step), step * std::pow(400.0, -1.5)) / 16.0, 1e-17))
        << t;
  }
}

TEST(Warmup, BothConventions) {
  EXPECT_TRUE(close(at("warmup:warmup=1000,peak=1e-3", 500), 5e-4, 1e-18));
  EXPECT_TRUE(close(at("warmup:warmup=1000,peak=1e-3,convention=from_one", 500), 5.01e-4, 1e-18));
  EXPECT_TRUE(close(at("warmup:warmup=100,peak=3e-4,convention=from_one", 50), 1.53e-4, 1e-18));
  EXPECT_EQ(at("warmup:warmup=0", 0), 0.1);
}

TEST(WarmupStableDecay, ItsThreeParts) {
  for (const std::string shape : {"linear", "sqrt", "cosine"}) {
    const std::string spec = "wsd:warmup=100,decay=200,total=1000,min=0.01,shape=" + shape;
    EXPECT_TRUE(close(at(spec, 50), 0.05, 1e-17));
    for (const int t : {100, 500, 800}) EXPECT_EQ(at(spec, t), 0.1) << shape << t;
    const double half = shape == "sqrt" ? 1.0 - std::sqrt(0.5) : 0.5;
    EXPECT_TRUE(close(at(spec, 900), 0.01 + 0.09 * half, 1e-16)) << shape;
    EXPECT_EQ(at(spec, 1000), 0.01);
  }
  // A decay longer than what is left begins where the warm-up ends.
  EXPECT_TRUE(close(at("wsd:warmup=100,decay=5000,total=300", 200), 0.05, 1e-17));
}

TEST(Others, ClosedForms) {
  EXPECT_TRUE(close(at("polynomial:total=100,power=3,min=0.02", 50), 0.02 + 0.08 / 8.0, 1e-17));
  EXPECT_TRUE(close(at("inverse_time:decay=0.5", 2), 0.05, 1e-17));
  EXPECT_TRUE(close(at("inverse_time:decay=1,power=0.75", 15), 0.1 / 8.0, 1e-17));
  EXPECT_EQ(at("multi_step:milestones=3/5,gamma=0.5", 2), 0.1);
  EXPECT_EQ(at("multi_step:milestones=3/5,gamma=0.5", 3), 0.05);
  EXPECT_EQ(at("multi_step:milestones=3/5,gamma=0.5", 5), 0.025);
  EXPECT_TRUE(close(at("constant_start:factor=0.5,total=4", 3), 0.05, 1e-17));
  EXPECT_EQ(at("constant_start:factor=0.5,total=4", 4), 0.1);
  EXPECT_NE(why_not("multi_step:milestones=5/3").find("must ascend; 3 comes after 5"), std::string::npos);
  EXPECT_NE(why_not("multi_step:milestones=1.5").find("whole numbers"), std::string::npos);
}

TEST(Sweep, GoesInEqualRatiosToTheLastUpdate) {
  const std::string spec = "sweep:start=1e-7,peak=10,total=400";
  EXPECT_EQ(at(spec, 0), 1e-7);
  EXPECT_EQ(at(spec, 399), 10.0);
  for (int t = 1; t < 400; ++t)
    EXPECT_TRUE(close(at(spec, t) / at(spec, t - 1), std::pow(1e8, 1.0 / 399.0), 1e-12)) << t;
  EXPECT_TRUE(close(at("sweep:start=1,peak=3,total=3,spacing=linear", 1), 2.0, 1e-16));
  EXPECT_EQ(at("sweep:total=1", 0), 0.1);
}

/// The same, update by update.
TEST(Tokens, AreCountedAsTheUpdatesUseThem) {
  const std::string spec =
      "tokens:warmup=5000,total=100000,batch_start=100,batch=900,ramp=20000,end_factor=0.2";
  double seen = 0.0;
  for (int t = 0; t < 400; ++t) {
    const double batch = 100.0 + 800.0 * std::min(seen / 20'000.0, 1.0);
    const double x = (seen - 5000.0) / 95'000.0;
    const double expected = seen >= 100'000.0 ? 0.02
                            : seen < 5000.0   ? 0.1 * seen / 5000.0
                                              : 0.02 + 0.08 * 0.5 * (1.0 + std::cos(std::acos(-1.0) * x));
    ASSERT_TRUE(close(at(spec, t), expected, 1e-13)) << t;
    ASSERT_TRUE(close(at("batch_ramp:start=100,peak=900,ramp=20000", t), batch, 1e-9)) << t;
    seen += batch;
  }
}

TEST(Tokens, Gpt3) {
  // At full batch from the first update: 117.19 updates of warm-up, 260e9 tokens in 81,250.
  const std::string full = "tokens:peak=6e-5,ramp=0";
  EXPECT_TRUE(close(at(full, 117), 6e-5 * 117 * 3.2e6 / 375e6, 1e-19));
  EXPECT_LT(at(full, 118), 6e-5);
  EXPECT_TRUE(close(at(full, 81'250), 6e-6, 1e-20));
  EXPECT_TRUE(close(at(full, 1'000'000), 6e-6, 1e-20));
  // At 32k for ever 11,718.75.
  const std::string small = "tokens:peak=6e-5,batch=32000,batch_start=32000";
  EXPECT_TRUE(close(at(small, 11'718), 6e-5 * 11'718 / 11'718.75, 1e-18));
  const auto* schedule = find_schedule("tokens");
  const Spec spec = spec_of("tokens:peak=6e-5");
  const auto handles = schedule->handles(spec, 1.0);
  // At the end of the warm-up 375e6 tokens were seen: the rate is the peak on either side of it.
  EXPECT_TRUE(close(at("tokens:peak=6e-5", static_cast<std::int64_t>(handles[0].step)), 6e-5, 6e-5 * 1e-3));
}

/// PyTorch's rules, which the engine follows, with a gradient that overflows above the largest scale.
TEST(LossScale, IsWhatTheEnginesScalerDoes) {
  struct Case {
    const char* spec;
    double scale, largest;
    std::int64_t steps;
  };
  for (const Case& one : {Case{"loss_scale:init_scale=65536,largest=1e6", 65536, 1e6, 60'000},
                          Case{"loss_scale:init_scale=65536,largest=300", 65536, 300, 30'000},
                          Case{"loss_scale:init_scale=1024,largest=1024", 1024, 1024, 10'000}}) {
    LossScaler scaler;
    scaler.scale = one.scale;
    for (std::int64_t t = 0; t < one.steps; ++t) {
      ASSERT_EQ(at(one.spec, t), scaler.scale) << one.spec << " " << t;
      scaler.update(scaler.scale > one.largest);
    }
  }
}

TEST(LossScale, DropsByWholePowersOnly) {
  double scale = 100.0;
  int good = 0;
  for (int t = 0; t < 500; ++t) {
    ASSERT_TRUE(close(at("loss_scale:init_scale=100,growth_factor=3,backoff_factor=0.1111111111111111,"
                         "growth_interval=7,largest=5000",
                         t),
                      scale, 1e-9 * scale))
        << t;
    if (scale > 5000.0) {
      scale /= 9.0;
      good = 0;
    } else if (++good == 7) {
      scale *= 3.0;
      good = 0;
    }
  }
  EXPECT_NE(why_not("loss_scale:backoff_factor=0.4").find("whole power of the growth factor"),
            std::string::npos);
}

TEST(Drawn, GoesThroughItsPointsAndStaysBetweenThem) {
  const std::string points = "drawn:points=0/0/10/1/20/1/50/0.3/100/0";
  EXPECT_EQ(at(points, 0), 0.0);
  EXPECT_EQ(at(points, 10), 0.1);
  EXPECT_TRUE(close(at(points, 50), 0.03, 1e-17));
  EXPECT_EQ(at(points, 1000), 0.0);
  for (int t = 0; t < 10; ++t) EXPECT_LE(at(points, t), at(points, t + 1)) << t;
  for (int t = 10; t < 20; ++t) EXPECT_EQ(at(points, t), 0.1) << t;
  for (int t = 20; t < 100; ++t) EXPECT_GE(at(points, t), at(points, t + 1)) << t;
  // On a logarithmic axis halfway between two points is their geometric mean.
  EXPECT_TRUE(close(at("drawn:points=0/1/100/0.01,axis=log", 50), 0.01, 1e-16));
  EXPECT_TRUE(close(at("drawn:points=7/0.5", 3), 0.05, 1e-17));
}

/// Their example: cubic pieces whose slopes lie in the circle of radius 3.
TEST(Drawn, SlopesAreThoseOfFritschAndCarlson) {
  // Secants 1/10 and 9/10 of the peak: the mean of the two, 0.5, is too steep for the first piece, whose
  // slopes (1, 5) in secants are brought to the circle: (1, 5)·3/√26. At its middle the curve then has
  // y = 0.5 + 10/8·(m0 − m1) in tenths.
  const double m0 = 0.1 * 3.0 / std::sqrt(26.0), m1 = 0.5 * 3.0 / std::sqrt(26.0);
  const double middle = 0.5 + 10.0 / 8.0 * (m0 - m1);
  EXPECT_TRUE(close(at("drawn:points=0/0/10/1/20/10", 5, 1.0), middle, 1e-15));
}

TEST(Drawn, PointsAreAddedAndTakenAway) {
  Spec spec = spec_of("drawn:points=0/0/100/1,peak=0.2");
  spec = with_point(spec, 50.4, 0.1, 1.0);
  EXPECT_EQ(spec.list("points"), (std::vector<double>{0, 0, 50, 0.5, 100, 1}));
  spec = with_point(spec, 50, 0.05, 1.0);
  EXPECT_EQ(spec.list("points"), (std::vector<double>{0, 0, 50, 0.25, 100, 1}));
  spec = without_point(without_point(spec, 0), 0);
  EXPECT_EQ(spec.list("points"), (std::vector<double>{100, 1}));
  EXPECT_EQ(without_point(spec, 0), spec);
  EXPECT_EQ(without_point(spec, 7), spec);
  for (int t = 0; t < 200; ++t) spec = with_point(spec, t, 0.1, 1.0);
  EXPECT_EQ(drawn_points(spec).size(), kMostPoints);
  EXPECT_FALSE(check_schedule(spec));
  EXPECT_NE(why_not("drawn:points=0/1/5").find("pairs"), std::string::npos);
  EXPECT_NE(why_not("drawn:points=5/1/5/2").find("must ascend"), std::string::npos);
  EXPECT_NE(why_not("drawn:points=0/0/5/2,axis=log").find("logarithmic"), std::string::npos);
}

// Composition ---------------------------------------------------------------------------------------

TEST(Composition, PartsCountFromTheirOwnStart) {
  const std::string spec = "sequence:warmup:warmup=100@100|cosine:total=900";
  for (const int t : {0, 1, 50, 99, 100, 101, 500, 999, 1000, 5000})
    EXPECT_TRUE(close(at(spec, t), at("cosine_warmup:warmup=100,total=1000", t), 1e-16)) << t;
  EXPECT_TRUE(close(at("product:warmup:warmup=10|exponential:gamma=0.5|constant:peak=3", 5),
                    0.1 * 0.5 / 32 * 3, 1e-16));
  // Own rates, nested parts, a peak of the whole.
  EXPECT_EQ(at("sequence:constant:peak=0.7@3|constant", 2), 0.7);
  EXPECT_EQ(at("sequence:constant:peak=0.7@3|constant;peak=0.2", 3), 0.2);
  EXPECT_TRUE(
      close(at("product:(sequence:warmup:warmup=4@4|constant)|step:step_size=4,gamma=0.5", 5), 0.05, 1e-16));
  // Momentum: of the part at work.
  const std::string cycles = "sequence:constant@10|one_cycle:total=100";
  EXPECT_TRUE(std::isnan(momentum(cycles, 9)));
  EXPECT_EQ(momentum(cycles, 10), momentum("one_cycle:total=100", 0));
}

TEST(Composition, SaysWhichPartIsWrong) {
  EXPECT_EQ(why_not("sequence:warmup@100|cosine:totl=900"),
            "sequence: part 2 'cosine:totl=900': cosine: has no parameter 'totl'; did you mean 'total'?");
  EXPECT_NE(why_not("sequence:warmup|cosine")
                .find("part 1 'warmup': needs the update at which the next one begins"),
            std::string::npos);
  EXPECT_NE(why_not("sequence:warmup@100|cosine@200").find("part 2 'cosine@200': is the last"),
            std::string::npos);
  EXPECT_NE(
      why_not("sequence:warmup@100|cosine@50|step").find("part 2 'cosine@50': must end after update 100"),
      std::string::npos);
  EXPECT_NE(why_not("sequence:warmup@1.5|cosine").find("whole number"), std::string::npos);
  EXPECT_NE(why_not("product:warmup@5|cosine").find("has an '@'"), std::string::npos);
  EXPECT_NE(why_not("product:warmup|plateau").find("part 2 'plateau': goes by the loss"), std::string::npos);
  EXPECT_NE(why_not("product:warmup||cosine").find("part 2 '': is empty"), std::string::npos);
  EXPECT_NE(why_not("product:(warmup|cosine").find("parentheses"), std::string::npos);
  EXPECT_NE(why_not("product:one_cycle:three_phase=true,pct_start=1").find("part 1"), std::string::npos);
  EXPECT_NE(why_not("product:cosin").find("did you mean 'cosine'"), std::string::npos);
  std::string deep = "constant";
  for (int i = 0; i < 20; ++i) deep = "(product:" + deep + ")";
  EXPECT_NE(why_not("product:" + deep).find("in each other"), std::string::npos);
}

// Joints ----------------------------------------------------------------------------------------------

/// Where parts meet, the curve goes on from where it was: no step between neighbours is larger than the
/// steepest of one side explains.
TEST(Joints, AreContinuous) {
  struct Case {
    const char* spec;
    std::int64_t joint;
    double slope;  ///< the most that one step may change
  };
  for (const Case& one : {Case{"cosine_warmup:warmup=400,total=2000", 400, 0.1 / 400},
                          {"cosine_warmup:warmup=400,total=2000", 2000, 1e-6},
                          {"wsd:warmup=400,decay=500,total=2000", 1500, 0.1 / 500},
                          {"wsd:warmup=400,decay=500,total=2000", 2000, 0.1 / 500},
                          {"inverse_sqrt:warmup=4000", 4000, 0.1 / 4000},
                          {"one_cycle:total=10000", 2999, 1e-6},
                          {"one_cycle:total=10000,three_phase=true", 2999, 1e-6},
                          {"one_cycle:total=10000,three_phase=true", 5998, 1e-6},
                          {"one_cycle:total=1000,anneal_strategy=linear", 299, 0.096 / 299},
                          {"cyclic:step_size_up=50", 50, 0.1 / 50},
                          {"cyclic:step_size_up=50", 100, 0.1 / 50},
                          {"cyclic:step_size_up=50,mode=triangular2", 100, 0.1 / 50},
                          {"polynomial:total=500,power=1", 500, 0.1 / 500},
                          {"linear:total=500", 500, 0.1 / 500},
                          {"tokens:ramp=0,batch=1e6,warmup=1e9,total=1e10", 1000, 0.1 / 1000},
                          {"tokens:ramp=0,batch=1e6,warmup=1e9,total=1e10", 10000, 1e-6},
                          {"sequence:warmup:warmup=100@100|cosine:total=900", 100, 0.1 / 100},
                          {"drawn:points=0/0/200/1/400/0.2", 200, 0.1 * 3 / 200}}) {
    for (std::int64_t t = one.joint - 2; t <= one.joint + 1; ++t)
      EXPECT_LE(std::abs(at(one.spec, t + 1) - at(one.spec, t)), one.slope * (1 + 1e-9))
          << one.spec << " " << t;
  }
  // The root law: left and right of the peak of the Transformer's schedule.
  const double left = at("inverse_sqrt:warmup=4000,d_model=512", 4000, 1.0);
  EXPECT_TRUE(close(left, 1.0 / std::sqrt(512.0 * 4000.0), 1e-15));
}

// Statistics -------------------------------------------------------------------------------------------

TEST(Statistics, OfTheExercises) {
  const auto cosine = statistics("cosine:total=100", 100);
  EXPECT_TRUE(close(cosine.mean, 0.0505, 1e-15));
  EXPECT_TRUE(close(cosine.mean_inclusive, 0.05, 1e-15));
  EXPECT_TRUE(close(cosine.integral_mean, 0.05, 1e-9));
  EXPECT_EQ(cosine.first, 0.1);
  EXPECT_EQ(cosine.max_step, 0);
  EXPECT_EQ(cosine.min_step, 99);
  const auto one = statistics("one_cycle:total=10000", 10000);
  EXPECT_TRUE(close(one.mean, 0.05059514, 5e-9));
  EXPECT_EQ(one.max_step, 2999);
  EXPECT_TRUE(close(statistics("step:step_size=2500", 10000).mean, 0.027775, 1e-12));
  EXPECT_TRUE(
      close(statistics("cosine_warmup:peak=3e-4,min=3e-5,warmup=1000,total=100000", 100000).integral_mean,
            1.6485e-4, 1e-13));
}

TEST(Statistics, AreasAgainstTheIntegral) {
  // Straight lines and steps exactly, curves by the fourth power of the step.
  EXPECT_TRUE(close(statistics("linear:total=100", 100).area, 5.0, 1e-12));
  EXPECT_TRUE(close(statistics("linear:total=100", 300).area, 5.0, 1e-12));
  EXPECT_TRUE(close(statistics("step:step_size=10,gamma=0.5", 30).area, 1.75, 1e-12));
  EXPECT_TRUE(close(statistics("constant", 7).area, 0.7, 1e-14));
  EXPECT_TRUE(close(statistics("constant", 1).area, 0.1, 1e-15));
  EXPECT_TRUE(close(statistics("polynomial:total=1000,power=3", 1000).area, 0.1 * 1000 / 4, 1e-9));
  EXPECT_TRUE(close(statistics("exponential:gamma=0.99", 500).area,
                    0.1 * (std::pow(0.99, 500) - 1) / std::log(0.99), 1e-8));
  EXPECT_TRUE(close(statistics("inverse_time:decay=0.01", 1000).area, 10.0 * std::log(11.0), 1e-7));
}

}  // namespace
}  // namespace thalweg::test
