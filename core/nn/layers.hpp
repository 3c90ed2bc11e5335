// The layers, initialisations and losses there are: their descriptors. What they compute is in
// reference.hpp (plainly) and in the engines.
#pragma once

#include <cstdint>

#include "core/spec/spec.hpp"

namespace thalweg {

enum class LayerKind {
  kLinear,
  kRelu,
  kLeakyRelu,
  kGelu,
  kSilu,
  kTanh,
  kSigmoid,
  kBatchNorm,
  kLayerNorm,
  kDropout,
  kRmsNorm,
  kGroupNorm,
  kAdd,  ///< end of a residual block: adds what came into the block; a plan has the block's parts before it
};

/// Layers with a scale γ, and but for RMS normalisation a shift β.
inline bool is_normalisation(LayerKind kind) {
  return kind == LayerKind::kBatchNorm || kind == LayerKind::kLayerNorm || kind == LayerKind::kGroupNorm ||
         kind == LayerKind::kRmsNorm;
}

/// Layers that overwrite their input in an engine: their backward pass needs no more than their output.
inline bool works_in_place(LayerKind kind) {
  return kind == LayerKind::kRelu || kind == LayerKind::kLeakyRelu || kind == LayerKind::kDropout;
}

struct LayerDescriptor : Descriptor {
  LayerKind kind = LayerKind::kLinear;
};

/// In the order of the menu.
const std::vector<LayerDescriptor>& layers();
const LayerDescriptor* find_layer(std::string_view id);
const Family& layer_family();

const std::vector<Descriptor>& initialisations();
const Family& initialisation_family();

/// Softmax cross-entropy and squared error.
const std::vector<Descriptor>& losses();
const Family& loss_family();

/// Widest layer, and most parameters of a model (400 MB of weights; optimizers hold up to four times that).
inline constexpr int kWidestLayer = 65'536;
inline constexpr std::int64_t kMostParameters = 100'000'000;

}  // namespace thalweg
