// kill -9 at any moment: the file stays sound and nothing that was said to be kept is lost. A child writes
// as fast as it can and says through a pipe what the recorder has committed; it is killed while it does.
// 25 rounds; THALWEG_KILL_ROUNDS=100 for more.
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>

#include <csignal>
#include <cstdlib>
#include <random>

#include "core/store/recorder.hpp"
#include "tests/store/files.hpp"

namespace thalweg::store {
namespace {

using test::need;

double value_of(std::int64_t step, int series) { return static_cast<double>(step * 7 + series); }

constexpr std::int64_t kBlock = 100;  ///< steps handed over together
constexpr int kSeries = 3;

void pause(std::uint32_t nanoseconds) {
  const timespec moment{0, static_cast<long>(nanoseconds)};
  nanosleep(&moment, nullptr);
}

/// The child. Never returns; `paced`: slower than the disk, so that something is handed over during every
/// commit. Writes the number of committed blocks to the pipe after each commit.
[[noreturn]] void write_forever(const std::filesystem::path& file, const std::string& uid, bool paced,
                                int pipe) {
  // Tickets: the run is 1, block k is k + 2, and every tenth block a checkpoint comes after it.
  std::vector<std::uint64_t> tickets;
  std::mutex mutex;
  const auto said = [&](const RecorderStatus& status) {
    std::int64_t blocks = 0;
    {
      const std::scoped_lock lock(mutex);
      while (static_cast<std::size_t>(blocks) < tickets.size() &&
             tickets[static_cast<std::size_t>(blocks)] <= status.committed)
        ++blocks;
    }
    if (write(pipe, &blocks, sizeof blocks) != sizeof blocks) _exit(1);
  };
  Recorder recorder(file, {.interval = std::chrono::milliseconds(10), .most_waiting = paced ? 30'000 : 6'000},
                    said);
  const int run = recorder.begin({.uid = uid, .kind = "training", .name = "killed"});
  for (std::int64_t block = 0;; ++block) {
    std::vector<Points> points;
    for (int series = 0; series < kSeries; ++series) {
      points.push_back({"s" + std::to_string(series), "", Goal::kHighest, {}, {}});
      for (std::int64_t step = block * kBlock; step < (block + 1) * kBlock; ++step) {
        points.back().steps.push_back(step);
        points.back().values.push_back(value_of(step, series));
      }
    }
    // A block counts as committed only with its checkpoint.
    const std::uint64_t appended = recorder.append(run, std::move(points));
    const std::uint64_t ticket =
        block % 10 ? appended
                   : recorder.save(
                         run, {block, 1, std::vector<std::uint8_t>(5000, static_cast<std::uint8_t>(block))});
    {
      const std::scoped_lock lock(mutex);
      tickets.push_back(ticket);
    }
    if (paced) pause(200'000);
  }
}

/// Starts a child, kills it after so many reports and a moment, and returns the last block it reported.
std::int64_t kill_one(const std::filesystem::path& file, const std::string& uid, bool paced,
                      std::mt19937& random) {
  int pipes[2];
  if (pipe(pipes) != 0) throw std::runtime_error("pipe");
  const pid_t child = fork();
  if (child == 0) {
    close(pipes[0]);
    write_forever(file, uid, paced, pipes[1]);
  }
  close(pipes[1]);
  const auto read_report = [&](std::int64_t& blocks) {
    return read(pipes[0], &blocks, sizeof blocks) == sizeof blocks;
  };
  std::int64_t blocks = -1;
  for (auto reports = 1 + random() % 12; reports > 0 && read_report(blocks); --reports) {
  }
  // Right after it has said something, which is when a lie would show; or somewhere inside the transaction
  // that follows: a moment by the clock, but no result depends on which.
  if (random() % 2) {
    pause(static_cast<std::uint32_t>(random() % 16'000'000));
  }
  kill(child, SIGKILL);
  while (read_report(blocks)) {
  }
  close(pipes[0]);
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status)) << "the child ended by itself";
  return blocks;
}

TEST(Kill, LosesNothingThatWasCommitted) {
  test::Scratch scratch;
  const std::filesystem::path file = scratch / "runs.sqlite";
  const char* const wanted = std::getenv("THALWEG_KILL_ROUNDS");
  const int rounds = wanted ? std::atoi(wanted) : 25;
  std::mt19937 random(20);
  std::int64_t total = 0;
  for (int round = 0; round < rounds; ++round) {
    const std::string uid = "aaaaaaaa" + std::to_string(1000 + round);
    const std::int64_t blocks = kill_one(file, uid, round % 2 == 1, random);
    ASSERT_GE(blocks, 0) << "round " << round;
    total += blocks;
    const auto store = test::open(file);
    const auto damage = store->check();
    ASSERT_FALSE(damage) << damage->text();
    EXPECT_EQ(need(store->mark_interrupted()), std::vector<std::string>{uid});
    const RunInfo run = need(store->find(uid));
    EXPECT_EQ(run.outcome, "interrupted");
    for (int series = 0; series < kSeries; ++series) {
      const SeriesData data = need(store->points(run.id, "s" + std::to_string(series)));
      const auto count = static_cast<std::int64_t>(data.steps.size());
      ASSERT_GE(count, blocks * kBlock) << "round " << round << ", series " << series;
      EXPECT_EQ(count % kBlock, 0) << "half a block was kept";
      for (std::int64_t i = 0; i < count; ++i) {
        ASSERT_EQ(data.steps[static_cast<std::size_t>(i)], i);
        ASSERT_EQ(data.values[static_cast<std::size_t>(i)], value_of(i, series));
      }
      const auto columns = need(store->read_series(run.id, "s" + std::to_string(series), 0, count - 1, 1));
      ASSERT_EQ(columns.size(), count > 0 ? 1U : 0U);
      EXPECT_TRUE(count == 0 || columns[0].max == value_of(count - 1, series)) << "the rollup lags behind";
    }
    if (blocks == 0) continue;
    const std::int64_t newest = (blocks - 1) / 10 * 10;
    const Checkpoint checkpoint = need(store->checkpoint(run.id));
    EXPECT_GE(checkpoint.step, newest);
    EXPECT_EQ(checkpoint.state, std::vector<std::uint8_t>(5000, static_cast<std::uint8_t>(checkpoint.step)));
    // Small from round to round: what is tested is the moment, not the size.
    need(store->set_deleted(run.id, true));
    need(store->purge(0.0));
  }
  EXPECT_GT(total, rounds) << "hardly anything was ever committed";
}

}  // namespace
}  // namespace thalweg::store
