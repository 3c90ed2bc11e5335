// Training runs on their way into the file of runs: every step, every epoch, what probes measure, and
// checkpoints to go back to.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "app/keep/race_keeper.hpp"
#include "core/scene/training_scene.hpp"
#include "core/training/trainer.hpp"

namespace thalweg {

/// What is known of a training run when it begins.
struct TrainingStart {
  TrainingScene scene;   ///< the whole lab; its lanes() are the runs of the race
  std::size_t lane = 0;  ///< which of them this is
  std::string race;      ///< uid that the runs of the lab share; empty: it is alone
  int threads = 1;
  std::string parent;  ///< uid of the run that it was forked from; empty: it began at step 0
  std::int64_t parent_step = 0;
};

/// One run. One thread at a time.
class TrainingKeeper {
 public:
  /// A new run; of a fork, what the trainer has on record is the common past.
  TrainingKeeper(store::Recorder& recorder, const TrainingStart& start, const Trainer& trainer);
  /// One that is in the file already: from the trainer's step on it is written anew.
  TrainingKeeper(store::Recorder& recorder, const KeptRun& run, const Trainer& trainer);

  /// Hands over what is new, and a checkpoint when one is due.
  void update(const Trainer& trainer);
  /// Live parameters were changed: events, and the Scene that makes this run again.
  void changed(const TrainingScene& scene, std::size_t lane);
  /// At the trainer's outcome; "stopped" of one that could go on.
  void finish(const Trainer& trainer);

  const std::string& uid() const { return uid_; }

 private:
  void add_steps(std::vector<store::Points>& out, const TrainingView& view, bool last);
  void add_epochs(std::vector<store::Points>& out, const TrainingView& view);
  void add_probes(std::vector<store::Points>& out, const TrainingView& view);
  void hand_over(const TrainingView& view, bool last);

  store::Recorder& recorder_;
  TrainingSettings settings_;
  std::string uid_;
  int run_ = 0;
  std::int64_t stride_ = 1;
  std::int64_t next_step_ = 0;
  std::size_t next_epoch_ = 0;
  std::vector<std::pair<std::string, std::int64_t>> next_rows_;  ///< of each probe
  bool ended_ = false;
};

}  // namespace thalweg
