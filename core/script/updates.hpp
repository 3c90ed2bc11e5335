// Optimizer, schedule and their changes on the way as Python: what the scripts of descents and of trainings
// share. Private to core/script.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/schedule/drive.hpp"
#include "core/script/source.hpp"
#include "core/spec/live.hpp"

namespace thalweg::script {

/// Changes made on the way: step -> the new items of a Python dict.
using PythonChanges = std::map<std::int64_t, std::string>;

/// Writes "name = {...}", an entry a line.
void write_changes(Source& out, const std::string& name, const PythonChanges& changes);

/// The steps at which a setting changes, within (0, steps).
std::vector<std::int64_t> change_steps(const LiveSpec& live, std::int64_t steps);

/// That PyTorch has the optimizer, or a class of ours in Python.
std::optional<Error> check_torch(const Spec& optimizer);

struct Updates {
  std::vector<std::string> definitions;  ///< classes and functions
  std::vector<std::string> set_up;       ///< lines that make `optimizer` and `scheduler`, and set `group`
  PythonChanges changes;                 ///< of optimizer.param_groups[0]
  bool scheduler = false;                ///< to be stepped after every update
  bool by_loss = false;                  ///< the scheduler is told a loss then: scheduler.step(loss)
  /// Statements that put in force, before update `t`, what else follows a schedule.
  std::vector<std::string> driven;
  bool closure = false;  ///< step() is handed a function that runs the loss anew
  std::string found;     ///< of an optimizer that averages: what it has found in place of `p`, as Python
  bool turned = false;   ///< PyTorch's class can't maximize: the gradient is to be turned round before step()
  bool by_hand = false;  ///< the rate is set before every update: learning_rate(step, group["peak"])
};

/// @param parameters  what is optimized, as Python: "[p]"
/// @param steps       how many updates there are at most
/// @param maximize    whether it goes up the loss
Updates updates(const LiveSpec& optimizer, const Spec& schedule, const Drives& drives,
                const std::string& parameters, std::int64_t steps, bool maximize = false);

/// The function "name(t)" of a drive's values, whose setting is itself `own`, or what its changes make of it.
std::string function_of_drive(const Drive& drive, const std::string& name, const LiveSpec& own,
                              std::int64_t steps);

/// The statements of Updates::driven for the update whose number `t` is in Python.
std::vector<std::string> driven_at(const Updates& updates, const std::string& t);

/// The drive of the batch size, or null.
const Drive* batch_drive(const Drives& drives);

}  // namespace thalweg::script
