// What the panels of the Surface view tell each other within a session: where the mouse is on the
// surface and which optimizer is meant. Not part of the Scene: nothing is computed from it.
#pragma once

#include <optional>
#include <vector>

#include "app/view.hpp"
#include "app/ui/widgets.hpp"

namespace thalweg {

struct Session {
  int selected = 0;                            ///< index of the optimizer that the readout speaks of
  std::optional<std::vector<double>> cursor;   ///< the point under the mouse, all coordinates
  bool dragging_start = false;
};

/// Applies `change` to a copy of the Scene and hands it to the editor, as part of the drag that `edit`
/// tells of.
template <class Change>
void propose(Frame& frame, const ui::Edit& edit, std::string_view group, Change change) {
  Scene next = frame.scene();
  change(next);
  frame.editor.apply(std::move(next), group);
  if (edit.ended) frame.editor.end_group();
}

/// Sets a parameter: while the race plays, a live one changes from the shown step on;
/// any other, or any while it stands still, changes from the start.
inline void set_live(const Frame& frame, const Scene& scene, LiveSpec& live, const Parameter& parameter,
                           Value value) {
  if (frame.player.playing() && parameter.live && scene.step > 0) {
    live.change(scene.step, parameter.key, std::move(value));
  } else {
    live.set(parameter.key, std::move(value));
  }
}

/// The row of a lane's table that the Scene's step shows.
inline std::int64_t shown_row(const Scene& scene, const DescentView& lane) {
  return std::min(scene.step, lane.steps());
}

}  // namespace thalweg
