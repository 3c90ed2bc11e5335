// The training engine: a whole training step behind one call, so that each device can fuse what it
// likes. It knows the model, the data and the update rule; epochs, schedules and records are the
// trainer's (core/training).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "core/data/dataset.hpp"
#include "core/nn/model.hpp"
#include "core/spec/spec.hpp"

namespace thalweg {

/// Everything a step needs to know besides its batch.
struct NetworkSettings {
  Model model;
  Spec loss;               ///< of loss_family()
  Spec optimizer;          ///< an element-wise rule of optimizer_family(); its lr is not used, see StepRates
  double clip_norm = 0.0;  ///< gradients longer than this are scaled down to it; 0: off
};

/// What may differ from step to step.
struct StepRates {
  double learning_rate = 0.0;
};

struct StepResult {
  double loss = 0.0;           ///< mean over the batch, before the update
  double gradient_norm = 0.0;  ///< before clipping; NaN where nobody needed it (no clipping)
  int correct = 0;             ///< predictions that were right; 0 for a regression
};

struct Evaluation {
  double loss = 0.0;      ///< mean over the samples; NaN of none
  double accuracy = 0.0;  ///< NaN for a regression or of no samples
  std::int64_t count = 0;
};

/// Everything the next step depends on but settings and data: restore(state()) is exact.
struct EngineState {
  std::int64_t steps = 0;
  std::vector<float> parameters;
  std::vector<float> buffers;    ///< running statistics
  std::vector<float> slots;      ///< the rule's numbers, slot by slot
  std::vector<double> progress;  ///< the rule's scalars

  bool operator==(const EngineState&) const = default;
};

enum class DataPart { kTrain, kTest };

/// One thread at a time. The same calls give the same numbers, for a given number of threads.
class TrainingEngine {
 public:
  virtual ~TrainingEngine() = default;

  /// Takes the data; refuses what cannot be trained on (no samples, labels out of range). What was built
  /// before must be built again.
  virtual std::optional<Error> load(std::shared_ptr<const Dataset> data) = 0;

  /// Builds the network for the data loaded and gives it its initial weights.
  virtual std::optional<Error> build(const NetworkSettings& settings, std::uint64_t seed) = 0;

  /// One update from the training samples in `batch`. Refuses an empty batch, a sample there is none
  /// of, and a single sample where batch normalisation needs two; then nothing has changed. A loss that
  /// is not finite is no error: the caller records a divergence.
  virtual Result<StepResult> step(std::span<const std::uint32_t> batch, const StepRates& rates) = 0;

  /// Loss and accuracy without dropout, with running statistics, over the samples of a part: those in
  /// `indices`, or all of them. Returns early, with what was counted, once `stop` gives true.
  virtual Result<Evaluation> evaluate(DataPart part,
                                      std::optional<std::span<const std::uint32_t>> indices = {},
                                      const std::function<bool()>& stop = {}) = 0;

  /// Takes other settings of the same rule from the next step on.
  virtual std::optional<Error> set_optimizer(const Spec& optimizer) = 0;

  virtual EngineState state() const = 0;
  /// Refuses a state of another network, and then changes nothing.
  virtual std::optional<Error> restore(const EngineState& state) = 0;

  virtual const Plan& plan() const = 0;
  /// The weights, as plan() lays them out; valid until the next call that is not const.
  virtual std::span<const float> parameters() const = 0;
  /// The gradient of the last step, before clipping.
  virtual std::span<const float> gradient() const = 0;
};

struct CpuOptions {
  int threads = 1;  ///< at least 1
};
std::unique_ptr<TrainingEngine> make_cpu_engine(const CpuOptions& options = {});

}  // namespace thalweg
