// What every engine refuses: data that cannot be trained on, settings that cannot be built, samples there
// are none of. Nothing here computes or changes anything.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "core/nn/engine.hpp"

namespace thalweg {

std::optional<Error> check_data(const Dataset* data);

/// All but the model, which plan() checks.
std::optional<Error> check_settings(const NetworkSettings& settings, const Dataset& data);

/// That there is such a rule, with such settings.
std::optional<Error> check_rule(const Spec& optimizer);

/// That the optimizer can train a network with this precision; its settings have been checked.
std::optional<Error> check_optimizer(const NetworkSettings& settings);

/// A batch, or the samples of a probe: at least one, each below samples.count.
std::optional<Error> check_batch(std::span<const std::uint32_t> batch, const Samples& samples);

/// A step's batch and rates. `part`: so many samples go through the network at once.
std::optional<Error> check_step(std::span<const std::uint32_t> batch, const StepRates& rates,
                                const Samples& samples, const Plan& plan, std::size_t part);

/// Samples without a look at their labels: as many numbers as the network has inputs.
std::optional<Error> check_inputs(const Samples& samples, int features);

}  // namespace thalweg
