// What a pass through a network in evaluation mode leaves behind on the device for Hessian-vector products:
// everything that does not depend on the vector, as the tape of the CPU (core/nn/cpu_tape.hpp).
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "core/nn/model.hpp"
#include "gpu/device/products.hpp"
#include "gpu/kernels/hessian.hpp"
#include "gpu/network.hpp"

namespace thalweg::gpu {

/// Hands out pieces of one allocation; of none at first, to find out how much is needed.
class Pieces {
 public:
  explicit Pieces(float* memory = nullptr) : memory_(memory) {}
  float* take(std::size_t numbers) {
    float* const out = memory_ ? memory_ + used_ : nullptr;
    used_ += (numbers + kAligned - 1) / kAligned * kAligned;
    return numbers > 0 ? out : nullptr;
  }
  std::size_t used() const { return used_; }

 private:
  static constexpr std::size_t kAligned = 64;
  float* memory_;
  std::size_t used_ = 0;
};

/// Of one layer; see LayerTape of the CPU. Null where a layer of its kind has none.
struct DeviceLayerTape {
  float* inputs = nullptr;
  float* delta = nullptr;
  float* slope = nullptr;
  float* bend = nullptr;
  float* normal = nullptr;
  float* inverse = nullptr;
};

/// What tapes and products have to know of a network: the plan, and a few facts about its order.
struct CurvaturePlan {
  CurvaturePlan(Plan plan, const Spec& loss);

  Plan plan;
  bool cross_entropy = true;
  std::size_t first_trained = 0;  ///< layers before it have no parameters
  bool residual = false;
  int widest = 1;  ///< of the matrices between the trained layers
  /// Of a linear layer: the activation that comes next, or right before it, if only dropout is in between;
  /// −1: none, or that a residual block begins in between, which needs what is there by itself.
  std::vector<int> activation_after, activation_before;

  const PlannedLayer& layer(std::size_t i) const { return plan.layers[i]; }
  std::size_t size() const { return plan.layers.size(); }
  NormShape norm(std::size_t i, int rows) const;
  /// How many multiply-adds a product of our own kernel may have, and how many of them one after the other.
  bool is_small(std::int64_t m, std::int64_t n, std::int64_t k) const;
  std::int64_t most_small = 24'000'000;
};

class DeviceTape {
 public:
  /// For passes of up to so many rows.
  DeviceTape(Queue& queue, const CurvaturePlan& plan, int rows);
  /// How many numbers it holds.
  static std::size_t numbers(const CurvaturePlan& plan, int rows);

  int rows = 0;  ///< of the pass that was recorded
  std::vector<DeviceLayerTape> layers;
  float* softmax = nullptr;  ///< of the outputs; null for the squared error

 private:
  DeviceTape() = default;
  void lay_out(const CurvaturePlan& plan, int most_rows, Pieces& pieces);
  Buffer<float> memory_;
};

/// What products are of: weights and running statistics on the device, and what each sample's loss counts:
/// 1 / (samples of the mean).
struct CurvaturePoint {
  const float* parameters = nullptr;
  const float* running = nullptr;
  float scale = 1.0f;
};

/// Runs samples through a network, forward and back, and writes down what is needed later. It only queues
/// work, so that it can be recorded.
class DeviceTapeRecorder {
 public:
  DeviceTapeRecorder(Queue& queue, Products& products, const CurvaturePlan& plan, const Spec& loss,
                     std::shared_ptr<const DeviceData> data, int rows);
  void record(const DevicePass& pass, int rows, const CurvaturePoint& point, DeviceTape& tape);

 private:
  void record_values(const DevicePass& pass, const CurvaturePoint& point, DeviceTape& tape);
  void record_gradients(const CurvaturePoint& point, DeviceTape& tape);
  void record_linear(std::size_t i, const CurvaturePoint& point, DeviceTape& tape);
  void copy(float* to, const float* from, std::int64_t numbers);

  Queue& queue_;
  Products& products_;
  const CurvaturePlan& plan_;
  DeviceNetwork network_;
  Buffer<StepReport> report_;
  Buffer<float> inputs_, other_, skipped_;
  float* delta_ = nullptr;
  float* delta_before_ = nullptr;
};

}  // namespace thalweg::gpu
