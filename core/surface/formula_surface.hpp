// Turns a templated formula of one or two variables into a Surface. The formula is inlined into each
// method, so a gradient costs no more than the arithmetic of its first-order jet. A formula that is a sum of
// squares says which in residuals(), templated likewise; where that depends on its constants, sums_squares()
// says whether it is.
#pragma once

#include <algorithm>
#include <type_traits>
#include <utility>

#include "core/surface/jet.hpp"
#include "core/surface/surface.hpp"
#include "core/surface/symbol.hpp"

namespace thalweg {

template <class Formula>
class FormulaSurface final : public Surface {
 public:
  static constexpr int kDim = std::is_invocable_v<const Formula&, double, double> ? 2 : 1;

  FormulaSurface(Formula formula, std::vector<Interval> domain, std::vector<double> start)
      : formula_(std::move(formula)) {
    dim_ = kDim;
    domain_ = std::move(domain);
    start_ = std::move(start);
  }

  /// For the maker, before the surface is shared.
  void set_minima(std::vector<MarkedPoint> minima) { minima_ = std::move(minima); }

  const Formula& formula() const { return formula_; }

  double value(const double* x) const override {
    return evaluate<double>(x[0], kDim > 1 ? x[kDim - 1] : 0.0);
  }

  double gradient(const double* x, double* g) const override {
    const auto f = at<Jet1<kDim>>(x);
    for (int i = 0; i < kDim; ++i) g[i] = f.g[i];
    return f.v;
  }

  double hessian(const double* x, double* g, double* h) const override {
    const auto f = at<Jet2<kDim>>(x);
    for (int i = 0, k = 0; i < kDim; ++i) {
      g[i] = f.g[i];
      for (int j = 0; j <= i; ++j, ++k) h[i * kDim + j] = h[j * kDim + i] = f.h[k];
    }
    return f.v;
  }

  bool sums_squares() const override {
    if constexpr (requires { formula_.sums_squares(); }) return formula_.sums_squares();
    return kSumsSquares;
  }

  void gauss_newton(const double* x, double* out) const override {
    if constexpr (kSumsSquares) {
      std::fill_n(out, kDim * kDim, 0.0);
      for (const auto& r : residuals_at(x))
        for (int i = 0; i < kDim; ++i)
          for (int j = 0; j < kDim; ++j) out[i * kDim + j] += 2.0 * r.g[i] * r.g[j];
    } else {
      Surface::gauss_newton(x, out);
    }
  }

  void row(const double* x, int axis, double first, double step, int count, double* out) const override {
    const Formula formula = formula_;  // a local copy, so that stores to out cannot change its parameters
    if constexpr (kDim == 1) {
      for (int i = 0; i < count; ++i) out[i] = formula(first + i * step);
    } else if (axis == 0) {
      const double y = x[1];
      for (int i = 0; i < count; ++i) out[i] = formula(first + i * step, y);
    } else {
      const double fixed = x[0];
      for (int i = 0; i < count; ++i) out[i] = formula(fixed, first + i * step);
    }
  }

  Syntax syntax() const override {
    if constexpr (requires { Formula::kBranches; })
      return {};
    else if constexpr (kDim == 1)
      return formula_(jets::Symbol::variable(0)).syntax();
    else
      return formula_(jets::Symbol::variable(0), jets::Symbol::variable(1)).syntax();
  }

 private:
  static constexpr bool kSumsSquares = requires(const Formula& f, double v) { f.residuals(v); }
  || requires(const Formula& f, double v) { f.residuals(v, v); };

  auto residuals_at(const double* x) const {
    using J = Jet1<kDim>;
    if constexpr (kDim == 1)
      return formula_.residuals(J::variable(x[0], 0));
    else
      return formula_.residuals(J::variable(x[0], 0), J::variable(x[1], 1));
  }

  template <class T>
  T evaluate(T x, [[maybe_unused]] T y) const {
    if constexpr (kDim == 1)
      return formula_(x);
    else
      return formula_(x, y);
  }

  template <class J>
  J at(const double* x) const {
    if constexpr (kDim == 1)
      return formula_(J::variable(x[0], 0));
    else
      return formula_(J::variable(x[0], 0), J::variable(x[1], 1));
  }

  Formula formula_;
};

}  // namespace thalweg
