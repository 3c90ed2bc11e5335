#include "core/curvature/lanczos_process.hpp"

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>

#include "core/curvature/vectors.hpp"

namespace thalweg::curvature {

LanczosProcess::LanczosProcess(const SymmetricOperator& op, std::vector<float> start)
    : op_(op), w_(start.size()) {
  basis_.push_back(std::move(start));
}

bool LanczosProcess::advance() {
  op_.multiply(basis_.back(), w_);
  const double before = norm(w_);
  if (!std::isfinite(before)) return false;
  alpha_.push_back(orthogonalise());
  const double after = norm(w_);
  scale_ = std::max({scale_, before, after});
  closed_ = !(after > kRounding * scale_);
  beta_.push_back(closed_ ? 0.0 : after);
  if (!closed_) {
    curvature::scale(1.0 / after, w_);
    basis_.push_back(w_);
  }
  return true;
}

double LanczosProcess::orthogonalise() {
  const auto take_out = [&](std::size_t j) {
    const double part = dot(basis_[j], w_);
    add_scaled(-part, basis_[j], w_);
    return part;
  };
  // The last two vectors are all that exact arithmetic would leave to take out.
  const std::size_t m = basis_.size();
  double last = take_out(m - 1);
  if (m > 1) take_out(m - 2);
  // Once is enough unless most of the vector is lost to cancellation (Daniel et al. 1976).
  double before = norm(w_);
  for (int pass = 0; pass < 3; ++pass) {
    last += take_out(m - 1);
    for (std::size_t j = m - 1; j-- > 0;) take_out(j);
    const double after = norm(w_);
    if (after > 0.7 * before) break;
    before = after;
  }
  return last;
}

bool LanczosProcess::reopen(std::vector<float> direction) {
  if (static_cast<std::int64_t>(basis_.size()) >= op_.size) return false;
  w_ = std::move(direction);
  const double before = norm(w_);
  orthogonalise();
  const double length = norm(w_);
  if (!(length > kRounding * before)) return false;
  curvature::scale(1.0 / length, w_);
  basis_.push_back(w_);
  closed_ = false;
  return true;
}

Ritz LanczosProcess::ritz() const {
  const Eigen::Index m = size();
  Ritz out;
  if (m == 0) return out;
  const Eigen::Map<const Eigen::VectorXd> diagonal(alpha_.data(), m);
  const Eigen::Map<const Eigen::VectorXd> below(beta_.data(), m - 1);
  Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver;
  solver.computeFromTridiagonal(diagonal, below, Eigen::ComputeEigenvectors);
  const auto& values = solver.eigenvalues();
  const auto& vectors = solver.eigenvectors();
  out.values.assign(values.data(), values.data() + m);
  out.vectors.assign(vectors.data(), vectors.data() + m * m);
  for (Eigen::Index i = 0; i < m; ++i) {
    out.first.push_back(vectors(0, i));
    out.residual.push_back(beta_.back() * std::abs(vectors(m - 1, i)));
  }
  return out;
}

std::vector<float> LanczosProcess::combine(const double* weights) const {
  std::vector<float> out(w_.size());
  for (std::size_t j = 0; j < alpha_.size(); ++j) add_scaled(weights[j], basis_[j], out);
  curvature::scale(1.0 / norm(out), out);
  return out;
}

}  // namespace thalweg::curvature
