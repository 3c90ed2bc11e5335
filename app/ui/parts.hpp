// What the controls of this folder share: ImGui's text input with our frame and std::string, boxes,
// tracks, and asking for another frame.
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

/// At the cursor, `width` by `height` pixels. `typed`: a value that is typed in place of another one, so
/// all of it is selected when the field gets the keyboard. `focus` asks for the keyboard; it comes a
/// frame later.
EntryResult entry(const char* id, std::string& text, float width, float height, bool typed, bool focus,
                  bool wrong, std::string_view hint = {});

/// An error below a field: a caret under byte `position` of `text` (drawn from `text_x`) and the message
/// from `left` on, wrapped to `width`. Takes its room at the cursor.
void error_below(const FieldError& error, const std::string& text, float text_x, float left, float width);

/// The rest of the frame asks for another one in `seconds`.
void want_frame(double seconds);

/// A filled box with a border and the radius of the theme.
void frame_rect(ImDrawList* list, ImVec2 min, ImVec2 max, Colour fill, Colour border);

/// A bar with round ends and sharp sides; ImGui's own rounding stops short of half the height.
void pill(ImDrawList* list, ImVec2 min, ImVec2 max, Colour colour);

/// A slider's track, filled part and knob.
struct Track {
  float left, right, y, thickness, knob;
};
void draw_track(ImDrawList* list, const Track& track, double unit, Colour colour, bool on, bool hovered,
                Colour ground);

/// The colour behind the controls: that of the innermost card, or the panel.
Colour ground();

}  // namespace thalweg::ui::detail
