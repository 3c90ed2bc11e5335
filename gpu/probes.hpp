// Looks at a network on the device that change nothing of its training: evaluations, outputs, activations,
// gradients. As TrainingEngine says of each; the engine has checked what it is asked.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "gpu/model.hpp"

namespace thalweg::gpu {

class DeviceProbes {
 public:
  using Indices = std::optional<std::span<const std::uint32_t>>;

  /// Of the network that has been built. The model outlives it.
  explicit DeviceProbes(DeviceModel& model);

  Evaluation evaluate(DataPart part, Indices indices, const std::function<bool()>& stop, Weights weights);
  std::vector<float> outputs(const Samples& samples, Indices indices, Weights weights);
  std::vector<LayerActivations> activations(DataPart part, std::span<const std::uint32_t> indices, int bins);
  void loss_gradient(std::span<const std::uint32_t> samples, std::span<float> out);

 private:
  const DeviceSamples& view_of(DataPart part) const;
  void bind(Weights weights);
  const float* found();
  void make_room(std::int64_t samples);
  Buffer<std::uint32_t> on_device(Indices indices) const;

  DeviceModel& model_;
  Queue& queue_;
  Buffer<StepReport> report_;
  Buffer<float> found_;  ///< what an averaging optimizer has found
  Buffer<float> part_gradient_;
};

}  // namespace thalweg::gpu
