#include "core/nn/activations.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>

#include "core/nn/histogram.hpp"
#include "core/optimizer/vectorise.hpp"

namespace thalweg {
namespace {

using cpu::lane_sum_double;
using cpu::vectorised;

/// Every layer's outputs for some samples, to be gone through more than once: kept where they are not too
/// many, else computed anew each time.
class Outputs {
 public:
  Outputs(const Plan& plan, std::size_t samples, std::size_t most_kept, const RunOutputs& run) : run_(run) {
    std::size_t width = 0;
    for (const PlannedLayer& layer : plan.layers) width += static_cast<std::size_t>(layer.outputs);
    if (width > most_kept / samples) return;
    kept_.reserve(width * samples);
    run([&](std::size_t layer, std::span<const float> y) {
      shown_.emplace_back(layer, y.size());
      kept_.insert(kept_.end(), y.begin(), y.end());
    });
  }

  /// Calls see(layer, outputs of some rows) until every layer's outputs for every sample have been seen.
  void for_each(const SeeOutputs& see) const {
    if (kept_.empty()) return run_(see);
    const float* next = kept_.data();
    for (const auto& [layer, size] : shown_) {
      see(layer, std::span(next, size));
      next += size;
    }
  }

 private:
  const RunOutputs& run_;
  std::vector<float> kept_;
  std::vector<std::pair<std::size_t, std::size_t>> shown_;  ///< layer and size of what is kept, in its order
};

/// Marks the units that are not 0 in some row.
void mark_alive(std::span<const float> y, std::span<std::uint32_t> alive_) {
  const auto width = static_cast<std::int64_t>(alive_.size());
  const auto rows = static_cast<std::int64_t>(y.size()) / width;
  vectorised([=, data = y.data(), marks = alive_.data()] {
    std::uint32_t* __restrict alive = marks;
    for (std::int64_t r = 0; r < rows; ++r) {
      const float* __restrict row = data + r * width;
      for (std::int64_t j = 0; j < width; ++j) alive[j] |= row[j] != 0.0f ? 1u : 0u;
    }
  });
}

double squares_about(std::span<const float> y, double mean) {
  double out = 0.0;
  vectorised([&out, mean, data = y.data(), count = static_cast<std::int64_t>(y.size())] {
    out = lane_sum_double(count, [&](std::int64_t i) {
      const double d = static_cast<double>(data[i]) - mean;
      return d * d;
    });
  });
  return out;
}

}  // namespace

std::vector<LayerActivations> describe_activations(const Plan& plan, std::size_t samples, int bins,
                                                   std::size_t most_kept, const RunOutputs& run) {
  const std::vector<PlannedLayer>& layers = plan.layers;
  const Outputs outputs(plan, samples, most_kept, run);
  std::vector<ValueRange> ranges(layers.size());
  std::vector<std::vector<std::uint32_t>> alive(layers.size());  // of ReLU alone
  for (std::size_t i = 0; i < layers.size(); ++i)
    if (layers[i].kind == LayerKind::kRelu) alive[i].resize(static_cast<std::size_t>(layers[i].outputs), 0u);
  outputs.for_each([&](std::size_t layer, std::span<const float> y) {
    ranges[layer].include(range_of(y));
    if (!alive[layer].empty()) mark_alive(y, alive[layer]);
  });

  std::vector<LayerActivations> out(layers.size());
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const double count = static_cast<double>(samples) * layers[i].outputs;
    out[i] = {.layer = static_cast<int>(i),
              .mean = ranges[i].sum / count,
              .dead = std::numeric_limits<double>::quiet_NaN(),
              .histogram = {}};
    if (!alive[i].empty())
      out[i].dead = static_cast<double>(std::ranges::count(alive[i], 0u)) / layers[i].outputs;
    Histogram& histogram = out[i].histogram;
    histogram.counts.assign(static_cast<std::size_t>(bins), 0);
    if (ranges[i].low <= ranges[i].high) histogram.low = ranges[i].low, histogram.high = ranges[i].high;
  }
  // Once more: bins need the ends, deviations the means.
  outputs.for_each([&](std::size_t layer, std::span<const float> y) {
    out[layer].deviation += squares_about(y, out[layer].mean);
    count_values(y, out[layer].histogram);
  });
  for (std::size_t i = 0; i < layers.size(); ++i)
    out[i].deviation = std::sqrt(out[i].deviation / (static_cast<double>(samples) * layers[i].outputs));
  return out;
}

}  // namespace thalweg
