// What a pass through a network in evaluation mode leaves behind for Hessian-vector products: everything
// that does not depend on the vector. Of every layer only what its part of the product reads.
#pragma once

#include <cstddef>
#include <optional>
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

struct Tape {
  int rows = 0;
  std::vector<LayerTape> layers;  ///< those before the first with parameters stay empty
  std::vector<float> softmax;     ///< of the outputs; empty for the squared error
  /// The first layer's inputs, where its zeros are left out; its own are empty then.
  std::optional<cpu::SparseBatch> sparse;

  std::size_t bytes() const;
};

/// What is bound to a network, and what each sample's loss counts: 1 / (samples of the mean).
struct TapeSource {
  const float* parameters = nullptr;
  const float* running = nullptr;
  float scale = 1.0f;
};

/// Runs samples through a network, forward and back, and writes down what is needed later. Keeps the memory
/// it works in. One thread at a time.
class TapeRecorder {
 public:
  void record(CpuNetwork& network, const PassSamples& pass, const TapeSource& source, Tape& tape);

 private:
  static void record_values(const CpuNetwork& network, const TapeSource& source, Tape& tape);
  void record_gradients(const CpuNetwork& network, const TapeSource& source, Tape& tape);
  void record_linear(const PlannedLayer& layer, const TapeSource& source, bool first, Tape& tape,
                     LayerTape& out);
  void record_activation(const PlannedLayer& layer, const float* x, std::int64_t count, LayerTape& out);

  std::vector<float> delta_, delta_before_, skipped_;
};

}  // namespace thalweg
