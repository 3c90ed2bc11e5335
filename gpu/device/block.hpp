// A kernel's view of where it runs: its thread within a block of threads, and what the block shares.
//
// A kernel is a struct of its arguments with
//
//   static constexpr bool kCooperates = true;   // its threads meet: sync(), shuffles; default: they do not
//   THALWEG_DEVICE void operator()(Block block) const;
//
// launched by Queue::launch. The same source is compiled by nvcc for devices, and by the C++ compiler for an
// emulator that runs it on the CPU, thread by thread and barrier by barrier, in tests (gpu/emulator): there
// is no other way to test kernels where there is no device. So a kernel uses nothing of CUDA but what is
// here.
#pragma once

#include <cstdint>

#include "core/spec/platform.hpp"

#ifdef __CUDACC__
#define THALWEG_DEVICE __device__
#else
#include "gpu/emulator/fibers.hpp"
#define THALWEG_DEVICE
#endif

namespace thalweg::gpu {

inline constexpr int kWarp = 32;

/// Blocks, threads of each, and bytes that the threads of a block share (at most kMostShared).
struct Grid {
  int x = 1;
  int y = 1;
  int threads = 256;  ///< a multiple of kWarp
  std::size_t shared = 0;
};

/// What every device has without asking (48 KiB), and how many blocks there may be in y.
inline constexpr std::size_t kMostShared = 48 * 1024;
inline constexpr int kMostRows = 65535;

#ifdef __CUDACC__

class Block {
 public:
  THALWEG_DEVICE int thread() const { return static_cast<int>(threadIdx.x); }
  THALWEG_DEVICE int threads() const { return static_cast<int>(blockDim.x); }
  THALWEG_DEVICE int x() const { return static_cast<int>(blockIdx.x); }
  THALWEG_DEVICE int y() const { return static_cast<int>(blockIdx.y); }
  THALWEG_DEVICE int count_x() const { return static_cast<int>(gridDim.x); }

  /// Memory that the threads of the block share; undefined at first. The same for every call and type.
  template <class T>
  THALWEG_DEVICE T* shared() const {
    extern __shared__ double2 memory[];
    return reinterpret_cast<T*>(memory);
  }
  /// All threads of the block arrive before any goes on; what they wrote is seen by all.
  THALWEG_DEVICE void sync() const { __syncthreads(); }
  /// The value of lane (own lane XOR mask) of the warp; all lanes of the warp call it together.
  template <class T>
  THALWEG_DEVICE T from_lane_xor(T value, int mask) const {
    return __shfl_xor_sync(0xFFFFFFFFu, value, mask);
  }
  template <class T>
  THALWEG_DEVICE T from_lane(T value, int lane) const {
    return __shfl_sync(0xFFFFFFFFu, value, lane);
  }
  /// Adds to a number that all blocks add to, and returns what it was: in no order that can be known.
  THALWEG_DEVICE std::int32_t add(std::int32_t* number, std::int32_t by) const { return atomicAdd(number, by); }
};

#else

class Block {
 public:
  explicit Block(emulator::Fiber* fiber) : fiber_(fiber) {}
  int thread() const { return fiber_->thread; }
  int threads() const { return fiber_->block->threads; }
  int x() const { return fiber_->block->x; }
  int y() const { return fiber_->block->y; }
  int count_x() const { return fiber_->block->count_x; }

  template <class T>
  T* shared() const {
    return reinterpret_cast<T*>(fiber_->block->shared);
  }
  void sync() const { emulator::sync_block(*fiber_); }
  template <class T>
  T from_lane_xor(T value, int mask) const {
    return emulator::exchange(*fiber_, value, (fiber_->thread % kWarp) ^ mask);
  }
  template <class T>
  T from_lane(T value, int lane) const {
    return emulator::exchange(*fiber_, value, lane);
  }
  std::int32_t add(std::int32_t* number, std::int32_t by) const {
    *number += by;
    return *number - by;
  }

 private:
  emulator::Fiber* fiber_;
};

#endif

/// The sum over the lanes of a warp, in each of them; in one fixed order.
template <class T>
THALWEG_DEVICE inline T warp_sum(const Block& block, T value) {
  for (int mask = kWarp / 2; mask > 0; mask /= 2) value += block.from_lane_xor(value, mask);
  return value;
}

/// The sum over the threads of a block, in each of them; in one fixed order. `scratch`: one T for each warp,
/// of shared memory, that nobody else uses from the sync() before until the one after.
template <class T>
THALWEG_DEVICE inline T block_sum(const Block& block, T value, T* scratch) {
  value = warp_sum(block, value);
  const int warps = block.threads() / kWarp;
  if (block.thread() % kWarp == 0) scratch[block.thread() / kWarp] = value;
  block.sync();
  T sum = scratch[0];
  for (int i = 1; i < warps; ++i) sum += scratch[i];
  return sum;
}

/// This thread's place among all of a grid in x, and how many there are: for loops over elements.
THALWEG_DEVICE inline std::int64_t grid_thread(const Block& block) {
  return std::int64_t{block.x()} * block.threads() + block.thread();
}
THALWEG_DEVICE inline std::int64_t grid_threads(const Block& block) {
  return std::int64_t{block.count_x()} * block.threads();
}

}  // namespace thalweg::gpu
