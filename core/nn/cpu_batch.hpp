// A batch on its way through a network and back: the loss and its gradient at any parameters, and what
// methods of optimization may ask about them.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/nn/aligned.hpp"
#include "core/nn/cpu_network.hpp"
#include "core/optimizer/objective.hpp"

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

/// The loss of one step's batch, with its dropout masks, as a function of the parameters. Running statistics
/// are left alone. Curvature is that of evaluation mode, as TrainingEngine::hessian.
class BatchObjective final : public Objective<float> {
 public:
  /// From here on it is about this batch. `parameters` and `running` outlive the step.
  /// @param longest  gradients longer than this are clipped to it; 0: off
  void begin(const CpuBatch& batch, double loss_here, std::span<const float> running, double longest,
             std::uint64_t seed);

  double loss_here() const override { return loss_here_; }
  double loss(const float* theta) override;
  double gradient(const float* theta, float* out) override;
  double worker_gradient(const float* theta, int worker, int workers, float* out) override;
  void hessian_product(const float* theta, const float* v, float* out) override;
  void hessian_diagonal(const float* theta, DiagonalEstimate estimate, float* out) override;
  bool hessian(const float*, float*) override { return false; }
  bool gauss_newton(const float*, float*) override { return false; }
  bool gauss_newton_product(const float* theta, const float* v, float* out) override;
  std::uint64_t seed() const override { return seed_; }

 private:
  void multiply(bool gauss_newton, const float* theta, const float* v, float* out);
  double run(const CpuBatch& batch, const float* theta, float* out);
  std::uint64_t seed_of_draw() const;
  void hutchinson(const float* theta, float* out);
  void drawn_gradient(const float* theta, float* out);
  std::int64_t count() const { return batch_.network->plan().parameters; }

  CpuBatch batch_;
  double loss_here_ = 0.0;
  double longest_ = 0.0;
  std::uint64_t seed_ = 0;
  std::int64_t drawn_ = 0;  ///< random vectors
  std::span<const float> running_;
  /// The last product and what it is of: methods ask for several at the same weights.
  std::unique_ptr<HessianProduct> product_;
  std::vector<float> product_at_;
  bool product_gauss_newton_ = false;
  std::vector<float> scratch_running_, random_;
  Floats part_gradient_;
};

}  // namespace thalweg
