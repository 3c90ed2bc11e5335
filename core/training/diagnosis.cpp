#include "core/training/diagnosis.hpp"

#include <cmath>
#include <cstdarg>
#include <cstdio>
#include <limits>

namespace thalweg {
namespace diagnosis {

std::string said(const char* format, ...) {
  char text[400];
  std::va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  return text;
}

double last_finite(const TableView& table, int column) {
  for (std::int64_t row = table.rows(); row-- > 0;)
    if (const double value = table.at(row, column); std::isfinite(value)) return value;
  return std::numeric_limits<double>::quiet_NaN();
}

}  // namespace diagnosis

namespace {

/// Fewer steps say nothing about how a run goes.
constexpr std::int64_t kFewest = 30;

Finding nothing_found(const TrainingView& view) {
  const std::int64_t steps = view.steps.rows();
  if (steps < kFewest)
    return {.id = "too_short",
            .headline = "Too little to say anything.",
            .evidence = diagnosis::said("%lld steps", static_cast<long long>(steps)),
            .causes = {},
            .remedy = "Train for longer.",
            .first_step = 0,
            .last_step = steps};
  return {.id = "healthy",
          .headline = "Nothing stands out.",
          .evidence = diagnosis::said(
              "the loss went from %.3g to %.3g in %lld steps", view.steps.at(0, TrainingColumns::kLoss),
              diagnosis::last_finite(view.steps, TrainingColumns::kLoss), static_cast<long long>(steps)),
          .causes = {},
          .remedy = "",
          .first_step = 0,
          .last_step = steps - 1};
}

}  // namespace

std::vector<Finding> diagnose(const TrainingView& view, int classes) {
  using namespace diagnosis;
  std::vector<Finding> out;
  for (const auto rule : {find_divergence, find_dead_layers, find_oscillation, find_stuck,
                          find_vanishing_gradients, find_spikes, find_overfitting, find_slowness})
    rule(view, classes, out);
  if (out.empty()) out.push_back(nothing_found(view));
  return out;
}

}  // namespace thalweg
