// The program without a window: Scene, workers and views, and the shell around them (top bar, keys,
// messages, files). A GLFW window, a screenshot and a test drive the same object, so what is tested
// is what is seen.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <limits>
#include <memory>
#include <vector>

#include "app/figure_dialog.hpp"
#include "app/keeping.hpp"
#include "app/ui/widgets.hpp"
#include "app/view.hpp"
#include "app/work/inbox.hpp"
#include "app/work/task_thread.hpp"

namespace thalweg {

class TrainingLab;

struct WorkbenchOptions {
  /// Everything is worked out before each frame is drawn; nothing moves by itself.
  bool synchronous = false;
  /// Where the Scene is kept from one start to the next; empty: nowhere.
  std::filesystem::path autosave;
  /// The file of runs; empty: nothing is kept and none are shown.
  std::filesystem::path db;
  /// Every run goes into that file from its first step; else they are only shown.
  bool record = false;
  /// Asks for another frame; called from any thread.
  std::function<void()> wake;
  /// Window to full screen and back; empty: there is no window.
  std::function<void()> toggle_full_screen;
};

/// The window's thread only, with its GL and ImGui contexts current.
class Workbench {
 public:
  static Result<std::unique_ptr<Workbench>> create(Scene scene, WorkbenchOptions options);
  ~Workbench();

  /// Before ImGui::NewFrame: takes theme and scale from the Scene. True if the font atlas was rebuilt
  /// and must be handed to the GPU.
  bool prepare();
  /// The colour to clear the screen with: that of the panels, which therefore need no fill.
  ImVec4 background() const;
  /// Between NewFrame and Render. @param seconds  since the frame before
  void frame(double seconds);

  /// In how many seconds the next frame is due without any input: 0 while something moves, infinity
  /// when nothing does.
  double next_frame_in() const;

  void key(const KeyPress& press) { keys_.push_back(press); }
  void open_file(const std::filesystem::path& path);
  void save_file(const std::filesystem::path& path);
  void say(const Error& error);
  /// Shows a run that was kept in its lab: as it was at `step`, or at its end, and going on from there if it can.
  void open_run(const std::string& uid, std::optional<std::int64_t> step = {}, bool go_on = false);
  /// Chooses a view by its id; an error names those there are.
  std::optional<Error> show(std::string_view view);

  Editor& editor() { return editor_; }
  Player& player() { return player_; }
  const RunSnapshot& run() const { return *run_; }

 private:
  Workbench(Scene scene, WorkbenchOptions options);
  void top_bar(Frame& frame, const Rect& area);
  void file_dialog(Frame& frame);
  void help();
  void handle(Frame& frame, const KeyPress& press);
  void rescale(double factor);
  void autosave(double seconds);
  std::int64_t keep_race_to(double seconds);
  void request_race(std::int64_t step, double seconds);
  void offer_to_resume(Frame& frame, float& bottom);
  void show_run(OpenedRun run, std::optional<std::int64_t> step, bool go_on);

  WorkbenchOptions options_;
  Editor editor_;
  Player player_;
  Inbox inbox_;
  Keeping keeping_;  // before all that records
  RaceSettings watched_;
  double still_for_ = 1e9;  ///< seconds since the race was last changed other than on the way
  std::shared_ptr<const RunSnapshot> run_;
  std::vector<KeyPress> keys_;
  std::vector<std::unique_ptr<View>> views_;
  TrainingLab* training_ = nullptr;  ///< one of them
  std::size_t shown_ = 0;
  ui::Toasts toasts_;
  FigureDialog figures_{inbox_, toasts_};
  std::string dialog_path_;
  enum class Dialog { kNone, kOpen, kSave } dialog_ = Dialog::kNone;
  bool dialog_opening_ = false;
  bool help_ = false;
  bool help_opening_ = false;
  std::uint64_t saved_revision_ = 0;
  double unsaved_for_ = 0.0;
  std::atomic<bool> autosave_failed_{false};  ///< the last attempt; written by the thread of the files
  TaskThread files_;
  RunWorker worker_;  // last: its thread posts to what stands above
};

}  // namespace thalweg
