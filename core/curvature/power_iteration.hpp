// The eigenvalue of largest magnitude, and the largest one, by repeated multiplication.
//
// R. von Mises, H. Pollaczek-Geiringer, "Praktische Verfahren der Gleichungsauflösung", 1929; Parlett
// 1998, chapter 4. It is the probe that runs beside a training: started from the last vector it needs few
// products. Where many are needed (close eigenvalues), lanczos.hpp needs fewer.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "core/curvature/operator.hpp"

namespace thalweg {

struct PowerSettings {
  double tolerance = 1e-3;  ///< done when residual <= tolerance · |value|
  int products = 200;       ///< at most so many products, at least 1
  std::uint64_t seed = 0;   ///< of the random start
  /// Where to start: `size` numbers of any length, such as the vector found before; taken only if it is
  /// finite, of the right size and not 0. Empty: random.
  std::span<const float> start = {};
  std::function<bool()> stop = {};  ///< asked before each product; true ends with what there is
};

struct PowerResult : Eigenpair {
  int products = 0;  ///< made
};

/// The eigenvalue of largest magnitude, with its sign. Where +λ and −λ are (nearly) equally large it does
/// not converge, and the residual tells. An operator that is 0 has value 0, converged.
/// Throws std::invalid_argument if `op` is empty or `products` < 1.
PowerResult power_iteration(const SymmetricOperator& op, const PowerSettings& settings = {});

/// The algebraically largest eigenvalue λmax, which the stability of gradient descent depends on. Where the
/// dominant eigenvalue λ₋ turns out to be negative, the iteration is run again on H − λ₋I, within the same
/// number of products. Throws as above.
PowerResult largest_eigenvalue(const SymmetricOperator& op, const PowerSettings& settings = {});

}  // namespace thalweg
