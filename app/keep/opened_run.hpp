// A run that was kept, read back so that its lab shows it as it was: the whole race it belongs to, with its
// record, and for a network with the weights at its checkpoints.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "app/keep/race_keeper.hpp"
#include "core/scene/scene.hpp"
#include "core/store/store.hpp"
#include "core/training/trainer.hpp"

namespace thalweg {

/// A lane whose run was deleted is taken out of the Scene. Where that can't be (some seeds of an optimizer,
/// of which a Scene has all or none) it stays and has no run: an empty uid; it is begun anew when it is run.
struct OpenedRun {
  std::string kind;  ///< "descent", "training"
  /// Only the part of that kind counts. Each lane's optimizer is as its own run has it, so that a change made
  /// to one of them is there whichever is opened.
  Scene scene;
  std::size_t lane = 0;  ///< which of the Scene's lanes is the run that was asked for
  /// Of every lane of the Scene: Scene::race() of a descent, TrainingScene::lanes() of a training.
  std::vector<KeptRun> lanes;
  std::vector<std::string> names;  ///< likewise
  /// Training: by lane, the newest checkpoint, whose record is the run's; null if there is none (the run is
  /// made again from its Scene). A run that was interrupted may have more in the file than its newest
  /// checkpoint.
  std::vector<std::shared_ptr<const TrainerState>> states;
  /// Training: by lane, the steps at which there is a checkpoint, ascending.
  std::vector<std::vector<std::int64_t>> checkpoints;
};

/// Any thread that has a Store. Refuses a run whose Scene this program can't read. A checkpoint that is
/// damaged counts as one that is not there.
Result<OpenedRun> open_run(store::Store& store, const std::string& uid);

/// The newest checkpoint of a training run at or before `step`, as one to go on from (a stop is taken back):
/// null if there is none. In the past that a fork has in common with its parent the parent's will do. The end
/// that a run came to by itself, from which nothing goes on, is given for exactly its step alone.
Result<std::shared_ptr<const TrainerState>> state_before(store::Store& store, const std::string& uid,
                                                         std::int64_t step);

}  // namespace thalweg
