#include "core/rates/optimal.hpp"

#include <algorithm>
#include <cmath>

namespace thalweg {
namespace {

/// The smallest of a function without a second valley: a fine grid, then the golden section.
template <class F>
double minimise(F f, double low, double high) {
  constexpr int kGrid = 400;
  double best = low, least = f(low);
  for (int i = 1; i <= kGrid; ++i) {
    const double at = low + (high - low) * i / kGrid;
    if (const double value = f(at); value < least) least = value, best = at;
  }
  const double cell = (high - low) / kGrid;
  double a = std::max(low, best - cell), b = std::min(high, best + cell);
  constexpr double kSection = 0.6180339887498949;
  for (int i = 0; i < 120; ++i) {
    const double x = b - kSection * (b - a), y = a + kSection * (b - a);
    (f(x) <= f(y) ? b : a) = f(x) <= f(y) ? y : x;
  }
  return 0.5 * (a + b);
}

Spec with(Spec optimizer, const std::string& key, double value) {
  *optimizer.find(key) = value;
  return optimizer;
}

/// What the rule puts before each gradient; 0: it never moves.
double gain_of(const LinearRule& rule) { return rule.driven.back(); }

}  // namespace

OptimalSettings optimal_gradient_descent(const CurvatureRange& range) {
  const double sum = range.alpha + range.beta;
  return {2.0 / sum, 0.0, (range.beta - range.alpha) / sum};
}

OptimalSettings optimal_heavy_ball(const CurvatureRange& range) {
  const double a = std::sqrt(range.alpha), b = std::sqrt(range.beta);
  const double rate = (b - a) / (b + a);
  return {4.0 / ((a + b) * (a + b)), rate * rate, rate};
}

OptimalSettings optimal_nesterov(const CurvatureRange& range) {
  const double root = std::sqrt(3.0 * range.condition() + 1.0);
  return {4.0 / (3.0 * range.beta + range.alpha), (root - 2.0) / (root + 2.0), 1.0 - 2.0 / root};
}

OptimalSettings usual_nesterov(const CurvatureRange& range) {
  const double root = std::sqrt(range.condition());
  return {1.0 / range.beta, (root - 1.0) / (root + 1.0), 1.0 - 1.0 / root};
}

double radius_over(const LinearRule& rule, double learning_rate, const CurvatureRange& range) {
  return std::max(spectral_radius(rule, learning_rate * (range.alpha + rule.weight_decay)),
                  spectral_radius(rule, learning_rate * (range.beta + rule.weight_decay)));
}

std::optional<OptimalSettings> optimal_settings(const Spec& optimizer, const CurvatureRange& range) {
  const auto rule = linear_rule(optimizer);
  if (!rule) return {};
  const CurvatureRange curved{range.alpha + rule->weight_decay, range.beta + rule->weight_decay};
  if (optimizer.id == "gd") return optimal_gradient_descent(curved);
  if (optimizer.id == "nesterov") return optimal_nesterov(curved);
  OptimalSettings out = optimal_heavy_ball(curved);
  const double gain = gain_of(*linear_rule(with(optimizer, "momentum", out.momentum)));
  if (!(gain > 0.0)) return {};
  out.learning_rate /= gain;
  return out;
}

std::optional<OptimalSettings> optimal_alone(const Spec& optimizer, const std::string& key,
                                             double learning_rate, const CurvatureRange& range) {
  const auto rule = linear_rule(optimizer);
  if (!rule || !(gain_of(*rule) > 0.0)) return {};
  const auto momentum = momentum_of(optimizer);
  if (key == "momentum") {
    if (!momentum) return {};
    const auto radius = [&](double mu) {
      return radius_over(*linear_rule(with(optimizer, key, mu)), learning_rate, range);
    };
    const double best = minimise(radius, 0.0, 1.0);
    return OptimalSettings{learning_rate, best, radius(best)};
  }
  const CurvatureRange curved{range.alpha + rule->weight_decay, range.beta + rule->weight_decay};
  const double mu = momentum ? momentum->value : 0.0;
  // The radius of descent and of the heavy ball is the same at x and at its mirror image, so the ends of the
  // spectrum are best at equal distance from the mirror.
  if (optimizer.id != "nesterov") {
    const double best = 2.0 * (1.0 + mu) / (gain_of(*rule) * (curved.alpha + curved.beta));
    return OptimalSettings{best, mu, radius_over(*rule, best, range)};
  }
  const auto radius = [&](double log_rate) { return radius_over(*rule, std::exp(log_rate), range); };
  const double best = std::exp(minimise(radius, std::log(0.1 / curved.beta), std::log(2.0 / curved.beta)));
  return OptimalSettings{best, mu, radius_over(*rule, best, range)};
}

}  // namespace thalweg
