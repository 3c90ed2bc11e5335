// What the pages of the comparison share: the runs that were read, which of them is meant at present, and a
// legend.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "app/panels/session.hpp"
#include "app/view.hpp"
#include "app/work/comparison.hpp"

namespace thalweg {

/// Which run the person means. Not part of the Scene: nothing is computed from it.
struct CompareFocus {
  std::string hovered;  ///< uid of the run under the mouse in the last frame; empty: none
  std::string next;     ///< collected in this frame
  std::string chosen;   ///< uid of the one that was clicked

  /// The run that stands out: under the mouse, else clicked.
  const std::string& meant() const { return hovered.empty() ? chosen : hovered; }
};

struct ComparePage {
  Frame& frame;
  const Comparison& data;
  CompareFocus& focus;

  const RunsScene& scene() const { return frame.scene().runs; }
  /// The chosen run `index` of data.runs as the Scene has it; null if it was taken out since.
  const SelectedRun* selected(std::size_t index) const;
  int colour(std::size_t index) const;
  bool visible(std::size_t index) const;
};

/// Whether the runs of the filter are there; else says at the cursor why they are not.
bool listed_or_why_not(const ComparePage& page);

/// Controls in a row that go on in the next where there is no room.
class FlowRow {
 public:
  /// @param width  pixels of a row, from the cursor
  explicit FlowRow(float width);
  /// Puts the cursor where a control of that size goes.
  void next(float width, float height);
  /// Puts the cursor below the last row.
  void end();

 private:
  ImVec2 origin_;
  float width_;
  float x_ = 0.0F;
  float y_ = 0.0F;
  float row_ = 0.0F;
};

/// The runs with their colours: a click shows or hides, the mouse makes one stand out. At most `most` pixels
/// high, then it scrolls. Returns the height it took.
float compare_legend(ComparePage& page, const Rect& area, float most);

/// A combo of texts; what is chosen, or nothing if nothing was. The first item stands for an empty text.
bool choose_text(std::string_view id, const std::vector<std::string>& texts, std::string_view none,
                 std::string& chosen, float width, std::string_view tip);

/// A button that drops down a searchable list of `names`, each with a tick. True if `chosen` changed.
bool choose_names(std::string_view id, std::string_view label, const std::vector<std::string>& names,
                  std::vector<std::string>& chosen, float width, std::string_view tip);

/// Changes the Runs part of the Scene in one step.
template <class Change>
void change_runs(Frame& frame, Change change) {
  propose(frame, {}, {}, [&](Scene& scene) { change(scene.runs); });
}

/// A dot in the colour of a run.
void run_dot(ImDrawList* list, ImVec2 centre, int colour, bool on = true);

}  // namespace thalweg
