// The layers as modules of PyTorch.
#pragma once

#include "core/nn/layers.hpp"
#include "core/spec/python.hpp"

namespace thalweg {

/// The call that makes the layer, torch.nn being nn, with so many inputs.
TorchCall torch_layer(const Spec& layer, int inputs);

}  // namespace thalweg
