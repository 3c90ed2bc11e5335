// Initial weights: a pure function of plan, initialisation and seed, the same on every device.
#pragma once

#include <cstdint>
#include <span>

#include "core/nn/model.hpp"

namespace thalweg {

/// Fills `parameters` (plan.parameters numbers): weights by `initialisation` (which has passed check()),
/// biases 0 (uniform with PyTorch's default), scales of normalisations 1, shifts 0.
void initialise(const Plan& plan, const Spec& initialisation, std::uint64_t seed,
                std::span<float> parameters);

/// Running means 0, variances 1.
void initialise_buffers(const Plan& plan, std::span<float> buffers);

}  // namespace thalweg
