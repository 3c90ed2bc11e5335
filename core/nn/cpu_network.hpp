// A network at work on the CPU: the plan, the samples of one pass on their way through it, and back. All
// memory is set aside when it is built, or when a pass is larger than any before. It owns no weights: they
// are bound to it, so that the same network serves the weights in training, their average, and a probe's.
//
// Weights lie inputs x outputs, so that the forward product needs no transposition. Not here: optimizer,
// batches, state; the engine has those.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "core/data/dataset.hpp"
#include "core/nn/aligned.hpp"
#include "core/nn/cpu_sparse.hpp"
#include "core/nn/engine.hpp"
#include "core/nn/functions.hpp"
#include "core/nn/model.hpp"

namespace thalweg {

/// The samples of one pass: those in `chosen`, or from `first` on where it is null.
struct PassSamples {
  const Samples* samples = nullptr;
  const std::uint32_t* chosen = nullptr;
  std::int64_t first = 0;
  int rows = 0;
};

/// How a pass is run. In evaluation (not training) there is no dropout, and batch normalisation takes its
/// running statistics for constants.
struct PassMode {
  bool training = false;
  std::uint64_t step = 0;      ///< whose dropout masks
  std::int64_t first_row = 0;  ///< of the batch that masks are counted over, where this pass is a part of it
};

/// What a pass's outputs say next to the labels.
struct PassResult {
  double loss = 0.0;  ///< sum over the samples
  int correct = 0;    ///< predictions that were right; 0 for a regression
};

using LayerWatch = std::function<void(std::size_t layer, const float* output)>;

/// One thread at a time. A pass is gather(), forward(), then measure(), then backward(), each for the rows
/// and the mode of the one before; what they leave behind (input_of, output_of, delta) stays until the next.
class CpuNetwork {
 public:
  /// `loss` is a checked spec of loss_family(). `threads`: of the loops around the products; the products
  /// take theirs from cpu::ThreadCount.
  CpuNetwork(Plan plan, const Spec& loss, std::shared_ptr<const Dataset> data, std::uint64_t seed,
             int threads);
  CpuNetwork(CpuNetwork&&) = default;  ///< not copied: output_of points into its own memory
  CpuNetwork& operator=(CpuNetwork&&) = default;

  /// The weights and running statistics that the passes use from here on, laid out as plan() says; the
  /// caller keeps them alive. Statistics are written to by forward() in training alone.
  ///
  /// Other than fp32, the passes are emulated as autocast runs them on tensor cores: what goes into a
  /// product is rounded (inputs, back-propagated gradients, and a copy of the linear layers' weights made
  /// here), its sums are fp32, and every layer's outputs are rounded, as are the gradients of linear
  /// layers' weights. Normalisations and the loss compute in fp32. After a change of the weights bind again.
  void bind(const float* parameters, float* running, Precision precision = Precision::kFp32);

  /// From here on the first layer leaves out the zeros of the data set's own samples, where that is
  /// quicker. There are no inputs to be seen (input_of(0)) in such a pass.
  void leave_out_zeros(std::shared_ptr<const cpu::SparseDataset> sparse);

  /// The inputs of the last pass, if it was such a one; else null.
  const cpu::SparseBatch* sparse_inputs() const { return zeros_left_out_ ? &sparse_batch_ : nullptr; }

  /// Makes room for passes of so many rows.
  void reserve(int rows);

  /// Reads and normalises the samples.
  void gather(const PassSamples& pass);
  /// `watch` is called after each layer with its output, which a later layer may overwrite.
  void forward(int rows, const PassMode& mode, const LayerWatch& watch = {});
  /// The loss and, unless `scale` is 0, its gradient by the outputs times `scale` into delta(): the mean's
  /// for 1 / rows.
  PassResult measure(const PassSamples& pass, float scale);
  /// As measure(), but with labels that the model itself draws, as its loss reads its outputs (functions.hpp).
  /// @param first  samples of the batch before this part of it
  void measure_drawn(int rows, float scale, const LabelDraws& draws, std::size_t first);
  /// From the gradient by the outputs in delta() to that by all parameters, which overwrites `gradient`.
  void backward(int rows, const PassMode& mode, float* gradient);

  const Plan& plan() const { return plan_; }
  const Dataset& data() const { return *data_; }
  bool is_cross_entropy() const { return cross_entropy_; }  ///< else squared error
  float label_smoothing() const { return smoothing_; }
  /// Layers before it have no parameters, so no gradient is wanted there.
  std::size_t first_trained() const { return first_trained_; }

  /// What goes into a layer and comes out of it, rows x width. A layer that works in place (works_in_place())
  /// has overwritten the output of the one before.
  const float* input_of(std::size_t layer) const { return layer == 0 ? inputs_.data() : outputs_[layer - 1]; }
  const float* output_of(std::size_t layer) const { return outputs_[layer]; }
  const float* outputs() const { return outputs_.back(); }
  /// Mean and 1/√(variance + ε) that a normalising layer used, by unit or by row.
  const float* mean_of(std::size_t layer) const { return means_[layer].data(); }
  const float* inverse_of(std::size_t layer) const { return inverses_[layer].data(); }
  float* delta() { return delta_.data(); }

 private:
  void forward_layer(std::size_t i, int rows, const PassMode& mode, bool fused);
  void backward_layer(std::size_t i, int rows, const PassMode& mode, float* gradient);
  void forward_linear(std::size_t i, int rows, bool fused);
  void backward_linear(std::size_t i, int rows, float* gradient);
  void dropout(std::size_t i, int rows, const PassMode& mode, float* x) const;

  bool fuses(std::size_t i) const;
  void round(float* x, int rows, int width) const;

  const float* weight(const PlannedLayer& layer) const { return parameters_ + layer.weight; }
  const float* bias(const PlannedLayer& layer) const { return parameters_ + layer.bias; }

  Plan plan_;
  std::shared_ptr<const Dataset> data_;
  std::uint64_t seed_;
  int threads_;
  bool cross_entropy_;
  float smoothing_;
  std::size_t first_trained_ = 0;
  Precision precision_ = Precision::kFp32;
  const float* parameters_ = nullptr;
  float* running_ = nullptr;
  std::vector<float> rounded_;  ///< copy of the parameters, where they are not used as they are

  int rows_ = 0;                                      ///< room for as many in what follows
  std::shared_ptr<const cpu::SparseDataset> sparse_;  ///< null: not used
  cpu::SparseBatch sparse_batch_;
  bool zeros_left_out_ = false;  ///< of this pass: sparse_batch_ holds the inputs, not inputs_
  Floats inputs_;
  std::vector<Floats> values_;   ///< by layer, where it has memory of its own
  std::vector<float*> outputs_;  ///< by layer: its output, maybe in an earlier layer's memory
  std::vector<std::vector<float>> means_, inverses_;
  Floats delta_, delta_before_;
  Floats skipped_;  ///< gradient that goes around a residual block; blocks do not nest
};

}  // namespace thalweg
