// A run that was kept, read back so that its lab shows it as it was: the whole race it belongs to, with its
// record, and for a network with the weights at its checkpoints.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "app/keep/race_keeper.hpp"
#include "core/scene/scene.hpp"
#include "core/store/store.hpp"
#include "core/training/trainer.hpp"

namespace thalweg {

struct OpenedRun {
  std::string kind;                ///< "descent", "training"
  Scene scene;                     ///< only the part of that kind counts
  std::size_t lane = 0;            ///< which of the Scene's lanes is the run that was asked for
  std::vector<KeptRun> lanes;      ///< of every lane of the Scene
  std::vector<std::string> names;  ///< likewise
  /// Training: by lane, the newest checkpoint, whose record is the run's; null if there is none (the run is
  /// made again from its Scene), and steps of the others.
  std::vector<std::shared_ptr<const TrainerState>> states;
};

/// Any thread that has a Store. Refuses a run whose Scene this program can't read.
Result<OpenedRun> open_run(store::Store& store, const std::string& uid);

/// The checkpoint of a training run at or before `step`: null if there is none.
Result<std::shared_ptr<const TrainerState>> state_before(store::Store& store, const std::string& uid,
                                                         std::int64_t step);

}  // namespace thalweg
