#include "core/nn/cpu_probe.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/nn/histogram.hpp"
#include "core/optimizer/vectorise.hpp"

namespace thalweg::cpu {
namespace {

/// Every layer's outputs for some samples, to be gone through more than once: kept where they are not too
/// many, else computed anew each time.
class Outputs {
 public:
  Outputs(CpuNetwork& network, const Samples& samples, std::span<const std::uint32_t> indices,
          std::size_t most_kept)
      : network_(network), samples_(samples), indices_(indices) {
    std::size_t width = 0;
    for (const PlannedLayer& layer : network.plan().layers) width += static_cast<std::size_t>(layer.outputs);
    if (width > most_kept / indices.size()) return;
    kept_.reserve(width * indices.size());
    run([&](std::size_t, std::span<const float> y) { kept_.insert(kept_.end(), y.begin(), y.end()); });
  }

  /// Calls f(layer, outputs of some rows) until every layer's outputs for every sample have been seen.
  template <class F>
  void for_each(const F& f) const {
    if (kept_.empty()) return run(f);
    const float* next = kept_.data();
    for_parts(samples_, indices_, [&](const PassSamples& pass) {
      for (std::size_t i = 0; i < network_.plan().layers.size(); ++i) {
        const std::span<const float> y(next, size(i, pass.rows));
        f(i, y);
        next += y.size();
      }
    });
  }

 private:
  std::size_t size(std::size_t layer, int rows) const {
    return static_cast<std::size_t>(rows) * static_cast<std::size_t>(network_.plan().layers[layer].outputs);
  }

  template <class F>
  void run(const F& f) const {
    for_parts(samples_, indices_, [&](const PassSamples& pass) {
      network_.gather(pass);
      network_.forward(pass.rows, {}, [&](std::size_t layer, const float* y) {
        f(layer, std::span(y, size(layer, pass.rows)));
      });
    });
  }

  CpuNetwork& network_;
  const Samples& samples_;
  std::span<const std::uint32_t> indices_;
  std::vector<float> kept_;  ///< part by part, in each layer by layer
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

std::vector<LayerActivations> activations(CpuNetwork& network, const Samples& samples,
                                          std::span<const std::uint32_t> indices, int bins,
                                          std::size_t most_kept) {
  network.reserve(kProbeRows);
  const std::vector<PlannedLayer>& layers = network.plan().layers;
  const Outputs outputs(network, samples, indices, most_kept);
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
    const double count = static_cast<double>(indices.size()) * layers[i].outputs;
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
    out[i].deviation =
        std::sqrt(out[i].deviation / (static_cast<double>(indices.size()) * layers[i].outputs));
  return out;
}

void mean_gradient(CpuNetwork& network, const Samples& samples, std::span<const std::uint32_t> indices,
                   std::span<float> out) {
  network.reserve(kProbeRows);
  const float scale = 1.0f / static_cast<float>(indices.size());
  std::vector<float> part(out.size(), 0.0f);
  std::vector<double> sum(out.size(), 0.0);
  for_parts(samples, indices, [&](const PassSamples& pass) {
    network.gather(pass);
    network.forward(pass.rows, {});
    network.measure(pass, scale);
    network.backward(pass.rows, {}, part.data());
    for (std::size_t i = 0; i < part.size(); ++i) sum[i] += static_cast<double>(part[i]);
  });
  std::ranges::transform(sum, out.begin(), [](double g) { return static_cast<float>(g); });
}

}  // namespace thalweg::cpu
