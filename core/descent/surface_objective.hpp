// A surface as optimizers see it: through gradient noise and clipping, and upside down to maximize.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <vector>

#include "core/optimizer/objective.hpp"
#include "core/random/philox.hpp"
#include "core/surface/surface.hpp"

namespace thalweg {

/// What happens to the gradient before the optimizer sees it: noise, its direction, then clipping.
struct GradientShaping {
  static constexpr double kOff = std::numeric_limits<double>::infinity();

  double noise = 0.0;  ///< standard deviation of each component
  double clip_norm = kOff;
  double clip_value = kOff;
  bool maximize = false;  ///< optimizers see −f
  std::uint64_t seed = 0;

  bool active() const { return maximize || noise > 0.0 || clip_norm < kOff || clip_value < kOff; }
  double sign() const { return maximize ? -1.0 : 1.0; }
  /// Writes the noise of update `step`.
  void draw(std::int64_t step, std::span<double> out, RandomStream stream = RandomStream::kGradientNoise,
            std::uint32_t first_pair = 0) const;
  /// Makes of a gradient of f, with its noise, what the optimizer sees: turned round to maximize, clipped.
  void finish(std::span<double> gradient) const;
};

/// The sample of one step: the surface with that step's noise, which is a slope ξ: f(θ) + ξ·θ; to maximize
/// the negative of that.
class SurfaceObjective final : public Objective<double> {
 public:
  explicit SurfaceObjective(std::shared_ptr<const Surface> surface);

  /// From here on it is the sample of update `step`, whose gradient was taken where the surface has the value
  /// `loss`, at `theta`.
  void begin(std::int64_t step, double loss, const double* theta, const GradientShaping& shaping);

  double loss_here() const override;
  double loss(const double* theta) override;
  double gradient(const double* theta, double* out) override;
  double worker_gradient(const double* theta, int worker, int workers, double* out) override;
  void hessian_product(const double* theta, const double* v, double* out) override;
  void hessian_diagonal(const double* theta, DiagonalEstimate estimate, double* out) override;
  bool hessian(const double* theta, double* out) override;
  bool gauss_newton(const double* theta, double* out) override;
  bool gauss_newton_product(const double* theta, const double* v, double* out) override;
  std::uint64_t seed() const override { return shaping_.seed; }

 private:
  std::span<const double> noise();
  double slope(const double* theta);
  double sampled(double value, const double* theta);
  void find_hessian(const double* theta);
  void multiply(const double* v, double* out) const;

  std::shared_ptr<const Surface> surface_;
  std::size_t dim_;
  GradientShaping shaping_;
  std::int64_t step_ = 0;
  double loss_ = 0.0;
  const double* theta_ = nullptr;
  bool drawn_ = false;
  std::vector<double> noise_, gradient_, hessian_;
};

}  // namespace thalweg
