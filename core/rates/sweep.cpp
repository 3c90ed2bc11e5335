#include "core/rates/sweep.hpp"

#include <algorithm>
#include <cmath>

namespace thalweg {
namespace {

/// Largest μ of a map or sweep: at 1 nothing ever comes to rest.
constexpr double kMostMomentum = 0.9995;

Spec with_momentum(Spec optimizer, double value) {
  *optimizer.find("momentum") = value;
  return optimizer;
}

}  // namespace

std::optional<RateSweep> sweep_setting(const Spec& optimizer, const std::string& key,
                                       const LocalSpectrum& spectrum, int points) {
  if (!spectrum.definite() || points < 2) return {};
  const CurvatureRange range = spectrum.range();
  const auto best = optimal_alone(optimizer, key, optimizer.number("lr"), range);
  if (!best) return {};
  const LinearRule rule = *linear_rule(optimizer);
  const bool of_rate = key == "lr";
  const double end = of_rate ? 1.2 * stability_limit(rule) / (range.beta + rule.weight_decay) : kMostMomentum;
  RateSweep out{{}, {}, of_rate ? best->learning_rate : best->momentum, best->radius};
  for (int i = 0; i < points; ++i) out.setting.push_back(end * i / (points - 1));
  // The point of the V itself, which a grid would blunt.
  out.setting.insert(std::lower_bound(out.setting.begin(), out.setting.end(), out.best), out.best);
  for (const double at : out.setting)
    out.radius.push_back(
        of_rate ? radius_over(rule, at, range)
                : radius_over(*linear_rule(with_momentum(optimizer, at)), optimizer.number("lr"), range));
  return out;
}

double RateMapRequest::rate_at(double unit) const {
  return lowest_rate * std::pow(highest_rate / lowest_rate, unit);
}

double RateMapRequest::unit_of_rate(double rate) const {
  return std::log(rate / lowest_rate) / std::log(highest_rate / lowest_rate);
}

std::vector<double> rate_map(const RateMapRequest& request) {
  if (!momentum_of(request.optimizer) || request.width < 1 || request.height < 1) return {};
  std::vector<double> rates;
  for (int i = 0; i < request.width; ++i) rates.push_back(request.rate_at((i + 0.5) / request.width));
  std::vector<double> out;
  out.reserve(static_cast<std::size_t>(request.width) * static_cast<std::size_t>(request.height));
  for (int j = 0; j < request.height; ++j) {
    const LinearRule rule = *linear_rule(with_momentum(request.optimizer, (j + 0.5) / request.height));
    for (const double rate : rates) out.push_back(radius_over(rule, rate, request.range));
  }
  return out;
}

std::vector<RateMapPoint> stability_boundary(const RateMapRequest& request) {
  std::vector<RateMapPoint> out;
  if (!momentum_of(request.optimizer)) return out;
  const int rows = std::max(2, request.height);
  for (int j = 0; j <= rows; ++j) {
    const double mu = std::min(static_cast<double>(j) / rows, kMostMomentum);
    const LinearRule rule = *linear_rule(with_momentum(request.optimizer, mu));
    out.push_back({mu, stability_limit(rule) / (request.range.beta + rule.weight_decay)});
  }
  return out;
}

RateMapRequest rate_map_request(const Spec& optimizer, const CurvatureRange& range, double learning_rate) {
  RateMapRequest out;
  out.optimizer = optimizer;
  out.range = range;
  // The momentum and rate of the point are not part of the map: it must not change under the hand.
  if (momentum_of(optimizer)) *out.optimizer.find("momentum") = 0.0;
  *out.optimizer.find("lr") = 1.0;
  const double steepest = range.beta + optimizer.number("weight_decay");
  const double gain = optimizer.find("dampening") ? 1.0 - optimizer.number("dampening") : 1.0;
  double low = 0.02 / steepest, high = 8.0 / (steepest * (gain > 0.01 ? gain : 0.01));
  // ema divides its limit by 1 − μ: it has no end, but for what anybody would use.
  if (optimizer.find("form") && optimizer.text("form") == "ema") high *= 25.0;
  if (learning_rate > 1e-6 * low) low = std::min(low, 0.5 * learning_rate);
  if (learning_rate < 1e6 * high) high = std::max(high, 2.0 * learning_rate);
  const auto tenth = [](double x, double towards) {
    return std::pow(10.0, 0.1 * (std::floor(10.0 * std::log10(x)) + towards));
  };
  out.lowest_rate = tenth(low, 0.0);
  out.highest_rate = tenth(high, 1.0);
  return out;
}

}  // namespace thalweg
