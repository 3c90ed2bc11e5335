// The queue of the emulated device: work is done when it is queued, on the CPU, unless it is recorded.
#include "gpu/device/queue.hpp"

#include <algorithm>
#include <cstdlib>
#include <stdexcept>

namespace thalweg::gpu {

struct Graph::Recorded {
  std::vector<std::function<void()>> work;
};

namespace {

/// What is being recorded; null: work is done at once.
thread_local Graph::Recorded* recording = nullptr;

thread_local std::int64_t pieces = 0;
thread_local std::int64_t replayed = 0;
thread_local bool counts_only = false;

void perform(const std::function<void()>& work) {
  ++pieces;
  if (!counts_only) work();
}

void do_or_record(std::function<void()> work) {
  if (recording)
    recording->work.push_back(std::move(work));
  else
    perform(work);
}

void must_not_record(const char* what) {
  if (recording) throw std::logic_error(std::string("a recording can't ") + what);
}

/// What the host and the device have under way: until somebody waits, nothing of it may be counted on.
struct UnderWay {
  struct Sent {
    const std::byte* host;
    std::vector<std::byte> what;  ///< as it was
  };
  struct Fetched {
    std::byte* host;
    std::vector<std::byte> what;  ///< as it will be
  };
  std::vector<Sent> sent;
  std::vector<Fetched> fetched;
};

UnderWay& under_way(void* native) { return *static_cast<UnderWay*>(native); }

/// Nobody may count on what is in new memory: every float is NaN.
void* filled(std::size_t bytes) {
  void* const memory = std::malloc(bytes);
  if (!memory) throw DeviceError("the emulated device has no room for " + std::to_string(bytes) + " bytes");
  std::memset(memory, 0xFF, bytes);
  return memory;
}

}  // namespace

namespace emulator {

std::int64_t pieces_of_work() { return pieces; }
std::int64_t replays() { return replayed; }
void count_only(bool only) { counts_only = only; }

}  // namespace emulator

Queue::Queue(int device) : device_(device), native_(new UnderWay) {}
Queue::~Queue() { delete &under_way(native_); }
void Queue::launched() {}
void Queue::use() const {}

void Queue::run(const Grid& grid, bool cooperates, std::function<void(Block)> body) {
  if (grid.threads < 1 || grid.threads > 1024 || grid.threads % kWarp != 0 || grid.y > kMostRows ||
      grid.shared > kMostShared)
    throw std::logic_error("no device takes a grid like this");
  do_or_record([grid, cooperates, body = std::move(body)] {
    std::vector<double> shared(grid.shared / sizeof(double) + 1);
    const std::int64_t blocks = std::int64_t{grid.x} * grid.y;
    const bool forward = emulator::thread_order() == emulator::Order::kForward;
    for (std::int64_t i = 0; i < blocks; ++i) {
      const std::int64_t place = forward ? i : blocks - 1 - i;
      std::memset(shared.data(), 0xFF, shared.size() * sizeof(double));
      emulator::BlockState block{.threads = grid.threads,
                                 .x = static_cast<int>(place % grid.x),
                                 .y = static_cast<int>(place / grid.x),
                                 .count_x = grid.x,
                                 .shared = reinterpret_cast<std::byte*>(shared.data()),
                                 .cooperates = cooperates};
      emulator::run_block(block, [&](emulator::Fiber& fiber) { body(Block(&fiber)); });
    }
  });
}

void Queue::upload(void* device, const void* host, std::size_t bytes) {
  must_not_record("upload");
  if (bytes > 0) std::memcpy(device, host, bytes);
}
void Queue::download(void* host, const void* device, std::size_t bytes) {
  fetch(host, device, bytes);
  wait();
}
void Queue::fetch(void* host, const void* device, std::size_t bytes) {
  must_not_record("download");
  if (bytes == 0) return;
  const auto* const from = static_cast<const std::byte*>(device);
  under_way(native_).fetched.push_back({static_cast<std::byte*>(host), {from, from + bytes}});
  std::memset(host, 0xFF, bytes);
}
void Queue::send(void* device, const void* host, std::size_t bytes) {
  upload(device, host, bytes);
  const auto* const from = static_cast<const std::byte*>(host);
  under_way(native_).sent.push_back({from, {from, from + bytes}});
}
void Queue::copy(void* to, const void* from, std::size_t bytes) {
  do_or_record([=] { std::memmove(to, from, bytes); });
}
void Queue::zero(void* device, std::size_t bytes) {
  do_or_record([=] { std::memset(device, 0, bytes); });
}
void Queue::wait() {
  must_not_record("wait");
  auto [sent, fetched] = std::exchange(under_way(native_), {});
  for (const UnderWay::Sent& each : sent)
    if (!std::equal(each.what.begin(), each.what.end(), each.host))
      throw std::logic_error("what was sent has been written to before anybody waited");
  for (const UnderWay::Fetched& each : fetched) std::ranges::copy(each.what, each.host);
}

Graph Queue::record(const std::function<void()>& work) {
  must_not_record("hold another");
  auto recorded = std::make_shared<Graph::Recorded>();
  recording = recorded.get();
  try {
    work();
  } catch (...) {
    recording = nullptr;
    throw;
  }
  recording = nullptr;
  return Graph(std::move(recorded));
}

void Queue::replay(const Graph& graph) {
  must_not_record("replay");
  ++replayed;
  for (const auto& work : graph.recorded().work) perform(work);
}

void* allocate_device(int, std::size_t bytes) {
  must_not_record("take memory");
  return filled(bytes);
}
void release_device(int, void* memory) noexcept { std::free(memory); }
void* allocate_host(std::size_t bytes) { return filled(bytes); }
void release_host(void* memory) noexcept { std::free(memory); }

}  // namespace thalweg::gpu
