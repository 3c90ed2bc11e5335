// The window's side of the file of runs: the recorder, what an earlier window left behind, trouble with the
// file, and runs that are opened. Not here: what is recorded (app/keep) and the table of runs (panels).
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/keep/opened_run.hpp"
#include "app/ui/widgets.hpp"
#include "app/work/inbox.hpp"
#include "app/work/task_thread.hpp"
#include "core/store/recorder.hpp"

namespace thalweg {

/// The window's thread only.
class Keeping {
 public:
  struct Options {
    std::filesystem::path db;  ///< empty: nothing is kept and none are shown
    bool record = true;        ///< false: runs are read, none are kept
    std::function<void()> wake;
  };
  /// What the person chose.
  struct Wish {
    enum class What { kNothing, kResume, kShowInterrupted } what = What::kNothing;
    std::string uid = {};  ///< of the run to resume
  };
  using Opened = std::function<void(Result<OpenedRun>)>;

  explicit Keeping(Options options);

  /// Null: nothing is kept. Lives as long as this does.
  store::Recorder* recorder() const { return recorder_.get(); }
  /// The file has been looked at for what an earlier window left behind: recording may begin.
  bool ready() const { return ready_; }

  /// Once a frame, before anything is drawn: takes what other threads have found out.
  void update(ui::Toasts& toasts);

  /// Reads a run on another thread; `done` is called by a later update().
  void open(const std::string& uid, Opened done);
  /// Waits for what is being read; for pictures and tests.
  void wait();

  /// The sign in the top bar at `x`, while runs can't be written. @return its width in pixels, 0: none
  float draw_sign(float x, float middle);
  /// The offer to resume what was interrupted, above `bottom`. @return the room that it takes, in pixels
  float draw_offer(float left, float right, float bottom, Wish& wish);

 private:
  struct Found {
    std::vector<store::RunInfo> interrupted;
    std::optional<Error> error;
  };
  static Found look(const std::filesystem::path& file);
  void draw_explanation(const store::RecorderStatus& status);

  Options options_;
  Inbox inbox_;
  std::unique_ptr<store::Recorder> recorder_;
  bool ready_ = false;
  std::optional<Error> unusable_;  ///< found at the start, nothing was written since
  std::vector<store::RunInfo> interrupted_;
  std::string refused_;  ///< said already
  bool lost_ = false;    ///< likewise
  bool explaining_ = false;
  TaskThread reader_;  // last: its thread posts to what stands above
};

}  // namespace thalweg
