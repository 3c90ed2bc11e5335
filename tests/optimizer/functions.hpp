// Functions with everything that methods may ask of them, written out by hand: these tests do not use the
// surface library. Those of make_method_golden.py, and quadratics of any dimension.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "core/optimizer/objective.hpp"

namespace thalweg::test {

using Point = std::vector<double>;

struct Function {
  std::size_t dim = 2;
  std::function<double(const double*)> value;
  std::function<void(const double*, double*)> gradient;
  std::function<void(const double*, double*)> hessian;
  std::function<void(const double*, double*)> gauss_newton = {};  ///< empty: the Hessian, as of a linear model
};

inline Function rosenbrock_function() {
  return {2,
          [](const double* p) {
            return (1 - p[0]) * (1 - p[0]) + 100 * (p[1] - p[0] * p[0]) * (p[1] - p[0] * p[0]);
          },
          [](const double* p, double* g) {
            g[0] = -2 * (1 - p[0]) - 400 * p[0] * (p[1] - p[0] * p[0]);
            g[1] = 200 * (p[1] - p[0] * p[0]);
          },
          [](const double* p, double* h) {
            h[0] = 2 - 400 * (p[1] - 3 * p[0] * p[0]);
            h[1] = h[2] = -400 * p[0];
            h[3] = 200;
          },
          [](const double* p, double* h) {  // 2JᵀJ of 1 − x and 10 (y − x²)
            h[0] = 2 + 800 * p[0] * p[0];
            h[1] = h[2] = -400 * p[0];
            h[3] = 200;
          }};
}

inline Function tilted_function() {
  return {2,
          [](const double* p) {
            const double u = p[0] - 0.5, v = p[1] + 0.25;
            return 0.5 * (4 * u * u + 6 * u * v + 7 * v * v);
          },
          [](const double* p, double* g) {
            const double u = p[0] - 0.5, v = p[1] + 0.25;
            g[0] = 4 * u + 3 * v;
            g[1] = 3 * u + 7 * v;
          },
          [](const double*, double* h) {
            h[0] = 4;
            h[1] = h[2] = 3;
            h[3] = 7;
          }};
}

/// ½x² + ¼y⁴ − ½y²: a saddle at the origin between minima at (0, ±1).
inline Function saddle_function() {
  return {2,
          [](const double* p) {
            return 0.5 * p[0] * p[0] + 0.25 * p[1] * p[1] * p[1] * p[1] - 0.5 * p[1] * p[1];
          },
          [](const double* p, double* g) {
            g[0] = p[0];
            g[1] = p[1] * p[1] * p[1] - p[1];
          },
          [](const double* p, double* h) {
            h[0] = 1;
            h[1] = h[2] = 0;
            h[3] = 3 * p[1] * p[1] - 1;
          }};
}

inline Function bowl_function(std::vector<double> eigenvalues) {
  const std::size_t n = eigenvalues.size();
  return {n,
          [=](const double* p) {
            double sum = 0.0;
            for (std::size_t i = 0; i < n; ++i) sum += 0.5 * eigenvalues[i] * p[i] * p[i];
            return sum;
          },
          [=](const double* p, double* g) {
            for (std::size_t i = 0; i < n; ++i) g[i] = eigenvalues[i] * p[i];
          },
          [=](const double*, double* h) {
            for (std::size_t i = 0; i < n * n; ++i) h[i] = i % (n + 1) == 0 ? eigenvalues[i / n] : 0.0;
          }};
}

class FunctionObjective final : public Objective<double> {
 public:
  explicit FunctionObjective(Function function) : f_(std::move(function)) {}

  /// From here on a step begins at theta.
  void begin(const double* theta) {
    here_ = f_.value(theta);
    evaluations_ = 0;
  }

  double loss_here() const override { return here_; }
  double loss(const double* theta) override {
    ++evaluations_;
    return f_.value(theta);
  }
  double gradient(const double* theta, double* out) override {
    f_.gradient(theta, out);
    return loss(theta);
  }
  double worker_gradient(const double* theta, int, int, double* out) override { return gradient(theta, out); }
  void hessian_product(const double* theta, const double* v, double* out) override {
    std::vector<double> h(f_.dim * f_.dim);
    hessian(theta, h.data());
    for (std::size_t i = 0; i < f_.dim; ++i) {
      out[i] = 0.0;
      for (std::size_t j = 0; j < f_.dim; ++j) out[i] += h[i * f_.dim + j] * v[j];
    }
  }
  void hessian_diagonal(const double* theta, DiagonalEstimate, double* out) override {
    std::vector<double> h(f_.dim * f_.dim);
    hessian(theta, h.data());
    for (std::size_t i = 0; i < f_.dim; ++i) out[i] = h[i * f_.dim + i];
  }
  bool hessian(const double* theta, double* out) override {
    ++evaluations_;
    f_.hessian(theta, out);
    return true;
  }
  bool gauss_newton(const double* theta, double* out) override {
    if (!f_.gauss_newton) return hessian(theta, out);
    ++evaluations_;
    f_.gauss_newton(theta, out);
    return true;
  }
  bool gauss_newton_product(const double* theta, const double* v, double* out) override {
    hessian_product(theta, v, out);
    return true;
  }
  std::uint64_t seed() const override { return 7; }

 private:
  Function f_;
  double here_ = 0.0;
};

}  // namespace thalweg::test
