// A batch on its way through a network and back: the loss and its gradient at any parameters, and what
// methods of optimization may ask about them.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/nn/aligned.hpp"
#include "core/nn/batch_objective.hpp"
#include "core/nn/cpu_network.hpp"

namespace thalweg {

/// What the passes of one step have in common.
struct CpuBatch {
  CpuNetwork* network = nullptr;
  std::shared_ptr<const Dataset> data;
  std::shared_ptr<const cpu::SparseDataset> sparse;
  const Spec* loss = nullptr;
  Precision precision = Precision::kFp32;
  std::span<const std::uint32_t> samples;
  std::size_t part = 0;        ///< so many samples go through at once
  std::uint64_t step = 0;      ///< whose dropout masks
  std::int64_t first_row = 0;  ///< of those masks, where the samples are a part of the step's batch
  int threads = 1;
};

/// Mean loss over the samples, and predictions that were right.
struct BatchLoss {
  double loss = 0.0;
  int correct = 0;
};

/// Forwards and back in training mode, part by part. Running statistics are written to.
/// @param loss_scale     the gradient is times it
/// @param gradient       of the mean loss; null: the loss alone
/// @param part_gradient  memory of the same size, used where there are several parts
BatchLoss run_batch(const CpuBatch& batch, const float* parameters, float* running, double loss_scale,
                    float* gradient, Floats& part_gradient);

class CpuBatchObjective final : public BatchObjective {
 public:
  /// From here on it is about this batch; `running` outlives the step.
  void begin(const CpuBatch& batch, double loss_here, std::span<const float> running, double longest,
             std::uint64_t seed);

 private:
  double measure(const Share& share, const float* theta, float* out) override;
  void drawn_gradient(const float* theta, const LabelDraws& draws, float* out) override;
  HessianProduct& product_at(std::span<const float> theta, bool gauss_newton) override;

  CpuBatch batch_;
  std::span<const float> running_;
  std::unique_ptr<HessianProduct> product_;
  std::vector<float> scratch_running_;
  Floats part_gradient_;
};

}  // namespace thalweg
