// Both ends of a spectrum, and its density, by the Lanczos process with full reorthogonalisation.
//
// C. Lanczos, "An iteration method for the solution of the eigenvalue problem of linear differential and
// integral operators", 1950; Parlett 1998, chapters 12 and 13 (error bounds: section 13.2). The density:
// B. Ghorbani, S. Krishnan, Y. Xiao, "An investigation into neural net optimization via Hessian eigenvalue
// density", ICML 2019, section 2 (stochastic Lanczos quadrature; Golub and Welsch 1969).
//
// A Krylov space holds one vector of each eigenspace, so of an eigenvalue that occurs several times one
// copy is found, and the others only once the space is used up. Memory: one vector for each product.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "core/curvature/operator.hpp"

namespace thalweg {

struct LanczosSettings {
  int largest = 1;          ///< how many from the upper end; no more are given than there are
  int smallest = 0;         ///< how many from the lower end
  double tolerance = 1e-3;  ///< done when each residual <= tolerance · |value|
  int products = 100;       ///< at most so many products, at least 1
  std::uint64_t seed = 0;   ///< of the random start
  /// Where to start, as in PowerSettings; a sum of wanted vectors found before is a good one.
  std::span<const float> start = {};
  std::function<bool()> stop = {};  ///< asked before each product; true ends with what there is
};

struct LanczosResult {
  /// Largest first. Residuals are the bounds |β s|, no lower than what rounding allows. Fewer than asked for
  /// if the size or the number of products is smaller; empty if the operator gave a number that is not
  /// finite.
  std::vector<Eigenpair> largest;
  std::vector<Eigenpair> smallest;  ///< smallest (most negative) first
  int products = 0;                 ///< made
  bool converged = false;           ///< all that were asked for, or all there are
};

/// Throws std::invalid_argument if `op` is empty or a number in `settings` is negative or no product allowed.
LanczosResult lanczos(const SymmetricOperator& op, const LanczosSettings& settings = {});

struct DensitySettings {
  int probes = 4;       ///< random starts, over which is averaged
  int products = 60;    ///< of each; at least 1
  int points = 512;     ///< of the curve; at least 2
  double width = 0.01;  ///< σ of the Gaussian put on each eigenvalue, as a share of the range, > 0
  std::uint64_t seed = 0;
  std::function<bool()> stop = {};  ///< true ends with the probes that are finished
};

/// Density of the eigenvalues: its integral over x is 1 (all `size` eigenvalues).
struct SpectralDensity {
  std::vector<double> x;  ///< equally spaced, from below the smallest to beyond the largest Ritz value
  std::vector<double> density;
  int probes = 0;  ///< finished; 0, and no points, if none was or if a number was not finite
};

/// Throws std::invalid_argument if `op` is empty or a setting is out of range.
SpectralDensity spectral_density(const SymmetricOperator& op, const DensitySettings& settings = {});

}  // namespace thalweg
