#include "core/compare/step_scale.hpp"

#include <algorithm>
#include <cmath>

namespace thalweg {
namespace {

double through(const std::vector<double>& from, const std::vector<double>& to, double at) {
  const auto above = std::upper_bound(from.begin() + 1, from.end() - 1, at) - from.begin();
  const auto i = static_cast<std::size_t>(above);
  return to[i - 1] + (at - from[i - 1]) * (to[i] - to[i - 1]) / (from[i] - from[i - 1]);
}

}  // namespace

StepScale StepScale::epochs(double steps_per_epoch) {
  if (!(steps_per_epoch > 0.0) || !std::isfinite(steps_per_epoch)) return unknown();
  StepScale out;
  out.per_step_ = 1.0 / steps_per_epoch;
  return out;
}

StepScale StepScale::times(std::span<const std::int64_t> steps, std::span<const double> seconds) {
  StepScale out;
  for (std::size_t i = 0; i < std::min(steps.size(), seconds.size()); ++i) {
    const auto step = static_cast<double>(steps[i]);
    if (!std::isfinite(seconds[i])) continue;
    if (!out.xs_.empty() && (seconds[i] <= out.xs_.back() || step <= out.steps_.back())) continue;
    out.steps_.push_back(step);
    out.xs_.push_back(seconds[i]);
  }
  return out.xs_.size() >= 2 ? out : unknown();
}

StepScale StepScale::unknown() {
  StepScale out;
  out.known_ = false;
  return out;
}

double StepScale::to_x(double step) const {
  return steps_.empty() ? step * per_step_ : through(steps_, xs_, step);
}

double StepScale::to_step(double x) const { return steps_.empty() ? x / per_step_ : through(xs_, steps_, x); }

}  // namespace thalweg
