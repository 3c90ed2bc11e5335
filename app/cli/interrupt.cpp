#include "app/cli/interrupt.hpp"

#include <unistd.h>

#include <csignal>
#include <cstdarg>
#include <cstdio>

namespace thalweg::cli {
namespace {

volatile std::sig_atomic_t g_interrupted = 0;

void note(int) { g_interrupted = 1; }

}  // namespace

void catch_interrupts() {
  std::signal(SIGINT, note);
  std::signal(SIGTERM, note);
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
