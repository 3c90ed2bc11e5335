// The device's memory and its queue of work, as the rest of gpu/ uses them: little more than a stream of
// CUDA, so that the emulator can stand in for it. Work is done in the order in which it is queued. Everything
// throws DeviceError (core/nn/engine.hpp) when the device fails.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "core/nn/engine.hpp"
#include "gpu/device/block.hpp"

#ifdef __CUDACC__
#include <cuda_runtime.h>
#endif

namespace thalweg::gpu {

/// Work that was recorded once, to be done again and again with the same arguments.
class Graph {
 public:
  Graph() = default;
  struct Recorded;
  explicit Graph(std::shared_ptr<Recorded> recorded) : recorded_(std::move(recorded)) {}
  explicit operator bool() const { return recorded_ != nullptr; }
  Recorded& recorded() const { return *recorded_; }

 private:
  std::shared_ptr<Recorded> recorded_;
};

/// One thread at a time.
class Queue {
 public:
  explicit Queue(int device);
  ~Queue();
  Queue(const Queue&) = delete;
  Queue& operator=(const Queue&) = delete;

  /// The calling thread works with this queue's device from here on: to be called first by every thread that
  /// uses the queue or its buffers.
  void use() const;

  /// Queues a kernel (block.hpp); its arguments are copied. Nothing for an empty grid.
  template <class Kernel>
  void launch(const Grid& grid, const Kernel& kernel);

  /// Between host and device. The host's memory may be used again at once after upload(); download() waits.
  void upload(void* device, const void* host, std::size_t bytes);
  void download(void* host, const void* device, std::size_t bytes);
  /// As download(), but what is in `host`, which is HostBuffer's, counts after wait().
  void fetch(void* host, const void* device, std::size_t bytes);
  /// As upload(), from a HostBuffer that stays as it is until wait().
  void send(void* device, const void* host, std::size_t bytes);
  void copy(void* to, const void* from, std::size_t bytes);
  void zero(void* device, std::size_t bytes);
  /// Until all that was queued is done.
  void wait();

  /// What `work` queues is not done but recorded. It may neither wait nor touch the host's memory.
  Graph record(const std::function<void()>& work);
  void replay(const Graph& graph);

  int device() const { return device_; }
  int multiprocessors() const { return multiprocessors_; }

  /// A stream of CUDA; of no meaning in the emulator.
  void* native() const { return native_; }

 private:
  void launched();  ///< checks that the last launch was possible
  void run(const Grid& grid, bool cooperates, std::function<void(Block)> body);

  int device_ = 0;
  int multiprocessors_ = 1;
  void* native_ = nullptr;
};

/// Memory of the device or, in page-locked memory, of the host. They throw DeviceError when there is no room.
void* allocate_device(int device, std::size_t bytes);
void release_device(int device, void* memory) noexcept;
void* allocate_host(std::size_t bytes);
void release_host(void* memory) noexcept;

/// So many T on the device; what they are is undefined at first. Work that uses it must be done before it
/// goes.
template <class T>
class Buffer {
 public:
  Buffer() = default;
  Buffer(Queue& queue, std::size_t size)
      : queue_(&queue),
        size_(size),
        data_(static_cast<T*>(size > 0 ? allocate_device(queue.device(), size * sizeof(T)) : nullptr)) {}
  Buffer(Queue& queue, std::span<const T> values) : Buffer(queue, values.size()) { assign(values); }
  Buffer(Buffer&& other) noexcept { swap(other); }
  Buffer& operator=(Buffer&& other) noexcept {
    swap(other);
    return *this;
  }
  ~Buffer() {
    if (data_) release_device(queue_->device(), data_);
  }

  T* data() const { return data_; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  void assign(std::span<const T> values) {
    if (!values.empty()) queue_->upload(data_, values.data(), values.size() * sizeof(T));
  }
  void zero() {
    if (size_ > 0) queue_->zero(data_, size_ * sizeof(T));
  }
  void copy_from(const Buffer& other) {
    if (size_ > 0) queue_->copy(data_, other.data_, size_ * sizeof(T));
  }
  std::vector<T> values() const {
    std::vector<T> out(size_);
    if (size_ > 0) queue_->download(out.data(), data_, size_ * sizeof(T));
    return out;
  }
  /// Grows to at least so many, without keeping what there was.
  void reserve(Queue& queue, std::size_t size) {
    if (size > size_) *this = Buffer(queue, size);
  }

 private:
  void swap(Buffer& other) noexcept {
    std::swap(queue_, other.queue_);
    std::swap(size_, other.size_);
    std::swap(data_, other.data_);
  }

  Queue* queue_ = nullptr;
  std::size_t size_ = 0;
  T* data_ = nullptr;
};

/// So many T of the host that the device can reach while other work goes on.
template <class T>
class HostBuffer {
 public:
  HostBuffer() = default;
  explicit HostBuffer(std::size_t size)
      : size_(size), data_(static_cast<T*>(size > 0 ? allocate_host(size * sizeof(T)) : nullptr)) {}
  HostBuffer(HostBuffer&& other) noexcept { swap(other); }
  HostBuffer& operator=(HostBuffer&& other) noexcept {
    swap(other);
    return *this;
  }
  ~HostBuffer() {
    if (data_) release_host(data_);
  }
  T* data() const { return data_; }
  std::size_t size() const { return size_; }
  T& operator[](std::size_t i) const { return data_[i]; }

 private:
  void swap(HostBuffer& other) noexcept {
    std::swap(size_, other.size_);
    std::swap(data_, other.data_);
  }
  std::size_t size_ = 0;
  T* data_ = nullptr;
};

/// Blocks of `threads` for so many elements, a thread each; more elements than `most` blocks have take turns.
inline Grid grid_for(std::int64_t elements, int threads = 256, int most = 1 << 16) {
  const std::int64_t blocks = (elements + threads - 1) / threads;
  return {.x = static_cast<int>(blocks < most ? blocks : most), .threads = threads};
}

template <class Kernel>
constexpr bool cooperates() {
  if constexpr (requires { Kernel::kCooperates; })
    return Kernel::kCooperates;
  else
    return false;
}

#ifdef __CUDACC__

template <class Kernel>
__global__ void run_kernel(const Kernel kernel) {
  kernel(Block{});
}

template <class Kernel>
void Queue::launch(const Grid& grid, const Kernel& kernel) {
  if (grid.x < 1 || grid.y < 1) return;
  const dim3 blocks(static_cast<unsigned>(grid.x), static_cast<unsigned>(grid.y));
  run_kernel<<<blocks, static_cast<unsigned>(grid.threads), grid.shared,
               static_cast<cudaStream_t>(native_)>>>(kernel);
  launched();
}

#else

template <class Kernel>
void Queue::launch(const Grid& grid, const Kernel& kernel) {
  if (grid.x < 1 || grid.y < 1) return;
  run(grid, cooperates<Kernel>(), [kernel](Block block) { kernel(block); });
}

#endif

}  // namespace thalweg::gpu
