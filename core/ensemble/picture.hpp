// A map of basins: one pixel for each start of a grid, in the colour of the minimum that was reached from it.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "core/ensemble/ensemble.hpp"

namespace thalweg {

using Rgb = std::array<std::uint8_t, 3>;

struct BasinColours {
  /// By the number of the minimum; where there are more minima than colours, they come again, darker.
  std::span<const Rgb> minima;
  Rgb wandering;  ///< used up their steps, or were stopped
  Rgb diverged;
};

/// RGB, 8 bits each, rows from the top: 3 x columns x rows bytes. What took longer is drawn darker, by the
/// logarithm of its steps. `result` is that of an ensemble with this grid, on a surface of two variables.
std::vector<std::uint8_t> basin_picture(const EnsembleResult& result, const StartGrid& grid,
                                        const BasinColours& colours);

}  // namespace thalweg
