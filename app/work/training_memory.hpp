// Going back in a training run: states of it kept in memory, evenly spread, and a second trainer that makes
// the steps from the nearest one again. The run itself notices nothing of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "core/training/trainer.hpp"

namespace thalweg {

/// States of one run at every so many-th step; when they outgrow their room every second one goes. One
/// thread at a time.
class TrainingMemory {
 public:
  /// @param room  bytes that the states may take
  void set_room(std::size_t room) { room_ = room; }

  /// States to come are at least so many steps apart.
  void space(std::int64_t steps);

  /// The first step beyond `step` at which a state is wanted: training should pause there for offer().
  std::int64_t next(std::int64_t step) const {
    return step < next_ ? next_ : (step / interval_ + 1) * interval_;
  }
  /// Keeps the trainer's state if it stands where one is wanted.
  void offer(const Trainer& trainer);
  /// One from elsewhere, such as a file.
  void add(std::shared_ptr<const TrainerState> state);
  /// Forgets what came after `step`: the run goes on differently.
  void cut(std::int64_t step);

  /// The newest at or before `step`; null: none.
  std::shared_ptr<const TrainerState> before(std::int64_t step) const;
  std::size_t bytes() const { return bytes_; }
  std::size_t count() const { return states_.size(); }

 private:
  void keep(std::shared_ptr<const TrainerState> state);
  void thin();

  std::size_t room_ = std::size_t{64} << 20U;
  std::size_t bytes_ = 0;
  std::int64_t interval_ = 64;
  std::int64_t next_ = 0;
  std::vector<std::shared_ptr<const TrainerState>> states_;  ///< by step, ascending
};

/// `state` with the record of a run that went through it and has got further.
TrainerState with_record(TrainerState state, const TrainingView& record);

/// One thread at a time.
class TrainingReplay {
 public:
  /// The step that it stands at; −1: at none.
  std::int64_t step() const { return trainer_ ? trainer_->steps() : -1; }
  Trainer* trainer() { return trainer_.get(); }
  void reset() { trainer_.reset(); }

  /// Takes the shortest way to `step` of `run`, which has got further: from where it stands or from a state
  /// in `memory`. Throws where that can't be had.
  /// @param engine  makes one as the run's
  void aim(const Trainer& run, std::shared_ptr<const Dataset> data,
           const std::function<std::unique_ptr<TrainingEngine>()>& engine, const TrainingMemory& memory,
           std::int64_t step);
  /// Goes there, for about so many seconds. True when it has arrived.
  bool go_on(double seconds);

 private:
  const Trainer* run_ = nullptr;
  std::unique_ptr<Trainer> trainer_;
  std::int64_t aim_ = 0;
  double seconds_per_step_ = 0.0;
};

}  // namespace thalweg
