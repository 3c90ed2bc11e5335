// Checkpoints spread over a run and bounded over a file, and runs that are taken up again.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <csignal>

#include "core/store/process.hpp"
#include "core/store/recorder.hpp"
#include "tests/store/files.hpp"

namespace thalweg::store {
namespace {

using test::need;
using test::Scratch;
using test::sql;

std::vector<std::uint8_t> kilobytes(std::size_t count) { return std::vector<std::uint8_t>(count * 1000, 7); }

TEST(Checkpoints, AreThinnedToASparserGridAndTheNewestStays) {
  Scratch scratch;
  const auto store = test::open(scratch / "runs.sqlite");
  const std::int64_t run = need(store->begin({}));
  for (const std::int64_t step : {10, 20, 30, 40}) need(store->save(run, {step, 1, {1}}));
  need(store->save(run, {20, 3, {9}}));
  need(store->thin_checkpoints(run, 3));
  EXPECT_EQ(need(store->checkpoints(run)), (std::vector<std::int64_t>{20, 30, 40}));
  EXPECT_EQ(need(store->checkpoint(run, 25)).version, 3);
  need(store->thin_checkpoints(run, 0));
  EXPECT_EQ(need(store->checkpoints(run)), (std::vector<std::int64_t>{40}));

  const std::int64_t other = need(store->begin({}));
  need(store->save(other, {5, 1, {1}}));
  constexpr std::int64_t kMost = 16;
  const std::int64_t longer = need(store->begin({}));
  for (std::int64_t count = 1; count <= 1000; ++count) {
    need(store->save(longer, {count * 100, 1, {1}}));
    need(store->thin_checkpoints(longer, kMost));
    const auto steps = need(store->checkpoints(longer));
    ASSERT_EQ(static_cast<std::int64_t>(steps.size()), std::min(count, kMost));
    ASSERT_EQ(steps.back(), count * 100);
    // No step is further from the one before it than twice what an even grid of so many would give.
    std::int64_t before = 0, widest = 0;
    for (const std::int64_t step : steps) {
      widest = std::max(widest, step - before);
      before = step;
    }
    ASSERT_LE(widest, std::max<std::int64_t>(100, 2 * count * 100 / (kMost - 1))) << count;
  }
  EXPECT_EQ(need(store->checkpoints(other)).size(), 1U) << "another run's stay";
}

TEST(Checkpoints, OfTheFileAreBounded) {
  Scratch scratch;
  const auto file = scratch / "runs.sqlite";
  const auto store = test::open(file);
  // Of each run 3 checkpoints of 100 kB.
  const auto add = [&](const std::string& name, const std::string& outcome) {
    const std::int64_t run = need(store->begin({.name = name}));
    for (const std::int64_t step : {10, 20, 30}) need(store->save(run, {step, 1, kilobytes(100)}));
    if (!outcome.empty()) need(store->finish(run, {outcome, 30, 1.0}));
    sql(file, "UPDATE runs SET created = '2026-01-0" + std::to_string(run) +
                  "T00:00:00.000Z' WHERE id = " + std::to_string(run));
    return run;
  };
  const std::int64_t running = add("running", ""), starred = add("starred", "budget"),
                     first = add("first", "stopped"), second = add("second", "converged");
  need(store->set_star(starred, true));
  const auto left = [&] {
    std::vector<std::size_t> out;
    for (const std::int64_t run : {running, starred, first, second}) {
      const auto steps = need(store->checkpoints(run));
      EXPECT_TRUE(!steps.empty() && steps.back() == 30) << "never a run's newest";
      out.push_back(steps.size());
    }
    return out;
  };
  using Counts = std::vector<std::size_t>;
  need(store->bound_checkpoints(1'200'000));
  EXPECT_EQ(left(), (Counts{3, 3, 3, 3}));
  need(store->bound_checkpoints(1'199'999));
  EXPECT_EQ(left(), (Counts{3, 3, 2, 3})) << "the oldest that is neither running nor starred";
  EXPECT_EQ(need(store->checkpoints(first)), (std::vector<std::int64_t>{20, 30}));
  need(store->bound_checkpoints(950'000));
  EXPECT_EQ(left(), (Counts{3, 3, 1, 2}));
  need(store->bound_checkpoints(700'000));
  EXPECT_EQ(left(), (Counts{3, 2, 1, 1})) << "then starred ones";
  need(store->bound_checkpoints(0));
  EXPECT_EQ(left(), (Counts{3, 1, 1, 1})) << "never those of a run that goes on";
  EXPECT_FALSE(store->check());
}

TEST(Checkpoints, TheRecorderSeesToTheBoundWhenARunEnds) {
  Scratch scratch;
  const auto file = scratch / "runs.sqlite";
  {
    Recorder recorder(file, {.checkpoint_bytes = 250'000});
    for (int i = 0; i < 2; ++i) {
      const int run = recorder.begin({.uid = "aaaaaaaa" + std::to_string(i)});
      for (const std::int64_t step : {10, 20}) recorder.save(run, {step, 1, kilobytes(100)});
      recorder.finish(run, {"budget", 20, 1.0});
    }
  }
  const auto store = test::open(file);
  EXPECT_EQ(need(store->checkpoints(1)), (std::vector<std::int64_t>{20}));
  EXPECT_EQ(need(store->checkpoints(2)), (std::vector<std::int64_t>{20}));
}

Points loss(std::int64_t first, std::int64_t last) {
  Points out{"loss", "", Goal::kLowest, {}, {}};
  for (std::int64_t step = first; step < last; ++step) {
    out.steps.push_back(step);
    out.values.push_back(static_cast<double>(1000 - step));
  }
  return out;
}

TEST(Reopen, ARunGoesOnInItsOwnRow) {
  Scratch scratch;
  const auto file = scratch / "runs.sqlite";
  const auto store = test::open(file);
  const std::int64_t run = need(store->begin({.name = "x", .race = "feedbeef", .lane = 2, .scene = "{}"}));
  need(store->append(run, loss(0, 100)));
  need(store->add_event(run, {40, "changed", "lr", "1"}));
  need(store->add_event(run, {60, "changed", "lr", "2"}));
  need(store->save(run, {60, 1, {6}}));
  need(store->save(run, {90, 1, {9}}));
  need(store->finish(run, {"stopped", 100, 2.5}));

  need(store->reopen(run, 60));
  RunInfo info = need(store->find("x"));
  EXPECT_EQ(info.outcome, "running");
  EXPECT_EQ(info.steps, 60);
  EXPECT_EQ(sql(file, "SELECT process FROM runs")[0][0], this_process());
  EXPECT_EQ(need(store->points(run, "loss")).steps.back(), 59);
  EXPECT_EQ(need(store->events(run)), (std::vector<Event>{{40, "changed", "lr", "1"}}));
  EXPECT_EQ(need(store->checkpoints(run)), (std::vector<std::int64_t>{60}));
  EXPECT_TRUE(need(store->mark_interrupted()).empty()) << "it is this process's";
  need(store->append(run, loss(60, 120)));
  EXPECT_EQ(need(store->results(run))[0].best, 881.0);
  need(store->set_scene(run, "{\n \"a\": 1}"));
  EXPECT_EQ(need(store->find("x")).lane, 2);
  need(store->set_scene(run, "{\"a\": 2}", 1));
  info = need(store->find("x"));
  EXPECT_EQ(info.lane, 1);
  EXPECT_EQ(need(store->scene(run)), "{\"a\": 2}");
  EXPECT_TRUE(store->set_scene(99, "{}"));
  EXPECT_TRUE(store->reopen(99, 0));
}

TEST(Reopen, NotWhileItGoesOnElsewhere) {
  Scratch scratch;
  const auto file = scratch / "runs.sqlite";
  const auto store = test::open(file);
  const std::int64_t run = need(store->begin({.name = "x"}));
  need(store->append(run, loss(0, 100)));
  // Another machine's, of which is not known whether it is alive.
  sql(file, "UPDATE runs SET host = 'elsewhere', process = 'boot pid:[1] 7 7'");
  const auto error = store->reopen(run, 50);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->text(), "run: goes on in another process; end it there first");
  EXPECT_EQ(need(store->points(run, "loss")).steps.size(), 100U) << "nothing is half done";
  {
    Recorder recorder(file);
    const int taken = recorder.resume(need(store->find("x")).uid, 50);
    recorder.append(taken, {loss(50, 60)});
    recorder.finish(taken, {"budget", 60, 1.0});
    EXPECT_TRUE(recorder.flush());
    ASSERT_TRUE(recorder.status().refused);
    EXPECT_NE(recorder.status().refused->text().find("goes on in another process"), std::string::npos);
  }
  EXPECT_EQ(need(store->points(run, "loss")).steps.size(), 100U);
  EXPECT_EQ(need(store->find("x")).outcome, "running");
  // Once its silence is noticed it may be taken up.
  sql(file, "UPDATE runs SET heartbeat = '2020-01-01T00:00:00.000Z'");
  EXPECT_EQ(need(store->mark_interrupted()).size(), 1U);
  EXPECT_FALSE(store->reopen(run, 50));
}

TEST(Reopen, TheRecorderGoesOnWithStepsAndSeconds) {
  Scratch scratch;
  const auto file = scratch / "runs.sqlite";
  {
    const auto store = test::open(file);
    const std::int64_t run = need(store->begin({.uid = "aaaaaaaa"}));
    need(store->append(run, loss(0, 100)));
    need(store->finish(run, {"stopped", 100, 1000.0}));
  }
  {
    Recorder recorder(file);
    const int run = recorder.resume("aaaaaaaa", 50);
    EXPECT_EQ(recorder.uid(run), "aaaaaaaa");
    EXPECT_TRUE(recorder.flush());
    RunInfo info = need(test::open(file)->find("aaaaaaaa"));
    EXPECT_EQ(info.steps, 50);
    EXPECT_GE(info.duration, 1000.0);
    EXPECT_LT(info.duration, 1500.0);
    recorder.append(run, {loss(50, 70)}, 71);
    EXPECT_TRUE(recorder.flush());
    EXPECT_EQ(need(test::open(file)->find("aaaaaaaa")).steps, 71) << "as many as it said";
    recorder.append(run, {loss(70, 80)});
    EXPECT_TRUE(recorder.flush());
    EXPECT_EQ(need(test::open(file)->find("aaaaaaaa")).steps, 79) << "the last step of the points";
    // A run that is not there, and beside it one that is.
    const int none = recorder.resume("bbbbbbbb", 0);
    recorder.append(none, {loss(0, 10)});
    EXPECT_TRUE(recorder.flush());
    EXPECT_NE(recorder.status().refused->text().find("there is no such run"), std::string::npos);
    recorder.finish(run, {"budget", 80, 1001.0});
  }
  const auto store = test::open(file);
  EXPECT_EQ(need(store->points(1, "loss")).steps.size(), 80U);
  EXPECT_EQ(need(store->list({})).size(), 1U);
  EXPECT_EQ(need(store->find("aaaaaaaa")).outcome, "budget");
}

// A process that is killed leaves a run that the next one takes up.
TEST(Reopen, AfterAKill) {
  Scratch scratch;
  const auto file = scratch / "runs.sqlite";
  const pid_t child = fork();
  if (child == 0) {
    const auto store = test::open(file);
    const std::int64_t run = need(store->begin({.uid = "aaaaaaaa"}));
    need(store->append(run, loss(0, 100)));
    kill(getpid(), SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  Recorder recorder(file);
  const int run = recorder.resume("aaaaaaaa", 100);
  recorder.append(run, {loss(100, 150)});
  recorder.finish(run, {"budget", 150, 1.0});
  EXPECT_TRUE(recorder.flush());
  EXPECT_FALSE(recorder.status().refused) << recorder.status().refused->text();
  const auto store = test::open(file);
  EXPECT_FALSE(store->check());
  EXPECT_EQ(need(store->points(1, "loss")).steps.size(), 150U);
}

}  // namespace
}  // namespace thalweg::store
