#include "core/nn/cpu_batch.hpp"

#include <algorithm>
#include <cmath>

#include "core/nn/cpu_hessian.hpp"
#include "core/nn/cpu_kernels.hpp"
#include "core/nn/functions.hpp"
#include "core/random/philox.hpp"

namespace thalweg {

BatchLoss run_batch(const CpuBatch& batch, const float* parameters, float* running, double loss_scale,
                    float* gradient, Floats& part_gradient) {
  const std::int64_t count = batch.network->plan().parameters;
  const std::size_t size = std::min(batch.part, batch.samples.size());
  if (gradient && size < batch.samples.size()) part_gradient.resize(static_cast<std::size_t>(count));
  const auto mean = static_cast<double>(batch.samples.size());
  const float scale =
      gradient ? static_cast<float>(loss_scale) / static_cast<float>(batch.samples.size()) : 0.0f;
  CpuNetwork& network = *batch.network;
  network.bind(parameters, running, batch.precision);
  network.reserve(static_cast<int>(size));
  BatchLoss out;
  for (std::size_t first = 0; first < batch.samples.size(); first += size) {
    const int rows = static_cast<int>(std::min(size, batch.samples.size() - first));
    const PassSamples samples{
        .samples = &batch.data->train, .chosen = batch.samples.data() + first, .rows = rows};
    const PassMode mode{.training = true,
                        .step = batch.step,
                        .first_row = batch.first_row + static_cast<std::int64_t>(first)};
    network.gather(samples);
    network.forward(rows, mode);
    const PassResult measured = network.measure(samples, scale);
    out.loss += measured.loss;
    out.correct += measured.correct;
    if (!gradient) continue;
    network.backward(rows, mode, first == 0 ? gradient : part_gradient.data());
    if (first > 0) cpu::add(gradient, part_gradient.data(), gradient, count);
  }
  out.loss /= mean;
  return out;
}

void BatchObjective::begin(const CpuBatch& batch, double loss_here, std::span<const float> running,
                           double longest, std::uint64_t seed) {
  batch_ = batch;
  loss_here_ = loss_here;
  running_ = running;
  longest_ = longest;
  seed_ = seed;
  drawn_ = 0;
  evaluations_ = 0;
  product_ = nullptr;
}

double BatchObjective::run(const CpuBatch& batch, const float* theta, float* out) {
  ++evaluations_;
  scratch_running_.assign(running_.begin(), running_.end());
  const double loss = run_batch(batch, theta, scratch_running_.data(), 1.0, out, part_gradient_).loss;
  if (!out || !(longest_ > 0.0)) return loss;
  const float factor = clipping_factor(longest_, std::sqrt(cpu::sum_of_squares(out, count())));
  if (factor < 1.0f) cpu::scale(out, factor, count());
  return loss;
}

double BatchObjective::loss(const float* theta) { return run(batch_, theta, nullptr); }

double BatchObjective::gradient(const float* theta, float* out) { return run(batch_, theta, out); }

double BatchObjective::worker_gradient(const float* theta, int worker, int workers, float* out) {
  const std::size_t all = batch_.samples.size();
  const auto share = [&](int w) {
    return all * static_cast<std::size_t>(w) / static_cast<std::size_t>(workers);
  };
  CpuBatch own = batch_;
  own.samples = batch_.samples.subspan(share(worker), share(worker + 1) - share(worker));
  own.first_row = static_cast<std::int64_t>(share(worker));
  const bool statistics = batch_.network->plan().needs_two_samples;
  // More workers than there are samples for: all see all.
  if (own.samples.size() < (statistics ? 2u : 1u)) return run(batch_, theta, out);
  own.part = std::min(own.part, own.samples.size());
  while (statistics && own.samples.size() % own.part == 1 && own.part > 2) --own.part;
  if (statistics && own.samples.size() % own.part == 1) own.part = own.samples.size();
  return run(own, theta, out);
}

void BatchObjective::multiply(bool gauss_newton, const float* theta, const float* v, float* out) {
  ++evaluations_;
  const auto size = static_cast<std::size_t>(count());
  if (!product_ || product_gauss_newton_ != gauss_newton ||
      !std::equal(theta, theta + size, product_at_.begin(), product_at_.end())) {
    product_at_.assign(theta, theta + size);
    product_gauss_newton_ = gauss_newton;
    product_ = make_cpu_hessian({.plan = batch_.network->plan(),
                                 .loss = *batch_.loss,
                                 .data = batch_.data,
                                 .sparse = batch_.sparse,
                                 .samples = {batch_.samples.begin(), batch_.samples.end()},
                                 .parameters = product_at_,
                                 .buffers = {running_.begin(), running_.end()},
                                 .threads = batch_.threads,
                                 .gauss_newton = gauss_newton});
  }
  product_->multiply({v, size}, {out, size});
}

void BatchObjective::hessian_product(const float* theta, const float* v, float* out) {
  multiply(false, theta, v, out);
}

void BatchObjective::hessian_diagonal(const float* theta, DiagonalEstimate estimate, float* out) {
  if (estimate == DiagonalEstimate::kHutchinson) {
    hutchinson(theta, out);
  } else {
    drawn_gradient(theta, out);
    const auto samples = static_cast<float>(batch_.samples.size());
    for (std::int64_t i = 0; i < count(); ++i) out[i] *= samples * out[i];
  }
  ++drawn_;
}

std::uint64_t BatchObjective::seed_of_draw() const {
  return seed_ + static_cast<std::uint64_t>(drawn_) * 0x9E3779B97F4A7C15u;
}

/// The gradient of the mean loss, in evaluation mode, with labels drawn from the outputs.
void BatchObjective::drawn_gradient(const float* theta, float* out) {
  CpuNetwork& network = *batch_.network;
  scratch_running_.assign(running_.begin(), running_.end());
  network.bind(theta, scratch_running_.data(), batch_.precision);
  const std::size_t all = batch_.samples.size(), size = std::min(batch_.part, all);
  if (size < all) part_gradient_.resize(static_cast<std::size_t>(count()));
  network.reserve(static_cast<int>(size));
  const auto pairs = static_cast<std::uint32_t>((network.plan().outputs + 1) / 2);
  for (std::size_t first = 0; first < all; first += size) {
    const int rows = static_cast<int>(std::min(size, all - first));
    network.gather({.samples = &batch_.data->train, .chosen = batch_.samples.data() + first, .rows = rows});
    network.forward(rows, {});
    network.measure_drawn(rows, 1.0f / static_cast<float>(all), [&](int row, int pair) {
      const auto sample = static_cast<std::uint32_t>(first) + static_cast<std::uint32_t>(row);
      return uniform_pair(seed_of_draw(), RandomStream::kPerturbation, batch_.step,
                          sample * pairs + static_cast<std::uint32_t>(pair));
    });
    network.backward(rows, {}, first == 0 ? out : part_gradient_.data());
    if (first > 0) cpu::add(out, part_gradient_.data(), out, count());
  }
}

/// v ⊙ Hv with random signs v.
void BatchObjective::hutchinson(const float* theta, float* out) {
  const auto size = static_cast<std::size_t>(count());
  random_.resize(size);
  for (std::size_t i = 0; i < size; i += 128) {
    const PhiloxBlock words = random_words(seed_of_draw(), RandomStream::kPerturbation, batch_.step,
                                           static_cast<std::uint32_t>(i / 128));
    for (std::size_t k = i; k < std::min(i + 128, size); ++k)
      random_[k] = (words[(k - i) / 32] >> ((k - i) % 32)) & 1u ? 1.0f : -1.0f;
  }
  hessian_product(theta, random_.data(), out);
  for (std::size_t i = 0; i < size; ++i) out[i] *= random_[i];
}

bool BatchObjective::gauss_newton_product(const float* theta, const float* v, float* out) {
  multiply(true, theta, v, out);
  return true;
}

}  // namespace thalweg
