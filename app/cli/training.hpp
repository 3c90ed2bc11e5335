// What the commands that train share: from options to settings, data and an engine.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "app/cli/commands.hpp"
#include "app/cli/json.hpp"
#include "app/work/engines.hpp"
#include "core/training/trainer.hpp"

namespace thalweg::cli {

struct TrainingJob {
  TrainingSettings settings;         ///< with the first optimizer
  std::vector<LiveSpec> optimizers;  ///< all that were asked for
  std::shared_ptr<const Dataset> data;
};

/// The spec of device_descriptor(): `values` as written, where they are given, else as `before` has it.
Result<Spec> read_device(const std::vector<std::string>& values,
                         const Spec& before = default_spec(device_descriptor()));

/// "on cpu: ...", if there is something to say: a device that is not the only one, or why it is.
void print_device(const DeviceUse& use);

/// Reads the options and loads the data. Interrupts are caught from its end on: before that there is nothing
/// to keep.
Result<TrainingJob> training_job(const TrainingOptions& options);

/// Data, model, schedule, training, device and threads, as every command's JSON has them.
/// @param use  that it was made on
Json written(const TrainingJob& job, const DeviceUse& use);
/// The same of the device alone.
void add_device(const DeviceUse& use, Json& out);

/// The optimizer with all its parameters.
std::string optimizer_text(const Spec& optimizer);

/// A number for a table; "-" where there is none: NaN must not look like a number.
std::string cell(double value);

}  // namespace thalweg::cli
