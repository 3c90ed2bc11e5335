#include "core/nn/batch_objective.hpp"

#include <algorithm>
#include <cmath>

#include "core/nn/cpu_kernels.hpp"

namespace thalweg {

void BatchObjective::begin(const Plan& plan, const StepBatch& batch) {
  plan_ = &plan;
  batch_ = batch;
  drawn_ = 0;
  evaluations_ = 0;
  product_ = nullptr;
}

double BatchObjective::clipped(const Share& share, const float* theta, float* out) {
  ++evaluations_;
  const double loss = measure(share, theta, out);
  if (!out || !(batch_.longest > 0.0)) return loss;
  const float factor =
      clipping_factor(batch_.longest, std::sqrt(cpu::sum_of_squares(out, plan_->parameters)));
  if (factor < 1.0f) cpu::scale(out, factor, plan_->parameters);
  return loss;
}

double BatchObjective::loss(const float* theta) { return gradient(theta, nullptr); }

double BatchObjective::gradient(const float* theta, float* out) {
  return clipped({0, batch_.samples.size(), batch_.part}, theta, out);
}

double BatchObjective::worker_gradient(const float* theta, int worker, int workers, float* out) {
  const std::size_t all = batch_.samples.size();
  const auto start = [&](int w) {
    return all * static_cast<std::size_t>(w) / static_cast<std::size_t>(workers);
  };
  Share own{start(worker), start(worker + 1) - start(worker), batch_.part};
  const bool statistics = plan_->needs_two_samples;
  // More workers than there are samples for: all see all.
  if (own.count < (statistics ? 2u : 1u)) return gradient(theta, out);
  own.part = std::min(own.part, own.count);
  while (statistics && own.count % own.part == 1 && own.part > 2) --own.part;
  if (statistics && own.count % own.part == 1) own.part = own.count;
  return clipped(own, theta, out);
}

void BatchObjective::multiply(bool gauss_newton, const float* theta, const float* v, float* out) {
  ++evaluations_;
  if (!product_ || product_gauss_newton_ != gauss_newton ||
      !std::equal(theta, theta + size(), product_theta_.begin(), product_theta_.end())) {
    product_theta_.assign(theta, theta + size());
    product_gauss_newton_ = gauss_newton;
    product_ = &product_at(product_theta_, gauss_newton);
  }
  product_->multiply({v, size()}, {out, size()});
}

void BatchObjective::hessian_product(const float* theta, const float* v, float* out) {
  multiply(false, theta, v, out);
}

bool BatchObjective::gauss_newton_product(const float* theta, const float* v, float* out) {
  multiply(true, theta, v, out);
  return true;
}

void BatchObjective::hessian_diagonal(const float* theta, DiagonalEstimate estimate, float* out) {
  if (estimate == DiagonalEstimate::kHutchinson) {
    hutchinson(theta, out);
  } else {
    drawn_gradient(theta, {seed_of_draw(), batch_.step, plan_->outputs}, out);
    const auto samples = static_cast<float>(batch_.samples.size());
    for (std::size_t i = 0; i < size(); ++i) out[i] *= samples * out[i];
  }
  ++drawn_;
}

std::uint64_t BatchObjective::seed_of_draw() const {
  return batch_.seed + static_cast<std::uint64_t>(drawn_) * 0x9E3779B97F4A7C15u;
}

/// v ⊙ Hv with random signs v.
void BatchObjective::hutchinson(const float* theta, float* out) {
  signs_.resize(size());
  for (std::size_t i = 0; i < size(); i += 128) {
    const PhiloxBlock words = random_words(seed_of_draw(), RandomStream::kPerturbation, batch_.step,
                                           static_cast<std::uint32_t>(i / 128));
    for (std::size_t k = i; k < std::min(i + 128, size()); ++k)
      signs_[k] = (words[(k - i) / 32] >> ((k - i) % 32)) & 1u ? 1.0f : -1.0f;
  }
  hessian_product(theta, signs_.data(), out);
  for (std::size_t i = 0; i < size(); ++i) out[i] *= signs_[i];
}

}  // namespace thalweg
