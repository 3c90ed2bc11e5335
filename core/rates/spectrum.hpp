// The curvatures that decide how fast a descent ends: the Hessian's eigenvalues at the nearest known minimum,
// else at the point itself.
#pragma once

#include <vector>

#include "core/rates/optimal.hpp"
#include "core/surface/surface.hpp"

namespace thalweg {

/// Beyond this many variables no eigenvalues are worked out.
inline constexpr int kMostSpectrumDimensions = 128;

struct LocalSpectrum {
  std::vector<double> eigenvalues;  ///< ascending; empty if there are none to be had
  std::vector<double> directions;   ///< unit eigenvectors, one after the other, dim() numbers each
  std::vector<double> centre;       ///< where they were taken
  bool at_minimum = false;          ///< `centre` is a known minimum
  bool quadratic = false;           ///< the Hessian is the same wherever one looks

  /// Both ends are positive: there is a rate.
  bool definite() const { return !eigenvalues.empty() && eigenvalues.front() > 0.0; }
  CurvatureRange range() const { return {eigenvalues.front(), eigenvalues.back()}; }
};

/// `point` has dim() coordinates. Any thread. No eigenvalues if the surface has more than
/// kMostSpectrumDimensions variables or no finite Hessian there.
LocalSpectrum local_spectrum(const Surface& surface, const std::vector<double>& point);

/// The curvatures at the point itself, minimum or not.
LocalSpectrum spectrum_at(const Surface& surface, const std::vector<double>& point);

/// The spectrum of D^(−½) H D^(−½) with H that of `spectrum` and D = diag(divisor): what a rule that divides
/// by D sees. Directions are those of D^(−½) H D^(−½). `divisor`: dim() positive numbers.
LocalSpectrum preconditioned(const Surface& surface, const LocalSpectrum& spectrum,
                             const std::vector<double>& divisor);

/// Squared Euclidean distance.
double squared_distance(const std::vector<double>& a, const std::vector<double>& b);

}  // namespace thalweg
