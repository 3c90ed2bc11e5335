// The gradient of a loss by outputs whose labels the model draws itself (core/nn/functions.hpp).
#pragma once

#include "core/nn/functions.hpp"
#include "gpu/kernels/input.hpp"

namespace thalweg::gpu {

/// A thread for each row.
struct DrawnLoss {
  const float* outputs;
  float* delta;
  int rows, width;
  bool cross_entropy_loss;
  LabelDraws draws;
  std::uint32_t first;  ///< samples of the batch before these
  float scale;
  Precision precision;

  THALWEG_DEVICE void operator()(Block block) const {
    for (std::int64_t r = grid_thread(block); r < rows; r += grid_threads(block)) {
      const std::uint32_t sample = first + static_cast<std::uint32_t>(r);
      float* const d = delta + r * width;
      if (cross_entropy_loss)
        drawn_cross_entropy(outputs + r * width, width, draws(sample, 0)[0], scale, d);
      else
        drawn_squared_error(
            width, [&](int pair) { return draws(sample, pair); }, scale, d);
      for (int k = 0; k < width; ++k) d[k] = rounded(precision, d[k]);
    }
  }
};

}  // namespace thalweg::gpu
