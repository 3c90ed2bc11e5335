#include "core/ensemble/summary.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace thalweg {
namespace {

/// The smallest number that at least `share` of them do not exceed.
std::int32_t quantile(std::vector<std::int32_t>& steps, double share) {
  const auto rank = static_cast<std::ptrdiff_t>(std::ceil(share * static_cast<double>(steps.size()))) - 1;
  const auto at = steps.begin() + std::max<std::ptrdiff_t>(0, rank);
  std::nth_element(steps.begin(), at, steps.end());
  return *at;
}

StepQuantiles quantiles(std::vector<std::int32_t> steps) {
  if (steps.empty()) return {};
  const auto sum = std::accumulate(steps.begin(), steps.end(), std::int64_t{0});
  return {.least = quantile(steps, 0.0),
          .tenth = quantile(steps, 0.1),
          .median = quantile(steps, 0.5),
          .ninetieth = quantile(steps, 0.9),
          .most = quantile(steps, 1.0),
          .mean = static_cast<double>(sum) / static_cast<double>(steps.size())};
}

}  // namespace

EnsembleSummary summary_of(const EnsembleResult& result, const Surface& surface) {
  EnsembleSummary out;
  out.count = result.count();
  out.total_steps = result.total_steps();
  for (const Outcome outcome :
       {Outcome::kConverged, Outcome::kBudget, Outcome::kDiverged, Outcome::kStopped}) {
    std::vector<std::int32_t> steps;
    for (std::size_t i = 0; i < result.outcome.size(); ++i)
      if (result.outcome[i] == outcome) steps.push_back(result.steps[i]);
    const auto count = static_cast<std::int64_t>(steps.size());
    if (count > 0) out.outcomes.push_back({outcome, count, quantiles(std::move(steps))});
  }
  out.minima.resize(surface.minima().size());
  for (std::size_t m = 0; m < out.minima.size(); ++m) out.minima[m].minimum = static_cast<int>(m);
  for (std::size_t i = 0; i < result.outcome.size(); ++i)
    if (result.outcome[i] == Outcome::kConverged && result.minimum[i] >= 0)
      ++out.minima[static_cast<std::size_t>(result.minimum[i])].converged;
  std::stable_sort(out.minima.begin(), out.minima.end(),
                   [](const MinimumCount& a, const MinimumCount& b) { return a.converged > b.converged; });
  return out;
}

}  // namespace thalweg
