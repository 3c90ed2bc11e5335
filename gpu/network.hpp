// A network at work on the device: the plan, the samples of one pass on their way through it, and back. As
// CpuNetwork (core/nn/cpu_network.hpp), whose rules about precision, residual blocks and memory it follows;
// it owns no weights. Everything here only queues work, so that it can be recorded.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "core/nn/model.hpp"
#include "gpu/device/products.hpp"
#include "gpu/kernels/product.hpp"
#include "gpu/kernels/step.hpp"

namespace thalweg::gpu {

/// The data set's samples on the device. Several may share them, each with a queue of its own; what was
/// queued here must be done before another queue reads them.
class DeviceData {
 public:
  DeviceData(std::shared_ptr<Queue> queue, std::shared_ptr<const Dataset> data);
  const Dataset& dataset() const { return *data_; }
  const DeviceSamples& train() const { return train_.view; }
  const DeviceSamples& test() const { return test_.view; }
  /// Copies samples of the same kind to the device; their labels are not looked at. The view is valid as long
  /// as the memory that is returned with it.
  struct Held {
    Buffer<std::uint8_t> bytes, labels;
    Buffer<float> values, targets;
    DeviceSamples view;
  };
  Held hold(const Samples& samples, bool labels) const;

 private:
  std::shared_ptr<Queue> queue_;  ///< of the memory: it goes after it
  std::shared_ptr<const Dataset> data_;
  Buffer<float> scale_, shift_;
  Held train_, test_;
};

/// How a pass is run; as PassMode of the CPU's.
struct DeviceMode {
  bool training = false;
  std::int64_t first_row = 0;        ///< of the batch that dropout masks are counted over
  const StepOrder* order = nullptr;  ///< of a training step: on the device
  std::int64_t* escaped = nullptr;   ///< likewise (kernels/step.hpp)
};

class DeviceNetwork {
 public:
  /// @param rounds  it will be bound with another precision than fp32
  DeviceNetwork(Queue& queue, Products& products, Plan plan, const Spec& loss,
                std::shared_ptr<const DeviceData> data, std::uint64_t seed, bool rounds);

  /// The weights and running statistics that passes use from here on. After a change of the weights bind
  /// again, if the precision is not fp32.
  void bind(const float* parameters, float* running, Precision precision = Precision::kFp32);
  /// Makes room for passes of so many rows; not while recording. What was recorded before is void where it
  /// grows: then it returns true.
  bool reserve(int rows);

  void forward(const DevicePass& pass, int rows, const DeviceMode& mode);
  /// The loss into `report`; its gradient, times `scale` (or the order's), into delta() if `gradient`.
  struct Measure {
    bool gradient = false;
    float scale = 0.0f;
    bool more = false;         ///< adds to the report
    bool last = false;         ///< part of a training step's batch
    std::int64_t samples = 0;  ///< of that batch
  };
  void measure(const DevicePass& pass, int rows, const DeviceMode& mode, const Measure& what,
               StepReport* report);
  /// As measure(), but with labels that the model itself draws, and no report.
  /// @param first  samples of the batch before this part of it
  void measure_drawn(int rows, float scale, const LabelDraws& draws, std::uint32_t first);
  /// From delta() to the gradient by all parameters.
  void backward(const DevicePass& pass, int rows, const DeviceMode& mode, float* gradient);

  const Plan& plan() const { return plan_; }
  const float* outputs() const { return outputs_.back(); }
  /// Outputs of a layer in the last pass; one that works in place has overwritten those of the one before,
  /// and where `keep_all` was not set, so may a fused one.
  const float* output_of(std::size_t layer) const { return outputs_[layer]; }
  float* delta() { return delta_; }
  /// Runs every layer by itself from here on, as looks into the network want it; each layer's output is
  /// handed to `watch` before the next can overwrite it. Empty: no longer.
  void watch(std::function<void(std::size_t layer, const float* output)> watch) { watch_ = std::move(watch); }

 private:
  struct Fused {
    int activation = -1;  ///< planned layers that are computed along with a linear one; −1: none
    int dropout = -1;
    int last = 0;  ///< the last of them
  };
  Fused fused_from(std::size_t linear) const;
  Input input_of(std::size_t layer, const DevicePass& pass) const;
  DropoutMask mask(int layer, const DeviceMode& mode) const;
  std::size_t forward_linear(std::size_t i, const DevicePass& pass, int rows, const DeviceMode& mode);
  void forward_other(std::size_t i, const DevicePass& pass, int rows, const DeviceMode& mode);
  std::size_t backward_linear(std::size_t i, const DevicePass& pass, int rows, const DeviceMode& mode,
                              float* gradient);
  void backward_other(std::size_t i, const DevicePass& pass, int rows, const DeviceMode& mode,
                      float* gradient);
  void write_inputs(const DevicePass& pass, int rows);
  bool small(std::int64_t m, std::int64_t n, std::int64_t k) const;
  void round(float* x, std::int64_t count);
  const float* weight(const PlannedLayer& layer) const { return parameters_ + layer.weight; }
  const float* bias(const PlannedLayer& layer) const { return parameters_ + layer.bias; }

  Queue& queue_;
  Products& products_;
  Plan plan_;
  std::shared_ptr<const DeviceData> data_;
  std::uint64_t seed_;
  bool rounds_;
  bool cross_entropy_;
  float smoothing_;
  std::size_t first_trained_ = 0;
  bool inputs_needed_ = false;  ///< written out: by a layer that takes them as numbers
  Precision precision_ = Precision::kFp32;
  const float* parameters_ = nullptr;
  float* running_ = nullptr;
  Buffer<float> rounded_;
  std::function<void(std::size_t, const float*)> watch_;

  int rows_ = 0;
  Buffer<float> inputs_;
  std::vector<Buffer<float>> values_;
  std::vector<float*> outputs_;
  std::vector<Buffer<float>> means_, inverses_;
  Buffer<float> deltas_[2];
  float* delta_ = nullptr;
  float* delta_before_ = nullptr;
  Buffer<float> skipped_;
};

}  // namespace thalweg::gpu
