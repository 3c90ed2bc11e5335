#include "gpu/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace thalweg::gpu {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr int kMostRates = 4096;

/// Each tensor in pieces, some thousand of them in all at most, and the first of each tensor's.
struct Chunks {
  std::vector<Chunk> chunks;
  std::vector<std::int32_t> first;
};
Chunks chunks_of(const Plan& plan) {
  const std::int64_t most = std::max<std::int64_t>(4096, plan.parameters / 2048);
  Chunks out;
  for (const TensorInfo& tensor : plan.tensors) {
    out.first.push_back(static_cast<std::int32_t>(out.chunks.size()));
    for (std::int64_t first = 0; first < tensor.size(); first += most)
      out.chunks.push_back({tensor.offset + first, std::min(most, tensor.size() - first)});
  }
  out.first.push_back(static_cast<std::int32_t>(out.chunks.size()));
  return out;
}

}  // namespace

DeviceStatistics::DeviceStatistics(DeviceModel& model) : model_(model) {
  const Chunks chunks = chunks_of(model.plan);
  chunks_ = Buffer<Chunk>(model.queue, std::span<const Chunk>(chunks.chunks));
  first_chunks_ = Buffer<std::int32_t>(model.queue, std::span<const std::int32_t>(chunks.first));
  chunk_sums_ = Buffer<double>(model.queue, chunks.chunks.size());
  tensor_sums_ = Buffer<double>(model.queue, model.plan.tensors.size());
}

void DeviceStatistics::squares(const float* x, const float* before, double* tensors, double* total) {
  model_.queue.launch(ChunkSquares::grid(chunks_.size()),
                      ChunkSquares{chunks_.data(), x, before, chunk_sums_.data()});
  model_.queue.launch(TensorSquares::grid(),
                      TensorSquares{chunk_sums_.data(), first_chunks_.data(),
                                    static_cast<int>(model_.plan.tensors.size()), tensors, total});
}

void DeviceStatistics::remember() {
  before_.reserve(model_.queue, model_.parameters.size());
  before_.copy_from(model_.parameters);
}

std::vector<double> DeviceStatistics::norms(const float* x, const float* before) {
  squares(x, before, tensor_sums_.data(), nullptr);
  std::vector<double> out = tensor_sums_.values();
  for (double& sum : out) sum = std::sqrt(sum);
  return out;
}

void DeviceStatistics::describe_update(StepDetail& detail, bool skipped, const StepOrder* order) {
  const std::vector<double> weights = norms(model_.parameters.data(), nullptr);
  const std::vector<double> updates = norms(model_.parameters.data(), before_.data());
  for (std::size_t t = 0; t < detail.tensors.size(); ++t) {
    TensorStatistics& out = detail.tensors[t];
    out.weight_norm = weights[t];
    out.update_norm = updates[t];
    // Else no rate was applied to anything, or none that is known.
    if (!skipped && model_.updater) out.effective_rate = median_rate(model_.plan.tensors[t], order);
  }
}

double DeviceStatistics::median_rate(const TensorInfo& tensor, const StepOrder* order) {
  const int looked = static_cast<int>(std::min<std::int64_t>(tensor.size(), kMostRates));
  rates_.reserve(model_.queue, kMostRates);
  if (looked == 0 || !model_.updater->rates(model_.queue, model_.slots.data(), model_.plan.parameters,
                                            tensor.offset, tensor.size(), looked, order, rates_.data()))
    return kNan;
  std::vector<float> rates(static_cast<std::size_t>(looked));
  model_.queue.download(rates.data(), rates_.data(), rates.size() * sizeof(float));
  const auto middle = rates.begin() + looked / 2;
  std::nth_element(rates.begin(), middle, rates.end());
  return static_cast<double>(*middle);
}

}  // namespace thalweg::gpu
