#include "core/optimizer/dense.hpp"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <limits>

namespace thalweg {

void solve_symmetric(std::span<const double> h, std::span<const double> g, Curvature reading, double shift,
                     std::span<double> x) {
  const auto finite = [](double number) { return std::isfinite(number); };
  if (!std::ranges::all_of(h, finite) || !std::ranges::all_of(g, finite)) {
    std::ranges::fill(x, std::numeric_limits<double>::quiet_NaN());
    return;
  }
  const auto n = static_cast<Eigen::Index>(g.size());
  const Eigen::Map<const Eigen::MatrixXd> matrix(h.data(), n, n);
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solved(matrix);
  Eigen::ArrayXd divisors = solved.eigenvalues().array();
  if (reading == Curvature::kAbsolute) divisors = divisors.abs();
  divisors += shift;
  const double smallest =
      static_cast<double>(n) * std::numeric_limits<double>::epsilon() * divisors.abs().maxCoeff();
  const Eigen::VectorXd along =
      solved.eigenvectors().transpose() * Eigen::Map<const Eigen::VectorXd>(g.data(), n);
  Eigen::VectorXd moves(n);
  for (Eigen::Index i = 0; i < n; ++i)
    moves[i] = std::abs(divisors[i]) > smallest ? -along[i] / divisors[i] : 0.0;
  Eigen::Map<Eigen::VectorXd>(x.data(), n) = solved.eigenvectors() * moves;
}

}  // namespace thalweg
