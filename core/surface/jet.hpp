// Forward-mode differentiation: numbers that carry their derivatives.
//   Jet1<N>  value and gradient in N variables
//   Jet2<N>  value, gradient and Hessian in N variables
// A formula written as a template on its number type yields its value with double, its gradient with
// Jet1 and its Hessian with Jet2, exact to rounding. Not a tape: made for N = 1 and N = 2, where
// everything stays in registers.
//
// The value of a jet is computed by the same operations as with plain double, so the three agree
// bit for bit. Conventions at points where the derivative does not exist:
//   abs, sign, floor, ceil   derivative 0 at the kink or jump
//   min, max, relu           the derivative of the first of two equal arguments (relu: 0 at 0)
//   sqrt, cbrt, x^p (0<p<1)  at 0: infinite if the argument moves to first order, else all
//                            derivatives 0, so sqrt(x²+y²) has gradient 0 at the origin
// A component in which the argument does not move stays 0 where the outer derivative is infinite.
#pragma once

#include <cmath>
#include <limits>
#include <type_traits>
#include <utility>

#include "core/spec/platform.hpp"
#include "core/surface/float_functions.hpp"

namespace thalweg {
// A namespace of its own, so that `exp` and friends are found by the type of their argument and
// hide nothing in the rest of the program.
namespace jets {

/// Calls f(0), ..., f(N-1). Written out at compile time instead of a loop: the compiler would make
/// vectors of two out of three components, and the shuffling costs more than the arithmetic.
template <int N, class F>
THALWEG_HD constexpr void each(F f) {
  [&f]<int... I>(std::integer_sequence<int, I...>) { (f(I), ...); }
  (std::make_integer_sequence<int, N>{});
}

/// Calls f(k, i, j) for the pairs i >= j in the order of Jet2::h: k counts (0,0), (1,0), (1,1)...
template <int N, class F>
THALWEG_HD constexpr void each_pair(F f) {
  each<N>([&f](int i) {
    each<N>([&f, i](int j) {
      if (j <= i) f(i * (i + 1) / 2 + j, i, j);
    });
  });
}

template <int N, class S = double>
struct Jet1 {
  static constexpr int kVariables = N;
  static constexpr int kOrder = 1;
  using Scalar = S;

  S v;     ///< value
  S g[N];  ///< ∂/∂x_i

  Jet1() = default;  ///< uninitialised
  THALWEG_HD constexpr Jet1(S constant) : v(constant), g{} {}
  /// The independent variable number `index` at `value`.
  THALWEG_HD static constexpr Jet1 variable(S value, int index) {
    Jet1 x(value);
    x.g[index] = S(1);
    return x;
  }
};

template <int N, class S = double>
struct Jet2 {
  static constexpr int kVariables = N;
  static constexpr int kOrder = 2;
  static constexpr int kPairs = N * (N + 1) / 2;
  using Scalar = S;

  S v;          ///< value
  S g[N];       ///< ∂/∂x_i
  S h[kPairs];  ///< ∂²/∂x_i∂x_j for i >= j, row by row: xx, yx, yy

  Jet2() = default;  ///< uninitialised
  THALWEG_HD constexpr Jet2(S constant) : v(constant), g{}, h{} {}
  THALWEG_HD static constexpr Jet2 variable(S value, int index) {
    Jet2 x(value);
    x.g[index] = S(1);
    return x;
  }
};

template <class T>
inline constexpr bool kIsJet = false;
template <int N, class S>
inline constexpr bool kIsJet<Jet1<N, S>> = true;
template <int N, class S>
inline constexpr bool kIsJet<Jet2<N, S>> = true;

template <class T>
concept Jet = kIsJet<T>;

// What jets build on; formulas written in terms of these names take double and jets alike.
using std::abs;
using std::acos;
using std::acosh;
using std::asin;
using std::asinh;
using std::atan;
using std::atan2;
using std::atanh;
using std::cbrt;
using std::ceil;
using std::cosh;
using std::erf;
using std::floor;
using std::hypot;
using std::log;
using std::log10;
using std::log2;
using std::sinh;
using std::sqrt;
using std::tan;
using std::tanh;

// Of a float, those of the built-in surfaces are our own (float_functions.hpp).
THALWEG_HD inline double cos(double x) { return std::cos(x); }
THALWEG_HD inline double exp(double x) { return std::exp(x); }
THALWEG_HD inline double expm1(double x) { return std::expm1(x); }
THALWEG_HD inline double log1p(double x) { return std::log1p(x); }
THALWEG_HD inline double sin(double x) { return std::sin(x); }
using floats::cos;
using floats::exp;
using floats::expm1;
using floats::log1p;
using floats::sin;

template <class T>
concept Real = std::is_floating_point_v<T>;

// ---- The chain rule, in which everything below is written ------------------------------------

/// a * b, where a zero b wins over an infinite a.
template <Real S>
THALWEG_HD constexpr S zero_wins(S a, S b) {
  return b == S(0) ? S(0) : a * b;
}

/// f(x) from f, f' and f'' at x.v.
template <int N, class S>
THALWEG_HD constexpr Jet1<N, S> chain(const Jet1<N, S>& x, S f, S d1, S) {
  Jet1<N, S> out;
  out.v = f;
  each<N>([&](int i) { out.g[i] = d1 * x.g[i]; });
  return out;
}

template <int N, class S>
THALWEG_HD constexpr Jet2<N, S> chain(const Jet2<N, S>& x, S f, S d1, S d2) {
  Jet2<N, S> out;
  out.v = f;
  each<N>([&](int i) { out.g[i] = d1 * x.g[i]; });
  each_pair<N>([&](int k, int i, int j) { out.h[k] = d1 * x.h[k] + d2 * (x.g[i] * x.g[j]); });
  return out;
}

/// The same for functions whose derivatives may be infinite.
template <int N, class S>
THALWEG_HD constexpr Jet1<N, S> chain_singular(const Jet1<N, S>& x, S f, S d1, S) {
  Jet1<N, S> out;
  out.v = f;
  each<N>([&](int i) { out.g[i] = zero_wins(d1, x.g[i]); });
  return out;
}

template <int N, class S>
THALWEG_HD constexpr Jet2<N, S> chain_singular(const Jet2<N, S>& x, S f, S d1, S d2) {
  Jet2<N, S> out;
  out.v = f;
  each<N>([&](int i) { out.g[i] = zero_wins(d1, x.g[i]); });
  each_pair<N>(
      [&](int k, int i, int j) { out.h[k] = zero_wins(d1, x.h[k]) + zero_wins(d2, x.g[i] * x.g[j]); });
  return out;
}

/// The partial derivatives of a function of two arguments.
template <class S>
struct Partials {
  S f, a, b, aa, ab, bb;
};

/// f(a, b) from its partial derivatives at (a.v, b.v).
template <int N, class S>
THALWEG_HD constexpr Jet1<N, S> chain(const Jet1<N, S>& a, const Jet1<N, S>& b, const Partials<S>& p) {
  Jet1<N, S> out;
  out.v = p.f;
  each<N>([&](int i) { out.g[i] = zero_wins(p.a, a.g[i]) + zero_wins(p.b, b.g[i]); });
  return out;
}

template <int N, class S>
THALWEG_HD constexpr Jet2<N, S> chain(const Jet2<N, S>& a, const Jet2<N, S>& b, const Partials<S>& p) {
  Jet2<N, S> out;
  out.v = p.f;
  each<N>([&](int i) { out.g[i] = zero_wins(p.a, a.g[i]) + zero_wins(p.b, b.g[i]); });
  each_pair<N>([&](int k, int i, int j) {
    const S mixed = a.g[i] * b.g[j] + b.g[i] * a.g[j];
    out.h[k] = zero_wins(p.a, a.h[k]) + zero_wins(p.b, b.h[k]) + zero_wins(p.aa, a.g[i] * a.g[j]) +
               zero_wins(p.ab, mixed) + zero_wins(p.bb, b.g[i] * b.g[j]);
  });
  return out;
}

/// Whether the gradient is zero: the jet does not move to first order.
template <Jet J>
THALWEG_HD constexpr bool stationary(const J& x) {
  bool zero = true;
  each<J::kVariables>([&](int i) { zero = zero && x.g[i] == 0; });
  return zero;
}

// ---- Arithmetic -----------------------------------------------------------------------------

/// f applied to each component, for the linear operations.
template <Jet J, class F>
THALWEG_HD constexpr J componentwise(const J& x, const J& y, F f) {
  J out;
  out.v = f(x.v, y.v);
  each<J::kVariables>([&](int i) { out.g[i] = f(x.g[i], y.g[i]); });
  if constexpr (J::kOrder == 2) each<J::kPairs>([&](int k) { out.h[k] = f(x.h[k], y.h[k]); });
  return out;
}

template <Jet J>
THALWEG_HD constexpr J operator+(const J& x) {
  return x;
}
template <Jet J>
THALWEG_HD constexpr J operator-(const J& x) {
  using S = typename J::Scalar;
  return componentwise(x, x, [](S a, S) { return -a; });
}
template <Jet J>
THALWEG_HD constexpr J operator+(const J& x, const J& y) {
  using S = typename J::Scalar;
  return componentwise(x, y, [](S a, S b) { return a + b; });
}
template <Jet J>
THALWEG_HD constexpr J operator-(const J& x, const J& y) {
  using S = typename J::Scalar;
  return componentwise(x, y, [](S a, S b) { return a - b; });
}

template <int N, class S>
THALWEG_HD constexpr Jet1<N, S> operator*(const Jet1<N, S>& x, const Jet1<N, S>& y) {
  Jet1<N, S> out;
  out.v = x.v * y.v;
  each<N>([&](int i) { out.g[i] = x.g[i] * y.v + x.v * y.g[i]; });
  return out;
}
template <int N, class S>
THALWEG_HD constexpr Jet2<N, S> operator*(const Jet2<N, S>& x, const Jet2<N, S>& y) {
  Jet2<N, S> out;
  out.v = x.v * y.v;
  each<N>([&](int i) { out.g[i] = x.g[i] * y.v + x.v * y.g[i]; });
  each_pair<N>([&](int k, int i, int j) {
    out.h[k] = x.h[k] * y.v + (x.g[i] * y.g[j] + x.g[j] * y.g[i]) + x.v * y.h[k];
  });
  return out;
}

template <Jet J>
THALWEG_HD constexpr J operator/(const J& x, const J& y) {
  J out;
  const typename J::Scalar inverse = 1 / y.v;
  out.v = x.v / y.v;
  each<J::kVariables>([&](int i) { out.g[i] = (x.g[i] - out.v * y.g[i]) * inverse; });
  if constexpr (J::kOrder == 2)
    each_pair<J::kVariables>([&](int k, int i, int j) {
      out.h[k] = (x.h[k] - (out.g[i] * y.g[j] + out.g[j] * y.g[i]) - out.v * y.h[k]) * inverse;
    });
  return out;
}

// With constants: fewer operations, and no derivative of the constant to multiply by infinity.
template <Jet J>
THALWEG_HD constexpr J operator+(J x, typename J::Scalar c) {
  x.v = x.v + c;
  return x;
}
template <Jet J>
THALWEG_HD constexpr J operator+(typename J::Scalar c, J x) {
  x.v = c + x.v;
  return x;
}
template <Jet J>
THALWEG_HD constexpr J operator-(J x, typename J::Scalar c) {
  x.v = x.v - c;
  return x;
}
template <Jet J>
THALWEG_HD constexpr J operator-(typename J::Scalar c, const J& x) {
  J out = -x;
  out.v = c - x.v;
  return out;
}
template <Jet J>
THALWEG_HD constexpr J operator*(const J& x, typename J::Scalar c) {
  using S = typename J::Scalar;
  return componentwise(x, x, [c](S a, S) { return a * c; });
}
template <Jet J>
THALWEG_HD constexpr J operator*(typename J::Scalar c, const J& x) {
  return x * c;
}
template <Jet J>
THALWEG_HD constexpr J operator/(const J& x, typename J::Scalar c) {
  using S = typename J::Scalar;
  return componentwise(x, x, [c](S a, S) { return a / c; });
}
template <Jet J>
THALWEG_HD constexpr J operator/(typename J::Scalar c, const J& x) {
  const auto f = c / x.v;
  const auto d1 = -f / x.v;
  return chain_singular(x, f, d1, -2 * d1 / x.v);
}

template <Jet J>
THALWEG_HD constexpr J& operator+=(J& x, const J& y) {
  return x = x + y;
}
template <Jet J>
THALWEG_HD constexpr J& operator-=(J& x, const J& y) {
  return x = x - y;
}
template <Jet J>
THALWEG_HD constexpr J& operator*=(J& x, const J& y) {
  return x = x * y;
}
template <Jet J>
THALWEG_HD constexpr J& operator/=(J& x, const J& y) {
  return x = x / y;
}

// ---- The value a branch is decided by -------------------------------------------------------

template <Real S>
THALWEG_HD constexpr S value_of(S x) {
  return x;
}
template <Jet J>
THALWEG_HD constexpr typename J::Scalar value_of(const J& x) {
  return x.v;
}

}  // namespace jets

using jets::Jet1;
using jets::Jet2;

}  // namespace thalweg

#include "core/surface/jet_functions.hpp"
