// Overfitting one batch: the first test of a network that does not learn. Model, loss and optimizer are sound
// if they can learn a handful of samples by heart; if they cannot, more data will not help.
//
// A. Karpathy, "A recipe for training neural networks", 2019, "overfit one batch".
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "core/training/settings.hpp"

namespace thalweg {

/// target, most_steps: see the help of its parameters.
const Descriptor& overfit_descriptor();

struct OverfitResult {
  static constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

  bool passed = false;
  bool stopped = false;            ///< by the caller: neither passed nor failed
  std::vector<double> losses;      ///< of the batch before each update, as trained on (with dropout)
  double first_loss = kNone;       ///< without dropout, before the first update
  double loss = kNone;             ///< likewise, after the last
  double accuracy = kNone;         ///< likewise; NaN of a regression
  double floor = 0.0;              ///< the lowest loss that label smoothing allows
  std::string reason;              ///< one sentence: why it passed or failed
  std::vector<std::string> hints;  ///< what to look at, after a failure
};

/// Trains a network of its own on the first batch of `settings` and on nothing else, at the optimizer's own
/// rate. Passed: every sample of the batch right and a loss less than the target above its floor, both as
/// evaluated, without dropout.
/// @param limits  of overfit_descriptor()
/// @param seen    called after each update with the share of the budget that is used; true stops
Result<OverfitResult> overfit_one_batch(const TrainingSettings& settings, std::shared_ptr<const Dataset> data,
                                        std::unique_ptr<TrainingEngine> engine, const Spec& limits,
                                        const std::function<bool(double)>& seen = {});

}  // namespace thalweg
