// Training: epochs of batches with a schedule, an evaluation after each, and the record of all of it.
//
// Deterministic: the record depends on settings, data and engine alone, not on how the steps were asked
// for, but for the measured seconds. Not here: threads, the window.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "core/schedule/schedule.hpp"
#include "core/training/record.hpp"
#include "core/training/settings.hpp"

namespace thalweg {

/// A loss beyond this times the first one, or 1 if that is more, is a divergence even while finite.
inline constexpr double kLossEscaped = 1e6;

/// One thread at a time.
class Trainer {
 public:
  /// Loads and builds; `data` is what settings.data describes. Errors are the engine's and check()'s.
  static Result<std::unique_ptr<Trainer>> create(TrainingSettings settings,
                                                 std::shared_ptr<const Dataset> data,
                                                 std::unique_ptr<TrainingEngine> engine);

  /// Takes settings that differ from update steps() on at the earliest (live parameters, probes); refuses
  /// others, and then nothing changes.
  std::optional<Error> retarget(const TrainingSettings& settings);

  /// Makes up to `steps` updates, with the evaluation at the end of each epoch. Looks at `stop` between
  /// two updates, and inside an evaluation; once it is true the run ends as kStopped.
  void advance(std::int64_t steps, const std::function<bool()>& stop = {});

  /// Ends the run here. A part of an epoch gets a record of its own, without a test.
  void stop();

  Outcome outcome() const { return outcome_; }
  std::int64_t steps() const { return table_.rows(); }
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
  Trainer(TrainingSettings settings, std::shared_ptr<const Dataset> data,
          std::unique_ptr<TrainingEngine> engine, Split split);
  void put_in_force(std::int64_t step);
  void begin_epoch();
  void end_epoch(bool test, const std::function<bool()>& stop);
  bool engine_finite() const;

  TrainingSettings settings_;
  std::unique_ptr<TrainingEngine> engine_;
  const ScheduleDescriptor* schedule_ = nullptr;
  std::shared_ptr<const Dataset> data_;
  Split split_;
  std::vector<std::uint32_t> order_;    ///< of this epoch
  std::int64_t batch_size_ = 1;  ///< samples of one update
  std::int64_t per_epoch_ = 0;
  std::int64_t budget_ = 0;
  Spec optimizer_;  ///< in force for update `in_force_`
  Spec training_;   ///< likewise
  std::int64_t in_force_ = 0;
  Table table_{TrainingColumns::kCount};
  std::vector<EpochRecord> epochs_;
  Outcome outcome_ = Outcome::kRunning;

  // Sums of the epoch that is under way.
  std::int64_t epoch_ = 0;
  std::int64_t batch_ = 0;  ///< next batch of the epoch
  double loss_sum_ = 0.0;
  std::int64_t correct_ = 0;
  std::int64_t seen_ = 0;
  double seconds_ = 0.0;
};

}  // namespace thalweg
