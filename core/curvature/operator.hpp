// A symmetric matrix known only by what it does to a vector: what the methods in this folder work on.
// A network's Hessian has as many rows as there are parameters and is never written down.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <vector>

#include "core/nn/engine.hpp"

namespace thalweg {

/// H, symmetric: size x size. That it is symmetric is up to whoever makes it; nobody checks.
struct SymmetricOperator {
  std::int64_t size = 0;
  /// out = H v; both have `size` numbers and do not overlap.
  std::function<void(std::span<const float> v, std::span<float> out)> multiply;
};

/// The Hessian as an operator. `product` must outlive it; `parameters`: Plan::parameters.
SymmetricOperator hessian_operator(HessianProduct& product, std::int64_t parameters);

/// D^(−½) H D^(−½) for a diagonal D > 0, given as its `size` numbers: the curvature that a rule sees which
/// divides the gradient by D (Cohen et al. 2022, "Adaptive gradient methods at the edge of stability",
/// section 3). `op` must outlive it. Throws std::invalid_argument if the sizes differ.
SymmetricOperator preconditioned(const SymmetricOperator& op, std::span<const float> diagonal);

/// An eigenvalue with what is known of its error.
struct Eigenpair {
  /// vᵀHv, with its sign. NaN if the operator gave a number that is not finite, or nothing was computed.
  double value = std::numeric_limits<double>::quiet_NaN();
  /// ‖Hv − value·v‖ of the unit vector v: some eigenvalue of H lies no further than this from `value`
  /// (Parlett 1998, "The symmetric eigenvalue problem", theorem 4.5.1).
  double residual = std::numeric_limits<double>::quiet_NaN();
  std::vector<float> vector;  ///< v, of length 1; empty where `value` is NaN
  bool converged = false;     ///< the residual is within the tolerance asked for
};

}  // namespace thalweg
