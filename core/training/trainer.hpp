// Training: epochs of batches with a schedule, an evaluation after each, and the record of all of it.
//
// Deterministic: the record depends on settings, data and engine alone, not on how the steps were asked
// for, but for the measured seconds. Not here: threads, the window, probes.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "core/descent/descent.hpp"
#include "core/nn/engine.hpp"
#include "core/schedule/schedule.hpp"
#include "core/series/table.hpp"

namespace thalweg {

struct TrainingSettings {
  NetworkSettings network;
  Spec schedule;
  int batch = 64;
  std::int64_t epochs = 10;
  std::int64_t steps = 0;  ///< 0: as many as the epochs need; else training ends there
  std::uint64_t seed = 0;
};

/// Everything that can be wrong with settings apart from model and data, which the engine checks.
std::optional<Error> check(const TrainingSettings& settings);

/// A loss beyond this times the first one, or 1 if that is more, is a divergence even while finite.
inline constexpr double kLossEscaped = 1e6;

/// Columns of the table of steps; row t belongs to the update with number t, counted from 0.
struct TrainingColumns {
  static constexpr int kLoss = 0;  ///< mean over the batch, before the update
  static constexpr int kLearningRate = 1;
  static constexpr int kGradientNorm = 2;  ///< NaN unless clipping needs it
  static constexpr int kCount = 3;
};

struct EpochRecord {
  std::int64_t epoch = 0;       ///< 1 after the first
  std::int64_t steps = 0;       ///< updates made up to here
  double train_loss = 0.0;      ///< mean over the epoch's samples as they were trained on
  double train_accuracy = 0.0;  ///< likewise
  double test_loss = 0.0;       ///< NaN if there are no test samples
  double test_accuracy = 0.0;   ///< NaN of a regression
  double seconds = 0.0;         ///< of the epoch's updates, evaluation left out
  bool whole = true;            ///< false: ended before all batches of the epoch
};

/// One thread at a time.
class Trainer {
 public:
  /// Loads and builds; `indices` are the training samples to use (a split), or all. Errors are the
  /// engine's and check()'s.
  static Result<std::unique_ptr<Trainer>> create(TrainingSettings settings,
                                                 std::shared_ptr<const Dataset> data,
                                                 std::unique_ptr<TrainingEngine> engine,
                                                 std::vector<std::uint32_t> indices = {});

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
  const TrainingSettings& settings() const { return settings_; }
  const TrainingEngine& engine() const { return *engine_; }

 private:
  Trainer(TrainingSettings settings, std::unique_ptr<TrainingEngine> engine,
          std::vector<std::uint32_t> indices);
  void begin_epoch();
  void end_epoch(bool test, const std::function<bool()>& stop);
  bool engine_finite() const;

  TrainingSettings settings_;
  std::unique_ptr<TrainingEngine> engine_;
  const ScheduleDescriptor* schedule_ = nullptr;
  std::vector<std::uint32_t> indices_;  ///< the training samples
  std::vector<std::uint32_t> order_;    ///< of this epoch
  std::int64_t per_epoch_ = 0;
  std::int64_t budget_ = 0;
  double learning_rate_ = 0.0;
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
