// The quadratic in any number of dimensions, f = ½ Σ λᵢ xᵢ².
// Not a templated formula: its derivatives are written down, and cost O(n).
#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include "core/surface/surface.hpp"

namespace thalweg {

class Quadratic final : public Surface {
 public:
  explicit Quadratic(std::vector<double> eigenvalues) : eigenvalues_(std::move(eigenvalues)) {
    const std::size_t n = eigenvalues_.size();
    dim_ = static_cast<int>(n);
    domain_.assign(n, {-2.0, 2.0});
    start_.assign(n, 1.0);
    if (n == 2) start_ = {-1.6, 1.2};
    // With a zero or negative eigenvalue there is no minimum, or no isolated one.
    const bool definite =
        std::all_of(eigenvalues_.begin(), eigenvalues_.end(), [](double l) { return l > 0.0; });
    if (definite) minima_ = {{std::vector<double>(n, 0.0), 0.0, true}};
  }

  const std::vector<double>& eigenvalues() const { return eigenvalues_; }

  double value(const double* x) const override {
    double sum = 0.0;
    for (std::size_t i = 0; i < eigenvalues_.size(); ++i) sum += eigenvalues_[i] * (x[i] * x[i]);
    return 0.5 * sum;
  }

  double gradient(const double* x, double* g) const override {
    for (std::size_t i = 0; i < eigenvalues_.size(); ++i) g[i] = eigenvalues_[i] * x[i];
    return value(x);
  }

  double hessian(const double* x, double* g, double* h) const override {
    const std::size_t n = eigenvalues_.size();
    std::fill(h, h + n * n, 0.0);
    for (std::size_t i = 0; i < n; ++i) h[i * n + i] = eigenvalues_[i];
    return gradient(x, g);
  }

  bool sums_squares() const override {
    return std::all_of(eigenvalues_.begin(), eigenvalues_.end(), [](double l) { return l >= 0.0; });
  }

  /// Of r = √(λ/2) x: the Hessian itself.
  void gauss_newton(const double*, double* out) const override {
    const std::size_t n = eigenvalues_.size();
    std::fill(out, out + n * n, 0.0);
    for (std::size_t i = 0; i < n; ++i) out[i * n + i] = eigenvalues_[i];
  }

  void row(const double* x, int axis, double first, double step, int count, double* out) const override {
    const auto along = static_cast<std::size_t>(axis);
    double rest = 0.0;
    for (std::size_t i = 0; i < eigenvalues_.size(); ++i)
      if (i != along) rest += eigenvalues_[i] * (x[i] * x[i]);
    const double curvature = eigenvalues_[along];
    for (int i = 0; i < count; ++i) {
      const double t = first + i * step;
      out[i] = 0.5 * (rest + curvature * (t * t));
    }
  }

 private:
  std::vector<double> eigenvalues_;
};

}  // namespace thalweg
