// What goes into a network: samples of a data set that lie on the device as they came, or numbers.
#pragma once

#include <cstdint>

#include "core/nn/rounding.hpp"
#include "gpu/device/block.hpp"

namespace thalweg::gpu {

/// round_to() of core/nn/rounding.hpp, with the precision as a number that does not change within a launch.
THALWEG_DEVICE inline float rounded(Precision precision, float x) {
  return precision == Precision::kFp32 ? x : round_to(precision, x);
}

/// Samples on the device; see Samples and Dataset in core/data/dataset.hpp.
struct DeviceSamples {
  const std::uint8_t* bytes = nullptr;  ///< one of bytes and values
  const float* values = nullptr;
  const std::uint8_t* labels = nullptr;  ///< one of labels and targets; neither where nobody looks at them
  const float* targets = nullptr;
  const float* scale = nullptr;  ///< of each channel: input = scale · number + shift
  const float* shift = nullptr;
  int features = 0;
  int plane = 1;  ///< features of a channel
  std::int64_t count = 0;
};

/// The samples of one pass: those in `chosen`, or from `first` on where it is null.
struct DevicePass {
  DeviceSamples samples;
  const std::uint32_t* chosen = nullptr;
  std::int64_t first = 0;

  THALWEG_DEVICE std::int64_t sample(int row) const {
    return chosen ? std::int64_t{chosen[row]} : first + row;
  }
  THALWEG_DEVICE float input(int row, int feature) const {
    const std::int64_t at = sample(row) * samples.features + feature;
    const int channel = feature / samples.plane;
    const float number = samples.bytes ? static_cast<float>(samples.bytes[at]) : samples.values[at];
    return samples.scale[channel] * number + samples.shift[channel];
  }
};

/// A matrix of inputs of a layer, rows x width: numbers that lie there, or samples read as they are needed.
struct Input {
  const float* numbers = nullptr;  ///< null: of the pass
  int width = 0;
  DevicePass pass{};
  Precision precision = Precision::kFp32;  ///< what samples are rounded to

  THALWEG_DEVICE float at(int row, int column) const {
    if (numbers) return numbers[std::int64_t{row} * width + column];
    return rounded(precision, pass.input(row, column));
  }
};

/// All inputs of a pass, written out.
struct WriteInputs {
  Input input;
  float* out;
  int rows;
  THALWEG_DEVICE void operator()(Block block) const {
    const std::int64_t count = std::int64_t{rows} * input.width;
    for (std::int64_t i = grid_thread(block); i < count; i += grid_threads(block))
      out[i] = input.at(static_cast<int>(i / input.width), static_cast<int>(i % input.width));
  }
};

}  // namespace thalweg::gpu
