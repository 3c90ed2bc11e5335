// The emulator itself: it must find what it is there to find.
#include <gtest/gtest.h>

#include <cmath>
#include <stdexcept>

#include "gpu/device/queue.hpp"
#include "tests/gpu/digits.hpp"
#include "tests/gpu/step_size.hpp"

namespace thalweg::gpu {
namespace {

/// Each thread's number, summed by the block.
struct SumThreads {
  static constexpr bool kCooperates = true;
  double* out;
  THALWEG_DEVICE void operator()(Block block) const {
    const double sum = block_sum(block, static_cast<double>(block.thread()), block.shared<double>());
    if (block.thread() == 0) out[block.x()] = sum;
  }
};

TEST(Emulator, SumsOverWarpsAndBlocks) {
  Queue queue(0);
  Buffer<double> out(queue, 3);
  queue.launch({.x = 3, .threads = 256, .shared = 8 * sizeof(double)}, SumThreads{out.data()});
  for (const double sum : out.values()) EXPECT_EQ(sum, 255.0 * 128.0);
}

struct HalfWaits {
  static constexpr bool kCooperates = true;
  THALWEG_DEVICE void operator()(Block block) const {
    if (block.thread() < 16) block.sync();
    if (block.thread() >= 16) block.from_lane_xor(1, 1);
  }
};

TEST(Emulator, FindsABarrierThatSomeNeverReach) {
  Queue queue(0);
  EXPECT_THROW(queue.launch({.threads = 32}, HalfWaits{}), std::logic_error);
}

/// Reads its neighbour's number with no barrier in between.
struct Races {
  static constexpr bool kCooperates = true;
  float* out;
  THALWEG_DEVICE void operator()(Block block) const {
    float* const shared = block.shared<float>();
    shared[block.thread()] = static_cast<float>(block.thread());
    out[block.thread()] = shared[(block.thread() + 1) % 32];
    block.sync();
  }
};

TEST(Emulator, ShowsARaceInTheOrderOfThreads) {
  Queue queue(0);
  Buffer<float> out(queue, 32);
  std::vector<std::vector<float>> seen;
  for (const auto order : {emulator::Order::kForward, emulator::Order::kBackward}) {
    emulator::set_thread_order(order);
    queue.launch({.threads = 32, .shared = 32 * sizeof(float)}, Races{out.data()});
    seen.push_back(out.values());
  }
  emulator::set_thread_order(emulator::Order::kForward);
  EXPECT_TRUE(std::isnan(seen[0][0]));  // nobody had written it
  EXPECT_EQ(seen[1][0], 1.0f);
}

/// A block that counts on another's work: on a device they run at once.
struct CountsOnAnother {
  float* out;
  THALWEG_DEVICE void operator()(Block block) const {
    if (block.thread() == 0) out[block.x()] = block.x() == 0 ? 1.0f : out[block.x() - 1] + 1.0f;
  }
};

TEST(Emulator, ShowsARaceInTheOrderOfBlocks) {
  Queue queue(0);
  std::vector<float> seen;
  for (const auto order : {emulator::Order::kForward, emulator::Order::kBackward}) {
    emulator::set_thread_order(order);
    Buffer<float> out(queue, 3);
    queue.launch({.x = 3, .threads = 32}, CountsOnAnother{out.data()});
    seen.push_back(out.values()[2]);
  }
  emulator::set_thread_order(emulator::Order::kForward);
  EXPECT_EQ(seen[0], 3.0f);
  EXPECT_TRUE(std::isnan(seen[1]));
}

TEST(Emulator, TransfersEndWhenSomebodyWaits) {
  Queue queue(0);
  Buffer<float> there(queue, 2);
  HostBuffer<float> sent(2), fetched(2);
  sent[0] = 1.0f;
  sent[1] = 2.0f;
  fetched[0] = fetched[1] = 0.0f;
  queue.send(there.data(), sent.data(), 2 * sizeof(float));
  queue.fetch(fetched.data(), there.data(), 2 * sizeof(float));
  there.zero();
  EXPECT_TRUE(std::isnan(fetched[1]));  // not there yet
  queue.wait();
  EXPECT_EQ(fetched[1], 2.0f);
  queue.send(there.data(), sent.data(), 2 * sizeof(float));
  sent[1] = 3.0f;  // it might be on its way
  EXPECT_THROW(queue.wait(), std::logic_error);
}

TEST(Emulator, RecordsAndReplays) {
  Queue queue(0);
  Buffer<double> out(queue, 1);
  out.zero();
  const Graph graph = queue.record([&] {
    queue.launch({.threads = 32, .shared = 8 * sizeof(double)}, SumThreads{out.data()});
    EXPECT_THROW(queue.wait(), std::logic_error);
  });
  EXPECT_EQ(out.values()[0], 0.0);
  queue.replay(graph);
  EXPECT_EQ(out.values()[0], 31.0 * 16.0);
}

TEST(Emulator, CountsWithoutDoing) {
  Queue queue(0);
  Buffer<double> out(queue, 1);
  out.zero();
  const std::int64_t before = emulator::pieces_of_work();
  emulator::count_only(true);
  const Graph graph = queue.record([&] {
    queue.launch({.threads = 32, .shared = 8 * sizeof(double)}, SumThreads{out.data()});
    queue.zero(out.data(), 8);
  });
  queue.replay(graph);
  queue.replay(graph);
  emulator::count_only(false);
  EXPECT_EQ(emulator::pieces_of_work() - before, 4);
  EXPECT_EQ(out.values()[0], 0.0);
}

/// A step of a small network takes as long as its launches: one more is a tenth of its speed.
TEST(StepSize, IsAFewLaunches) {
  const auto data = thalweg::test::mnist_like(1, 1);
  const auto small =
      thalweg::test::step_size(thalweg::test::network("784-128-10", "adam:lr=0.001"), data, 64);
  EXPECT_LE(small.pieces, 6.0);
  EXPECT_EQ(small.replays, 1.0 / 16);
  EXPECT_EQ(small.bytes, 24.0 * 101'770 + 64 * 789);
  EXPECT_EQ(small.operations, 2.0 * 64 * (2 * 784 * 128 + 3 * 128 * 10));
  const auto large =
      thalweg::test::step_size(thalweg::test::network("784-512-512-10", "adam:lr=0.001"), data, 512);
  EXPECT_LE(large.pieces, 16.0);
  EXPECT_EQ(large.replays, 1.0 / 16);
  std::printf("%g and %g pieces\n", small.pieces, large.pieces);
}

}  // namespace
}  // namespace thalweg::gpu
