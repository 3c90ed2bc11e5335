// What comes out of a training run: append-only series. Views are cheap to copy and fit for any thread.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/descent/descent.hpp"
#include "core/nn/engine.hpp"
#include "core/series/table.hpp"

namespace thalweg {

/// Columns of the table of steps; row t belongs to the update with number t, counted from 0.
struct TrainingColumns {
  static constexpr int kLoss = 0;  ///< mean over the batch, before the update
  static constexpr int kLearningRate = 1;
  static constexpr int kGradientNorm = 2;  ///< NaN unless clipping or a probe needs it
  static constexpr int kAccuracy = 3;      ///< share of the batch that was right; NaN of a regression
  static constexpr int kCount = 4;
};

struct EpochRecord {
  static constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

  std::int64_t epoch = 0;                ///< 1 after the first
  std::int64_t steps = 0;                ///< updates made up to here
  double train_loss = kNone;             ///< mean over the epoch's samples as they were trained on
  double train_accuracy = kNone;         ///< likewise; NaN of a regression, as every accuracy
  double validation_loss = kNone;        ///< NaN without a validation share
  double validation_accuracy = kNone;    ///< likewise
  double test_loss = kNone;              ///< NaN if there are no test samples
  double test_accuracy = kNone;          ///< likewise
  double average_test_loss = kNone;      ///< of the averaged weights; NaN if none are kept
  double average_test_accuracy = kNone;  ///< likewise
  double seconds = 0.0;                  ///< of the epoch's updates, evaluation and probes left out
  bool whole = true;                     ///< false: ended before all batches of the epoch
};

/// One probe's numbers over the run. The first column is the step after whose update they were taken; names
/// of columns that belong to a tensor or a layer begin with its name and a colon: "0.weight: mean".
struct ProbeSeries {
  std::string id;                    ///< "gradients", as in probe_descriptor(); "evaluation", "curvature"...
  std::vector<std::string> columns;  ///< "step", "0.weight: mean", ...
  TableView table;
  double seconds = 0.0;  ///< what measuring has cost so far
};

/// Distributions at one step.
struct HistogramShot {
  std::int64_t step = 0;
  std::vector<Histogram> weights;             ///< in the order of Plan::tensors
  std::vector<Histogram> gradients;           ///< likewise
  std::vector<LayerActivations> activations;  ///< by planned layer
};

using Histograms = std::vector<std::shared_ptr<const HistogramShot>>;

/// A training run at one moment.
struct TrainingView {
  TableView steps;
  std::shared_ptr<const std::vector<EpochRecord>> epochs;
  std::vector<ProbeSeries> probes;  ///< those that have measured something
  /// In the order of their steps. When there are very many, every second one goes.
  std::shared_ptr<const Histograms> histograms;
  double histogram_seconds = 0.0;       ///< what they have cost so far
  Outcome outcome = Outcome::kRunning;  ///< kConverged: early stopping
  std::int64_t restored_step = -1;      ///< early stopping: the step whose weights were restored; −1: none
  std::int64_t steps_per_epoch = 0;     ///< of the first, where the batch follows a schedule
  std::int64_t budget = 0;         ///< updates that the run will make if nothing ends it
  std::int64_t skipped_steps = 0;  ///< fp16: steps that made no update, since a gradient overflowed
  double seconds = 0.0;            ///< of all updates, evaluation and probes

  const ProbeSeries* find(std::string_view probe) const;
  /// The record of the epoch whose weights the network has at the end: the last, or the one restored.
  const EpochRecord* final_epoch() const;
};

/// The record as it stood after `steps` updates, as far as it still tells: rows, epochs, what probes had
/// measured, and the histograms that are left of that time. Seconds and skipped steps are those of the whole.
TrainingView cut(const TrainingView& record, std::int64_t steps);

}  // namespace thalweg
