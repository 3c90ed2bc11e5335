// Training: epochs of batches with a schedule, an evaluation after each, and the record of all of it.
//
// Deterministic: the record depends on settings, data and engine alone, not on how the steps were asked
// for, but for the measured seconds. Probes change nothing but themselves. Not here: threads, the window.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <vector>

#include "core/schedule/schedule.hpp"
#include "core/training/preparation.hpp"
#include "core/training/probes.hpp"
#include "core/training/record.hpp"
#include "core/training/settings.hpp"

namespace thalweg {

/// A loss beyond this times the first one, or 1 if that is more, is a divergence even while finite.
inline constexpr double kLossEscaped = 1e6;

/// Sums over the epoch that is under way.
struct EpochSums {
  double loss = 0.0;
  std::int64_t correct = 0;
  std::int64_t seen = 0;
  double seconds = 0.0;

  bool operator==(const EpochSums&) const = default;
};

/// Early stopping watches the validation loss at the end of each epoch. What is lower than every one
/// before is an improvement, by however little (PyTorch Lightning's min_delta = 0; NaN is none). After
/// `patience` epochs in a row without one the run ends; then, and where the budget ends it first, the
/// whole engine goes back to the best epoch: weights, running statistics and the optimizer.
struct BestEpoch {
  double loss = std::numeric_limits<double>::infinity();
  std::int64_t step = -1;   ///< last update of that epoch; −1: none yet
  std::int64_t waited = 0;  ///< epochs since
  EngineState state;

  bool operator==(const BestEpoch&) const = default;
};

/// Where a run stands: a trainer made from the same settings and data goes on from it with the same numbers,
/// bit for bit, those of probes too.
struct TrainerState {
  TrainingView record;
  EngineState engine;
  EpochSums sums;  ///< of a run that was stopped: of the epoch that was cut off
  BestEpoch best;
  ProbesState probes;
  std::vector<double> schedule;  ///< what a schedule that goes by the loss has in mind; else empty

  std::int64_t steps() const { return record.steps.rows(); }
};

/// Takes back stop(): a trainer goes on from the state as if it had never been stopped. False, and nothing
/// changes, if the run ended by itself, or if a probe was cut short whose numbers would be missing.
bool take_back_stop(TrainerState& state);

/// One thread at a time.
class Trainer {
 public:
  /// prepare()'s errors, and those of probes that the data have nothing for.
  static Result<std::unique_ptr<Trainer>> create(TrainingSettings settings,
                                                 std::shared_ptr<const Dataset> data,
                                                 std::unique_ptr<TrainingEngine> engine);

  /// Takes settings that differ from update steps() on at the earliest (live parameters, probes); refuses
  /// others, and then nothing changes.
  std::optional<Error> retarget(const TrainingSettings& settings);

  /// Makes up to `steps` updates, with the evaluation at the end of each epoch. Looks at `stop` between
  /// two updates, and inside evaluations and probes; once it is true the run ends as kStopped.
  void advance(std::int64_t steps, const std::function<bool()>& stop = {});

  /// Ends the run here. A part of an epoch gets a record of its own, without a test.
  void stop();

  TrainerState state() const;
  /// Refuses a state of another network or other batches, and then changes nothing.
  std::optional<Error> restore(const TrainerState& state);

  Outcome outcome() const { return outcome_; }
  std::int64_t steps() const { return table_.rows(); }
  /// Of the first epoch, where the batch follows a schedule.
  std::int64_t steps_per_epoch() const { return per_epoch_; }
  std::int64_t budget() const { return budget_; }
  const std::vector<EpochRecord>& epochs() const { return epochs_; }
  TableView table() const { return table_.view(); }
  TrainingView view() const;
  const Split& samples() const { return split_; }  ///< which training samples are used, which kept back
  const TrainingSettings& settings() const { return settings_; }
  const TrainingEngine& engine() const { return *engine_; }
  /// For looking into the network between two advances. Steps and restores are the trainer's alone.
  TrainingEngine& engine() { return *engine_; }
  const Dataset& data() const { return *data_; }

 private:
  using Stop = std::function<bool()>;

  Trainer(TrainingSettings settings, Preparation prepared);
  void put_in_force(std::int64_t step);
  double learning_rate(std::int64_t step);
  void observe(const EpochRecord& record);
  StepRates rates(std::int64_t step);
  void make_step(const Stop& stop);
  std::int64_t make_steps(std::int64_t most, const Stop& stop);
  std::int64_t steps_together(std::int64_t most);
  void end_step(const StepResult& result, std::size_t samples, double rate, const Stop& stop);
  void record(const StepResult& result, std::size_t samples, double rate);
  void end_epoch(bool measure, const Stop& stop);
  void measure(EpochRecord& record, const Stop& stop);
  bool watch(const EpochRecord& record);
  bool at_epoch_end();
  void finish_epoch(const Stop& stop);
  void end_by_budget();
  double escape() const;
  void restore_best();
  bool engine_finite() const;

  TrainingSettings settings_;
  std::shared_ptr<const Dataset> data_;
  std::unique_ptr<TrainingEngine> engine_;
  Split split_;
  Batches batches_;
  Probes probes_;
  const ScheduleDescriptor* schedule_ = nullptr;
  std::unique_ptr<ScheduleFollower> follower_;  ///< of a schedule that goes by the loss
  Driver driver_;
  std::int64_t budget_ = 0;
  std::int64_t per_epoch_ = 1;
  Spec optimizer_;  ///< in force for update `in_force_`
  Spec driven_;     ///< optimizer_ with what follows a schedule
  Spec training_;   ///< likewise
  std::int64_t in_force_ = 0;

  Table table_{TrainingColumns::kCount};
  std::vector<EpochRecord> epochs_;
  mutable std::shared_ptr<const std::vector<EpochRecord>> shared_epochs_;  ///< a copy that views share
  Outcome outcome_ = Outcome::kRunning;
  EpochSums sums_;
  BestEpoch best_;
  std::int64_t restored_step_ = -1;
  std::int64_t skipped_ = 0;
  double seconds_ = 0.0;  ///< of updates and evaluations
};

}  // namespace thalweg
