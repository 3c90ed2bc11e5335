// Which particles have come near enough to one of several minima. Of a hundred minima only the nearest is
// looked at in a step: a particle notes how far it may move before another one could be near enough, and
// looks for the nearest again when it has moved so far. Exact: nothing that is within the tolerance is
// missed, and what is decides the same comparison as with one minimum. Private to core/ensemble.
#pragma once

#include <span>
#include <vector>

#include "core/ensemble/block.hpp"
#include "core/optimizer/vectorise.hpp"
#include "core/surface/surface.hpp"

namespace thalweg::ensemble {

/// What particles aim at, in float.
struct Target {
  std::vector<float> x, y;  ///< of the minima
  float tolerance = 0.0f;   ///< 0: none is near enough
  float tolerance2 = -1.0f;

  int count() const { return static_cast<int>(x.size()); }
  /// What the loop of the formula can look at by itself: the only minimum.
  Aim aim() const { return count() == 1 ? Aim{x[0], y[0], tolerance2} : Aim{}; }
};
/// @param tolerance  0: off
Target target_of(const Surface& surface, double tolerance);

/// The nearest minimum, or -1 if there is none, or (x, y) is nowhere.
int nearest_minimum(const Target& target, float x, float y);

/// The rounding of so many subtractions is covered by the margin that is left to each distance.
inline constexpr int kMostWatched = 4096;
/// To be called before the first look, and again after at most kMostWatched of them.
void begin_watch(Block& block);
/// Sets kArrived in `ending` where (x, y) is within the tolerance; returns whether any is.
bool watch(cpu::Isa isa, Block& block, const float* x, const float* y, const Target& target);

/// The same where no minimum is known: the gradient's norm is below the tolerance.
bool watch_slope(cpu::Isa isa, Block& block, const float* slope_x, const float* slope_y,
                 const Target& target);

}  // namespace thalweg::ensemble
