// Training a network to its end with something to see on the way: what train and runs resume share.
#pragma once

#include "app/cli/train_output.hpp"
#include "app/keep/training_keeper.hpp"

namespace thalweg::cli {

struct TrainLoop {
  std::size_t run = 0;  ///< of `runs`, which are trained one after the other
  std::size_t runs = 1;
  bool quiet = false;  ///< no table of epochs
};

/// Trains until the run has ended or somebody interrupts; epochs are printed as they come, those on record
/// first.
/// @param keeper  null: nothing is kept
TrainingRun train_to_end(Trainer& trainer, const Lane& lane, const TrainLoop& loop, TrainingKeeper* keeper);

/// Where its device has failed: one line about that and how the run can go on. The exit code.
int say_failure(const TrainingRun& run, const TrainingKeeper* keeper);

}  // namespace thalweg::cli
