#include "app/cli/interrupt.hpp"

#include <signal.h>
#include <unistd.h>

#include <cstdarg>
#include <cstdio>

namespace thalweg::cli {
namespace {

volatile sig_atomic_t g_interrupted = 0;

void note(int) { g_interrupted = 1; }

}  // namespace

void catch_interrupts() {
  // A stack of its own: oneDNN's products use the stack pointer for other things while they run, and a
  // handler called on "the" stack would then write into the numbers.
  static unsigned char memory[1 << 16];
  stack_t stack{};
  stack.ss_sp = memory;
  stack.ss_size = sizeof memory;
  sigaltstack(&stack, nullptr);
  struct sigaction action {};
  action.sa_handler = note;
  action.sa_flags = SA_ONSTACK | SA_RESTART;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

bool interrupted() { return g_interrupted != 0; }

ProgressLine::ProgressLine() : visible_(isatty(STDERR_FILENO) != 0) {}
ProgressLine::~ProgressLine() { clear(); }

void ProgressLine::show(const char* format, ...) {
  if (!visible_) return;
  char text[200];
  std::va_list arguments;
  va_start(arguments, format);
  const int length = std::vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  std::fprintf(stderr, "\r%-*s", width_, text);
  std::fflush(stderr);
  width_ = length;
}

void ProgressLine::clear() {
  if (width_ > 0) std::fprintf(stderr, "\r%*s\r", width_, "");
  width_ = 0;
}

}  // namespace thalweg::cli
