// The options of the commands that train a network.
#include <CLI/CLI.hpp>

#include "app/cli/options.hpp"
#include "app/cli/runs.hpp"
#include "core/training/curvature_report.hpp"
#include "core/training/lr_find.hpp"
#include "core/training/overfit.hpp"
#include "core/training/settings.hpp"

namespace thalweg::cli {
namespace {

/// What all of them share. `without`: keys of training_descriptor() that make no difference.
void add_training_options(CLI::App& command, TrainingOptions& options,
                          const std::vector<std::string_view>& without = {}) {
  command.add_option("--data", options.data, "data set, such as mnist")->type_name("SPEC");
  command.add_option("--folder", options.folder, "where the files of the data set are")->type_name("FOLDER");
  command
      .add_option("--model", options.model,
                  "widths, 784-128-10, or layers, \"linear:units=32; relu; linear:units=10\"")
      ->type_name("MODEL");
  command.add_option("--activation", options.activation, "between layers given by their widths")
      ->type_name("SPEC");
  command.add_option("--init", options.initialisation, "initial weights, such as he_normal")
      ->type_name("SPEC");
  command.add_option("--loss", options.loss, "cross_entropy or squared_error")->type_name("SPEC");
  command.add_flag("--json", options.json, "print JSON");
  add_parameters(command, training_descriptor(), options.training, without);
  add_device(command, options.device);
}

void add_optimizer(CLI::App& command, TrainingOptions& options, const char* help) {
  command.add_option("--optimizer", options.optimizers, help)->type_name("SPEC")->expected(1)->take_all();
}

void add_schedule(CLI::App& command, TrainingOptions& options) { add_schedules(command, options.schedules); }

/// The experiments keep nothing: where the device fails they can only be made again.
int on_any_device(int (*command)(const ExperimentOptions&), const ExperimentOptions& options) {
  try {
    return command(options);
  } catch (const DeviceError& error) {
    return fail(
        {ErrorCode::kUnsupported, std::string(error.what()) + "; --device cpu does without it", "device"});
  }
}

}  // namespace

TrainingCommands::TrainingCommands(CLI::App& app)
    : train_command_(app.add_subcommand("train", "train networks")),
      lr_find_command_(app.add_subcommand("lr-find", "sweep the learning rate and suggest one")),
      overfit_command_(
          app.add_subcommand("overfit-one-batch", "whether a network can learn one batch by heart")),
      curvature_command_(
          app.add_subcommand("curvature", "the Hessian of a network's loss: λmax, spectrum, trace")) {
  add_training_options(*train_command_, train_);
  add_optimizer(*train_command_, train_,
                "optimizer, such as adam:lr=0.001; any number, each a run of its own");
  add_schedule(*train_command_, train_);
  add_keep_options(*train_command_, train_.keep);
  train_command_->add_option("--seeds", train_.seeds, "runs of each optimizer, with seeds from --seed on")
      ->type_name("K");
  train_command_
      ->add_option("--probe", train_.probes,
                   "what to measure every how many steps: gradients=50,curvature=200")
      ->type_name("SPEC");

  add_training_options(*lr_find_command_, lr_find_, {"epochs", "steps", "patience", "ema_decay"});
  add_optimizer(*lr_find_command_, lr_find_, "optimizer, whose rate is swept");
  add_parameters(*lr_find_command_, lr_find_descriptor(), lr_find_.experiment);

  add_training_options(*overfit_command_, overfit_,
                       {"accumulate", "epochs", "steps", "patience", "ema_decay"});
  add_optimizer(*overfit_command_, overfit_, "optimizer, such as adam:lr=0.001");
  add_parameters(*overfit_command_, overfit_descriptor(), overfit_.experiment);

  add_training_options(*curvature_command_, curvature_);
  add_optimizer(*curvature_command_, curvature_, "optimizer, such as gd:lr=0.1");
  add_schedule(*curvature_command_, curvature_);
  add_parameters(*curvature_command_, curvature_descriptor(), curvature_.experiment);
}

std::optional<int> TrainingCommands::run() const {
  if (train_command_->parsed()) return train(train_);
  if (lr_find_command_->parsed()) return on_any_device(lr_find, lr_find_);
  if (overfit_command_->parsed()) return on_any_device(overfit_one_batch, overfit_);
  if (curvature_command_->parsed()) return on_any_device(curvature, curvature_);
  return std::nullopt;
}

}  // namespace thalweg::cli
