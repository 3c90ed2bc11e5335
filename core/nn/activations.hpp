// What comes out of each layer for some samples, put together from passes through a network on any device.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "core/nn/engine.hpp"
#include "core/nn/model.hpp"

namespace thalweg {

/// Outputs of one layer for some rows.
using SeeOutputs = std::function<void(std::size_t layer, std::span<const float> y)>;
/// Runs all samples through the network, part by part, and shows every layer's outputs. The same each time.
using RunOutputs = std::function<void(const SeeOutputs& see)>;

/// As TrainingEngine::activations; `samples` and `bins` are at least 1.
/// @param most_kept  so many outputs are kept, to be gone through twice; of more the samples are run twice
std::vector<LayerActivations> describe_activations(const Plan& plan, std::size_t samples, int bins,
                                                   std::size_t most_kept, const RunOutputs& run);

}  // namespace thalweg
