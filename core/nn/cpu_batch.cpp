#include "core/nn/cpu_batch.hpp"

#include <algorithm>

#include "core/nn/cpu_hessian.hpp"
#include "core/nn/cpu_kernels.hpp"

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

void CpuBatchObjective::begin(const CpuBatch& batch, double loss_here, std::span<const float> running,
                              double longest, std::uint64_t seed) {
  BatchObjective::begin(batch.network->plan(), {.samples = batch.samples,
                                                .part = batch.part,
                                                .step = batch.step,
                                                .loss_here = loss_here,
                                                .longest = longest,
                                                .seed = seed});
  batch_ = batch;
  running_ = running;
}

double CpuBatchObjective::measure(const Share& share, const float* theta, float* out) {
  CpuBatch own = batch_;
  own.samples = batch_.samples.subspan(share.first, share.count);
  own.part = share.part;
  own.first_row = static_cast<std::int64_t>(share.first);
  scratch_running_.assign(running_.begin(), running_.end());
  return run_batch(own, theta, scratch_running_.data(), 1.0, out, part_gradient_).loss;
}

HessianProduct& CpuBatchObjective::product_at(std::span<const float> theta, bool gauss_newton) {
  product_ = make_cpu_hessian({.plan = batch_.network->plan(),
                               .loss = *batch_.loss,
                               .data = batch_.data,
                               .sparse = batch_.sparse,
                               .samples = {batch_.samples.begin(), batch_.samples.end()},
                               .parameters = {theta.begin(), theta.end()},
                               .buffers = {running_.begin(), running_.end()},
                               .threads = batch_.threads,
                               .gauss_newton = gauss_newton});
  return *product_;
}

void CpuBatchObjective::drawn_gradient(const float* theta, const LabelDraws& draws, float* out) {
  CpuNetwork& network = *batch_.network;
  scratch_running_.assign(running_.begin(), running_.end());
  network.bind(theta, scratch_running_.data(), batch_.precision);
  const std::size_t all = batch_.samples.size(), part = std::min(batch_.part, all);
  if (part < all) part_gradient_.resize(size());
  network.reserve(static_cast<int>(part));
  for (std::size_t first = 0; first < all; first += part) {
    const int rows = static_cast<int>(std::min(part, all - first));
    network.gather({.samples = &batch_.data->train, .chosen = batch_.samples.data() + first, .rows = rows});
    network.forward(rows, {});
    network.measure_drawn(rows, 1.0f / static_cast<float>(all), draws, first);
    network.backward(rows, {}, first == 0 ? out : part_gradient_.data());
    if (first > 0) cpu::add(out, part_gradient_.data(), out, network.plan().parameters);
  }
}

}  // namespace thalweg
