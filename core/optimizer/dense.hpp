// Small symmetric systems, for the methods that work with a whole matrix of curvature.
#pragma once

#include <cstdint>
#include <span>

namespace thalweg {

/// How each eigenvalue λ of a curvature is read before it is divided by.
enum class Curvature {
  kSigned,   ///< as it is
  kAbsolute  ///< |λ|
};

/// x = −(C + shift·I)⁺ g with the symmetric n x n matrix h, row by row, for H, and C = H or |H|: in the basis
/// of H's eigenvectors, xᵢ = −gᵢ / (λᵢ + shift). Along a direction whose divisor is 0 to rounding (below
/// n ε times the largest) there is no solution, or a line of them, and x is 0: the least-squares solution of
/// least length. NaN throughout if a number is not finite.
void solve_symmetric(std::span<const double> h, std::span<const double> g, Curvature reading, double shift,
                     std::span<double> x);

}  // namespace thalweg
