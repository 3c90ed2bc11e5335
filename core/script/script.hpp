// "Copy as PyTorch": Python source that makes the same numbers as a run.
//
// A descent's script has its positions to 1e-10 after a thousand steps (as far as the run is not chaotic), a
// training's its initial weights, batches and losses to the accuracy of single precision. How a thing is
// written in PyTorch stands with its descriptor (OptimizerDescriptor::torch and so on); here the parts become
// programs. What PyTorch does otherwise is written out in plain Python, or said in a comment. Nothing that a
// person typed becomes code: formulas are written from their syntax tree, names only as comments.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/descent/settings.hpp"
#include "core/scene/scene.hpp"
#include "core/training/settings.hpp"

namespace thalweg {

/// What the first comment of a script says, besides what it is.
struct ScriptTitle {
  std::string name;  ///< of the run
  std::string uid;
};

/// The lines that make `optimizer`, and before them the class that PyTorch lacks; of one that is not written in
/// PyTorch its update as pseudo-code, in comments.
/// @param parameters  Python source of what is optimized
Result<std::string> pytorch_optimizer(const Spec& optimizer,
                                      const std::string& parameters = "model.parameters()");

/// The lines that make `scheduler` for `optimizer`; it is to be stepped after each update. Of a schedule that
/// gives no learning rates what PyTorch has in its place: a function of the batch size, a GradScaler.
/// @param learning_rate  the optimizer's, where the schedule has no peak of its own
/// @param steps          for so many updates
Result<std::string> pytorch_schedule(const Spec& schedule, double learning_rate, std::int64_t steps);

/// Both together: what someone pastes into a program. `maximize`: to go up the loss.
Result<std::string> pytorch_optimizer_and_schedule(const Spec& optimizer, const Spec& schedule,
                                                   std::int64_t steps,
                                                   const std::string& parameters = "model.parameters()",
                                                   const Drives& drives = {}, bool maximize = false);

/// A whole program. Errors: settings that can't be (see check()).
Result<std::string> pytorch_script(const DescentSettings& settings, const ScriptTitle& title = {});

/// @param folder  where the data's files are; empty: the usual place
Result<std::string> pytorch_script(const TrainingSettings& settings, const std::string& folder = {},
                                   const ScriptTitle& title = {});

/// The program of a run that was kept.
/// @param kind  of the run: "descent" or "training"
/// @param lane  which competitor of the Scene it was
Result<std::string> pytorch_of_scene(const Scene& scene, std::string_view kind, int lane,
                                     const ScriptTitle& title = {});

}  // namespace thalweg
