// Time: whether the race plays, how fast, and which step is shown.
//
// Steps already on record are replayed when the timeline stands before their end; new ones are asked
// for only when it reaches the end. So nothing recorded is lost by looking back.
#pragma once

#include <cstdint>

#include "app/editor.hpp"
#include "app/work/run_worker.hpp"

namespace thalweg {

/// The window's thread only.
class Player {
 public:
  bool playing() const { return playing_; }
  /// From the step that is shown; from the start if nothing is left to play.
  void play() { playing_ = begins_ = true; }
  void pause() { playing_ = false; }
  void toggle() { playing_ ? pause() : play(); }
  /// Shows `step`, which is computed if it is not on record yet. Pauses.
  void seek(Editor& editor, std::int64_t step);

  /// Once a frame: moves the Scene's step on and says how far the race must be.
  /// @param seconds  since the frame before
  /// @return the step that the worker is to be asked for
  std::int64_t advance(Editor& editor, const RunSnapshot& snapshot, double seconds);

  /// Forgets how far it had got: at a new surface or start of the program. @param reach  how far it is to be
  void reset(std::int64_t reach = 0) { reach_ = reach; }

 private:
  void show(Editor& editor, std::int64_t step);

  bool playing_ = false;
  bool begins_ = false;      ///< play() was called and no step made yet
  double clock_ = 0.0;       ///< where the timeline would be if the worker were infinitely fast
  std::int64_t shown_ = -1;  ///< the step that clock_ goes with
  std::int64_t reach_ = 0;   ///< the furthest step asked for under these settings
};

}  // namespace thalweg
