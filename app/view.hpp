// What plugs into the shell: a view has a tab in the top bar and the space below it. The views of the
// Schedule Lab, the Training Lab and so on are added to the list in workbench.cpp.
#pragma once

#include <imgui.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "app/editor.hpp"
#include "app/player.hpp"
#include "app/work/run_worker.hpp"

namespace thalweg {

/// What a view and its panels get for one frame. Panels read all of it and change the Scene through
/// the editor only.
struct Frame {
  Editor& editor;
  Player& player;
  std::shared_ptr<const RunSnapshot> run;
  /// Shows an error to the user, in the corner of the window.
  std::function<void(const Error&)> say;
  /// Shows a run that was kept in its lab, as it was at `step`, or at its end.
  std::function<void(const std::string& uid, std::optional<std::int64_t> step)> open_run;
  /// The file of runs; empty: there is none.
  std::filesystem::path db;
  /// Runs may be recorded, if there is a recorder: the file was looked at for what was left behind.
  bool keep = false;
  /// True when everything is to be worked out before the frame is drawn (screenshots, tests).
  bool synchronous = false;
  /// Tells the user something in passing, in the corner of the window.
  std::function<void(const std::string&)> note = {};

  const Scene& scene() const { return editor.scene(); }
};

/// Keys that mean something outside text fields. The packaged ImGui has no names for most of them.
enum class Key {
  kSpace, kLeft, kRight, kUp, kDown, kHome, kEnd, kPageUp, kPageDown, kEnter, kDelete, kF2, kA, kR, kF, kPlus, kMinus,
  kZero, kZ, kY, kS, kO, kE, kHelp, kEscape
};

struct KeyPress {
  Key key = Key::kSpace;
  bool ctrl = false;
  bool shift = false;
};

/// A rectangle of the window in pixels.
struct Rect {
  ImVec2 min;
  ImVec2 max;
  float width() const { return max.x - min.x; }
  float height() const { return max.y - min.y; }
};

class View {
 public:
  virtual ~View() = default;
  virtual std::string id() const = 0;     ///< as in `screenshot --view`
  virtual std::string label() const = 0;  ///< on its tab
  /// Draws everything below the top bar.
  virtual void draw(Frame& frame, const Rect& area) = 0;
  /// A key that the shell does not use itself.
  virtual void key(Frame&, const KeyPress&) {}
  /// Another view is shown from now on: nothing more is to be done for this one in the background.
  virtual void hidden() {}
};

}  // namespace thalweg
