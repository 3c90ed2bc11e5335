// A network in training on the device: everything that steps change, with what changes it. The parts of the
// engine work on it: steps.hpp, probes.hpp, statistics.hpp.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>

#include "core/nn/engine.hpp"
#include "core/nn/loss_scaler.hpp"
#include "core/optimizer/optimizer.hpp"
#include "gpu/network.hpp"
#include "gpu/updater.hpp"

namespace thalweg::gpu {

struct DeviceModel {
  DeviceModel(Queue& its_queue, Products& its_products) : queue(its_queue), products(its_products) {}

  Queue& queue;
  Products& products;
  std::shared_ptr<const DeviceData> data;
  NetworkSettings settings;
  Plan plan;
  std::optional<DeviceNetwork> network;
  std::unique_ptr<DeviceUpdater> updater;  ///< of an element-wise rule
  std::unique_ptr<FloatStepper> method;    ///< of all others; both null: nothing is built
  std::uint64_t seed = 0;
  /// Updates made or begun. It chooses dropout masks, too: those of a skipped step, which left no trace in
  /// the weights, are drawn once more.
  std::int64_t steps = 0;
  LossScaler scaler;  ///< of fp16
  Buffer<float> parameters, gradient;
  Buffer<float> slots;    ///< of a rule, slot by slot
  Buffer<float> running;  ///< statistics
  Buffer<float> average;  ///< of parameters, then running statistics; empty if none is kept
  /// Grows whenever memory moves that recorded work is done in.
  std::int64_t moves = 0;

  bool built() const { return updater || method; }
  bool is_fp16() const { return settings.precision == Precision::kFp16; }

  /// How many of so many samples go through the network at once.
  std::size_t part_of(std::size_t samples) const {
    const auto micro = static_cast<std::size_t>(settings.micro_batch);
    return micro > 0 ? std::min(micro, samples) : samples;
  }

  void make_room(int rows) {
    if (network->reserve(rows)) ++moves;
  }
};

}  // namespace thalweg::gpu
