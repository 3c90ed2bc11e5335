// Ensembles on a device: run_ensemble (core/ensemble) with a thread for each particle, which keeps it in registers
// for some hundred steps at a time.
#pragma once

#include "core/ensemble/ensemble.hpp"
#include "gpu/gpu.hpp"

namespace thalweg::gpu {

/// `options.device`: the runtime's number of it. Throws DeviceError where it can't be used or fails. The numbers are
/// those of the CPU, but for functions of which libraries round differently (exp, sin, ...).
Result<EnsembleResult> run_ensemble_on(const EngineOptions& options, const EnsembleSettings& settings,
                                       const EnsembleControl& control);

}  // namespace thalweg::gpu
