// Settings of a descent that follow schedules, schedules with a memory, and what is refused of either.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "core/descent/race.hpp"

namespace thalweg {
namespace {

DescentSettings settings(const std::string& optimizer, const std::vector<std::string>& schedules,
                         int steps = 300) {
  DescentSettings out{parse_spec("rosenbrock", surface_family()).value(),
                      {-1.2, 1.0},
                      {parse_spec(optimizer, optimizer_family()).value(), {}},
                      {default_spec(gradient_descriptor()), {}},
                      default_spec(thalweg::schedules().front()),
                      parse_spec("run:steps=" + std::to_string(steps), run_descriptor()).value()};
  for (const std::string& text : schedules) {
    Drive drive = parse_drive(text).value();
    if (drive.key.empty())
      out.schedule = drive.schedule;
    else
      out.drives.push_back(std::move(drive));
  }
  return out;
}

std::shared_ptr<const Surface> surface() {
  return make_surface(default_spec(*find_surface("rosenbrock"))).value();
}

DescentView run(const DescentSettings& s) {
  Descent descent(s, surface());
  descent.advance(1'000'000);
  return descent.view();
}

bool identical(const DescentView& a, const DescentView& b) {
  if (a.table.rows() != b.table.rows() || a.outcome != b.outcome) return false;
  for (std::int64_t row = 0; row < a.table.rows(); ++row)
    for (int c = 0; c < a.columns.count(); ++c) {
      const double x = a.table.at(row, c), y = b.table.at(row, c);
      if (std::memcmp(&x, &y, sizeof x) != 0) return false;
    }
  return true;
}

std::string why_not(const DescentSettings& s) {
  const auto error = check(s, *surface());
  return error ? error->text() : "";
}

/// What a drive does is what a change at every step does.
TEST(Drive, IsAChangeAtEveryStep) {
  const auto driven = settings("momentum:lr=2e-4", {"momentum=linear:end_factor=0.5,total=200"});
  auto changed = settings("momentum:lr=2e-4", {});
  for (int t = 0; t <= 200; ++t)
    changed.optimizer.change(t, "momentum", 0.9 * (1.0 + (0.5 - 1.0) * (t / 200.0)));
  EXPECT_TRUE(identical(run(driven), run(changed)));
  EXPECT_FALSE(identical(run(driven), run(settings("momentum:lr=2e-4", {}))));
  // β₁ of Adam against the rate, as the schedule's own function says.
  const auto coupled = settings("adam:lr=0.01", {"one_cycle:total=300"});
  auto by_hand = settings("adam:lr=0.01", {"one_cycle:total=300,cycle_momentum=false"});
  for (int t = 0; t < 300; ++t)
    by_hand.optimizer.change(t, "beta1", find_schedule("one_cycle")->momentum(coupled.schedule, t));
  EXPECT_TRUE(identical(run(coupled), run(by_hand)));
  // Plain gradient descent has none to move.
  EXPECT_TRUE(identical(run(settings("gd:lr=1e-3", {"one_cycle:total=300"})),
                        run(settings("gd:lr=1e-3", {"one_cycle:total=300,cycle_momentum=false"}))));
}

TEST(Drive, TheBatchIsThatOfTheNoise) {
  auto driven = settings("gd:lr=1e-3", {"batch=step:step_size=100,gamma=3"});
  *driven.gradient.spec.find("noise") = 2.0;
  auto changed = settings("gd:lr=1e-3", {});
  *changed.gradient.spec.find("noise") = 2.0;
  changed.gradient.change(100, "batch", 3.0);
  changed.gradient.change(200, "batch", 9.0);
  EXPECT_TRUE(identical(run(driven), run(changed)));
}

/// Going back and on again, in pieces or at once, over the blocks in which checkpoints are taken.
TEST(Drive, AMemoryIsRewoundExactly) {
  for (const auto& schedules : std::vector<std::vector<std::string>>{
           {"plateau:patience=20,factor=0.8,mode=max,cooldown=7"},
           {"one_cycle:total=9000", "weight_decay=exponential:peak=0.1,gamma=0.999"},
           {"cyclic:step_size_up=100", "batch=batch_ramp:peak=64,ramp=1e5,start=2"}}) {
    auto s = settings("momentum:lr=1e-4", schedules, 9000);
    *s.gradient.spec.find("noise") = 0.5;
    const DescentView whole = run(s);
    ASSERT_EQ(whole.steps(), 9000);
    Descent pieces(s, surface());
    for (std::int64_t step = 0, piece = 1; step < 9000; piece = piece * 7 % 1009 + 1)
      pieces.advance(step += piece);
    EXPECT_TRUE(identical(whole, pieces.view()));
    for (const std::int64_t back : {1, 100, 4095, 4096, 4097, 8192, 8999}) {
      Descent d(s, surface());
      d.advance(9000);
      auto changed = s;
      changed.optimizer.change(back, "lr", 5e-5);
      d.retarget(changed, surface());
      ASSERT_EQ(d.steps(), back);
      d.advance(9000);
      EXPECT_TRUE(identical(run(changed), d.view())) << schedules[0] << back;
      EXPECT_FALSE(identical(whole, d.view())) << schedules[0] << back;
      d.retarget(s, surface());
      d.advance(9000);
      EXPECT_TRUE(identical(whole, d.view())) << schedules[0] << back;
    }
  }
}

TEST(Drive, PlateauReducesByTheLossesOfTheRun) {
  const auto s = settings("gd:lr=1e-3", {"plateau:patience=2,factor=0.5,threshold=0.2"});
  const DescentView view = run(s);
  const auto follower = find_schedule("plateau")->follow(s.schedule);
  double lowest = 1.0;
  for (std::int64_t t = 0; t < view.steps(); ++t) {
    // One step of gradient descent: length = rate × gradient norm.
    const double rate = follower->rate(1e-3);
    EXPECT_NEAR(view.table.at(t + 1, view.columns.step_length()),
                rate * view.table.at(t, view.columns.gradient_norm()), 1e-12);
    follower->observe(t + 1, view.table.at(t + 1, view.columns.loss()));
    lowest = std::min(lowest, rate);
  }
  EXPECT_LT(lowest, 1e-4);
}

TEST(Drive, WhatCannotBeIsRefused) {
  EXPECT_EQ(why_not(settings("momentum", {"momentum=linear"})), "");
  EXPECT_EQ(why_not(settings("gd", {"momentum=linear"})),
            "schedule of momentum: 'gd' has no number 'momentum' that may change while a run goes on");
  EXPECT_EQ(why_not(settings("momentum", {"momentum=warmup:peak=1.5,warmup=30"}, 100)),
            "schedule of momentum: is 1 at step 20; momentum must be at least 0 and less than 1");
  EXPECT_NE(why_not(settings("momentum", {"lr=linear"})).find("needs no key"), std::string::npos);
  EXPECT_NE(why_not(settings("momentum", {"form=linear"})).find("no number 'form'"), std::string::npos);
  EXPECT_NE(why_not(settings("momentum", {"momentum=linear", "momentum=cosine"})).find("given twice"),
            std::string::npos);
  EXPECT_NE(why_not(settings("momentum", {"momentum=linear", "one_cycle"})).find("cycle_momentum=false"),
            std::string::npos);
  EXPECT_EQ(why_not(settings("momentum", {"momentum=linear", "one_cycle:cycle_momentum=false"})), "");
  EXPECT_NE(why_not(settings("momentum", {"momentum=plateau"})).find("goes by the loss"), std::string::npos);
  EXPECT_NE(why_not(settings("momentum", {"momentum=batch_ramp"})).find("gives no values"),
            std::string::npos);
  EXPECT_NE(why_not(settings("momentum", {"batch_ramp"})).find("is a batch size, not a learning rate"),
            std::string::npos);
  EXPECT_NE(why_not(settings("momentum", {"loss_scale"})).find("is a loss scale"), std::string::npos);
  EXPECT_NE(why_not(settings("momentum", {"batch=linear:end_factor=0,total=100"})).find("batch must be at least 1"),
            std::string::npos);
  EXPECT_NE(why_not(settings("momentum", {"momentum=sequence:warmup|cosine"})).find("part 1"),
            std::string::npos);
}

/// In a race a drive moves those that have such a setting, and must move one.
TEST(Drive, InARaceItMovesWhoHasTheSetting) {
  const auto one = settings("momentum:lr=2e-4", {"momentum=linear:end_factor=0.5,total=200"});
  RaceSettings race{one.surface,  one.start,    {one.optimizer, settings("gd:lr=1e-3", {}).optimizer},
                    one.gradient, one.schedule, one.run,
                    one.drives};
  Race together;
  ASSERT_FALSE(together.set(race));
  together.advance(300);
  EXPECT_TRUE(identical(together.view().lanes[0], run(one)));
  EXPECT_TRUE(identical(together.view().lanes[1], run(settings("gd:lr=1e-3", {}))));
  race.optimizers.erase(race.optimizers.begin());
  const auto error = together.set(race);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->text(),
            "schedule of momentum: no optimizer has a number 'momentum' that may change while a run goes on");
}

}  // namespace
}  // namespace thalweg
