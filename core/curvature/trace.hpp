// The trace, without the diagonal: the mean of zᵀHz over random signs z.
//
// M. F. Hutchinson, "A stochastic estimator of the trace of the influence matrix for Laplacian smoothing
// splines", 1989. The variance of one term is 2 Σ_{i≠j} H_ij², so a diagonal operator needs one.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>

#include "core/curvature/operator.hpp"

namespace thalweg {

struct TraceSettings {
  int probes = 16;  ///< random vectors, one product each; at least 1
  std::uint64_t seed = 0;
  std::function<bool()> stop = {};  ///< asked before each product; true ends with what there is
};

struct TraceEstimate {
  double mean = std::numeric_limits<double>::quiet_NaN();
  double standard_error =
      std::numeric_limits<double>::quiet_NaN();  ///< of `mean`; NaN of fewer than two probes
  int probes = 0;                                ///< made
};

/// NaN if the operator gave a number that is not finite. Throws std::invalid_argument if `op` is empty or
/// there are no probes.
TraceEstimate hutchinson_trace(const SymmetricOperator& op, const TraceSettings& settings = {});

}  // namespace thalweg
