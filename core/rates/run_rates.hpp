// Theory and measurement of one descent, side by side.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "core/descent/descent.hpp"
#include "core/rates/analysis.hpp"
#include "core/rates/measured.hpp"
#include "core/rates/prediction.hpp"

namespace thalweg {

/// What a rate can be measured of.
enum class RateQuantity { kDistance, kGradientNorm, kExcess };
inline constexpr int kRateQuantities = 3;
std::string_view rate_quantity_name(RateQuantity quantity);  ///< "distance", "gradient norm", "loss"

struct RunRates {
  std::optional<RateAnalysis> analysis;  ///< none: `why` says why
  std::string why;

  /// The known minimum that distances are to; empty: none is known, or the run maximizes.
  std::vector<double> minimum;
  StepWindow window;            ///< what was measured
  /// By quantity; none where there is nothing to fit. A loss falls with the square of the distance's rate.
  std::array<std::optional<MeasuredRate>, kRateQuantities> measured;

  /// ‖θ − θ*‖ as the theory has it, from the start on; empty unless the surface is quadratic with a minimum
  /// and nothing changes on the way (no schedule, noise, clipping or moved slider).
  PredictedDistances predicted;

  const std::optional<MeasuredRate>& of(RateQuantity quantity) const {
    return measured[static_cast<std::size_t>(quantity)];
  }
};

struct RunRatesOptions {
  std::int64_t step = 0;             ///< the moment: its settings and place count, and no step after it
  std::optional<StepWindow> window;  ///< to measure over; none: settled_window() of the steps so far
  double tolerance = 0.0;            ///< of the predicted number of steps
  std::int64_t predict_steps = 0;    ///< how far to predict
  std::int64_t keep = 0;             ///< how many predicted distances to keep
  /// The D of an adaptive optimizer at that moment.
  std::optional<std::vector<double>> divisor;
};

/// Any thread.
RunRates run_rates(const DescentSettings& settings, const Surface& surface, const DescentView& run,
                   const RunRatesOptions& options);

/// The rate in force for update `step`: the optimizer's own, or what the schedule makes of it. Of a schedule
/// that goes by the loss: its rate before it has seen any.
double learning_rate_at(const DescentSettings& settings, std::int64_t step);

/// The settings in force for update `step`: those of the sliders, with what follows a schedule.
Spec optimizer_in_force(const DescentSettings& settings, std::int64_t step);

/// What an adaptive optimizer divided by in its last update, at that learning rate: the D of frozen_rule().
/// None for other optimizers and before the first update.
std::optional<std::vector<double>> divisor_of(const Spec& optimizer, const Stepper& stepper, int dim,
                                              double learning_rate);

/// Whether every update is made with the same settings and the exact gradient.
bool is_steady(const DescentSettings& settings);

/// What a run of a quantity looks like to measure_rate(). `run` and `minimum` must outlive it.
StepValue step_value(const DescentView& run, const std::vector<double>& minimum, RateQuantity quantity);

}  // namespace thalweg
