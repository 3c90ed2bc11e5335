// The usual functions for double and for jets: the second half of jet.hpp, which includes it.
// Each is its value with f' and f'' handed to the chain rule. Conventions at kinks: see jet.hpp.
#pragma once

#include "core/surface/jet.hpp"

namespace thalweg::jets {

// ---- Powers ---------------------------------------------------------------------------------

template <Real S>
THALWEG_HD constexpr S square(S x) {
  return x * x;
}
template <Jet J>
THALWEG_HD constexpr J square(const J& x) {
  using S = typename J::Scalar;
  return chain(x, x.v * x.v, 2 * x.v, S(2));
}

/// Whole exponents up to this size are multiplied out; beyond it the library's pow is more accurate.
inline constexpr int kMultipliedOut = 16;

/// x^n by repeated squaring; x^0 = 1 for every x.
template <Real S>
THALWEG_HD constexpr S powi(S x, int n) {
  S base = x;
  S out = 1;
  for (unsigned rest = n < 0 ? 0U - static_cast<unsigned>(n) : static_cast<unsigned>(n); rest != 0;) {
    if (rest & 1U) out *= base;
    rest >>= 1U;
    if (rest != 0) base *= base;
  }
  return n < 0 ? 1 / out : out;
}

/// x^n. Exact derivatives everywhere: x² and x⁴ at 0 have Hessians 2 and 0, not NaN.
template <Jet J>
THALWEG_HD constexpr J powi(const J& x, int n) {
  using S = typename J::Scalar;
  const S d1 = n == 0 ? S(0) : S(n) * powi(x.v, n - 1);
  S d2 = 0;
  if constexpr (J::kOrder == 2)
    if (n != 0 && n != 1) d2 = S(n) * S(n - 1) * powi(x.v, n - 2);
  return n < 0 ? chain_singular(x, powi(x.v, n), d1, d2) : chain(x, powi(x.v, n), d1, d2);
}

/// x^p; negative x only with a whole p.
template <Real S>
THALWEG_HD S pow(S x, std::type_identity_t<S> p) {
  if (p >= -kMultipliedOut && p <= kMultipliedOut && p == static_cast<S>(static_cast<int>(p)))
    return powi(x, static_cast<int>(p));
  return std::pow(x, p);
}

/// x^p with a constant exponent.
template <Jet J>
THALWEG_HD J pow(const J& x, typename J::Scalar p) {
  using S = typename J::Scalar;
  if (p >= -kMultipliedOut && p <= kMultipliedOut && p == static_cast<S>(static_cast<int>(p)))
    return powi(x, static_cast<int>(p));
  const S f = pow(x.v, p);
  if (x.v == 0 && p > 0 && p < 1 && stationary(x)) return J(f);
  return chain_singular(x, f, p * pow(x.v, p - 1), p * (p - 1) * pow(x.v, p - 2));
}

/// c^x with a constant base.
template <Jet J>
THALWEG_HD J pow(typename J::Scalar c, const J& x) {
  using S = typename J::Scalar;
  const S f = pow(c, x.v);
  // 0^x is 0 to every order for x > 0; the logarithm would make it 0 * infinity.
  const S slope = c == 0 && x.v > 0 ? S(0) : S(log(c));
  return chain(x, f, f * slope, f * slope * slope);
}

/// x^y with both variable. Where y does not move this is the constant exponent, also for x <= 0.
template <Jet J>
THALWEG_HD J pow(const J& x, const J& y) {
  using S = typename J::Scalar;
  bool constant = stationary(y);
  if constexpr (J::kOrder == 2) each<J::kPairs>([&](int k) { constant = constant && y.h[k] == 0; });
  if (constant) return pow(x, y.v);
  const S f = pow(x.v, y.v);
  const S below = pow(x.v, y.v - 1);
  const bool vanishes = x.v == 0 && y.v > 0;
  const S slope = log(x.v);
  const S df = vanishes ? S(0) : f * slope;
  const S mixed = vanishes && y.v > 1 ? S(0) : below * (1 + y.v * slope);
  const S curvature = y.v * (y.v - 1);
  return chain(x, y,
               Partials<S>{f, zero_wins(below, y.v), df, zero_wins(pow(x.v, y.v - 2), curvature), mixed,
                           vanishes ? S(0) : df * slope});
}

template <Jet J>
THALWEG_HD J sqrt(const J& x) {
  const auto f = sqrt(x.v);
  if (x.v == 0 && stationary(x)) return J(f);
  const auto d1 = typename J::Scalar(0.5) / f;
  return chain_singular(x, f, d1, -d1 / (2 * x.v));
}

template <Jet J>
THALWEG_HD J cbrt(const J& x) {
  const auto f = cbrt(x.v);
  if (x.v == 0 && stationary(x)) return J(f);
  const auto d1 = 1 / (3 * f * f);
  return chain_singular(x, f, d1, -2 * d1 / (3 * x.v));
}

template <Jet J>
THALWEG_HD J hypot(const J& x, const J& y) {
  using S = typename J::Scalar;
  const S f = hypot(x.v, y.v);
  if (f == 0) return J(f);
  const S a = x.v / f;
  const S b = y.v / f;
  return chain(x, y, Partials<S>{f, a, b, b * b / f, -a * b / f, a * a / f});
}

// ---- Exponentials and logarithms ------------------------------------------------------------

template <Jet J>
THALWEG_HD J exp(const J& x) {
  const auto f = exp(x.v);
  return chain(x, f, f, f);
}
template <Jet J>
THALWEG_HD J expm1(const J& x) {
  const auto d = exp(x.v);
  return chain(x, expm1(x.v), d, d);
}
template <Jet J>
THALWEG_HD J log(const J& x) {
  const auto d1 = 1 / x.v;
  return chain_singular(x, log(x.v), d1, -d1 * d1);
}
template <Jet J>
THALWEG_HD J log1p(const J& x) {
  const auto d1 = 1 / (1 + x.v);
  return chain_singular(x, log1p(x.v), d1, -d1 * d1);
}
template <Jet J>
THALWEG_HD J log2(const J& x) {
  using S = typename J::Scalar;
  const S d1 = S(1.4426950408889634074) / x.v;
  return chain_singular(x, log2(x.v), d1, -d1 / x.v);
}
template <Jet J>
THALWEG_HD J log10(const J& x) {
  using S = typename J::Scalar;
  const S d1 = S(0.43429448190325182765) / x.v;
  return chain_singular(x, log10(x.v), d1, -d1 / x.v);
}

// ---- Trigonometric and hyperbolic functions ---------------------------------------------------

template <Jet J>
THALWEG_HD J sin(const J& x) {
  const auto s = sin(x.v);
  return chain(x, s, cos(x.v), -s);
}
template <Jet J>
THALWEG_HD J cos(const J& x) {
  const auto c = cos(x.v);
  return chain(x, c, -sin(x.v), -c);
}
template <Jet J>
THALWEG_HD J tan(const J& x) {
  const auto t = tan(x.v);
  const auto d1 = 1 + t * t;
  return chain(x, t, d1, 2 * t * d1);
}
template <Jet J>
THALWEG_HD J asin(const J& x) {
  const auto q = (1 - x.v) * (1 + x.v);
  const auto d1 = 1 / sqrt(q);
  return chain_singular(x, asin(x.v), d1, x.v * d1 / q);
}
template <Jet J>
THALWEG_HD J acos(const J& x) {
  const auto q = (1 - x.v) * (1 + x.v);
  const auto d1 = -1 / sqrt(q);
  return chain_singular(x, acos(x.v), d1, x.v * d1 / q);
}
template <Jet J>
THALWEG_HD J atan(const J& x) {
  const auto d1 = 1 / (1 + x.v * x.v);
  return chain(x, atan(x.v), d1, -2 * x.v * d1 * d1);
}
/// The angle of the point (x, y); its derivatives at the origin are NaN.
template <Jet J>
THALWEG_HD J atan2(const J& y, const J& x) {
  using S = typename J::Scalar;
  const S r = hypot(x.v, y.v);
  const S a = x.v / r / r;
  const S b = y.v / r / r;
  return chain(y, x, Partials<S>{atan2(y.v, x.v), a, -b, -2 * a * b, b * b - a * a, 2 * a * b});
}

template <Jet J>
THALWEG_HD J sinh(const J& x) {
  const auto s = sinh(x.v);
  return chain(x, s, cosh(x.v), s);
}
template <Jet J>
THALWEG_HD J cosh(const J& x) {
  const auto c = cosh(x.v);
  return chain(x, c, sinh(x.v), c);
}
template <Jet J>
THALWEG_HD J tanh(const J& x) {
  // 1 - t² would lose every digit in the tails.
  const auto e = exp(-2 * abs(x.v));
  const auto t = tanh(x.v);
  const auto d1 = 4 * e / ((1 + e) * (1 + e));
  return chain(x, t, d1, -2 * t * d1);
}
template <Jet J>
THALWEG_HD J asinh(const J& x) {
  const auto d1 = 1 / hypot(x.v, typename J::Scalar(1));
  return chain(x, asinh(x.v), d1, -x.v * d1 * d1 * d1);
}
template <Jet J>
THALWEG_HD J acosh(const J& x) {
  const auto q = (x.v - 1) * (x.v + 1);
  const auto d1 = 1 / sqrt(q);
  return chain_singular(x, acosh(x.v), d1, -x.v * d1 / q);
}
template <Jet J>
THALWEG_HD J atanh(const J& x) {
  const auto d1 = 1 / ((1 - x.v) * (1 + x.v));
  return chain_singular(x, atanh(x.v), d1, 2 * x.v * d1 * d1);
}
template <Jet J>
THALWEG_HD J erf(const J& x) {
  using S = typename J::Scalar;
  const S d1 = S(1.1283791670955125739) * exp(-x.v * x.v);
  return chain(x, erf(x.v), d1, -2 * x.v * d1);
}

// ---- Kinks and steps --------------------------------------------------------------------------

template <Jet J>
THALWEG_HD J abs(const J& x) {
  using S = typename J::Scalar;
  return chain(x, S(abs(x.v)), S((x.v > 0) - (x.v < 0)), S(0));
}

/// -1, 0 or 1; NaN stays NaN.
template <Real S>
THALWEG_HD constexpr S sign(S x) {
  return x != x ? x : S((x > 0) - (x < 0));
}
template <Jet J>
THALWEG_HD constexpr J sign(const J& x) {
  return J(sign(x.v));
}
template <Jet J>
THALWEG_HD J floor(const J& x) {
  return J(floor(x.v));
}
template <Jet J>
THALWEG_HD J ceil(const J& x) {
  return J(ceil(x.v));
}

/// The smaller; NaN if either is.
template <class T>
requires(Real<T> || Jet<T>) THALWEG_HD constexpr T min(const T& x, const T& y) {
  return value_of(x) <= value_of(y) || value_of(x) != value_of(x) ? x : y;
}
/// The larger; NaN if either is.
template <class T>
requires(Real<T> || Jet<T>) THALWEG_HD constexpr T max(const T& x, const T& y) {
  return value_of(x) >= value_of(y) || value_of(x) != value_of(x) ? x : y;
}

/// max(0, x)
template <class T>
requires(Real<T> || Jet<T>) THALWEG_HD constexpr T relu(const T& x) { return max(T(0), x); }

// ---- Of machine learning ----------------------------------------------------------------------

/// 1 / (1 + e^-x), without overflow.
template <Real S>
THALWEG_HD S sigmoid(S x) {
  const S e = exp(-abs(x));
  return x >= 0 ? 1 / (1 + e) : e / (1 + e);
}
template <Jet J>
THALWEG_HD J sigmoid(const J& x) {
  const auto e = exp(-abs(x.v));
  const auto d1 = e / ((1 + e) * (1 + e));
  const auto away = (1 - e) / (1 + e);  // |1 - 2 sigmoid(x)|
  return chain(x, sigmoid(x.v), d1, x.v >= 0 ? -d1 * away : d1 * away);
}

/// log(1 + e^x), without overflow.
template <Real S>
THALWEG_HD S softplus(S x) {
  return log1p(exp(-abs(x))) + (x > 0 ? x : S(0));
}
template <Jet J>
THALWEG_HD J softplus(const J& x) {
  const auto e = exp(-abs(x.v));
  return chain(x, softplus(x.v), sigmoid(x.v), e / ((1 + e) * (1 + e)));
}

}  // namespace thalweg::jets
