// What an ensemble comes to: how many particles ended how, where, and after how many steps.
#pragma once

#include <cstdint>
#include <vector>

#include "core/ensemble/ensemble.hpp"

namespace thalweg {

/// Of the steps of some particles; all 0 where there are none.
struct StepQuantiles {
  std::int32_t least = 0, tenth = 0, median = 0, ninetieth = 0, most = 0;
  double mean = 0.0;
};

struct OutcomeCount {
  Outcome outcome = Outcome::kConverged;
  std::int64_t count = 0;
  StepQuantiles steps;
};

struct MinimumCount {
  int minimum = 0;             ///< of Surface::minima()
  std::int64_t converged = 0;  ///< at it
};

struct EnsembleSummary {
  std::int64_t count = 0;
  std::int64_t total_steps = 0;
  std::vector<OutcomeCount> outcomes;  ///< those that there are: converged, budget, diverged, stopped
  std::vector<MinimumCount> minima;    ///< all of the surface, the most often reached first
};

EnsembleSummary summary_of(const EnsembleResult& result, const Surface& surface);

}  // namespace thalweg
