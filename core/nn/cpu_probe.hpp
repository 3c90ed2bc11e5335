// What the CPU engine measures of a network beside training it: passes in evaluation mode, a few hundred
// samples at a time. The weights are those bound to the network.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "core/nn/cpu_network.hpp"

namespace thalweg::cpu {

/// So many samples go through the network at a time outside training.
inline constexpr int kProbeRows = 256;

/// Calls f(PassSamples) for the samples in `indices`, kProbeRows at a time.
template <class F>
void for_parts(const Samples& samples, std::span<const std::uint32_t> indices, const F& f) {
  for (std::size_t first = 0; first < indices.size(); first += kProbeRows) {
    const auto part = indices.subspan(first, std::min<std::size_t>(kProbeRows, indices.size() - first));
    f(PassSamples{.samples = &samples, .chosen = part.data(), .rows = static_cast<int>(part.size())});
  }
}

/// As TrainingEngine::activations; `indices` are not empty, `bins` is at least 1. Outputs are kept between
/// the two looks at them if they are no more than `most_kept` numbers, else computed twice.
std::vector<LayerActivations> activations(CpuNetwork& network, const Samples& samples,
                                          std::span<const std::uint32_t> indices, int bins,
                                          std::size_t most_kept = std::size_t{1} << 24);

/// As TrainingEngine::loss_gradient; the parts are summed in double.
void mean_gradient(CpuNetwork& network, const Samples& samples, std::span<const std::uint32_t> indices,
                   std::span<float> out);

}  // namespace thalweg::cpu
