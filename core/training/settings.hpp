// What a training run is told: plain values that a person can change. Nothing here is a result.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/data/dataset.hpp"
#include "core/nn/engine.hpp"
#include "core/schedule/drive.hpp"
#include "core/spec/live.hpp"
#include "core/training/device.hpp"

namespace thalweg {

/// How a network is trained: batch, epochs, validation split, clipping, averaging, precision, seed.
const Descriptor& training_descriptor();

/// What is measured while it trains: each parameter is a probe, its value the steps from one measurement
/// to the next.
const Descriptor& probe_descriptor();

struct TrainingSettings {
  Spec data;  ///< of dataset_family()
  Model model;
  Spec loss;           ///< of loss_family()
  LiveSpec optimizer;  ///< of optimizer_family()
  Spec schedule;       ///< of schedule_family()
  LiveSpec training;   ///< training_descriptor()
  Spec probes;         ///< probe_descriptor()
  Drives drives = {};  ///< settings of the optimizer, and "batch", that follow schedules
  Spec device = default_spec(device_descriptor());

  bool operator==(const TrainingSettings&) const = default;
};

/// MNIST, 784-128-10, Adam: everything at its default.
TrainingSettings default_training();

/// Leaves out the drives of settings that the optimizer has not: in a race they are another's.
void keep_own_drives(TrainingSettings& settings);

/// Everything that can be wrong with settings apart from how model and data fit, which the engine checks.
std::optional<Error> check(const TrainingSettings& settings);

/// The part that the engine is built with.
NetworkSettings network_settings(const TrainingSettings& settings);

/// The first update that two runs would make differently; INT64_MAX if none. Probes make no difference, and a
/// device none that counts: a run may go on on another, with the same numbers but for the last digits.
std::int64_t first_difference(const TrainingSettings& a, const TrainingSettings& b);

}  // namespace thalweg
