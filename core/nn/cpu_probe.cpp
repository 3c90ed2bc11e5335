#include "core/nn/cpu_probe.hpp"

#include <algorithm>

#include "core/nn/activations.hpp"

namespace thalweg::cpu {
std::vector<LayerActivations> activations(CpuNetwork& network, const Samples& samples,
                                          std::span<const std::uint32_t> indices, int bins,
                                          std::size_t most_kept) {
  network.reserve(kProbeRows);
  const auto run = [&](const SeeOutputs& see) {
    for_parts(samples, indices, [&](const PassSamples& pass) {
      network.gather(pass);
      network.forward(pass.rows, {}, [&](std::size_t layer, const float* y) {
        const auto width = static_cast<std::size_t>(network.plan().layers[layer].outputs);
        see(layer, std::span(y, static_cast<std::size_t>(pass.rows) * width));
      });
    });
  };
  return describe_activations(network.plan(), indices.size(), bins, most_kept, run);
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
