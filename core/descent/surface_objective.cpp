#include "core/descent/surface_objective.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/optimizer/sums.hpp"

namespace thalweg {

void GradientShaping::draw(std::int64_t step, std::span<double> out, RandomStream stream,
                           std::uint32_t first_pair) const {
  for (std::size_t i = 0; i < out.size(); i += 2) {
    const auto normal = normal_pair(seed, stream, static_cast<std::uint64_t>(step),
                                    first_pair + static_cast<std::uint32_t>(i / 2));
    out[i] = noise * normal[0];
    if (i + 1 < out.size()) out[i + 1] = noise * normal[1];
  }
}

void GradientShaping::finish(std::span<double> gradient) const {
  if (maximize)
    for (double& component : gradient) component = -component;
  if (clip_norm < kOff) {
    // PyTorch's clip_grad_norm_: the 1e-6 keeps a zero gradient from a division by zero.
    const double factor =
        clip_norm / (norm(gradient.data(), static_cast<std::int64_t>(gradient.size())) + 1e-6);
    if (factor < 1.0)
      for (double& component : gradient) component *= factor;
  }
  if (clip_value < kOff)
    for (double& component : gradient) component = std::clamp(component, -clip_value, clip_value);
}

SurfaceObjective::SurfaceObjective(std::shared_ptr<const Surface> surface)
    : surface_(std::move(surface)),
      dim_(static_cast<std::size_t>(surface_->dim())),
      noise_(dim_),
      gradient_(dim_),
      hessian_(dim_ * dim_) {}

void SurfaceObjective::begin(std::int64_t step, double loss, const double* theta,
                             const GradientShaping& shaping) {
  step_ = step;
  loss_ = loss;
  theta_ = theta;
  shaping_ = shaping;
  drawn_ = false;
  evaluations_ = 0;
}

std::span<const double> SurfaceObjective::noise() {
  if (!drawn_) shaping_.draw(step_, noise_);
  drawn_ = true;
  return noise_;
}

double SurfaceObjective::slope(const double* theta) {
  return shaping_.noise > 0.0 ? dot(noise().data(), theta, static_cast<std::int64_t>(dim_)) : 0.0;
}

/// The loss of the sample where the surface has `value`.
double SurfaceObjective::sampled(double value, const double* theta) {
  return shaping_.sign() * (value + slope(theta));
}

double SurfaceObjective::loss_here() const {
  return const_cast<SurfaceObjective*>(this)->sampled(loss_, theta_);
}

double SurfaceObjective::loss(const double* theta) {
  ++evaluations_;
  return sampled(surface_->value(theta), theta);
}

double SurfaceObjective::gradient(const double* theta, double* out) {
  ++evaluations_;
  const double loss = sampled(surface_->gradient(theta, out), theta);
  if (shaping_.noise > 0.0)
    for (std::size_t i = 0; i < dim_; ++i) out[i] += noise()[i];
  shaping_.finish({out, dim_});
  return loss;
}

double SurfaceObjective::worker_gradient(const double* theta, int worker, int, double* out) {
  ++evaluations_;
  const double loss = shaping_.sign() * surface_->gradient(theta, out);
  if (shaping_.noise > 0.0) {
    const auto pairs = static_cast<std::uint32_t>((dim_ + 1) / 2);
    shaping_.draw(step_, gradient_, RandomStream::kWorkerNoise, static_cast<std::uint32_t>(worker) * pairs);
    for (std::size_t i = 0; i < dim_; ++i) out[i] += gradient_[i];
  }
  shaping_.finish({out, dim_});
  return loss;
}

void SurfaceObjective::find_hessian(const double* theta) {
  ++evaluations_;
  surface_->hessian(theta, gradient_.data(), hessian_.data());
  if (shaping_.maximize)
    for (double& curvature : hessian_) curvature = -curvature;
}

void SurfaceObjective::hessian_product(const double* theta, const double* v, double* out) {
  find_hessian(theta);
  multiply(v, out);
}

void SurfaceObjective::multiply(const double* v, double* out) const {
  for (std::size_t i = 0; i < dim_; ++i)
    out[i] = dot(hessian_.data() + i * dim_, v, static_cast<std::int64_t>(dim_));
}

void SurfaceObjective::hessian_diagonal(const double* theta, DiagonalEstimate, double* out) {
  find_hessian(theta);
  for (std::size_t i = 0; i < dim_; ++i) out[i] = hessian_[i * dim_ + i];
}

bool SurfaceObjective::hessian(const double* theta, double* out) {
  find_hessian(theta);
  std::ranges::copy(hessian_, out);
  return true;
}

bool SurfaceObjective::gauss_newton(const double* theta, double* out) {
  if (!surface_->sums_squares() || shaping_.maximize) return false;  // −f is no sum of squares
  ++evaluations_;
  surface_->gauss_newton(theta, out);
  return true;
}

bool SurfaceObjective::gauss_newton_product(const double* theta, const double* v, double* out) {
  if (!gauss_newton(theta, hessian_.data())) return false;
  multiply(v, out);
  return true;
}

}  // namespace thalweg
