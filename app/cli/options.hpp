// How options are made from descriptors, and the families of commands that run.cpp puts together.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/cli/commands.hpp"

namespace CLI {
class App;
}

namespace thalweg::cli {

/// One option for each parameter of a descriptor; the values land in `values`, as written, in the
/// descriptor's order. `without`: keys that the command has no use for.
void add_parameters(CLI::App& command, const Descriptor& descriptor, std::vector<std::string>& values,
                    const std::vector<std::string_view>& without = {});

/// The options of device_descriptor().
void add_device(CLI::App& command, std::vector<std::string>& values);

/// The option --schedule, once for the learning rate and once for each setting that follows one.
void add_schedules(CLI::App& command, std::vector<std::string>& schedules);

/// train, lr-find, overfit-one-batch and curvature. Must live until run() was called.
class TrainingCommands {
 public:
  explicit TrainingCommands(CLI::App& app);
  TrainingCommands(const TrainingCommands&) = delete;
  TrainingCommands& operator=(const TrainingCommands&) = delete;

  /// The exit code of the command that was given; nothing if it is none of these.
  std::optional<int> run() const;

 private:
  TrainOptions train_;
  ExperimentOptions lr_find_, overfit_, curvature_;
  CLI::App* train_command_;
  CLI::App* lr_find_command_;
  CLI::App* overfit_command_;
  CLI::App* curvature_command_;
};

}  // namespace thalweg::cli
