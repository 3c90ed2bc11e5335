// What a training step is at the least: bytes that must move, operations that must be made, and pieces of
// work (nodes of a graph) that the engine makes of it. Counted, not measured, so that it can be said of a
// device that is not at hand.
#pragma once

#include <memory>

#include "gpu/device/queue.hpp"
#include "gpu/engine.hpp"
#include "tests/nn/networks.hpp"

namespace thalweg::test {

struct StepSize {
  double bytes = 0.0;       ///< weights and the rule's numbers read and written once, samples read once
  double operations = 0.0;  ///< of the matrix products
  double pieces = 0.0;      ///< launches, copies and fills
  double replays = 0.0;     ///< of recordings, once they have been made: what the host queues
};

/// Of a network on data of the shape of `data`. By the emulator, which counts and does nothing.
inline StepSize step_size(const NetworkSettings& settings, std::shared_ptr<const Dataset> data, int batch) {
  constexpr int kSteps = 32;
  const double features = data->features;
  gpu::emulator::count_only(true);
  const auto engine = gpu::make_training_engine({});
  if (engine->load(std::move(data)) || engine->build(settings, 1)) return {};
  const std::vector<std::uint32_t> samples(static_cast<std::size_t>(batch), 0);
  const auto steps = [&] {
    for (int i = 0; i < kSteps; ++i)
      if (engine->begin(samples, {.learning_rate = 1e-3}, {})) return;
    engine->finish();
  };
  steps();
  const std::int64_t before = gpu::emulator::pieces_of_work(), replayed = gpu::emulator::replays();
  steps();
  StepSize out;
  out.pieces = static_cast<double>(gpu::emulator::pieces_of_work() - before) / kSteps;
  out.replays = static_cast<double>(gpu::emulator::replays() - replayed) / kSteps;
  gpu::emulator::count_only(false);
  const Plan& plan = engine->plan();
  const auto parameters = static_cast<double>(plan.parameters);
  const auto slots = static_cast<double>(engine->state().slots.size()) / parameters;
  out.bytes = 8.0 * parameters * (1.0 + slots) + batch * (features + 5.0);  // a byte each, label and index
  bool first = true;
  for (const PlannedLayer& layer : plan.layers) {
    if (layer.kind != LayerKind::kLinear) continue;
    // Forwards, by the weights and, but for the first, by the inputs.
    out.operations += 2.0 * batch * layer.inputs * layer.outputs * (first ? 2.0 : 3.0);
    first = false;
  }
  return out;
}

}  // namespace thalweg::test
