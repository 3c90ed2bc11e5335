// The bottom: play, pause, step, rewind, the timeline and the speed.
#pragma once

#include "app/panels/session.hpp"

namespace thalweg {

void draw_transport(Frame& frame, const Rect& area);

/// Play or pause; one step on or back; `many` steps with Shift; to the start; from the start anew.
/// Shared by buttons and keys.
void step_by(Frame& frame, std::int64_t steps);
void restart(Frame& frame);

}  // namespace thalweg
