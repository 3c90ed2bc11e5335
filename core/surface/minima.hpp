// Finds minima of surfaces of one and two variables by Newton's method, for the marks on the picture
// and for the test whether a run has converged. Minima found are not all minima there are: a basin
// narrower than the cells of the search grid can be missed.
#pragma once

#include <optional>
#include <vector>

#include "core/surface/surface.hpp"

namespace thalweg {

/// The minimum that damped Newton steps reach from `seed`: gradient zero to rounding, Hessian positive
/// definite, inside the surface's domain and at most `reach` away from the seed on each axis. Nothing
/// if there is no such point. 1 or 2 dimensions.
std::optional<MarkedPoint> polish_minimum(const Surface& surface, const std::vector<double>& seed,
                                          double reach);

struct MinimaSearch {
  int cells = 96;               ///< of the search grid, along each axis
  int most_seeds = 512;         ///< at most so many cells, the lowest first, are followed by Newton steps
  int most_hessians = 1 << 20;  ///< the search ends after so many Hessians with what it has
};

/// Minima inside the domain, lowest first; the lowest ones are marked global.
std::vector<MarkedPoint> find_minima(const Surface& surface, const MinimaSearch& search = {});

/// What polish_minimum makes of each seed, without duplicates, lowest first and marked as above.
std::vector<MarkedPoint> polish_minima(const Surface& surface, const std::vector<std::vector<double>>& seeds,
                                       double reach);

/// Sorts by value, drops duplicates and marks as global those within rounding of the lowest.
void rank_minima(std::vector<MarkedPoint>& minima);

}  // namespace thalweg
