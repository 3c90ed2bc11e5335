// Several runs of one kind as one curve: their mean, and a band that says how far they are apart.
#pragma once

#include <span>
#include <vector>

#include "core/compare/curve.hpp"

namespace thalweg {

enum class BandKind {
  kRange,      ///< from the lowest run to the highest
  kDeviation,  ///< one standard deviation of the sample (n − 1) to either side of the mean
};

struct Band {
  std::vector<double> x;
  std::vector<double> mean;
  std::vector<double> low;
  std::vector<double> high;
};

/// Over the part of [x0, x1] that all curves share: a mean over fewer runs than elsewhere would jump where
/// one ends. At every x that one of them has, or at `most` places of equal distance if those are more. NaN
/// where one of them has no finite value.
Band band_over(std::span<const Polyline* const> curves, double x0, double x1, int most, BandKind kind);

}  // namespace thalweg
