#include "core/rates/run_rates.hpp"

#include <algorithm>
#include <cmath>

#include "core/optimizer/state_quantity.hpp"
#include "core/schedule/schedule.hpp"

namespace thalweg {
namespace {

std::vector<double> position(const DescentView& run, std::int64_t row) {
  std::vector<double> out;
  for (int axis = 0; axis < run.columns.dim; ++axis)
    out.push_back(run.table.at(row, run.columns.position(axis)));
  return out;
}

/// The last place up to `step` that is a place: where a divergence was a moment before.
std::vector<double> finite_position(const DescentView& run, std::int64_t step) {
  for (std::int64_t row = std::clamp<std::int64_t>(step, 0, run.steps()); row > 0; --row) {
    std::vector<double> at = position(run, row);
    if (std::all_of(at.begin(), at.end(), [](double x) { return std::abs(x) < 1e100; })) return at;
  }
  return position(run, 0);
}

const MarkedPoint* nearest_minimum(const Surface& surface, const std::vector<double>& point) {
  const auto& minima = surface.minima();
  const auto it = std::min_element(minima.begin(), minima.end(), [&](const auto& a, const auto& b) {
    return squared_distance(a.x, point) < squared_distance(b.x, point);
  });
  return it == minima.end() ? nullptr : &*it;
}

PredictedDistances prediction(const RateAnalysis& analysis, const DescentSettings& settings,
                              const RunRatesOptions& options) {
  if (analysis.frozen || !analysis.spectrum.quadratic || !analysis.spectrum.definite() ||
      !is_steady(settings))
    return {};
  // With weight decay the fixed point is the minimum only where that is the origin.
  if (analysis.rule.weight_decay != 0.0)
    for (const double x : analysis.spectrum.centre)
      if (x != 0.0) return {};
  return predict(analysis.rule, analysis.learning_rate, analysis.spectrum.eigenvalues,
                 offsets(analysis.spectrum, settings.start), options.predict_steps, options.tolerance,
                 options.keep);
}

Result<RateAnalysis> ascent() {
  return Error{ErrorCode::kUnsupported,
               "Rates are about the curvatures at a minimum, and this run goes up (maximize)."};
}

}  // namespace

std::string_view rate_quantity_name(RateQuantity quantity) {
  constexpr std::array<std::string_view, kRateQuantities> kNames{"distance", "gradient norm", "loss"};
  return kNames[static_cast<std::size_t>(quantity)];
}

double learning_rate_at(const DescentSettings& settings, std::int64_t step) {
  const double base = settings.optimizer.at(step).number("lr");
  const ScheduleDescriptor* schedule = find_schedule(settings.schedule.id);
  if (!schedule || settings.schedule == default_spec(schedules().front())) return base;
  return schedule->at(settings.schedule, step, base);
}

Spec optimizer_in_force(const DescentSettings& settings, std::int64_t step) {
  const Spec own = settings.optimizer.at(step);
  Spec out = own;
  const OptimizerDescriptor* descriptor = find_optimizer(own.id);
  if (descriptor) Driver(settings.schedule, settings.drives, *descriptor).apply(step, own, out);
  return out;
}

std::optional<std::vector<double>> divisor_of(const Spec& optimizer, const Stepper& stepper, int dim,
                                              double learning_rate) {
  if (!frozen_rule(optimizer) || stepper.steps() < 1) return {};
  const std::vector<StateQuantity> quantities = stepper.quantities();
  const auto rate = std::find_if(quantities.begin(), quantities.end(),
                                 [](const StateQuantity& q) { return q.symbol == kEffectiveRateSymbol; });
  if (rate == quantities.end()) return {};
  const auto n = static_cast<std::size_t>(dim);
  std::vector<double> values(quantities.size() * n);
  stepper.look(values);
  std::vector<double> out;
  const auto first = static_cast<std::size_t>(rate - quantities.begin()) * n;
  for (std::size_t i = first; i < first + n; ++i) out.push_back(learning_rate / values[i]);
  return out;
}

bool is_steady(const DescentSettings& settings) {
  return settings.schedule == default_spec(schedules().front()) && settings.optimizer.changes.empty() &&
         settings.gradient.changes.empty() && settings.drives.empty() &&
         settings.gradient.spec.number("noise") == 0.0 && settings.gradient.spec.is_off("clip") &&
         settings.gradient.spec.is_off("clip_value");
}

StepValue step_value(const DescentView& run, const std::vector<double>& minimum, RateQuantity quantity) {
  const DescentColumns& columns = run.columns;
  if (quantity != RateQuantity::kDistance) {
    const int column = quantity == RateQuantity::kExcess ? columns.excess() : columns.gradient_norm();
    return [&run, column](std::int64_t step) { return run.table.at(step, column); };
  }
  if (minimum.empty()) return [](std::int64_t) { return std::nan(""); };
  return [&run, &minimum](std::int64_t step) {
    double sum = 0.0;
    for (int axis = 0; axis < run.columns.dim; ++axis) {
      const double away =
          run.table.at(step, run.columns.position(axis)) - minimum[static_cast<std::size_t>(axis)];
      sum += away * away;
    }
    return std::sqrt(sum);
  };
}

RunRates run_rates(const DescentSettings& settings, const Surface& surface, const DescentView& run,
                   const RunRatesOptions& options) {
  RunRates out;
  const std::int64_t step = std::clamp<std::int64_t>(options.step, 0, run.steps());
  const std::vector<double> place = finite_position(run, step);
  const bool ascends = maximizes(settings.gradient);
  const MarkedPoint* const minimum = ascends ? nullptr : nearest_minimum(surface, place);
  if (minimum) out.minimum = minimum->x;

  auto analysis = ascends ? ascent()
                          : analyse_rates(surface, place, optimizer_in_force(settings, step),
                                          learning_rate_at(settings, step), options.divisor);
  if (analysis) {
    out.analysis = std::move(*analysis);
    out.predicted = prediction(*out.analysis, settings, options);
  } else {
    out.why = analysis.error().message;
  }

  const RateQuantity judged = out.minimum.empty() ? RateQuantity::kGradientNorm : RateQuantity::kDistance;
  out.window = options.window ? *options.window : settled_window(step_value(run, out.minimum, judged), step);
  out.window.last = std::min(out.window.last, run.steps());
  for (int i = 0; i < kRateQuantities; ++i) {
    const auto quantity = static_cast<RateQuantity>(i);
    if (ascends && quantity == RateQuantity::kExcess) continue;  // above the minimum that it runs away from
    StepValue value = step_value(run, out.minimum, quantity);
    // The record's excess is over the global minimum; a local one is approached for itself.
    if (quantity == RateQuantity::kExcess && minimum && !minimum->global)
      value = [&run, lowest = minimum->value](std::int64_t t) {
        const double over = run.table.at(t, run.columns.loss()) - lowest;
        return over > 1e-12 * std::abs(lowest) ? over : 0.0;  // below it is rounding
      };
    out.measured[static_cast<std::size_t>(i)] = measure_rate(value, out.window.first, out.window.last);
  }
  return out;
}

}  // namespace thalweg
