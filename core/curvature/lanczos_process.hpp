// The Lanczos process itself: an orthonormal basis q₁ … q_m of a Krylov space in which H is tridiagonal.
// Internal to core/curvature.
#pragma once

#include <cstdint>
#include <vector>

#include "core/curvature/operator.hpp"

namespace thalweg::curvature {

/// Eigenvalues of the tridiagonal matrix, ascending, and what belongs to each.
struct Ritz {
  std::vector<double> values;
  std::vector<double> first;     ///< first component of each unit eigenvector
  std::vector<double> residual;  ///< ‖H y − θ y‖ of the Ritz vector y, up to rounding
  std::vector<double> vectors;   ///< eigenvectors one after the other, m numbers each
};

/// Keeps all of its basis, and keeps it orthogonal to rounding (Parlett 1998, section 13.8).
class LanczosProcess {
 public:
  /// `start` has length 1 and `op` outlives this.
  LanczosProcess(const SymmetricOperator& op, std::vector<float> start);

  /// One product. False if it gave a number that is not finite; the process is then of no more use.
  bool advance();

  /// The space is invariant under H: β is 0 but for rounding, and the Ritz values are eigenvalues.
  bool closed() const { return closed_; }
  /// Goes on from a closed space in a new direction: that of `direction` outside the space. False if there
  /// is none.
  bool reopen(std::vector<float> direction);

  int size() const { return static_cast<int>(alpha_.size()); }
  Ritz ritz() const;
  /// The largest magnitude that the tridiagonal matrix shows so far.
  double scale() const { return scale_; }
  /// Σ weights[j] · q_j of length 1; `weights` has size() numbers.
  std::vector<float> combine(const double* weights) const;

 private:
  /// Takes the basis out of w_; returns what it had of the last vector.
  double orthogonalise();

  const SymmetricOperator& op_;
  std::vector<std::vector<float>> basis_;  ///< q₁ … q_m, and q_{m+1} unless closed
  std::vector<double> alpha_, beta_;       ///< diagonal; beta_[j] couples j and j + 1
  std::vector<float> w_;
  double scale_ = 0.0;
  bool closed_ = false;
};

}  // namespace thalweg::curvature
