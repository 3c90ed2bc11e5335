// The recorder's thread: what it keeps, what it does when the file can't be written, and that it holds
// nobody up.
#include "core/store/recorder.hpp"

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/resource.h>

#include <csignal>

#include "tests/store/files.hpp"

namespace thalweg::store {
namespace {

using namespace std::chrono_literals;
using test::need;

std::vector<Points> block(std::int64_t first, std::int64_t count) {
  std::vector<Points> out{{"loss", "", Goal::kLowest, {}, {}}};
  for (std::int64_t step = first; step < first + count; ++step) {
    out[0].steps.push_back(step);
    out[0].values.push_back(static_cast<double>(step));
  }
  return out;
}

constexpr RecorderOptions kQuick{.interval = 1ms, .retry = 5ms, .heartbeat = 5ms};

TEST(Recorder, KeepsRunsOfManyThreads) {
  test::Scratch scratch;
  constexpr int kThreads = 4;
  constexpr std::int64_t kBlocks = 50;
  std::vector<std::string> uids(kThreads);
  {
    Recorder recorder(scratch / "runs.sqlite", kQuick);
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i)
      threads.emplace_back([&, i] {
        const int run = recorder.begin({.kind = "descent", .name = std::to_string(i)});
        uids[static_cast<std::size_t>(i)] = recorder.uid(run);
        for (std::int64_t k = 0; k < kBlocks; ++k) {
          recorder.append(run, block(k * 20, 20));
          if (k % 10 == 0) recorder.save(run, {k, 1, {1, 2, 3}}, 2);
          if (k % 7 == 0) (void)recorder.status();
        }
        recorder.add_event(run, {3, "changed", "lr", "0.1"});
        recorder.set_result(run, "parameters", i);
        recorder.finish(run, {"budget", kBlocks * 20, 0.5});
      });
    for (std::thread& thread : threads) thread.join();
    EXPECT_TRUE(recorder.flush());
    EXPECT_EQ(recorder.status().waiting, 0);
    EXPECT_FALSE(recorder.status().trouble);
    EXPECT_FALSE(recorder.status().refused);
  }
  const auto store = test::open(scratch / "runs.sqlite");
  for (int i = 0; i < kThreads; ++i) {
    const RunInfo run = need(store->find(uids[static_cast<std::size_t>(i)]));
    EXPECT_EQ(run.name, std::to_string(i));
    EXPECT_EQ(run.outcome, "budget");
    EXPECT_EQ(run.steps, kBlocks * 20);
    EXPECT_EQ(need(store->points(run.id, "loss")).values.size(), static_cast<std::size_t>(kBlocks * 20));
    EXPECT_EQ(need(store->checkpoints(run.id)), (std::vector<std::int64_t>{20, 40}));
  }
}

TEST(Recorder, WritesWhatWaitsWhenItEnds) {
  test::Scratch scratch;
  {
    Recorder recorder(scratch / "runs.sqlite", {.interval = 1h});
    const int run = recorder.begin({.name = "x"});
    recorder.append(run, block(0, 10));
  }
  const auto store = test::open(scratch / "runs.sqlite");
  EXPECT_EQ(need(store->points(1, "loss")).values.size(), 10U);
  EXPECT_EQ(need(store->find("x")).outcome, "running");
}

TEST(Recorder, MakesNoFileWhileThereIsNothingToKeep) {
  test::Scratch scratch;
  {
    Recorder recorder(scratch / "runs.sqlite", kQuick);
    EXPECT_TRUE(recorder.flush());
  }
  EXPECT_FALSE(std::filesystem::exists(scratch / "runs.sqlite"));
}

TEST(Recorder, WhatIsWrongInItselfIsDroppedAndSaid) {
  test::Scratch scratch;
  Recorder recorder(scratch / "runs.sqlite", kQuick);
  const int run = recorder.begin({.uid = "abcdabcd", .name = "x"});
  recorder.append(run, block(5, 5));
  recorder.append(run, block(0, 5));
  recorder.append(run, block(10, 5));
  const int twin = recorder.begin({.uid = "abcdabcd"});
  recorder.append(twin, block(0, 5));
  recorder.finish(run, {"budget", 15, 0.0});
  EXPECT_TRUE(recorder.flush());
  EXPECT_NE(recorder.status().refused->text().find("is there already"), std::string::npos);
  const auto store = test::open(scratch / "runs.sqlite");
  EXPECT_EQ(need(store->points(1, "loss")).values.size(), 10U);
  EXPECT_EQ(need(store->list({})).size(), 1U);
}

// Many short pieces that wait are joined: what is in the file is the same as if each had been written by
// itself.
TEST(Recorder, PiecesThatWaitAreJoined) {
  test::Scratch scratch;
  std::vector<std::string> uids;
  {
    Recorder recorder(scratch / "runs.sqlite", {.interval = 1h});
    for (int i = 0; i < 2; ++i) uids.push_back(recorder.uid(recorder.begin({.name = std::to_string(i)})));
    for (std::int64_t step = 0; step < 500; ++step)
      for (int run = 0; run < 2; ++run) {
        std::vector<Points> points = block(step, 1);
        if (step % 7 == 0) points.push_back({"sparse", "s", Goal::kNone, {step}, {0.5}});
        recorder.append(run, std::move(points), step + 1);
        if (run == 1 && step == 250) recorder.add_event(run, {step, "changed", "lr", "1"});
      }
    // Out of order: refused by itself, and what comes after it is not.
    recorder.append(0, block(10, 5));
    recorder.append(0, block(500, 5), 505);
    EXPECT_TRUE(recorder.flush());
    EXPECT_EQ(recorder.status().waiting, 0);
    EXPECT_NE(recorder.status().refused->text().find("does not come after"), std::string::npos);
  }
  const auto store = test::open(scratch / "runs.sqlite");
  for (std::size_t i = 0; i < 2; ++i) {
    const RunInfo run = need(store->find(uids[i]));
    EXPECT_EQ(run.steps, i == 0 ? 505 : 500);
    const SeriesData loss = need(store->points(run.id, "loss"));
    ASSERT_EQ(static_cast<std::int64_t>(loss.steps.size()), run.steps);
    for (std::size_t step = 0; step < loss.steps.size(); ++step) {
      ASSERT_EQ(loss.steps[step], static_cast<std::int64_t>(step));
      ASSERT_EQ(loss.values[step], static_cast<double>(step));
    }
    EXPECT_EQ(need(store->points(run.id, "sparse")).steps.size(), 72U);
    EXPECT_EQ(need(store->series(run.id)).back().unit, "s");
    EXPECT_EQ(need(store->events(run.id)).size(), i);
  }
}

TEST(Recorder, TruncatesAndGoesOn) {
  test::Scratch scratch;
  Recorder recorder(scratch / "runs.sqlite", kQuick);
  const int run = recorder.begin({.name = "x"});
  recorder.append(run, block(0, 100));
  recorder.truncate(run, 50);
  recorder.append(run, block(50, 10));
  EXPECT_TRUE(recorder.flush());
  EXPECT_EQ(need(test::open(scratch / "runs.sqlite")->points(1, "loss")).values.size(), 60U);
}

/// Counts how often trouble began and ended, on the recorder's thread.
struct Watch {
  std::mutex mutex;
  std::condition_variable changed;
  int troubles = 0;
  bool in_trouble = false;
  std::string text;

  void operator()(const RecorderStatus& status) {
    {
      const std::scoped_lock lock(mutex);
      if (status.trouble && !in_trouble) ++troubles;
      in_trouble = status.trouble.has_value();
      if (status.trouble) text = status.trouble->text();
    }
    changed.notify_all();
  }
  void wait(bool trouble) {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return in_trouble == trouble; });
  }
};

TEST(Recorder, AFileOfAnotherProgramIsTroubleUntilItIsMovedAway) {
  test::Scratch scratch;
  const auto file = scratch / "runs.sqlite";
  test::write_text(file, std::string(3000, 'x'));
  Watch watch;
  Recorder recorder(file, kQuick, std::ref(watch));
  const int run = recorder.begin({.name = "x"});
  recorder.append(run, block(0, 1000));
  EXPECT_FALSE(recorder.flush());
  EXPECT_NE(recorder.status().trouble->text().find("is not a database of runs"), std::string::npos);
  EXPECT_EQ(recorder.status().waiting, 1000);
  recorder.append(run, block(1000, 1000));
  std::filesystem::rename(file, scratch / "other");
  watch.wait(false);
  EXPECT_TRUE(recorder.flush());
  EXPECT_EQ(watch.troubles, 1) << "said once";
  EXPECT_EQ(need(test::open(file)->points(1, "loss")).values.size(), 2000U);
  EXPECT_EQ(test::read_text(scratch / "other"), std::string(3000, 'x'));
}

TEST(Recorder, AFullDiskIsWaitedFor) {
  test::Scratch scratch;
  const auto file = scratch / "runs.sqlite";
  { (void)test::open(file); }
  // No file may grow beyond this size, as if the disk were full.
  struct sigaction before {
  }, ignore{};
  ignore.sa_handler = SIG_IGN;
  sigaction(SIGXFSZ, &ignore, &before);
  rlimit old{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &old), 0);
  Watch watch;
  {
    Recorder recorder(file, kQuick, std::ref(watch));
    const int run = recorder.begin({.name = "x"});
    recorder.append(run, block(0, 100));
    EXPECT_TRUE(recorder.flush());
    const rlimit tight{300'000, old.rlim_max};
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &tight), 0);
    for (std::int64_t k = 0; k < 10; ++k) recorder.append(run, block(100 + k * 10'000, 10'000));
    EXPECT_FALSE(recorder.flush());
    EXPECT_TRUE(recorder.status().trouble);
    setrlimit(RLIMIT_FSIZE, &old);
    watch.wait(false);
    EXPECT_TRUE(recorder.flush());
    EXPECT_EQ(recorder.status().lost, 0);
  }
  sigaction(SIGXFSZ, &before, nullptr);
  EXPECT_NE(watch.text.find(file.string()), std::string::npos) << watch.text;
  const auto store = test::open(file);
  EXPECT_EQ(need(store->points(1, "loss")).values.size(), 100'100U);
  EXPECT_FALSE(store->check());
}

TEST(Recorder, MemoryIsBoundedWhileNothingCanBeWritten) {
  test::Scratch scratch;
  const auto file = scratch / "runs.sqlite";
  test::write_text(file, std::string(3000, 'x'));
  RecorderOptions options = kQuick;
  options.most_waiting = 2500;
  Recorder recorder(file, options);
  const int run = recorder.begin({.name = "x"});
  recorder.append(run, block(0, 1000));
  EXPECT_FALSE(recorder.flush());
  recorder.append(run, block(1000, 1000));
  recorder.append(run, block(2000, 1000));
  EXPECT_EQ(recorder.status().lost, 1000);
  EXPECT_EQ(recorder.status().waiting, 2000);
}

TEST(Recorder, ARunWithNothingToSayGivesSignsOfLife) {
  test::Scratch scratch;
  const auto file = scratch / "runs.sqlite";
  std::mutex mutex;
  std::condition_variable changed;
  int beats = 0;
  Recorder recorder(file, kQuick, [&](const RecorderStatus&) {
    {
      const std::scoped_lock lock(mutex);
      ++beats;
    }
    changed.notify_all();
  });
  recorder.begin({.name = "x"});
  EXPECT_TRUE(recorder.flush());
  const std::string before = test::sql(file, "SELECT heartbeat FROM runs")[0][0];
  std::string after = before;
  // Ends by the test's own limit if there is none.
  while (after == before) {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&, seen = beats] { return beats > seen; });
    lock.unlock();
    after = test::sql(file, "SELECT heartbeat FROM runs")[0][0];
  }
  EXPECT_GT(after, before);
}

}  // namespace
}  // namespace thalweg::store
