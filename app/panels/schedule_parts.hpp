// The parts of a composed schedule as a list: kind, settings and length of each, to be added, moved, removed.
#pragma once

#include "app/panels/schedule_session.hpp"

namespace thalweg {

/// For schedule `index`, whose spec is a composition; at the cursor. Marks "part.<n>.id", ".end", ".up",
/// ".down",
/// ".remove", the keys of the part's parameters, and "part.add".
void draw_schedule_parts(Frame& frame, std::size_t index, ui::Colour colour);

}  // namespace thalweg
