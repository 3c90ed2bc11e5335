// The training engine on a device: TrainingEngine (core/nn/engine.hpp) with everything that a step needs in
// the device's memory. A step is one replay of recorded work (network, loss, norms, update); what it is told
// and what came of it goes through small blocks of memory (kernels/step.hpp), so that rates and other live
// settings change without a new recording, and results come back many steps at a time.
//
// Optimizers that are no element-wise rules run on the host, with gradients, losses and products from the
// device.
#pragma once

#include <memory>

#include "core/nn/engine.hpp"
#include "gpu/gpu.hpp"

namespace thalweg::gpu {

/// `options.device`: the runtime's number of it. Throws DeviceError where it can't be used.
std::unique_ptr<TrainingEngine> make_training_engine(const EngineOptions& options);

}  // namespace thalweg::gpu
