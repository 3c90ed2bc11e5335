// The C library's allocator, set up for a program that takes and returns large buffers all the time: Mesa's
// software renderer at each frame, probes and curvature at each measurement.
#pragma once

namespace thalweg {

/// Keeps such buffers inside the process instead of mapping and clearing them anew. Call once, before the
/// first GL call. Does nothing on C libraries without mallopt.
void tune_allocator();

}  // namespace thalweg
