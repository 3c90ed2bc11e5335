// The schedule that is drawn by hand: its control points.
#pragma once

#include <cstddef>
#include <vector>

#include "core/spec/spec.hpp"

namespace thalweg {

struct DrawnPoint {
  double step = 0.0;
  double factor = 0.0;  ///< multiple of the peak
};

/// At most this many points of one drawn schedule.
inline constexpr std::size_t kMostPoints = 64;

/// The points of a spec of the schedule "drawn", in the order of their steps; empty of any other.
std::vector<DrawnPoint> drawn_points(const Spec& spec);

/// With a point more at (step, rate), or with the one of that step moved there. Unchanged if there are
/// kMostPoints of them, or if the axis is logarithmic and the rate is not above 0.
Spec with_point(const Spec& spec, double step, double rate, double base);

/// Without point number `index`. Unchanged if there is none, or if only one is left.
Spec without_point(const Spec& spec, std::size_t index);

}  // namespace thalweg
