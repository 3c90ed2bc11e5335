// The test problems as objectives, with worker gradients that differ from worker to worker.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "core/optimizer/objective.hpp"
#include "tests/optimizer/problems.hpp"

namespace thalweg::test {

struct Problem {
  std::function<void(const double* p, double* g)> gradient;
  std::function<void(const double* p, double* h)> hessian;  ///< row by row
  std::function<double(const double* p)> loss = [](const double*) { return 0.0; };
  std::function<void(const double* p, double* h)> gauss_newton = {};  ///< row by row; empty where there is none
};

template <class T>
class BasicToyObjective final : public Objective<T> {
 public:
  BasicToyObjective(std::size_t dim, Problem problem)
      : problem_(std::move(problem)), at_(dim), g_(dim), h_(dim * dim) {}

  static Problem rosenbrock() {
    return {rosenbrock_gradient,
            [](const double* p, double* h) {
              h[0] = 2.0 - 400.0 * (p[1] - 3.0 * p[0] * p[0]);
              h[1] = h[2] = -400.0 * p[0];
              h[3] = 200.0;
            },
            [](const double* p) {
              return (1.0 - p[0]) * (1.0 - p[0]) + 100.0 * std::pow(p[1] - p[0] * p[0], 2);
            },
            // 2 JᵀJ of the residuals 1 − x and 10 (y − x²).
            [](const double* p, double* h) {
              h[0] = 2.0 + 800.0 * p[0] * p[0];
              h[1] = h[2] = -400.0 * p[0];
              h[3] = 200.0;
            }};
  }
  static Problem quadratic() {
    return {quadratic_gradient, [](const double*, double* h) {
              h[0] = 4.0;
              h[1] = h[2] = 3.0;
              h[3] = 7.0;
            }};
  }
  static Problem bowl(int dim) {
    return {[dim](const double* p, double* g) { bowl_gradient(p, g, dim); },
            [dim](const double* p, double* h) {
              std::fill_n(h, dim * dim, 0.0);
              for (int i = 0; i < dim; ++i) h[i * dim + i] = 1.0 + 0.5 * i + 0.9 * std::cos(3.0 * p[i]);
            }};
  }

  /// Writes the gradient that the step is handed.
  void begin(const T* theta, T* gradient, std::int64_t step) {
    step_ = step;
    loss_ = loss(theta);
    this->gradient(theta, gradient);
  }

  double loss_here() const override { return loss_; }
  double loss(const T* theta) override { return problem_.loss(read(theta)); }
  double gradient(const T* theta, T* out) override {
    ++gradients;
    problem_.gradient(read(theta), g_.data());
    for (std::size_t i = 0; i < at_.size(); ++i) out[i] = static_cast<T>(g_[i]);
    return problem_.loss(at_.data());
  }
  double worker_gradient(const T* theta, int worker, int workers, T* out) override {
    const double result = gradient(theta, out);
    for (std::size_t i = 0; i < at_.size(); ++i) out[i] += static_cast<T>(noise(worker, workers, step_, i));
    return result;
  }
  /// Of the sum over the workers nothing is left.
  static double noise(int worker, int workers, std::int64_t step, std::size_t i) {
    const double away = worker - 0.5 * (workers - 1);
    return 0.1 * away * std::cos(static_cast<double>(step) + static_cast<double>(i));
  }
  void hessian_product(const T* theta, const T* v, T* out) override {
    problem_.hessian(read(theta), h_.data());
    for (std::size_t i = 0; i < at_.size(); ++i) {
      double sum = 0.0;
      for (std::size_t j = 0; j < at_.size(); ++j) sum += h_[i * at_.size() + j] * static_cast<double>(v[j]);
      out[i] = static_cast<T>(sum);
    }
  }
  void hessian_diagonal(const T* theta, DiagonalEstimate, T* out) override {
    problem_.hessian(read(theta), h_.data());
    for (std::size_t i = 0; i < at_.size(); ++i) out[i] = static_cast<T>(h_[i * at_.size() + i]);
  }
  bool hessian(const T* theta, T* out) override {
    problem_.hessian(read(theta), h_.data());
    for (std::size_t i = 0; i < h_.size(); ++i) out[i] = static_cast<T>(h_[i]);
    return true;
  }
  bool gauss_newton(const T* theta, T* out) override {
    if (!problem_.gauss_newton) return false;
    problem_.gauss_newton(read(theta), h_.data());
    for (std::size_t i = 0; i < h_.size(); ++i) out[i] = static_cast<T>(h_[i]);
    return true;
  }
  bool gauss_newton_product(const T*, const T*, T*) override { return false; }
  std::uint64_t seed() const override { return 1; }

  /// The same function elsewhere.
  void move(const std::vector<double>& by) { by_ = by; }

  int gradients = 0;  ///< asked for

 private:
  const double* read(const T* theta) {
    for (std::size_t i = 0; i < at_.size(); ++i)
      at_[i] = static_cast<double>(theta[i]) - (by_.empty() ? 0.0 : by_[i]);
    return at_.data();
  }

  Problem problem_;
  std::vector<double> at_, g_, h_, by_;
  std::int64_t step_ = 0;
  double loss_ = 0.0;
};

using ToyObjective = BasicToyObjective<double>;

}  // namespace thalweg::test
