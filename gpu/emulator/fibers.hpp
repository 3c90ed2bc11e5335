// Threads of a GPU block run on the CPU, one at a time, each on a stack of its own and from one barrier to
// the next. It finds what the compiler can't: barriers that only some threads reach (it says so), reads of
// shared memory that nobody wrote (it is filled with NaN), accesses out of bounds (with the address
// sanitizer), and races (results that change with the order in which the threads are run).
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>

namespace thalweg::gpu::emulator {

struct BlockState;

struct Fiber {
  BlockState* block = nullptr;
  int thread = 0;
};

struct BlockState {
  int threads = 0;
  int x = 0;
  int y = 0;
  int count_x = 1;
  std::byte* shared = nullptr;
  bool cooperates = false;
};

/// In which order the threads of a block, and the blocks of a grid, get their turns.
enum class Order { kForward, kBackward };
Order thread_order();
void set_thread_order(Order order);

/// Launches, copies and fills that the calling thread's queues have done so far, recorded ones each time:
/// what a device would need as many nodes of a graph for. Transfers between host and device are not among
/// them.
std::int64_t pieces_of_work();
/// Recordings that were replayed so far, by this thread.
std::int64_t replays();
/// From here on the calling thread's queues count and do nothing, so that large steps can be counted.
void count_only(bool only);

/// Runs body(fiber) for every thread of a block. Throws std::logic_error if some threads wait for others that
/// never come.
void run_block(BlockState& block, const std::function<void(Fiber&)>& body);

void sync_block(Fiber& fiber);
/// Waits for the warp: gives `bytes` of `value` to the others, and takes those of `lane`.
void exchange_bytes(Fiber& fiber, void* value, std::size_t bytes, int lane);

template <class T>
T exchange(Fiber& fiber, T value, int lane) {
  static_assert(sizeof(T) <= 8);
  exchange_bytes(fiber, &value, sizeof(T), lane);
  return value;
}

}  // namespace thalweg::gpu::emulator
