// Several runs beside each other: optimizers against each other from the same initial weights and in the
// same batch order, and the same run from several seeds, with what they have in common.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/training/record.hpp"
#include "core/training/settings.hpp"

namespace thalweg {

/// One run of several.
struct Lane {
  std::size_t optimizer = 0;  ///< which of those given
  std::uint64_t seed = 0;
  TrainingSettings settings;
};

/// The runs of every optimizer with every seed: `settings` with that optimizer and the seeds from its own
/// on, seed by seed. Weights, batches and dropout depend on the seed alone, so that the optimizers of one
/// seed start from the same point. No optimizers: the settings' own. `seeds` is at least 1.
std::vector<Lane> lanes(const TrainingSettings& settings, std::span<const LiveSpec> optimizers, int seeds);

/// A number of several runs at the same epoch.
struct Band {
  std::int64_t epoch = 0;
  int count = 0;  ///< runs that have it; those that ended before or diverged do not
  double mean = 0.0;
  double min = 0.0;
  double max = 0.0;
  double deviation = 0.0;  ///< of the runs, with count − 1 below; NaN of one
};

/// For each epoch that any of the runs has a finite number for: &EpochRecord::test_loss...
std::vector<Band> bands(std::span<const std::vector<EpochRecord>> runs, double EpochRecord::*metric);

}  // namespace thalweg
