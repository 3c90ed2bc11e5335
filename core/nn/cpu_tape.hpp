// What a pass through a network in evaluation mode leaves behind for Hessian-vector products: everything
// that does not depend on the vector. Of every layer only what its part of the product reads.
#pragma once

#include <cstddef>
#include <vector>

#include "core/nn/cpu_network.hpp"

namespace thalweg {

/// Of one layer. δ is the gradient of the mean loss by the layer's outputs. Matrices are rows x width.
struct LayerTape {
  std::vector<float> inputs;   ///< linear
  std::vector<float> delta;    ///< linear, normalisation: δ
  std::vector<float> slope;    ///< activation: f'(z)
  std::vector<float> bend;     ///< activation: f''(z) δ; empty of piecewise linear ones
  std::vector<float> normal;   ///< normalisation: n = (z − mean) · inverse
  std::vector<float> inverse;  ///< normalisation: 1/√(variance + ε), rows x groups, or width of batch norm
};

class Tape {
 public:
  /// Runs the samples through `network`, whose weights and running statistics are bound to `parameters` and
  /// `running`, forward and back. `scale`: what each sample's loss counts, 1 / (samples of the mean).
  void record(CpuNetwork& network, const PassSamples& pass, float scale, const float* parameters,
              const float* running);

  int rows() const { return rows_; }
  const LayerTape& layer(std::size_t i) const { return layers_[i]; }
  /// Softmax of the outputs; empty for the squared error.
  const std::vector<float>& softmax() const { return softmax_; }
  std::size_t bytes() const;

 private:
  void record_values(CpuNetwork& network, const float* running);
  void record_gradients(CpuNetwork& network, const float* parameters);

  int rows_ = 0;
  std::vector<LayerTape> layers_;
  std::vector<float> softmax_;
  std::vector<float> delta_, delta_before_, skipped_;
};

}  // namespace thalweg
