// Training runs on their way into the file of runs.
#pragma once

#include <string>
#include <vector>

#include "core/store/recorder.hpp"
#include "core/training/lanes.hpp"
#include "core/training/trainer.hpp"

namespace thalweg::cli {

/// Which of the runs of one command, and with what.
struct KeptLane {
  const Lane& lane;
  std::string folder;  ///< where the data's files are; empty: the usual places
  std::string race;    ///< uid that the runs of the command share; empty: there is only one
  int number = 0;
  int threads = 1;
};

/// Every step, every epoch and what probes measure, of one run.
class TrainingKeeper {
 public:
  TrainingKeeper(store::Recorder& recorder, const KeptLane& kept, std::int64_t budget, std::int64_t lanes);

  /// Hands over what is new.
  void update(const TrainingView& view);
  void finish(const TrainingView& view, std::int64_t parameters);

 private:
  void add_steps(std::vector<store::Points>& out, const TrainingView& view, bool last);
  void add_epochs(std::vector<store::Points>& out, const TrainingView& view);
  void add_probes(std::vector<store::Points>& out, const TrainingView& view);
  void hand_over(const TrainingView& view, bool last);

  store::Recorder& recorder_;
  int run_ = 0;
  std::int64_t stride_ = 1;
  std::int64_t next_step_ = 0;
  std::size_t next_epoch_ = 0;
  std::vector<std::pair<std::string, std::int64_t>> next_rows_;  ///< of each probe
};

}  // namespace thalweg::cli
