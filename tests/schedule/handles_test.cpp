// PyTorch's schedulers over 10,000 steps, settings at the ends of their bounds, handles, and drives.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "core/schedule/drive.hpp"
#include "core/schedule/schedule.hpp"
#include "tests/golden/close.hpp"
#include "tests/golden/traces.hpp"

namespace thalweg::test {
namespace {

Spec spec_of(const std::string& text) {
  auto spec = parse_spec(text, schedule_family());
  if (!spec) throw std::runtime_error(spec.error().text());
  if (auto error = check_schedule(*spec)) throw std::runtime_error(error->text());
  return *spec;
}

// PyTorch ----------------------------------------------------------------------------------------------

TEST(Golden, SchedulersOfPytorchOverTenThousandSteps) {
  std::set<std::string> covered;
  std::size_t rows = 0;
  for (const Trace& trace : read_traces("scheduler_traces.txt")) {
    SCOPED_TRACE(trace.name + ": " + trace.spec);
    const Spec spec = spec_of(trace.spec);
    const ScheduleDescriptor& schedule = *find_schedule(spec.id);
    covered.insert(spec.id);
    if (schedule.follow) continue;
    const double base = std::stod(trace.setting);
    for (const Trace::Row& row : trace.rows) {
      // What nears 0 counts against a thousandth of the first rate: there the scheduler has lost digits.
      const double scale = std::max(std::abs(row.values[0]), 1e-3 * base);
      ASSERT_TRUE(close(schedule.at(spec, row.step, base), row.values[0], 1e-12 * scale)) << row.step;
      const double momentum = schedule.momentum ? schedule.momentum(spec, row.step) : std::nan("");
      ASSERT_EQ(std::isnan(momentum), row.values.size() == 1);
      if (row.values.size() > 1) {
        ASSERT_TRUE(close(momentum, row.values[1], 1e-12)) << row.step;
      }
      ++rows;
    }
    EXPECT_GE(trace.rows.back().step, 9'999);
  }
  EXPECT_GT(rows, 7'000u);
  EXPECT_EQ(covered, (std::set<std::string>{"constant_start", "cosine", "cyclic", "exponential",
                                            "inverse_time", "linear", "multi_step", "one_cycle", "plateau",
                                            "polynomial", "product", "sequence", "sgdr", "step"}));
}

TEST(Golden, ReduceLROnPlateauByItsLosses) {
  int reductions = 0;
  for (const Trace& trace : read_traces("scheduler_traces.txt")) {
    if (!trace.name.starts_with("plateau")) continue;
    SCOPED_TRACE(trace.spec);
    const Spec spec = spec_of(trace.spec);
    auto follower = find_schedule("plateau")->follow(spec);
    double before = 0.1;
    for (const Trace::Row& row : trace.rows) {
      const double rate = follower->rate(0.1);
      ASSERT_TRUE(close(rate, row.values[0], 1e-15)) << row.step;
      reductions += rate != before ? 1 : 0;
      before = rate;
      follower->observe(row.step + 1, row.values[1]);
      // Another that takes up its state goes on the same.
      auto next = find_schedule("plateau")->follow(spec);
      ASSERT_TRUE(next->load(follower->save()));
      ASSERT_EQ(next->rate(0.1), follower->rate(0.1));
      follower = std::move(next);
    }
  }
  EXPECT_GT(reductions, 20);
}

TEST(Plateau, RefusesAStateThatIsNotItsOwn) {
  auto follower = find_schedule("plateau")->follow(spec_of("plateau:patience=0"));
  follower->observe(1, 2.0);
  follower->observe(2, 3.0);
  const double rate = follower->rate(1.0);
  EXPECT_TRUE(close(rate, 0.1, 1e-16));
  const double nan = std::nan("");
  for (const std::vector<double>& state : std::vector<std::vector<double>>{
           {}, {1, 2, 3}, {1, 0, 0, -1}, {nan, 0, 0, 0}, {1, 5, 0, 0}, {1, 0, 0, 0.5}})
    EXPECT_FALSE(follower->load(state));
  EXPECT_EQ(follower->rate(1.0), rate);
  // Another base rate: reduced as often.
  EXPECT_TRUE(close(follower->rate(2.0), 0.2, 1e-16));
  EXPECT_TRUE(close(follower->rate(1.0), 0.1, 1e-16));
}

// Bounds -----------------------------------------------------------------------------------------------

class ScheduleBounds : public ::testing::TestWithParam<std::string> {};

std::vector<std::string> ids() {
  std::vector<std::string> out;
  for (const auto& schedule : schedules()) out.push_back(schedule.id);
  return out;
}

INSTANTIATE_TEST_SUITE_P(All, ScheduleBounds, ::testing::ValuesIn(ids()),
                         [](const auto& each) { return each.param; });

/// Either it is refused with a reason that names the parameter, or there is a number at every step.
void runs_or_is_refused(const ScheduleDescriptor& schedule, const Spec& spec, const std::string& key) {
  if (const auto error = check_schedule(spec)) {
    EXPECT_NE(error->text().find(":"), std::string::npos) << key;
    EXPECT_GT(error->message.size(), 10u) << key;
    return;
  }
  for (const std::int64_t t : {0L, 1L, 2L, 3L, 10L, 100L, 999L, 1000L, 12345L, 1000000000L}) {
    const double value = schedule.at(spec, t, 0.1);
    EXPECT_FALSE(std::isnan(value)) << key << " " << t << " " << format_spec(spec, schedule);
    EXPECT_GE(value, 0.0) << key << " " << t << " " << format_spec(spec, schedule);
    if (schedule.momentum) {
      const double momentum = schedule.momentum(spec, t);
      EXPECT_TRUE(std::isnan(momentum) || (momentum >= 0.0 && momentum < 1.0)) << key << " " << t;
    }
  }
  if (schedule.follow) {
    auto follower = schedule.follow(spec);
    for (int i = 0; i < 50; ++i) follower->observe(i, 1.0);
    EXPECT_GE(follower->rate(0.1), 0.0) << key;
  }
  for (const ScheduleHandle& handle : schedule.handles(spec, 0.1)) {
    EXPECT_TRUE(std::isfinite(handle.step) && std::isfinite(handle.value)) << key << " " << handle.label;
    EXPECT_GE(handle.step, 0.0) << key << " " << handle.label;
  }
  EXPECT_FALSE(schedule.torch(spec, 1000).formula.empty()) << key;
}

TEST_P(ScheduleBounds, EveryParameterAtBothEnds) {
  const ScheduleDescriptor& schedule = *find_schedule(GetParam());
  for (const Parameter& parameter : schedule.parameters) {
    Spec spec = default_spec(schedule);
    std::vector<Value> ends;
    if (parameter.kind == Kind::kChoice) {
      for (const std::string& choice : parameter.choices) ends.emplace_back(choice);
    } else if (parameter.kind == Kind::kBoolean) {
      ends = {0.0, 1.0};
    } else if (parameter.kind == Kind::kRealList) {
      ends = {std::vector{parameter.min}, std::vector{parameter.max},
              std::vector{parameter.min, parameter.max}};
    } else if (parameter.kind != Kind::kText) {
      ASSERT_TRUE(std::isfinite(parameter.min) && std::isfinite(parameter.max)) << parameter.key;
      const double low = parameter.min_open ? std::nextafter(parameter.min, 1e300) : parameter.min;
      const double high = parameter.max_open ? std::nextafter(parameter.max, -1e300) : parameter.max;
      ends = {low, high};
    }
    if (!parameter.off_word.empty()) ends.emplace_back(std::monostate{});
    for (const Value& end : ends) {
      *spec.find(parameter.key) = end;
      runs_or_is_refused(schedule, spec, parameter.key + "=" + format_value(end, parameter));
    }
  }
}

// Handles ----------------------------------------------------------------------------------------------

std::vector<std::string> dragged() {
  std::vector<std::string> out = ids();
  for (const char* more :
       {"multi_step:milestones=50/60", "linear:start_factor=0.2,end_factor=1,total=70",
        "sgdr:T_0=50,gamma=0.5,min=0.01", "cyclic:mode=triangular2,min=0.01", "cyclic:step_size_down=30",
        "one_cycle:three_phase=true,total=500", "exponential:gamma=1.01", "exponential:gamma=1",
        "wsd:warmup=0,decay=0", "inverse_sqrt:d_model=512",
        "tokens:warmup=1e5,total=1e7,batch_start=1000,batch=5000,ramp=1e6", "drawn:points=0/1/9/0.5,axis=log",
        "product:warmup|cosine:total=500", "sequence:constant@50|(product:warmup|step)@500|cosine"})
    out.emplace_back(more);
  return out;
}

TEST(Handles, LieOnTheCurve) {
  for (const std::string& text : dragged()) {
    const Spec spec = spec_of(text);
    const ScheduleDescriptor& schedule = *find_schedule(spec.id);
    const double base = schedule.role == ScheduleRole::kBatchSize ? 64.0 : 0.2;
    const auto handles = schedule.handles(spec, base);
    EXPECT_FALSE(handles.empty()) << text;
    for (const ScheduleHandle& handle : handles) {
      EXPECT_TRUE(handle.moves_step || handle.moves_value) << text << " " << handle.label;
      EXPECT_FALSE(handle.label.empty()) << text;
      // Between the values on either side of its place, or at one of them.
      const auto below = static_cast<std::int64_t>(std::floor(handle.step));
      double low = 1e300, high = 0.0;
      for (std::int64_t t = std::max<std::int64_t>(below - 1, 0); t <= below + 1; ++t) {
        low = std::min(low, schedule.at(spec, t, base));
        high = std::max(high, schedule.at(spec, t, base));
      }
      // (Tokens run out between two updates, on a curve that bends there.)
      const double slack = spec.id == "tokens" ? 0.01 : 1e-9;
      EXPECT_GE(handle.value, low - slack * high) << text << " " << handle.label << " " << handle.step;
      EXPECT_LE(handle.value, high * (1 + slack)) << text << " " << handle.label << " " << handle.step;
    }
  }
}

/// A drag leads there, or as near as bounds let it; what comes out can always be used.
TEST(Handles, GoWhereTheyAreDragged) {
  for (const std::string& text : dragged()) {
    const Spec spec = spec_of(text);
    const ScheduleDescriptor& schedule = *find_schedule(spec.id);
    const double base = schedule.role == ScheduleRole::kBatchSize ? 64.0 : 0.2;
    const auto handles = schedule.handles(spec, base);
    for (std::size_t i = 0; i < handles.size(); ++i) {
      SCOPED_TRACE(text + ", " + handles[i].label);
      // Where it is: next to nothing changes.
      const Spec same = schedule.drag(spec, i, handles[i].step, handles[i].value, base);
      EXPECT_FALSE(check_schedule(same)) << format_spec(same, schedule);
      const auto still = schedule.handles(same, base);
      ASSERT_EQ(still.size(), handles.size());
      EXPECT_TRUE(close(still[i].step, handles[i].step, 1.0 + 1e-6 * handles[i].step));
      EXPECT_TRUE(close(still[i].value, handles[i].value, 0.02 * std::max(handles[i].value, 1e-3)));
      // A little up and to the right.
      const double step = std::round(handles[i].step * 1.05) + 1.0, value = handles[i].value * 0.9;
      const Spec moved = schedule.drag(spec, i, step, value, base);
      ASSERT_FALSE(check_schedule(moved)) << check_schedule(moved)->text();
      const auto after = schedule.handles(moved, base);
      ASSERT_EQ(after.size(), handles.size());
      const bool growing = spec.id == "multi_step" || spec.id == "loss_scale" || spec.id == "drawn" ||
                           spec.id == "sequence" || spec.id == "sgdr" ||
                           spec.id == "wsd";  // whole multiples, or a neighbour in the way
      if (handles[i].moves_step && !growing) {
        EXPECT_TRUE(close(after[i].step, step, 1.0 + 0.02 * step));
      } else if (handles[i].moves_step) {
        EXPECT_GE(after[i].step, handles[i].step - 1.0);
      }
      if (handles[i].moves_value && handles[i].value > 0.0 && spec.id != "product" &&
          handles[i].label != "lowest rate") {
        EXPECT_TRUE(close(after[i].value, value, 0.02 * value));
      }
      // And far beyond everything.
      for (const auto& [far, high] : std::vector<std::pair<double, double>>{
               {0, 0}, {1e15, 1e15}, {0, 1e15}, {1e15, 0}, {-5, -5}, {std::nan(""), 1}, {3, HUGE_VAL}}) {
        const Spec out = schedule.drag(spec, i, far, high, base);
        EXPECT_FALSE(check_schedule(out)) << check_schedule(out)->text();
      }
    }
    EXPECT_EQ(schedule.drag(spec, 99, 1, 1, base), spec) << text;
  }
}

// Drives -----------------------------------------------------------------------------------------------

TEST(Drive, IsReadAndWritten) {
  const auto drive = parse_drive("momentum=linear:start_factor=1,end_factor=0.5,total=100");
  ASSERT_TRUE(drive);
  EXPECT_EQ(drive->key, "momentum");
  EXPECT_EQ(drive->schedule.id, "linear");
  EXPECT_EQ(*parse_drive(format_drive(*drive)), *drive);
  EXPECT_EQ(parse_drive("cosine:total=5")->key, "");
  EXPECT_EQ(parse_drive("weight_decay=constant")->key, "weight_decay");
  EXPECT_EQ(parse_drive("batch=sequence:constant@5|constant:peak=64")->schedule.id, "sequence");
  EXPECT_FALSE(parse_drive("=linear"));
  EXPECT_FALSE(parse_drive("momentum=lineer"));
}

/// What no check looked at stays within bounds, and whole where it must be.
TEST(Drive, KeepsSettingsWithinTheirBounds) {
  const Descriptor rule{
      .id = "rule",
      .parameters = {
          {.key = "momentum", .default_value = 0.9, .min = 0.0, .max = 1.0, .max_open = true, .live = true},
          {.key = "every",
           .kind = Kind::kInteger,
           .default_value = 4.0,
           .min = 2.0,
           .max = 9.0,
           .live = true}}};
  const Driver driver(
      spec_of("constant"),
      {*parse_drive("momentum=linear:peak=5,end_factor=0,total=10"), *parse_drive("every=linear:total=10"),
       *parse_drive("batch=linear:end_factor=0,total=10")},
      rule);
  EXPECT_TRUE(driver.moves_optimizer());
  const Spec own = default_spec(rule);
  Spec now = own;
  for (int t = 0; t < 12; ++t) {
    driver.apply(t, own, now);
    EXPECT_FALSE(check(now, rule)) << t;
    EXPECT_EQ(driver.batch(t, 8.0), std::max(1.0, std::round(8.0 * (1.0 - std::min(t / 10.0, 1.0))))) << t;
  }
  EXPECT_EQ(now.number("momentum"), 0.0);
  EXPECT_EQ(now.number("every"), 2.0);
  driver.apply(9, own, now);
  EXPECT_TRUE(close(now.number("momentum"), 0.5, 1e-15));
  EXPECT_FALSE(Driver().moves_optimizer());
}

}  // namespace
}  // namespace thalweg::test
