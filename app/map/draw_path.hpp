// Lines of many points for ImGui: cut into pieces that its 16-bit index type can hold, and into the
// part up to a step and the part after it.
#pragma once

#include <imgui.h>

#include <span>
#include <vector>

#include "app/map/path_lines.hpp"

namespace thalweg {

/// Draws the lines through `at` (as many as `points`), which begin anew where a point says so, from
/// the first point to the last whose row is at most `last_row`; `tail` ends the last line, where the
/// step shown lies between two points.
void draw_path(ImDrawList* list, std::span<const PathPoint> points, std::span<const Vec2> at,
               std::int64_t last_row, const Vec2* tail, ImU32 colour, float width);

/// The rest: from the last point whose row is at most `first_row` on.
void draw_path_after(ImDrawList* list, std::span<const PathPoint> points, std::span<const Vec2> at,
                     std::int64_t first_row, ImU32 colour, float width);

}  // namespace thalweg
