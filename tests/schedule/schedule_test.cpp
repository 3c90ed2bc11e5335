// The schedules: closed forms worked out by hand, the contract of the family, and PyTorch's numbers in
// tests/golden/schedule_traces.txt (made by tests/golden/make_golden.py).
#include "core/schedule/schedule.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/golden/close.hpp"
#include "tests/golden/traces.hpp"

namespace thalweg::test {
namespace {

constexpr double kBase = 0.1;

Spec spec_of(const std::string& text) {
  auto spec = parse_spec(text, schedule_family());
  if (!spec) throw std::runtime_error(spec.error().text());
  return *spec;
}

/// The rate of schedule `text` for update `t`.
double at(const std::string& text, std::int64_t t, double base = kBase) {
  const Spec spec = spec_of(text);
  return find_schedule(spec.id)->at(spec, t, base);
}

double mean(const std::string& text, int count, double base = kBase) {
  const Spec spec = spec_of(text);
  const auto* schedule = find_schedule(spec.id);
  double sum = 0.0;
  for (int t = 0; t < count; ++t) sum += schedule->at(spec, t, base);
  return sum / count;
}

TEST(Schedule, Constant) {
  EXPECT_EQ(at("constant", 0), 0.1);
  EXPECT_EQ(at("constant", 1000000), 0.1);
  EXPECT_EQ(at("constant:peak=3e-4", 7), 3e-4);
  EXPECT_EQ(at("constant:peak=auto", 7, 0.25), 0.25);
}

TEST(Schedule, StepDropsAtTheMultiples) {
  const std::string spec = "step:step_size=30,gamma=0.1";
  EXPECT_TRUE(close(at(spec, 0), 0.1, 1e-16));
  EXPECT_TRUE(close(at(spec, 29), 0.1, 1e-16));
  EXPECT_TRUE(close(at(spec, 30), 0.01, 1e-16));
  EXPECT_TRUE(close(at(spec, 60), 1e-3, 1e-17));
  EXPECT_TRUE(close(at(spec, 90), 1e-4, 1e-18));
}

TEST(Schedule, Exponential) {
  EXPECT_TRUE(close(at("exponential:gamma=0.95", 0), 0.1, 0.0));
  EXPECT_TRUE(close(at("exponential:gamma=0.95", 50), 0.007694498, 1e-9));
  EXPECT_TRUE(close(at("exponential:gamma=0.95", 100), 0.0005920529, 1e-10));
  // Growing, for a range test: from 1e-7 to 10 in 399 updates.
  const std::string gamma = format_number(std::pow(1e8, 1.0 / 399.0));
  EXPECT_TRUE(close(at("exponential:peak=1e-7,gamma=" + gamma, 399), 10.0, 1e-11));
}

TEST(Schedule, LinearGoesAndStays) {
  const std::string down = "linear:start_factor=1,end_factor=0.2,total=10";
  EXPECT_TRUE(close(at(down, 0), 0.1, 1e-16));
  EXPECT_TRUE(close(at(down, 5), 0.06, 1e-16));
  EXPECT_TRUE(close(at(down, 10), 0.02, 1e-16));
  EXPECT_TRUE(close(at(down, 11), 0.02, 1e-16));
  EXPECT_TRUE(close(at("linear:start_factor=0,end_factor=1,total=1000,peak=1e-3", 500), 5e-4, 1e-18));
}

TEST(Schedule, CosineClosedForm) {
  const std::string spec = "cosine:total=100,peak=1,min=0";
  EXPECT_EQ(at(spec, 0), 1.0);
  EXPECT_TRUE(close(at(spec, 25), 0.5 + std::sqrt(0.125), 1e-15));  // 0.8535534
  EXPECT_TRUE(close(at(spec, 50), 0.5, 1e-15));
  EXPECT_TRUE(close(at(spec, 75), 0.5 - std::sqrt(0.125), 1e-15));
  EXPECT_EQ(at(spec, 100), 0.0);
  EXPECT_EQ(at(spec, 150), 0.0);  // stays, where PyTorch's climbs again
  // Near the end ½(1 + cos) ≈ (π/200)²: the digits must not drown.
  const double last = 0.25 * std::pow(std::acos(-1.0) / 100, 2);
  EXPECT_TRUE(close(at(spec, 99), last * (1 - last / 3), last * 1e-7));
  EXPECT_EQ(at("cosine:total=100,peak=1e-3,min=0.01", 100), 0.01);  // may rise, too
}

/// Sampled at t = 0..T−1 the mean lies (max − min)/(2T) above the middle, since t = T is left out.
TEST(Schedule, CosineMeans) {
  EXPECT_TRUE(close(mean("cosine:total=10", 10), 0.055, 1e-15));
  EXPECT_TRUE(close(mean("cosine:total=100", 100), 0.0505, 1e-15));
  EXPECT_TRUE(close(mean("cosine:total=1000", 1000), 0.05005, 1e-14));
  EXPECT_TRUE(close(mean("cosine:total=100", 101), 0.05, 1e-15));
  EXPECT_TRUE(close(mean("cosine:total=100,min=0.02", 100), 0.06 + 0.08 / 200, 1e-15));
}

TEST(Schedule, CosineWarmup) {
  const std::string spec = "cosine_warmup:peak=3e-4,min=3e-5,warmup=1000,total=100000";
  EXPECT_EQ(at(spec, 0), 0.0);
  EXPECT_TRUE(close(at(spec, 500), 1.5e-4, 1e-18));
  EXPECT_TRUE(close(at(spec, 999), 2.997e-4, 1e-18));
  EXPECT_TRUE(close(at(spec, 1000), 3e-4, 1e-18));
  EXPECT_TRUE(close(at(spec, 25750), 2.604594e-4, 1e-10));
  EXPECT_TRUE(close(at(spec, 50000), 1.671419e-4, 1e-10));
  EXPECT_TRUE(close(at(spec, 50500), 1.65e-4, 1e-18));
  EXPECT_TRUE(close(at(spec, 75250), 6.954058e-5, 1e-11));
  EXPECT_TRUE(close(at(spec, 99999), 3.0000000068e-5, 1e-15));
  EXPECT_EQ(at(spec, 100000), 3e-5);
  EXPECT_EQ(at(spec, 123456), 3e-5);
}

TEST(Schedule, WarmupConventions) {
  const std::string spec = "cosine_warmup:peak=3e-4,warmup=100,total=1000,convention=";
  EXPECT_EQ(at(spec + "from_zero", 0), 0.0);
  EXPECT_TRUE(close(at(spec + "from_one", 0), 3e-6, 1e-20));
  EXPECT_TRUE(close(at(spec + "from_zero", 50), 1.5e-4, 1e-18));
  EXPECT_TRUE(close(at(spec + "from_one", 50), 1.53e-4, 1e-18));
  EXPECT_TRUE(close(at(spec + "from_one", 99), 3e-4, 1e-18));
  for (const auto* convention : {"from_zero", "from_one"})
    EXPECT_TRUE(close(at(spec + convention, 100), 3e-4, 1e-18)) << convention;
}

TEST(Schedule, WarmupOfNoLengthIsCosine) {
  for (int t = 0; t <= 20; ++t)
    EXPECT_EQ(at("cosine_warmup:warmup=0,total=17,min=0.01", t), at("cosine:total=17,min=0.01", t)) << t;
}

TEST(Schedule, WarmupLongerThanTheWholeEndsAtTheMinimum) {
  const std::string spec = "cosine_warmup:warmup=20,total=10,min=0.01";
  EXPECT_TRUE(close(at(spec, 9), 0.045, 1e-16));
  EXPECT_EQ(at(spec, 10), 0.01);
  EXPECT_EQ(at("cosine_warmup:warmup=10,total=10,min=0.01", 10), 0.01);
}

TEST(Golden, SchedulesFollowPytorch) {
  const auto traces = read_traces("schedule_traces.txt");
  std::set<std::string> covered;
  for (const auto& trace : traces) {
    SCOPED_TRACE(trace.spec);
    const Spec spec = spec_of(trace.spec);
    covered.insert(spec.id);
    const double base = std::stod(trace.setting);
    ASSERT_GE(trace.rows.size(), 10u);
    for (const auto& row : trace.rows) {
      ASSERT_EQ(row.values.size(), 1u);
      ASSERT_TRUE(close(find_schedule(spec.id)->at(spec, row.step, base), row.values[0], 1e-12 * base))
          << "t = " << row.step;
    }
  }
  EXPECT_EQ(covered, (std::set<std::string>{"constant", "step", "exponential", "linear", "cosine"}));
}

class ScheduleContract : public ::testing::TestWithParam<std::string> {};

TEST_P(ScheduleContract, DescriptionIsComplete) {
  const auto* schedule = find_schedule(GetParam());
  ASSERT_NE(schedule, nullptr);
  EXPECT_FALSE(schedule->label.empty());
  EXPECT_FALSE(schedule->summary.empty());
  EXPECT_FALSE(schedule->formula.empty());
  EXPECT_FALSE(schedule->reference.empty());
  const Spec spec = default_spec(*schedule);
  EXPECT_FALSE(check_schedule(spec));
  EXPECT_EQ(spec_of(format_spec(spec, *schedule, true)), spec);
  if (schedule->role != ScheduleRole::kLossScale) {
    ASSERT_NE(schedule->find("peak"), nullptr);
    EXPECT_TRUE(spec.is_off("peak"));
    EXPECT_EQ(schedule->find("peak")->off_word, "auto");
  }
  std::set<std::string> keys;
  for (const auto& parameter : schedule->parameters) {
    EXPECT_TRUE(keys.insert(parameter.key).second) << parameter.key;
    EXPECT_FALSE(parameter.label.empty()) << parameter.key;
    EXPECT_FALSE(parameter.help.empty()) << parameter.key;
    EXPECT_TRUE(parameter.live) << parameter.key;  // nothing is carried over, so anything may change
    if (parameter.kind == Kind::kChoice || parameter.kind == Kind::kText || parameter.kind == Kind::kBoolean)
      continue;
    EXPECT_FALSE(parameter.symbol.empty()) << parameter.key;
    EXPECT_LT(parameter.soft_min, parameter.soft_max) << parameter.key;
    const bool list = parameter.kind == Kind::kRealList;
    for (const double end : {parameter.soft_min, parameter.soft_max})
      EXPECT_FALSE(check(parameter, list ? Value(std::vector{end}) : Value(end))) << parameter.key;
    if (parameter.scale == Scale::kLog) {
      EXPECT_GT(parameter.soft_min, 0.0) << parameter.key;
    }
  }
}

TEST_P(ScheduleContract, IsFiniteNeverNegativeAndNeverAboveThePeak) {
  const auto* schedule = find_schedule(GetParam());
  if (schedule->role != ScheduleRole::kLearningRate) return;
  const Spec spec = default_spec(*schedule);
  for (const std::int64_t t : {0L, 1L, 2L, 99L, 100L, 500L, 999L, 1000L, 1001L, 1000000L, 1000000000000L}) {
    const double rate = schedule->at(spec, t, 0.3);
    EXPECT_TRUE(std::isfinite(rate)) << t;
    EXPECT_GE(rate, 0.0) << t;
    EXPECT_LE(rate, 0.3) << t;
  }
}

TEST_P(ScheduleContract, AutoIsTheBaseAndScalesWithIt) {
  const auto* schedule = find_schedule(GetParam());
  if (!schedule->find("peak")) return;
  Spec spec = default_spec(*schedule);
  const Spec automatic = spec;
  *spec.find("peak") = 0.2;
  for (const std::int64_t t : {0, 50, 150, 400}) {
    EXPECT_EQ(schedule->at(automatic, t, 0.2), schedule->at(spec, t, 0.7)) << t;
    // A sweep and a ramp begin at a value of their own.
    if (schedule->find("start")) continue;
    EXPECT_TRUE(close(schedule->at(automatic, t, 0.4), 2.0 * schedule->at(automatic, t, 0.2), 1e-15)) << t;
  }
}

/// The highest rate of every default schedule is its peak.
TEST_P(ScheduleContract, ReachesThePeak) {
  const auto* schedule = find_schedule(GetParam());
  // Of what is multiplied one part falls while another climbs.
  if (schedule->role != ScheduleRole::kLearningRate || GetParam() == "product") return;
  const Spec spec = default_spec(*schedule);
  // That of tokens does after ten thousand small updates, between two of them.
  const bool tokens = GetParam() == "tokens";
  double highest = 0.0;
  for (int t = 0; t < (tokens ? 20'000 : 1000); ++t) highest = std::max(highest, schedule->at(spec, t, 0.3));
  EXPECT_TRUE(close(highest, 0.3, tokens ? 1e-9 : 1e-16));
}

std::vector<std::string> ids() {
  std::vector<std::string> out;
  for (const auto& schedule : schedules()) out.push_back(schedule.id);
  return out;
}

INSTANTIATE_TEST_SUITE_P(All, ScheduleContract, ::testing::ValuesIn(ids()),
                         [](const auto& each) { return each.param; });

TEST(Schedules, IdsAreStable) {
  EXPECT_EQ(ids(), (std::vector<std::string>{"constant",    "constant_start", "step",         "multi_step",
                                             "exponential", "linear",         "polynomial",   "inverse_time",
                                             "cosine",      "cosine_warmup",  "sgdr",         "warmup",
                                             "cyclic",      "one_cycle",      "inverse_sqrt", "wsd",
                                             "tokens",      "plateau",        "drawn",        "sequence",
                                             "product",     "sweep",          "batch_ramp",   "loss_scale"}));
  EXPECT_EQ(schedule_family().members.size(), schedules().size());
  EXPECT_EQ(find_schedule("sine"), nullptr);
}

TEST(Schedules, BoundsAreRefusedByName) {
  for (const char* text :
       {"cosine:total=0", "cosine:total=10.5", "cosine:min=-1", "constant:peak=0", "step:step_size=0",
        "exponential:gamma=0", "linear:start_factor=-1", "cosine_warmup:convention=t/w", "cosine:warmup=3"})
    EXPECT_FALSE(parse_spec(text, schedule_family())) << text;
}

}  // namespace
}  // namespace thalweg::test
