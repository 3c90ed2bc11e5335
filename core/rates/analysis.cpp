#include "core/rates/analysis.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>

#include "core/optimizer/optimizer.hpp"

namespace thalweg {
namespace {

std::string limit_formula(const Spec& optimizer, double limit) {
  const std::string& id = optimizer.id;
  if (id == "nadam" || id == "adan") return rate_number(limit) + "/λmax";
  if (id == "nesterov") return "2(1+μ)/((1+2μ)λmax)";
  if (id == "momentum") {
    const std::string& form = optimizer.text("form");
    if (form == "ema") return "2(1+μ)/((1−μ)λmax)";
    const bool damped =
        form == "pytorch" && optimizer.number("dampening") > 0.0 && optimizer.number("momentum") > 0.0;
    return damped ? "2(1+μ)/((1−d)λmax)" : "2(1+μ)/λmax";
  }
  if (optimizer.find("beta1")) return "2(1+β₁)/((1−β₁)λmax)";
  if (id == "rmsprop") return "2(1+μ)/λmax";
  return "2/λmax";
}

Error no_theory(const Spec& optimizer) {
  const OptimizerDescriptor* descriptor = find_optimizer(optimizer.id);
  const std::string name = descriptor ? descriptor->label : optimizer.id;
  if (optimizer.id.find('+') != std::string::npos)
    return {ErrorCode::kUnsupported, "There is no rate for " + name +
                                         " here: rates are of Gradient descent, Momentum and Nesterov with nothing "
                                         "around them ('rates --delay' has them with late gradients)."};
  return {
      ErrorCode::kUnsupported,
      "There is no rate of this kind for " + name +
          ": its step is not a fixed multiple of the gradients it has seen. Gradient descent, Momentum and "
          "Nesterov have one."};
}

std::string point_text(const std::vector<double>& point) {
  std::string out = "(";
  for (std::size_t i = 0; i < std::min<std::size_t>(point.size(), 3); ++i)
    out += (i > 0 ? ", " : "") + rate_number(point[i], 3);
  return out + (point.size() > 3 ? ", …)" : ")");
}

}  // namespace

std::string rate_number(double value, int digits) {
  if (std::isnan(value)) return "–";
  if (std::isinf(value)) return value > 0 ? "∞" : "−∞";
  char text[40];
  std::snprintf(text, sizeof text, "%.*g", digits, value == 0.0 ? 0.0 : value);
  std::string out = text;
  if (out.front() == '-') out.replace(0, 1, "−");
  return out;
}

RateAnalysis analyse_rule(LinearRule rule, LocalSpectrum spectrum, double learning_rate) {
  RateAnalysis out;
  out.learning_rate = learning_rate;
  out.rule = std::move(rule);
  out.spectrum = std::move(spectrum);
  out.limit = stability_limit(out.rule);
  for (const double eigenvalue : out.spectrum.eigenvalues) {
    RateDirection direction;
    direction.eigenvalue = eigenvalue;
    const double x = learning_rate * (eigenvalue + out.rule.weight_decay);
    direction.roots = roots(out.rule, x);
    direction.radius = spectral_radius(out.rule, x);
    out.directions.push_back(std::move(direction));
  }
  const WorstDirection worst = worst_direction(out.rule, learning_rate, out.spectrum.eigenvalues);
  out.radius = worst.radius;
  out.worst = worst.index;
  const double steepest =
      out.spectrum.eigenvalues.empty() ? 0.0 : out.spectrum.eigenvalues.back() + out.rule.weight_decay;
  out.largest_rate = steepest > 0.0 ? out.limit / steepest : INFINITY;
  return out;
}

Result<RateAnalysis> analyse_rates(const Surface& surface, const std::vector<double>& point,
                                   const Spec& optimizer, double learning_rate,
                                   const std::optional<std::vector<double>>& divisor) {
  auto rule = linear_rule(optimizer);
  const bool frozen = !rule;
  if (frozen && divisor) rule = frozen_rule(optimizer);
  if (!rule) return no_theory(optimizer);
  if (surface.dim() > kMostSpectrumDimensions)
    return Error{ErrorCode::kUnsupported, "Beyond " + std::to_string(kMostSpectrumDimensions) +
                                              " variables the Hessian's eigenvalues are not worked out."};
  LocalSpectrum spectrum = local_spectrum(surface, point);
  if (frozen) {
    for (const double d : *divisor)
      if (!(d > 0.0) || !std::isfinite(d))
        return Error{ErrorCode::kUnsupported,
                     "The first update is still to come: what it will divide by is not known."};
    spectrum = preconditioned(surface, spectrum, *divisor);
  }
  if (spectrum.eigenvalues.empty())
    return Error{ErrorCode::kUnsupported, "The surface has no finite Hessian at " +
                                              point_text(spectrum.centre) +
                                              ": there is no quadratic near it to go by."};
  RateAnalysis out = analyse_rule(std::move(*rule), std::move(spectrum), learning_rate);
  out.optimizer = optimizer;
  out.frozen = frozen;
  out.limit_formula = limit_formula(optimizer, out.limit);
  if (!frozen && out.spectrum.definite()) {
    const CurvatureRange range = out.spectrum.range();
    out.best = optimal_settings(optimizer, range);
    out.best_rate = optimal_alone(optimizer, "lr", learning_rate, range);
    out.best_momentum = optimal_alone(optimizer, "momentum", learning_rate, range);
  }
  return out;
}

std::string stability_words(const RateAnalysis& analysis) {
  const RateDirection& worst = analysis.directions[static_cast<std::size_t>(analysis.worst)];
  const std::string eta = "η = " + rate_number(analysis.learning_rate);
  const std::string along = "along λ = " + rate_number(worst.eigenvalue);
  if (analysis.learning_rate == 0.0) return "η = 0: nothing moves.";
  if (worst.eigenvalue + analysis.rule.weight_decay < 0.0)
    return "The surface curves down " + along + ": whatever η is, the distance there grows " +
           rate_number(worst.radius) + " times with each step.";
  if (analysis.limit == 0.0) return "With these settings no η is stable.";
  if (std::isinf(analysis.largest_rate)) return "No η is too large here.";
  const double times = analysis.learning_rate / analysis.largest_rate;
  const std::string limit =
      "the limit " + analysis.limit_formula + " = " + rate_number(analysis.largest_rate);
  if (times > 1.0)
    return eta + " is " + rate_number(times, 3) + " times " + limit + ": " + along + " the distance grows " +
           rate_number(worst.radius) + " times with each step.";
  if (worst.eigenvalue + analysis.rule.weight_decay == 0.0)
    return eta + " is within " + limit + ", but along λ = 0 nothing pulls back: no rate holds there.";
  return eta + " is " + rate_number(100.0 * times, 3) + " % of " + limit + ".";
}

std::string spectrum_words(const LocalSpectrum& spectrum) {
  if (spectrum.quadratic) return "The surface is quadratic: this is exact everywhere.";
  if (spectrum.at_minimum)
    return "The surface is not quadratic: these are the curvatures at the minimum " +
           point_text(spectrum.centre) + ", and what is said holds close to it.";
  return "No minimum is known: these are the curvatures at " + point_text(spectrum.centre) +
         ", and what is said holds for the next steps only.";
}

}  // namespace thalweg
