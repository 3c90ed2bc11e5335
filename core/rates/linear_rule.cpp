#include "core/rates/linear_rule.hpp"

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <limits>
#include <numbers>
#include <string_view>

namespace thalweg {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
using Complex = std::complex<double>;

/// χ from the constant upward.
std::vector<double> characteristic(const LinearRule& rule, double x) {
  std::vector<double> out = rule.free;
  for (std::size_t k = 0; k < rule.driven.size(); ++k) out[k] += x * rule.driven[k];
  return out;
}

Complex value(std::span<const double> polynomial, Complex z) {
  Complex sum = 0.0;
  for (auto it = polynomial.rbegin(); it != polynomial.rend(); ++it) sum = sum * z + *it;
  return sum;
}

/// Of z² + b z + c, without the cancellation of the schoolbook formula.
std::vector<Complex> quadratic_roots(double b, double c) {
  const double half = -0.5 * b;
  const double discriminant = half * half - c;
  if (discriminant < 0.0) {
    const double imaginary = std::sqrt(-discriminant);
    return {{half, imaginary}, {half, -imaginary}};
  }
  const double large = half + std::copysign(std::sqrt(discriminant), half);
  return {large, large != 0.0 ? c / large : 0.0};
}

std::vector<Complex> companion_roots(std::span<const double> polynomial) {
  const auto n = static_cast<Eigen::Index>(polynomial.size()) - 1;
  Eigen::MatrixXd companion = Eigen::MatrixXd::Zero(n, n);
  companion.diagonal(-1).setOnes();
  for (Eigen::Index k = 0; k < n; ++k) companion(k, n - 1) = -polynomial[static_cast<std::size_t>(k)];
  const Eigen::VectorXcd found = companion.eigenvalues();
  return {found.begin(), found.end()};
}

/// A number with χ(z) = 0 for a z on the unit circle at angle φ: −P/Q there, real only at crossings.
Complex crossing(const LinearRule& rule, double angle) {
  const Complex z = std::polar(1.0, angle);
  return -value(rule.free, z) / value(rule.driven, z);
}

/// Where the crossing is real between two angles whose imaginary parts differ in sign.
double real_crossing(const LinearRule& rule, double low, double high) {
  const double sign = crossing(rule, low).imag();
  for (int i = 0; i < 80; ++i) {
    const double middle = 0.5 * (low + high);
    (crossing(rule, middle).imag() * sign > 0.0 ? low : high) = middle;
  }
  return crossing(rule, 0.5 * (low + high)).real();
}

/// Adan's numerator m + β₂v: m the running mean of g, v that of g − g₋₁.
///   (z−1)θ = −η ((1−β₁)z/(z−β₁) + β₂(1−β₂)(z−1)/(z−β₂)) g
LinearRule adan_rule(double beta1, double beta2) {
  const double a = beta1, b = beta2, change = b * (1.0 - b);
  return {{-a * b, a + b + a * b, -(1.0 + a + b), 1.0},
          {change * a, -(1.0 - a) * b - change * (1.0 + a), 1.0 - a + change}};
}

}  // namespace

LinearRule gradient_descent_rule() { return {{-1.0, 1.0}, {1.0}}; }

LinearRule heavy_ball_rule(double momentum, double gain) {
  if (momentum == 0.0) return {{-1.0, 1.0}, {gain}};
  return {{momentum, -(1.0 + momentum), 1.0}, {0.0, gain}};
}

LinearRule nesterov_rule(double momentum) {
  if (momentum == 0.0) return gradient_descent_rule();
  return {{momentum, -(1.0 + momentum), 1.0}, {-momentum, 1.0 + momentum}};
}

LinearRule delayed(LinearRule rule, int steps) {
  rule.free.insert(rule.free.begin(), static_cast<std::size_t>(std::max(0, steps)), 0.0);
  return rule;
}

std::optional<LinearRule> linear_rule(const Spec& optimizer) {
  LinearRule rule;
  if (optimizer.id == "gd") {
    rule = gradient_descent_rule();
  } else if (optimizer.id == "momentum") {
    const double mu = optimizer.number("momentum");
    const std::string& form = optimizer.text("form");
    double gain = 1.0;
    if (form == "ema") gain = 1.0 - mu;
    // PyTorch leaves a velocity without momentum alone, and its dampening with it.
    if (form == "pytorch" && mu > 0.0) gain = 1.0 - optimizer.number("dampening");
    rule = heavy_ball_rule(mu, gain);
  } else if (optimizer.id == "nesterov") {
    rule = nesterov_rule(optimizer.number("momentum"));
  } else {
    return {};
  }
  rule.weight_decay = optimizer.number("weight_decay");
  return rule;
}

std::optional<LinearRule> frozen_rule(const Spec& optimizer) {
  const std::string& id = optimizer.id;
  const auto is_one_of = [&](std::initializer_list<std::string_view> ids) {
    return std::find(ids.begin(), ids.end(), id) != ids.end();
  };
  if (is_one_of({"adam", "adam_l2", "adamw", "amsgrad", "adamax", "radam", "adabelief"})) {
    const double beta = optimizer.number("beta1");
    return heavy_ball_rule(beta, 1.0 - beta);
  }
  if (id == "nadam") {
    // Its momentum has risen to β₁.
    const double beta = optimizer.number("beta1");
    LinearRule rule = nesterov_rule(beta);
    for (double& q : rule.driven) q *= 1.0 - beta;
    return rule;
  }
  if (id == "adan") return adan_rule(optimizer.number("beta1"), optimizer.number("beta2"));
  if (id == "rmsprop") return heavy_ball_rule(optimizer.number("momentum"));
  if (is_one_of({"adagrad", "adadelta"})) return gradient_descent_rule();
  return {};
}

std::optional<MomentumSetting> momentum_of(const Spec& optimizer) {
  if (!linear_rule(optimizer) || !optimizer.find("momentum")) return {};
  return MomentumSetting{"momentum", optimizer.number("momentum")};
}

std::vector<Complex> roots(const LinearRule& rule, double x) {
  const std::vector<double> polynomial = characteristic(rule, x);
  std::vector<Complex> out = rule.degree() == 1   ? std::vector<Complex>{-polynomial[0]}
                             : rule.degree() == 2 ? quadratic_roots(polynomial[1], polynomial[0])
                                                  : companion_roots(polynomial);
  std::stable_sort(out.begin(), out.end(), [](Complex a, Complex b) { return std::abs(a) > std::abs(b); });
  return out;
}

double spectral_radius(const LinearRule& rule, double x) {
  if (!std::isfinite(x)) return kInfinity;
  if (rule.degree() > 2) return std::abs(roots(rule, x).front());
  // As roots(), without the lists: maps ask for it a hundred thousand times.
  const auto coefficient = [&](std::size_t k) {
    return rule.free[k] + (k < rule.driven.size() ? x * rule.driven[k] : 0.0);
  };
  if (rule.degree() == 1) return std::abs(coefficient(0));
  const double half = -0.5 * coefficient(1), c = coefficient(0);
  const double discriminant = half * half - c;
  return discriminant < 0.0 ? std::sqrt(c) : std::abs(half) + std::sqrt(discriminant);
}

WorstDirection worst_direction(const LinearRule& rule, double learning_rate,
                               std::span<const double> eigenvalues) {
  WorstDirection out;
  for (std::size_t i = 0; i < eigenvalues.size(); ++i) {
    const double radius = spectral_radius(rule, learning_rate * (eigenvalues[i] + rule.weight_decay));
    if (i == 0 || radius > out.radius) out = {radius, static_cast<int>(i)};
  }
  return out;
}

double stability_limit(const LinearRule& rule) {
  double limit = kInfinity;
  const auto consider = [&](double x) {
    if (x > 0.0 && x < limit) limit = x;
  };
  // z = −1, where the rules that are not delayed leave the disc, exactly.
  double p = 0.0, q = 0.0, sign = 1.0;
  for (std::size_t k = 0; k < rule.free.size(); ++k, sign = -sign) {
    p += sign * rule.free[k];
    if (k < rule.driven.size()) q += sign * rule.driven[k];
  }
  if (q != 0.0) consider(-p / q);
  // A pair on the circle: between the angles a fine grid tells apart. Rules of degree two have a product of
  // roots that is linear in x, and meet the circle as a pair only where it is 1.
  const int steps = 64 * rule.degree();
  for (int i = 0; i + 1 < steps && rule.degree() > 1; ++i) {
    const double low = std::numbers::pi * (i + 0.5) / steps, high = std::numbers::pi * (i + 1.5) / steps;
    if (crossing(rule, low).imag() * crossing(rule, high).imag() < 0.0)
      consider(real_crossing(rule, low, high));
  }
  if (!std::isfinite(limit)) return spectral_radius(rule, 1.0) > 1.0 ? 0.0 : kInfinity;
  return spectral_radius(rule, 0.5 * limit) > 1.0 ? 0.0 : limit;
}

}  // namespace thalweg
