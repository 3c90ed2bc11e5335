// Errors of the CUDA runtime as the one sentence that a person needs.
#pragma once

#include <cuda_runtime.h>

#include <string>

#include "core/nn/engine.hpp"

namespace thalweg::gpu {

/// Throws DeviceError unless `status` is success.
/// @param wanted  bytes that were asked for, where that is what failed
void check_cuda(cudaError_t status, std::size_t wanted = 0);

/// "3.4 GB"
std::string amount(double bytes);

}  // namespace thalweg::gpu
