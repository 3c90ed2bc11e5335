// The training engine: a whole training step behind one call, so that each device can fuse what it
// likes. It knows the model, the data and the update rule; epochs, schedules and records are the
// trainer's (core/training).
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <vector>

#include "core/data/dataset.hpp"
#include "core/nn/model.hpp"
#include "core/spec/spec.hpp"

namespace thalweg {

/// What numbers are rounded to on their way through the network; weights, gradients and the optimizer
/// stay fp32 beside it (Micikevicius et al. 2018). On the CPU fp16 and bf16 are emulated by rounding.
/// Evaluations, outputs and activations are those of the rounded network; loss_gradient and Hessian are
/// fp32.
enum class Precision { kFp32, kFp16, kBf16 };

/// Everything a step needs to know besides its batch.
struct NetworkSettings {
  Model model;
  Spec loss;       ///< of loss_family()
  Spec optimizer;  ///< an element-wise rule of optimizer_family(); its lr is not used, see StepRates
  /// A step's samples are worked through in parts of so many, whose gradients are averaged over all of
  /// them (gradient accumulation); 0: all at once. Batch normalisation sees the parts.
  int micro_batch = 0;
  /// d of the average θ̄ ← d θ̄ + (1−d) θ after each update, from the initial weights on; running statistics
  /// are averaged likewise. 0: none is kept.
  double ema_decay = 0.0;
  Precision precision = Precision::kFp32;
};

/// What may differ from step to step.
struct StepRates {
  double learning_rate = 0.0;
  double clip_norm = 0.0;  ///< gradients longer than this are scaled down to it; 0: off
};

struct StepResult {
  double loss = 0.0;           ///< mean over the batch, before the update
  double gradient_norm = 0.0;  ///< before clipping; NaN where nobody needed it (no clipping, no detail)
  int correct = 0;             ///< predictions that were right; 0 for a regression
  double loss_scale = 1.0;     ///< of fp16: what the loss was multiplied by
  /// fp16 gradients overflowed: no update was made, the scale went down, and the gradient and its norm are
  /// not finite. Running statistics have seen the batch all the same, as in PyTorch.
  bool skipped = false;
};

/// What one step did to one tensor of the plan. Norms are Euclidean.
struct TensorStatistics {
  double gradient_norm = 0.0;  ///< before clipping
  double weight_norm = 0.0;    ///< after the update
  double update_norm = 0.0;    ///< of θ_after − θ_before
  /// Median over the elements of the factor that the rule puts before a gradient: η for gradient descent,
  /// η/(√v̂ + ε) for Adam and its kin. (A mean would be that of dead units alone, whose factor is η/ε.) Of
  /// large tensors some thousand evenly spaced elements are looked at. NaN of a skipped step.
  double effective_rate = 0.0;
};

/// What a step tells about itself if asked. Asking changes no number of the training.
struct StepDetail {
  /// in: false asks for `gradient_norm` alone, which is cheap enough for every step; the rest is NaN then.
  bool whole = false;
  std::vector<TensorStatistics> tensors;  ///< out: in the order of Plan::tensors
  double seconds = 0.0;                   ///< out: what finding it out took
};

/// How many values fell where; values below or above the ends are counted in the first or last bin.
struct Histogram {
  double low = 0.0;
  double high = 1.0;
  std::vector<std::int64_t> counts;  ///< of equal bins between the ends
  std::int64_t not_finite = 0;
};

/// What comes out of one planned layer for some samples.
struct LayerActivations {
  int layer = 0;  ///< index into Plan::layers
  double mean = 0.0;
  double deviation = 0.0;  ///< standard deviation over samples and units
  /// Share of units that are 0 for every sample; NaN of layers other than ReLU.
  double dead = 0.0;
  Histogram histogram;
};

/// The Hessian of a mean loss at the weights there were when it was made, which it keeps: it does not depend
/// on what becomes of its engine. One thread at a time, but another than the engine's if need be.
class HessianProduct {
 public:
  virtual ~HessianProduct() = default;
  /// out = H v, exactly (Pearlmutter 1994), both in the order of the parameters. They may not overlap.
  virtual void multiply(std::span<const float> v, std::span<float> out) = 0;
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
  std::vector<float> average;    ///< of the parameters, then of the buffers; empty if none is kept
  std::vector<double> scaling;   ///< dynamic loss scale and steps since it changed; empty unless fp16

  bool operator==(const EngineState&) const = default;
};

/// The device that an engine works on has failed: it is out of memory, or lost. What the engine held is gone;
/// it can only be destroyed. Any call of an engine, or of a HessianProduct, with a device of its own may
/// throw it. The message is for the person who trains: what has failed, and what would help.
class [[gnu::visibility("default")]] DeviceError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// What is wanted of a step that is begun and not waited for.
struct StepWish {
  bool norms = false;  ///< of the gradient and of each tensor's, also where nobody clips
  /// A loss that is not at most this ends the matter: no step that was begun after it is made.
  double escape = std::numeric_limits<double>::infinity();
};

/// What came of it.
struct FinishedStep {
  StepResult result;
  std::vector<double> norms;  ///< of each tensor's gradient, before clipping; empty unless wished for
};

enum class DataPart { kTrain, kTest };

/// The weights as trained, or their moving average (NetworkSettings::ema_decay).
enum class Weights { kCurrent, kAverage };

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
  /// of, and a single sample, also as the last part of a batch, where batch normalisation needs two; then
  /// nothing has changed. A loss that is not finite is no error: the caller records a divergence.
  virtual Result<StepResult> step(std::span<const std::uint32_t> batch, const StepRates& rates,
                                  StepDetail* detail = nullptr) = 0;

  /// How many steps are worth beginning before the first is waited for; 1 of an engine that gains nothing.
  virtual std::int64_t steps_ahead() const { return 1; }

  /// As step(), but the engine may still be at it when this returns. At most steps_ahead() steps may be begun
  /// before finish(), and no call but begin() and set_optimizer() may come between, which counts for the
  /// steps begun after it.
  virtual std::optional<Error> begin(std::span<const std::uint32_t> batch, const StepRates& rates,
                                     const StepWish& wish);

  /// Waits for the steps that were begun. Their results in order: up to the one whose loss escaped, if one
  /// did.
  virtual std::vector<FinishedStep> finish();

  /// Loss and accuracy without dropout, with running statistics, over the samples of a part: those in
  /// `indices`, or all of them. Returns early, with what was counted, once `stop` gives true.
  virtual Result<Evaluation> evaluate(DataPart part,
                                      std::optional<std::span<const std::uint32_t>> indices = {},
                                      const std::function<bool()>& stop = {},
                                      Weights weights = Weights::kCurrent) = 0;

  /// What the network says to samples of the same kind as the data loaded (their labels are not looked
  /// at): samples x plan().outputs numbers, logits for a cross-entropy. Evaluation mode, as evaluate().
  virtual Result<std::vector<float>> outputs(const Samples& samples,
                                             std::optional<std::span<const std::uint32_t>> indices = {},
                                             Weights weights = Weights::kCurrent) = 0;

  /// Every planned layer's outputs over some samples, in evaluation mode. `bins`: of each histogram, at
  /// least 1; its ends are the smallest and largest value.
  virtual Result<std::vector<LayerActivations>> activations(DataPart part,
                                                            std::span<const std::uint32_t> indices,
                                                            int bins) = 0;

  /// The gradient of the mean loss over training samples, in evaluation mode, at the weights there are.
  /// Neither the weights nor gradient() change.
  virtual std::optional<Error> loss_gradient(std::span<const std::uint32_t> samples,
                                             std::span<float> out) = 0;

  /// The Hessian of the same mean loss, in evaluation mode (no dropout, running statistics) and in single
  /// precision whatever NetworkSettings::precision is.
  virtual Result<std::unique_ptr<HessianProduct>> hessian(std::span<const std::uint32_t> samples) = 0;

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

 private:
  std::vector<FinishedStep> begun_;  ///< by begin() as it is here: already made
  bool escaped_ = false;
};

struct CpuOptions {
  int threads = 1;  ///< at least 1
};
std::unique_ptr<TrainingEngine> make_cpu_engine(const CpuOptions& options = {});

}  // namespace thalweg
