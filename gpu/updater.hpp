// An element-wise rule on parameters of the device: its host half (settings, constants) and its kernels.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/spec/spec.hpp"
#include "gpu/device/queue.hpp"
#include "gpu/kernels/step.hpp"

namespace thalweg::gpu {

/// What Update (kernels/step.hpp) works on.
struct UpdateOf {
  float* theta = nullptr;
  const float* gradient = nullptr;
  float* slots = nullptr;  ///< slot by slot
  std::int64_t count = 0;
  const StepOrder* order = nullptr;
  const StepReport* report = nullptr;
  const std::int64_t* escaped = nullptr;
  bool clips = false;
  float* average = nullptr;
  const float* buffers = nullptr;
  std::int64_t buffer_count = 0;
};

/// Of which cpu::Updater (core/optimizer/updater.hpp) says what each call means.
class DeviceUpdater {
 public:
  virtual ~DeviceUpdater() = default;
  virtual int slot_count() const = 0;
  virtual void init(std::span<float> slots, std::int64_t count) const = 0;
  virtual void prepare(double learning_rate, std::int64_t t,
                       std::span<std::byte, kMostConstants> constants) = 0;
  virtual void update(Queue& queue, const UpdateOf& what) const = 0;
  virtual bool averages() const = 0;
  virtual void found(Queue& queue, const float* theta, const float* slots, std::int64_t count,
                     float* out) const = 0;
  /// False if the rule does not say; else `looked` factors of elements [first, first + size) in `out`.
  virtual bool rates(Queue& queue, const float* slots, std::int64_t count, std::int64_t first,
                     std::int64_t size, int looked, const StepOrder* order, float* out) const = 0;
  virtual bool set(const Spec& spec) = 0;
  virtual std::vector<double> save() const = 0;
  virtual bool load(std::span<const double> progress) = 0;
};

/// Null if `spec` names no element-wise rule.
std::unique_ptr<DeviceUpdater> make_device_updater(const Spec& spec);

}  // namespace thalweg::gpu
