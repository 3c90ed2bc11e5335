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
  std::string device = "cpu";  ///< that it is computed on
  std::string parent;  ///< uid of the run that it was forked from; empty: it began at step 0
  std::int64_t parent_step = 0;
};

/// Seconds of training from one checkpoint to the next, so that any step is made again in about as long; more
/// where saving one takes more than a fiftieth of that. Of long runs fewer stay (kMostCheckpoints).
inline constexpr double kCheckpointSeconds = 2.0;
inline constexpr std::int64_t kMostCheckpoints = 16;
/// Bytes of the checkpoints of one run: of large networks fewer stay, two at least. None of a network is kept
/// that takes more by itself: it can be trained again.
inline constexpr std::int64_t kMostCheckpointBytes = 400'000'000;
/// Seconds of training from one point of the series "seconds" to the next.
inline constexpr double kClockSeconds = 0.25;

/// One run. One thread at a time.
class TrainingKeeper {
 public:
  /// A new run; of a fork, what the trainer has on record is the common past, which becomes part of it.
  TrainingKeeper(store::Recorder& recorder, const TrainingStart& start, const Trainer& trainer,
                 double checkpoint_seconds = kCheckpointSeconds);
  /// One that is in the file already: from the trainer's step on it is written anew. The recorder refuses one
  /// that goes on elsewhere.
  TrainingKeeper(store::Recorder& recorder, const KeptRun& run, const Trainer& trainer,
                 double checkpoint_seconds = kCheckpointSeconds);

  /// Hands over what is new, and a checkpoint when one is due.
  void update(const Trainer& trainer);
  /// Live parameters were changed: events, and the Scene that makes this run again, as soon as an update is
  /// made with them.
  void changed(const TrainingScene& scene, std::size_t lane);
  /// From update `step` on it is computed on this device.
  /// @param choice  what `auto` measured; empty: it did not
  void made_on(const std::string& device, std::int64_t step, const std::string& choice = {});
  /// At the trainer's outcome; "stopped" of one that could go on.
  void finish(const Trainer& trainer);
  /// The device has failed: what was recorded stays, and the run can be resumed.
  /// @param view  the record; the engine is lost
  /// @param last  the newest state that there is; null: none but the checkpoints
  void fail(const TrainingView& view, const std::string& why, const TrainerState* last = nullptr);

  const std::string& uid() const { return uid_; }
  /// Where the run can be taken up again: the step of its newest checkpoint.
  std::int64_t saved_step() const { return saved_step_; }

 private:
  void add_steps(std::vector<store::Points>& out, const TrainingView& view, bool last);
  void add_epochs(std::vector<store::Points>& out, const TrainingView& view);
  void add_probes(std::vector<store::Points>& out, const TrainingView& view);
  void add_clock(std::vector<store::Points>& out, const TrainingView& view, bool last);
  void hand_over(const TrainingView& view, bool last);
  void save(const TrainerState& state, double seconds);
  void end(const TrainingView& view);

  store::Recorder& recorder_;
  TrainingSettings settings_;
  std::string uid_;
  std::string device_;
  int run_ = 0;
  std::int64_t stride_ = 1;
  std::int64_t next_step_ = 0;
  std::int64_t seen_ = 0;          ///< rows that were looked at
  std::int64_t norm_window_ = -1;  ///< the last group of `stride_` rows of which a gradient norm was kept
  std::size_t next_epoch_ = 0;
  std::vector<std::pair<std::string, std::int64_t>> next_rows_;  ///< of each probe
  std::size_t changes_ = 0;           ///< of the optimizer, that are events already
  std::size_t training_changes_ = 0;  ///< likewise
  std::string scene_;                 ///< to be kept with the next update; empty: the file has it
  int scene_lane_ = 0;
  double checkpoint_seconds_;
  double saved_at_ = 0.0;  ///< seconds of training
  std::int64_t saved_step_ = 0;
  bool too_large_ = false;        ///< to be kept
  double save_cost_ = 0.0;        ///< seconds that the last one took
  double clock_ = 0.0;            ///< the last that was handed over
  std::int64_t clock_step_ = -1;  ///< where that was
  bool ended_ = false;
};

}  // namespace thalweg
