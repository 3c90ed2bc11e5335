// What one step did to each tensor: norms, and the rates that the rule applied.
#pragma once

#include <span>
#include <vector>

#include "gpu/model.hpp"

namespace thalweg::gpu {

class DeviceStatistics {
 public:
  /// Of the network that has been built. The model outlives it.
  explicit DeviceStatistics(DeviceModel& model);

  /// Queues Σ x², or Σ (x − before)², of each tensor and of all of them (unless `total` is null).
  void squares(const float* x, const float* before, double* tensors, double* total);

  /// Keeps the parameters as they are, to compare those after an update with.
  void remember();
  /// Norms of the weights, and of what has changed since remember(). `order`: of the update, with the rule's
  /// constants, on the device.
  void describe_update(StepDetail& detail, bool skipped, const StepOrder* order);

 private:
  std::vector<double> norms(const float* x, const float* before);
  double median_rate(const TensorInfo& tensor, const StepOrder* order);

  DeviceModel& model_;
  Buffer<Chunk> chunks_;
  Buffer<std::int32_t> first_chunks_;
  Buffer<double> chunk_sums_, tensor_sums_;
  Buffer<float> before_, rates_;
};

}  // namespace thalweg::gpu
