// The C library's allocator, set up for a program that draws with Mesa's software renderer.
#pragma once

namespace thalweg {

/// Keeps the large buffers that the software renderer takes and returns at each frame inside the
/// process instead of mapping and clearing them anew. Call once, before the first GL call. Does
/// nothing on C libraries without mallopt.
void tune_allocator();

}  // namespace thalweg
