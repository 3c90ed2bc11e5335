#include "core/nn/cpu_probe.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace thalweg::cpu {
namespace {

/// Numbers of one layer, gathered over the parts.
struct LayerSums {
  double count = 0.0, sum = 0.0, squares = 0.0;  ///< squares: of the distance from the mean
  double low = std::numeric_limits<double>::infinity(), high = -low;
  std::vector<char> alive;  ///< by unit: it was not 0 for some sample

  void add(const float* y, int rows, int width) {
    alive.resize(static_cast<std::size_t>(width));
    for (int r = 0; r < rows; ++r)
      for (int j = 0; j < width; ++j) {
        const double value = *y++;
        sum += value;
        alive[static_cast<std::size_t>(j)] |= static_cast<char>(value != 0.0);
        if (!std::isfinite(value)) continue;
        low = std::min(low, value);
        high = std::max(high, value);
      }
    count += static_cast<double>(rows) * width;
  }

  double mean() const { return sum / count; }
};

void count_values(const float* y, std::int64_t count, Histogram& out) {
  const auto bins = static_cast<double>(out.counts.size());
  const double width = out.high - out.low;
  for (std::int64_t i = 0; i < count; ++i) {
    const double value = y[i];
    if (!std::isfinite(value)) {
      ++out.not_finite;
      continue;
    }
    const double place = width > 0.0 ? std::floor((value - out.low) / width * bins) : 0.0;
    ++out.counts[static_cast<std::size_t>(std::min(place, bins - 1.0))];
  }
}

/// Runs the samples through the network; `watch(layer, output, rows)` sees every layer's outputs.
template <class Watch>
void watch_all(CpuNetwork& network, const Samples& samples, std::span<const std::uint32_t> indices,
               const Watch& watch) {
  for_parts(samples, indices, [&](const PassSamples& pass) {
    network.gather(pass);
    network.forward(pass.rows, {}, [&](std::size_t layer, const float* y) { watch(layer, y, pass.rows); });
  });
}

}  // namespace

std::vector<LayerActivations> activations(CpuNetwork& network, const Samples& samples,
                                          std::span<const std::uint32_t> indices, int bins) {
  network.reserve(kProbeRows);
  const std::vector<PlannedLayer>& layers = network.plan().layers;
  std::vector<LayerSums> sums(layers.size());
  watch_all(network, samples, indices, [&](std::size_t layer, const float* y, int rows) {
    sums[layer].add(y, rows, layers[layer].outputs);
  });

  std::vector<LayerActivations> out(layers.size());
  for (std::size_t i = 0; i < layers.size(); ++i) {
    out[i].layer = static_cast<int>(i);
    out[i].mean = sums[i].mean();
    out[i].dead = std::numeric_limits<double>::quiet_NaN();
    if (layers[i].kind == LayerKind::kRelu)
      out[i].dead = static_cast<double>(std::ranges::count(sums[i].alive, 0)) / layers[i].outputs;
    out[i].histogram.counts.assign(static_cast<std::size_t>(bins), 0);
    if (sums[i].low <= sums[i].high) out[i].histogram.low = sums[i].low, out[i].histogram.high = sums[i].high;
  }
  // Once more: bins and deviations need the ends and the means.
  watch_all(network, samples, indices, [&](std::size_t layer, const float* y, int rows) {
    const std::int64_t count = std::int64_t{rows} * layers[layer].outputs;
    const double mean = out[layer].mean;
    for (std::int64_t i = 0; i < count; ++i) {
      const double d = y[i] - mean;
      sums[layer].squares += d * d;
    }
    count_values(y, count, out[layer].histogram);
  });
  for (std::size_t i = 0; i < layers.size(); ++i)
    out[i].deviation = std::sqrt(sums[i].squares / sums[i].count);
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
