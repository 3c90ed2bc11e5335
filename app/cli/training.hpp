// What the commands that train share: from options to settings, data and an engine.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "app/cli/commands.hpp"
#include "app/cli/json.hpp"
#include "core/training/trainer.hpp"

namespace thalweg::cli {

struct TrainingJob {
  TrainingSettings settings;         ///< with the first optimizer
  std::vector<LiveSpec> optimizers;  ///< all that were asked for
  std::shared_ptr<const Dataset> data;
  int threads = 1;

  std::unique_ptr<TrainingEngine> engine() const { return make_cpu_engine({threads}); }
};

/// Reads the options and loads the data. Interrupts are caught from its end on: before that there is nothing
/// to keep.
Result<TrainingJob> training_job(const TrainingOptions& options);

/// Whether there is a device of this name: auto, cpu or cuda.
std::optional<Error> check_device(const std::string& device);

/// Data, model, schedule, training, device and threads, as every command's JSON has them.
Json written(const TrainingJob& job);

/// The optimizer with all its parameters.
std::string optimizer_text(const Spec& optimizer);

/// A number for a table; "-" where there is none: NaN must not look like a number.
std::string cell(double value);

}  // namespace thalweg::cli
