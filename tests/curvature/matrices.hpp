// Symmetric matrices with known spectra, and as operators.
#pragma once

#include <Eigen/Dense>
#include <cmath>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/curvature/operator.hpp"
#include "core/random/philox.hpp"

namespace thalweg::test {

inline SymmetricOperator diagonal(std::vector<double> values) {
  const auto size = std::ssize(values);
  return {size, [values = std::move(values)](std::span<const float> v, std::span<float> out) {
            for (std::size_t i = 0; i < values.size(); ++i)
              out[i] = static_cast<float>(values[i] * static_cast<double>(v[i]));
          }};
}

inline SymmetricOperator dense(const Eigen::MatrixXd& matrix) {
  return {matrix.rows(), [matrix](std::span<const float> v, std::span<float> out) {
            const Eigen::Map<const Eigen::VectorXf> x(v.data(), matrix.rows());
            const Eigen::VectorXd y = matrix * x.cast<double>();
            for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<float>(y(Eigen::Index(i)));
          }};
}

/// Q Λ Qᵀ with these eigenvalues and a Q from Philox.
inline Eigen::MatrixXd with_spectrum(const std::vector<double>& values, std::uint64_t seed) {
  const auto n = static_cast<Eigen::Index>(values.size());
  Eigen::MatrixXd random(n, n);
  for (Eigen::Index i = 0; i < n * n; ++i)
    random.data()[i] = normal_pair(seed, RandomStream::kWeights, 0, static_cast<std::uint32_t>(i))[0];
  const Eigen::MatrixXd q = Eigen::HouseholderQR<Eigen::MatrixXd>(random).householderQ();
  return q * Eigen::Map<const Eigen::VectorXd>(values.data(), n).asDiagonal() * q.transpose();
}

/// ‖Hv − λv‖ / ‖v‖ with sums in double, and whether v has length 1: what an Eigenpair claims.
inline double true_residual(const SymmetricOperator& op, const Eigenpair& pair) {
  std::vector<float> w(pair.vector.size());
  op.multiply(pair.vector, w);
  double sum = 0.0, length = 0.0;
  for (std::size_t i = 0; i < w.size(); ++i) {
    const double d = static_cast<double>(w[i]) - pair.value * static_cast<double>(pair.vector[i]);
    sum += d * d;
    length += static_cast<double>(pair.vector[i]) * static_cast<double>(pair.vector[i]);
  }
  return std::abs(length - 1.0) < 1e-5 ? std::sqrt(sum / length) : std::nan("");
}

}  // namespace thalweg::test
