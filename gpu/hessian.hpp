// Hessian-vector products of a network on the device, as those of the CPU (core/nn/cpu_hessian.hpp): exact,
// in evaluation mode, in single precision whatever the network trains in. What does not depend on the vector
// is kept on the device from product to product (tape.hpp), and a product is one replay of recorded work
// (moving_pass.hpp), with the vector on its way up before it and the result on its way down after it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "core/nn/engine.hpp"
#include "gpu/moving_pass.hpp"

namespace thalweg::gpu {

struct DeviceCurvatureSettings {
  Plan plan;
  Spec loss;  ///< a checked spec of loss_family()
  std::shared_ptr<const DeviceData> data;
  /// Passes are kept up to so much of the device's memory; of samples beyond it they are run again for every
  /// product.
  std::size_t kept_bytes = std::size_t{1} << 30;
  /// Samples that are worked through at a time; fewer where the network is so wide that they would take more
  /// than a quarter of a gigabyte.
  int most_rows = 16'384;
  /// Multiply-adds up to which a product is made by our own kernel, with what surrounds it.
  std::int64_t most_small = 24'000'000;
};

/// H and G = Jᵀ H_L J (CpuHessianSettings::gauss_newton) of one network, at one point after the other. In the
/// queue of somebody, who keeps it, and the products, alive.
class DeviceCurvature {
 public:
  DeviceCurvature(Queue& queue, Products& products, DeviceCurvatureSettings settings);
  DeviceCurvature(const DeviceCurvature&) = delete;
  DeviceCurvature& operator=(const DeviceCurvature&) = delete;

  /// From here on products are those of the mean loss over these training samples (at least one, all there)
  /// with these weights and running statistics, which are on the device and are copied.
  void at(const float* parameters, const float* running, std::span<const std::uint32_t> samples);

  /// out = H v or G v, on the host. Throws std::invalid_argument if the sizes do not fit.
  void multiply(bool gauss_newton, std::span<const float> v, std::span<float> out);

 private:
  void make_room(std::size_t samples);
  std::size_t chunks() const;
  void record(std::size_t chunk, DeviceTape& tape);
  void run(bool gauss_newton);

  Queue& queue_;
  Products& products_;
  std::shared_ptr<const DeviceData> data_;
  Spec loss_;
  std::size_t kept_bytes_;
  int most_rows_;
  CurvaturePlan plan_;
  Buffer<float> parameters_, running_, v_, out_;
  HostBuffer<float> host_v_, host_out_;

  std::size_t room_ = 0;     ///< samples that there is memory for
  std::size_t samples_ = 0;  ///< of the mean
  int rows_ = 0;             ///< of a chunk
  Buffer<std::uint32_t> chosen_;
  std::optional<DeviceTapeRecorder> recorder_;
  std::optional<DeviceMovingPass> moving_;
  std::vector<DeviceTape> kept_;     ///< of the first chunks
  std::optional<DeviceTape> again_;  ///< of all others, one after the other
  /// Of H and G. The first product is queued as it is: whatever libraries load when they are first used, they
  /// do outside of a recording.
  struct Recorded {
    bool warm = false;
    Graph graph;
  };
  Recorded recorded_[2];
};

struct DeviceHessianSettings {
  int device = 0;
  DeviceCurvatureSettings curvature;
  std::span<const std::uint32_t> samples;
  const float* parameters = nullptr;  ///< on the device, and finished there; copied
  const float* running = nullptr;     ///< likewise
  bool gauss_newton = false;
};

/// With a queue of its own, so that it depends on nobody and may be used by another thread than an engine.
std::unique_ptr<HessianProduct> make_device_hessian(DeviceHessianSettings settings);

}  // namespace thalweg::gpu
