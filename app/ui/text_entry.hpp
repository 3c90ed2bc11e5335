// ImGui's text input with our frame and std::string, for the controls of this folder.
#pragma once

#include <imgui.h>

#include <string>

#include "app/ui/theme.hpp"
#include "app/ui/widgets.hpp"

namespace thalweg::ui::detail {

struct EntryResult {
  bool changed = false;
  bool enter = false;
  bool active = false;
  bool activated = false;
  bool deactivated = false;
};

/// At the cursor, `width` by `height` pixels.
EntryResult entry(const char* id, std::string& text, float width, float height, bool focus, bool wrong,
                  std::string_view hint = {});

/// An error below a field: a caret under byte `position` of `text` (drawn from `text_x`) and the message
/// from `left` on, wrapped to `width`. Takes its room at the cursor.
void error_below(const FieldError& error, const std::string& text, float text_x, float left, float width);

/// The rest of the frame asks for another one in `seconds`.
void want_frame(double seconds);

/// A slider's track, filled part and knob.
struct Track {
  float left, right, y, thickness, knob;
};
void draw_track(ImDrawList* list, const Track& track, double unit, Colour colour, bool on, bool hovered,
                Colour ground);

/// The colour behind the controls: that of the innermost card, or the panel.
Colour ground();

}  // namespace thalweg::ui::detail
