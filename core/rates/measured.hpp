// The rate that a run had: a straight line through the logarithm of its distance, gradient norm or excess
// loss over a window of steps, and how well it fits.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

namespace thalweg {

struct MeasuredRate {
  double rate = 0.0;  ///< exp of the slope: the factor of one step
  /// Standard error of `rate`, from the scatter about the line (it swings under momentum).
  double error = 0.0;
  double fit = 0.0;        ///< R², share of the logarithm's variance that the line explains; 1: it is a line
  double endpoints = 0.0;  ///< (last/first)^(1/steps): the mean factor, whatever lies between
  std::int64_t first = 0;  ///< steps that were used: from, to (inclusive)
  std::int64_t last = 0;
  double at_first = 0.0;  ///< the line's value at `first`
};

/// Value of the quantity at a step. What is not finite or not above zero is left out.
using StepValue = std::function<double(std::int64_t step)>;

/// Least squares over [first, last]. None with fewer than three usable values or without two different steps.
std::optional<MeasuredRate> measure_rate(const StepValue& value, std::int64_t first, std::int64_t last);

/// A window for a run of `steps` updates in which it has settled and rounding is not reached yet: the second
/// half of the steps up to the first value below `floor` times the largest. {0, steps} for runs too short.
struct StepWindow {
  std::int64_t first = 0;
  std::int64_t last = 0;
};
StepWindow settled_window(const StepValue& value, std::int64_t steps, double floor = 1e-12);

}  // namespace thalweg
