// Curves as ImGui can draw them: no spikes at sharp turns, no polyline beyond the 16-bit index, and a
// noisy curve as one band instead of a zigzag.
#pragma once

#include <imgui.h>

#include <span>

#include "app/ui/theme.hpp"

namespace thalweg::ui {

/// A line through `points`, `width` whole pixels wide. Broken where it turns back on itself, since
/// ImGui's joints shoot out there, and every few thousand points.
void stroke(ImDrawList* list, std::span<const ImVec2> points, Colour colour, float width);

/// One vertical slice of a curve, in pixels: everything from `top` to `bottom` at `x`.
struct Slice {
  float x, top, bottom;
};
/// The band through `slices`, grown by half the line's width, with smooth edges.
void band(ImDrawList* list, std::span<const Slice> slices, Colour colour, float width);

/// Dashes of whole pixels from a to b.
void dashed(ImDrawList* list, ImVec2 a, ImVec2 b, Colour colour, float width, float dash);

}  // namespace thalweg::ui
