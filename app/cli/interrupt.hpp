// Ctrl+C and SIGTERM end a long command early, with what it has measured.
#pragma once

namespace thalweg::cli {

/// From here on they are noted instead of ending the program. Call it from the main thread.
void catch_interrupts();
bool interrupted();

/// A line on standard error that is written over and over, if that is a terminal; else nothing.
class ProgressLine {
 public:
  ProgressLine();
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  bool visible() const { return visible_; }
  [[gnu::format(printf, 2, 3)]] void show(const char* format, ...);
  void clear();

 private:
  bool visible_ = false;
  int width_ = 0;  ///< characters to wipe out
};

}  // namespace thalweg::cli
