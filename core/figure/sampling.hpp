// A function of the step, reduced to what a chart can show, however many steps there are.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <vector>

namespace thalweg {

/// Points of a curve, x ascending.
struct Sampled {
  std::vector<double> x;
  std::vector<double> y;

  bool empty() const { return x.empty(); }
  bool operator==(const Sampled&) const = default;
};

using StepFunction = std::function<double(std::int64_t)>;

/// f over the steps [first, last): all of them if there are at most four for each of `columns`; else of every
/// column the first, the smallest, the largest and the last value, and one that is not finite if there is
/// one, so that a line through the points covers the same pixels as one through all (U. Jugel et al., "M4: A
/// visualization-oriented time series data aggregation", VLDB 2014). Looks at every step.
/// @param stop  once it is true the result is empty; may be null
Sampled sample_steps(const StepFunction& f, std::int64_t first, std::int64_t last, int columns,
                     const std::atomic<bool>* stop = nullptr);

/// f at about `points` steps, evenly spread over [first, last), both ends among them: a first look.
Sampled glance_at_steps(const StepFunction& f, std::int64_t first, std::int64_t last, int points);

/// `coarse` with `fine` in place of the stretch that it covers.
Sampled spliced(const Sampled& coarse, const Sampled& fine);

}  // namespace thalweg
