// The loss of one step's batch as methods of optimization ask about it, whatever device works it out: which
// samples a worker has, what is clipped, which random numbers are drawn. How it is worked out say
// cpu_batch.hpp and the engines of other devices.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/nn/engine.hpp"
#include "core/nn/functions.hpp"
#include "core/optimizer/objective.hpp"

namespace thalweg {

/// What is known of the batch when a method begins its step.
struct StepBatch {
  std::span<const std::uint32_t> samples;
  std::size_t part = 0;    ///< so many samples go through the network at once
  std::uint64_t step = 0;  ///< whose dropout masks
  double loss_here = 0.0;
  double longest = 0.0;  ///< gradients longer than this are clipped to it; 0: off
  std::uint64_t seed = 0;
};

/// Losses and gradients are those of training mode with the dropout masks of the step; running statistics are
/// left alone. Curvature is that of evaluation mode, as TrainingEngine::hessian.
class BatchObjective : public Objective<float> {
 public:
  double loss_here() const final { return batch_.loss_here; }
  double loss(const float* theta) final;
  double gradient(const float* theta, float* out) final;
  double worker_gradient(const float* theta, int worker, int workers, float* out) final;
  void hessian_product(const float* theta, const float* v, float* out) final;
  void hessian_diagonal(const float* theta, DiagonalEstimate estimate, float* out) final;
  bool hessian(const float*, float*) final { return false; }
  bool gauss_newton(const float*, float*) final { return false; }
  bool gauss_newton_product(const float* theta, const float* v, float* out) final;
  std::uint64_t seed() const final { return batch_.seed; }

 protected:
  /// Samples [first, first + count) of the batch, which go through the network `part` at once.
  struct Share {
    std::size_t first = 0;
    std::size_t count = 0;
    std::size_t part = 0;
  };

  /// From here on it is about this batch; `plan` outlives the step.
  void begin(const Plan& plan, const StepBatch& batch);
  const StepBatch& batch() const { return batch_; }
  std::size_t size() const { return static_cast<std::size_t>(plan_->parameters); }

  /// Mean loss of a share in training mode, and its gradient unless `out` is null.
  virtual double measure(const Share& share, const float* theta, float* out) = 0;
  /// The gradient of the mean loss in evaluation mode with labels that the model draws itself.
  virtual void drawn_gradient(const float* theta, const LabelDraws& draws, float* out) = 0;
  /// Products with H or G at theta; valid until the next call, or the next batch.
  virtual HessianProduct& product_at(std::span<const float> theta, bool gauss_newton) = 0;

 private:
  double clipped(const Share& share, const float* theta, float* out);
  void multiply(bool gauss_newton, const float* theta, const float* v, float* out);
  std::uint64_t seed_of_draw() const;
  void hutchinson(const float* theta, float* out);

  const Plan* plan_ = nullptr;
  StepBatch batch_;
  std::int64_t drawn_ = 0;  ///< random vectors
  /// The last product and what it is of: methods ask for several at the same weights.
  HessianProduct* product_ = nullptr;
  std::vector<float> product_theta_;
  bool product_gauss_newton_ = false;
  std::vector<float> signs_;
};

}  // namespace thalweg
