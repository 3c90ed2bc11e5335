// Training runs as bytes: that a run goes on from them bit for bit, and that nothing else is taken for one.
#include "core/training/checkpoint.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cstring>
#include <limits>

#include "tests/training/runs.hpp"

namespace thalweg {
namespace {

using test::made;
using test::run_settings;
using test::set;

TrainerState read_back(const TrainerState& state) {
  auto out = trainer_state(to_bytes(state));
  if (!out) throw std::runtime_error(out.error().text());
  return std::move(*out);
}

TEST(Checkpoint, ARunGoesOnFromBytesBitForBit) {
  for (const test::KindOfRun& one : test::every_kind_of_run()) {
    const auto whole = made(one.settings), first = made(one.settings), second = made(one.settings);
    whole->advance(1000);
    first->advance(37);
    ASSERT_EQ(first->outcome(), Outcome::kRunning) << one.name;
    const TrainerState state = read_back(first->state());
    EXPECT_EQ(to_bytes(state), to_bytes(first->state())) << one.name;
    const auto refused = second->restore(state);
    ASSERT_FALSE(refused) << one.name << ": " << refused->text();
    second->advance(1000);
    EXPECT_EQ(second->engine().state(), whole->engine().state()) << one.name;
    EXPECT_EQ(test::timeless(second->state()), test::timeless(whole->state())) << one.name;
  }
}

/// Every optimizer that trains networks, as it begins there; wrappers around several kinds; settings that
/// give a state another form or pace.
std::vector<std::string> optimizers_at_work() {
  std::vector<std::string> out;
  for (const OptimizerDescriptor& each : optimizers())
    if (each.not_on_networks.empty()) out.push_back(format_spec(training_spec(each), each));
  out.insert(
      out.end(),
      {"sam+momentum:lr=0.02", "sam+muon", "sam+sophia:lr=0.002,period=3", "lookahead+adam:lr=0.01",
       "lookahead+schedule_free_adamw:lr=0.01", "lookahead+spsa:lr=0.0001", "delayed+gd:lr=0.05,delay=3",
       "delayed+lamb:lr=0.01,delay=7", "local+momentum:lr=0.02,workers=3",
       "local+adam:lr=0.01,workers=2,local_steps=6,average_state=true", "local+lbfgs:workers=2",
       "local+spsa:lr=0.0001,workers=3", "lookahead+local+sam+momentum:lr=0.02,workers=2,local_steps=3",
       "spsa:lr=0.0001,direction=gaussian", "sophia:lr=0.002,estimate=hutchinson,period=7",
       "momentum:lr=0.02,form=polyak", "lbfgs:max_iter=3,history_size=4"});
  return out;
}

class EveryOptimizer : public ::testing::TestWithParam<std::string> {};

// Stopped in the middle of an epoch, of the workers' steps on their own and of a period of the curvature.
TEST_P(EveryOptimizer, GoesOnFromBytesBitForBit) {
  auto s = run_settings("linear:units=8; tanh; linear:units=6; relu; linear:units=3", GetParam());
  set(s, "batch", 16.0);
  set(s, "steps", 200.0);
  const auto whole = made(s), first = made(s), second = made(s);
  const EngineState begun = whole->engine().state();
  whole->advance(200);
  ASSERT_EQ(whole->outcome(), Outcome::kBudget);
  EXPECT_NE(whole->engine().state().parameters, begun.parameters);
  first->advance(100);
  ASSERT_NE(first->steps() % first->steps_per_epoch(), 0);
  const TrainerState state = read_back(first->state());
  const auto refused = second->restore(state);
  ASSERT_FALSE(refused) << refused->text();
  second->advance(100);
  EXPECT_EQ(second->engine().state(), whole->engine().state());
  EXPECT_EQ(test::timeless(second->state()), test::timeless(whole->state()));
}

INSTANTIATE_TEST_SUITE_P(All, EveryOptimizer, ::testing::ValuesIn(optimizers_at_work()),
                         [](const auto& each) {
                           std::string name = each.param;
                           std::replace_if(
                               name.begin(), name.end(), [](unsigned char c) { return !std::isalnum(c); },
                               '_');
                           return name;
                         });

TEST(Checkpoint, HistogramsGoOnAtTheirOwnPace) {
  auto s = run_settings();
  set(s, "epochs", 200.0);
  s.probes = test::probes("gradients=off,weights=off,activations=off,histograms=1");
  const auto whole = made(s), first = made(s), second = made(s);
  whole->advance(800);
  first->advance(600);  // more than are kept: every second one has gone
  ASSERT_EQ(first->state().probes.histogram_stride, 2);
  ASSERT_FALSE(second->restore(read_back(first->state())));
  second->advance(200);
  EXPECT_EQ(test::timeless(second->state()), test::timeless(whole->state()));
}

// Wherever a run is stopped, between two updates or while the end of an epoch is measured, it goes on as if
// it had not been, unless a probe was cut short.
TEST(Checkpoint, AStopIsTakenBack) {
  auto s = run_settings();
  set(s, "validation", 0.2);
  set(s, "patience", 30.0);
  set(s, "epochs", 12.0);
  s.probes = test::probes("gradients=5,weights=4,activations=off,histograms=off,evaluation=5");
  const auto whole = made(s);
  whole->advance(1000);
  int cut_short = 0, in_an_evaluation = 0;
  for (int after = 0; after < 60; ++after) {
    const auto first = made(s), second = made(s);
    int asked = 0;
    first->advance(1000, [&] { return asked++ >= after; });
    ASSERT_EQ(first->outcome(), Outcome::kStopped);
    const std::int64_t steps = first->steps();
    if (steps > 0 && steps % first->steps_per_epoch() == 0 && std::isnan(first->epochs().back().test_loss))
      ++in_an_evaluation;
    TrainerState state = read_back(first->state());
    if (!take_back_stop(state)) {
      ++cut_short;
      EXPECT_TRUE(state.probes.cut_short);
      EXPECT_EQ(state.record.outcome, Outcome::kStopped);
      continue;
    }
    state = read_back(state);
    ASSERT_FALSE(second->restore(state));
    second->advance(1000);
    EXPECT_EQ(test::timeless(second->state()), test::timeless(whole->state()))
        << "asked " << after << " times";
  }
  EXPECT_GT(cut_short, 0);
  EXPECT_GT(in_an_evaluation, 0);
  TrainerState ended = whole->state();
  EXPECT_FALSE(take_back_stop(ended)) << "it had come to its end";
}

TEST(Checkpoint, CutBackToAnEarlierStep) {
  auto s = run_settings();
  set(s, "epochs", 20.0);
  s.probes = test::probes("gradients=5,weights=4,activations=off,histograms=3");
  const auto early = made(s), late = made(s);
  for (const std::int64_t steps : {0, 1, 4, 5, 31, 79, 80}) {
    early->advance(steps - early->steps());
    late->advance(1000);
    TrainerState was = early->state(), is = late->state();
    is.record = cut(is.record, steps);
    EXPECT_EQ(is.record.outcome, steps < 80 ? Outcome::kRunning : Outcome::kBudget);
    // What only the state knows is taken over.
    is.engine = was.engine;
    is.sums = was.sums;
    is.probes = was.probes;
    EXPECT_EQ(test::timeless(is), test::timeless(was)) << steps;
  }
}

// What no trainer has written ---------------------------------------------------------------------

TrainingSettings small_run() {
  auto s = run_settings("linear:units=4; batch_norm; relu; linear:units=3");
  set(s, "validation", 0.2);
  set(s, "patience", 5.0);
  set(s, "ema_decay", 0.9);
  set(s, "precision", std::string("fp16"));
  s.probes = test::probes("gradients=1,weights=2,activations=2,histograms=2");
  return s;
}

TrainerState small_state() {
  const auto trainer = made(small_run());
  trainer->advance(5);
  return trainer->state();
}

TEST(Checkpoint, CutOffAnywhereIsRefused) {
  const TrainerState whole = small_state();
  // At every byte of one without histograms, and here and there in them.
  TrainerState plain = whole;
  plain.record.histograms = nullptr;
  for (const TrainerState& state : {plain, whole}) {
    std::vector<std::uint8_t> bytes = to_bytes(state);
    const std::size_t stride = state.record.histograms ? 101 : 1;
    for (std::size_t size = 0; size < bytes.size(); size += stride) {
      const auto read = trainer_state(std::span(bytes).first(size));
      ASSERT_FALSE(read) << size;
      ASSERT_NE(read.error().text().find("checkpoint: is not one that this program wrote"), std::string::npos)
          << read.error().text();
    }
    bytes.push_back(0);
    EXPECT_FALSE(trainer_state(bytes));
  }
}

TEST(Checkpoint, AnotherVersionIsSaid) {
  std::vector<std::uint8_t> bytes = to_bytes(small_state());
  bytes[8] = 3;
  const auto state = trainer_state(bytes);
  ASSERT_FALSE(state);
  EXPECT_EQ(state.error().text(), "checkpoint: has version 3, this program reads versions 1 to 2");
}

// Version 1 had no memory of a schedule: an empty list, eight bytes, at the end of what is written now.
TEST(Checkpoint, TheFirstFormIsStillRead) {
  const TrainerState state = small_state();
  std::vector<std::uint8_t> bytes = to_bytes(state);
  bytes.erase(bytes.end() - 8, bytes.end());
  bytes[8] = 1;
  const auto read = trainer_state(bytes);
  ASSERT_TRUE(read) << read.error().text();
  EXPECT_EQ(to_bytes(*read), to_bytes(state));
}

// Every eight bytes in turn become a number that could ask for too much: it is refused or does no harm, and a
// trainer that is given what comes out refuses it or can go on.
TEST(Checkpoint, NumbersThatCannotBeDoNoHarm) {
  const std::vector<std::uint8_t> bytes = to_bytes(small_state());
  const std::int64_t numbers[] = {-1,
                                  std::numeric_limits<std::int64_t>::max(),
                                  std::numeric_limits<std::int64_t>::min(),
                                  std::int64_t{1} << 40,
                                  0,
                                  1,
                                  7,
                                  0x7ff8000000000000};
  const auto trainer = made(small_run());
  int refused = 0, taken = 0;
  for (std::size_t at = 0; at + 8 <= bytes.size(); at += at < 4000 ? 4 : 28) {
    std::vector<std::uint8_t> changed = bytes;
    std::memcpy(changed.data() + at, &numbers[at / 4 % std::size(numbers)], 8);
    const auto state = trainer_state(changed);
    if (!state) {
      ++refused;
      continue;
    }
    if (trainer->restore(*state)) continue;
    ++taken;
    if (taken % 16 == 0) trainer->advance(2);
  }
  EXPECT_GT(refused, 20);
  EXPECT_GT(taken, 20);
}

TEST(Checkpoint, StatesThatContradictThemselvesAreRefused) {
  const TrainerState good = small_state();
  ASSERT_TRUE(trainer_state(to_bytes(good)));
  const auto refused = [&](auto change) {
    TrainerState state = good;
    change(state);
    return !trainer_state(to_bytes(state));
  };
  EXPECT_TRUE(refused([](TrainerState& s) { s.record.budget = 4; })) << "more steps than it may make";
  EXPECT_TRUE(refused([](TrainerState& s) {
    s.record.budget = 5;
    s.sums.seen = 0;
  })) << "it would never end";
  EXPECT_TRUE(refused([](TrainerState& s) { s.record.steps_per_epoch = 0; }));
  EXPECT_TRUE(refused([](TrainerState& s) { s.record.restored_step = 5; }));
  EXPECT_TRUE(refused([](TrainerState& s) { s.best.step = 5; }));
  EXPECT_TRUE(refused([](TrainerState& s) {
    s.best.state = {};
    s.best.step = 2;
  }));
  EXPECT_TRUE(refused([](TrainerState& s) { s.engine.steps = -1; }));
  EXPECT_TRUE(refused([](TrainerState& s) { s.engine.scaling[1] = 1e300; }));
  EXPECT_TRUE(refused([](TrainerState& s) { s.probes.histogram_stride = 0; }));
  EXPECT_TRUE(refused([](TrainerState& s) { s.record.steps = s.record.steps.first(3); }))
      << "probes of later steps";
  EXPECT_TRUE(refused([](TrainerState& s) { s.record.probes[0].columns.pop_back(); }));
  EXPECT_TRUE(refused([](TrainerState& s) { s.record.probes[0].columns[1] = std::string(2000, 'x'); }));
  EXPECT_TRUE(refused([](TrainerState& s) {
    auto epochs = *s.record.epochs;
    epochs.push_back({.epoch = 9, .steps = 100});
    s.record.epochs = std::make_shared<const std::vector<EpochRecord>>(std::move(epochs));
  }));
}

}  // namespace
}  // namespace thalweg
