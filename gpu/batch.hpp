// A batch on its way through a network on the device and back: the loss and its gradient at any parameters,
// and what methods of optimization, which run on the host, may ask about them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>

#include "core/nn/batch_objective.hpp"
#include "gpu/hessian.hpp"
#include "gpu/network.hpp"

namespace thalweg::gpu {

/// What the passes of one step have in common; pointers are to the device's memory.
struct DeviceBatch {
  DeviceNetwork* network = nullptr;
  DeviceSamples samples;
  const std::uint32_t* chosen = nullptr;
  std::size_t rows = 0;
  std::size_t part = 0;  ///< so many go through at once; there is room for them
  Precision precision = Precision::kFp32;
  std::int64_t first_row = 0;  ///< of the dropout masks, where the samples are a part of the step's batch
  const StepOrder* order = nullptr;
  std::int64_t* escaped = nullptr;
};

/// Queues passes forwards and back in training mode, part by part, as run_batch() of the CPU.
/// @param gradient       of the mean loss, times the order's scale of it; null: the loss alone
/// @param part_gradient  memory of the same size, used where there are several parts
void run_batch(Queue& queue, const DeviceBatch& batch, const float* parameters, float* running,
               float* gradient, float* part_gradient, StepReport* report);

/// Vectors go up and down for every question: what is asked is worth more than that.
class DeviceBatchObjective final : public BatchObjective {
 public:
  /// What it is about from step to step, which outlives it.
  struct Setting {
    DeviceNetwork* network = nullptr;
    std::shared_ptr<const DeviceData> data;
    Spec loss;
    Precision precision = Precision::kFp32;
    const float* running = nullptr;  ///< on the device
    /// Makes room in the network for passes of so many rows.
    std::function<void(int rows)> make_room;
  };
  DeviceBatchObjective(Queue& queue, Products& products, Setting setting);

  /// From here on it is about this batch, whose samples are `chosen` on the device.
  void begin(const StepBatch& batch, const std::uint32_t* chosen);

 private:
  class Product final : public HessianProduct {
   public:
    Product(DeviceCurvature& curvature, bool gauss_newton)
        : curvature_(curvature), gauss_newton_(gauss_newton) {}
    void multiply(std::span<const float> v, std::span<float> out) override {
      curvature_.multiply(gauss_newton_, v, out);
    }

   private:
    DeviceCurvature& curvature_;
    bool gauss_newton_;
  };

  double measure(const Share& share, const float* theta, float* out) override;
  void drawn_gradient(const float* theta, const LabelDraws& draws, float* out) override;
  HessianProduct& product_at(std::span<const float> theta, bool gauss_newton) override;

  void go_to(const float* theta);
  void make_room(std::size_t rows, std::size_t part, bool gradient);
  void fetch(float* out);

  Queue& queue_;
  Products& products_;
  Setting setting_;
  const std::uint32_t* chosen_ = nullptr;
  Buffer<float> theta_, running_, gradient_, part_gradient_;
  HostBuffer<float> host_theta_, host_gradient_;
  Buffer<StepOrder> order_;
  HostBuffer<StepOrder> host_order_;
  Buffer<StepReport> report_;
  Buffer<std::int64_t> escaped_;
  std::optional<DeviceCurvature> curvature_;
  std::optional<Product> product_;
};

}  // namespace thalweg::gpu
