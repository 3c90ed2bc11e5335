#include "gpu/emulator/fibers.hpp"

#if !defined(__x86_64__)
#include <ucontext.h>
#endif

#include <algorithm>
#include <array>
#include <cstdint>
#include <exception>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#endif

namespace thalweg::gpu::emulator {
namespace {

constexpr int kLanes = 32;
constexpr std::size_t kStack = std::size_t{256} << 10;

enum class Waits { kNo, kBlock, kWarp, kDone };

// From one stack to another. swapcontext() does it everywhere, but asks the kernel for the signal mask each
// time, which makes it ten times as slow: a test would wait for little else.
#if defined(__x86_64__)

struct Context {
  void* stack = nullptr;  ///< where the registers lie that a call must leave as they are
};

// switch_stacks(&from, to): pushes them, takes the other stack, and returns there.
asm(R"(
.pushsection .text
.type thalweg_switch_stacks, @function
thalweg_switch_stacks:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size thalweg_switch_stacks, .-thalweg_switch_stacks
.popsection
)");
extern "C" void thalweg_switch_stacks(void** from, void* to);

void switch_to(Context& from, Context& to) { thalweg_switch_stacks(&from.stack, to.stack); }

void prepare(Context& context, std::byte* stack, std::size_t size, void (*entry)()) {
  // As if `entry` had been called: its address where `ret` looks, six registers below, and the stack pointer
  // 8 beyond a multiple of 16 when it begins.
  auto top = (reinterpret_cast<std::uintptr_t>(stack) + size) & ~std::uintptr_t{15};
  void** const words = reinterpret_cast<void**>(top) - 2;
  words[0] = reinterpret_cast<void*>(entry);
  words[1] = nullptr;
  for (int i = 1; i <= 6; ++i) words[-i] = nullptr;
  context.stack = words - 6;
}

#else

struct Context {
  ucontext_t saved{};
};

void switch_to(Context& from, Context& to) { swapcontext(&from.saved, &to.saved); }

void prepare(Context& context, std::byte* stack, std::size_t size, void (*entry)()) {
  getcontext(&context.saved);
  context.saved.uc_stack.ss_sp = stack;
  context.saved.uc_stack.ss_size = size;
  context.saved.uc_link = nullptr;
  makecontext(&context.saved, entry, 0);
}

#endif

/// One thread: its stack, and what it waits for.
struct Strand {
  Fiber fiber;
  Context context;
  std::unique_ptr<std::byte[]> stack = std::make_unique<std::byte[]>(kStack);
  Waits waits = Waits::kNo;
  std::array<std::byte, 8> given{};
};

/// The block that is being run. One at a time on each CPU thread.
struct Machine {
  std::vector<std::unique_ptr<Strand>> strands;  ///< kept from block to block for their stacks
  int count = 0;
  Context scheduler;
  const std::function<void(Fiber&)>* body = nullptr;
  Strand* current = nullptr;
  std::exception_ptr failure;
};

thread_local Machine machine;
thread_local Order order_now = Order::kForward;

// The address sanitizer must know which stack is in use.
#if defined(__SANITIZE_ADDRESS__)
thread_local void* scheduler_fake = nullptr;
thread_local const void* scheduler_bottom = nullptr;
thread_local std::size_t scheduler_size = 0;
#endif

void resume(Strand& strand) {
  machine.current = &strand;
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_start_switch_fiber(&scheduler_fake, strand.stack.get(), kStack);
#endif
  switch_to(machine.scheduler, strand.context);
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(scheduler_fake, nullptr, nullptr);
#endif
  machine.current = nullptr;
}

void pause(Strand& strand, Waits waits) {
  strand.waits = waits;
#if defined(__SANITIZE_ADDRESS__)
  void* fake = nullptr;
  __sanitizer_start_switch_fiber(waits == Waits::kDone ? nullptr : &fake, scheduler_bottom, scheduler_size);
#endif
  switch_to(strand.context, machine.scheduler);
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(fake, &scheduler_bottom, &scheduler_size);
#endif
}

void strand_main() {
  Strand& strand = *machine.current;
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(nullptr, &scheduler_bottom, &scheduler_size);
#endif
  try {
    (*machine.body)(strand.fiber);
  } catch (...) {
    machine.failure = std::current_exception();
  }
  pause(strand, Waits::kDone);
}

void start(Strand& strand) {
  strand.waits = Waits::kNo;
  prepare(strand.context, strand.stack.get(), kStack, strand_main);
}

/// Whether every thread from `first` to `last` waits for `what`, and at least one does.
bool all_wait(int first, int last, Waits what) {
  for (int i = first; i < last; ++i)
    if (machine.strands[static_cast<std::size_t>(i)]->waits != what) return false;
  return first < last;
}

void release(int first, int last) {
  for (int i = first; i < last; ++i) machine.strands[static_cast<std::size_t>(i)]->waits = Waits::kNo;
}

/// Opens the barriers that all have reached; false if none has opened.
bool open_barriers() {
  bool opened = false;
  for (int first = 0; first < machine.count; first += kLanes) {
    const int last = std::min(first + kLanes, machine.count);
    if (!all_wait(first, last, Waits::kWarp)) continue;
    release(first, last);
    opened = true;
  }
  if (all_wait(0, machine.count, Waits::kBlock)) {
    release(0, machine.count);
    opened = true;
  }
  return opened;
}

void run_all() {
  const bool backward = order_now == Order::kBackward;
  do {
    for (int n = 0; n < machine.count; ++n) {
      Strand& strand = *machine.strands[static_cast<std::size_t>(backward ? machine.count - 1 - n : n)];
      if (strand.waits == Waits::kNo) resume(strand);
      if (machine.failure) std::rethrow_exception(std::exchange(machine.failure, nullptr));
    }
  } while (open_barriers());
}

}  // namespace

Order thread_order() { return order_now; }
void set_thread_order(Order order) { order_now = order; }

void run_block(BlockState& block, const std::function<void(Fiber&)>& body) {
  if (!block.cooperates) {
    const bool backward = order_now == Order::kBackward;
    for (int n = 0; n < block.threads; ++n) {
      Fiber fiber{&block, backward ? block.threads - 1 - n : n};
      body(fiber);
    }
    return;
  }
  machine.body = &body;
  machine.count = block.threads;
  while (static_cast<int>(machine.strands.size()) < block.threads)
    machine.strands.push_back(std::make_unique<Strand>());
  for (int i = 0; i < block.threads; ++i) {
    Strand& strand = *machine.strands[static_cast<std::size_t>(i)];
    strand.fiber = {&block, i};
    start(strand);
  }
  run_all();
  if (!all_wait(0, machine.count, Waits::kDone))
    throw std::logic_error("a kernel's threads wait at a barrier that some of them never reach");
}

void sync_block(Fiber& fiber) {
  if (!fiber.block->cooperates) throw std::logic_error("a kernel that does not cooperate waits at a barrier");
  pause(*machine.strands[static_cast<std::size_t>(fiber.thread)], Waits::kBlock);
}

void exchange_bytes(Fiber& fiber, void* value, std::size_t bytes, int lane) {
  if (!fiber.block->cooperates) throw std::logic_error("a kernel that does not cooperate asks its warp");
  Strand& own = *machine.strands[static_cast<std::size_t>(fiber.thread)];
  std::memcpy(own.given.data(), value, bytes);
  pause(own, Waits::kWarp);
  const int from = fiber.thread / kLanes * kLanes + lane;
  std::memcpy(value, machine.strands[static_cast<std::size_t>(from)]->given.data(), bytes);
  pause(own, Waits::kWarp);  // nobody gives anew before all have taken
}

}  // namespace thalweg::gpu::emulator
