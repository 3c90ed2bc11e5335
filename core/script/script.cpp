// Lines to paste, and the program of a run in a Scene.
#include "core/script/script.hpp"

#include "core/optimizer/optimizer.hpp"
#include "core/schedule/schedule.hpp"
#include "core/script/source.hpp"
#include "core/script/updates.hpp"

namespace thalweg {
namespace script {

std::optional<Error> check_torch(const Spec& optimizer) {
  const OptimizerDescriptor* descriptor = find_optimizer(optimizer.id);
  if (!descriptor || descriptor->torch) return {};
  return Error{ErrorCode::kUnsupported,
               "has no '" + optimizer.id + "'; 'thalweg list " +
                   (optimizer.id.find('+') == std::string::npos ? "optimizers" : "wrappers") + "' has its update",
               "PyTorch"};
}

namespace {

std::optional<Error> check_both(const Spec& optimizer, const Spec& schedule) {
  const OptimizerDescriptor* rule = find_optimizer(optimizer.id);
  if (!rule) return bad_input("there is no optimizer '" + optimizer.id + "'");
  if (auto error = check(optimizer, *rule)) return error;
  return check_schedule(schedule);
}

/// One update of an optimizer that PyTorch does not have, as a comment.
std::string pseudocode(const Spec& optimizer) {
  const OptimizerDescriptor& descriptor = *find_optimizer(optimizer.id);
  Source out;
  out.comment("PyTorch has no " + descriptor.label + ". One update of " + format_spec(optimizer, descriptor) +
              ":");
  for (const std::string& line : descriptor.pseudocode) out.line("#     " + line);
  out.comment("In short: " + descriptor.formula);
  out.comment(descriptor.reference);
  return out.text();
}

/// Lines to paste behind "import torch", with what else they need.
std::string with_imports(std::string lines) {
  return lines.find("math.") == std::string::npos ? lines : "import math\n\n" + lines;
}

std::string snippet(const Updates& made) {
  Source out;
  for (const std::string& definition : made.definitions) out.definition(definition);
  out.lines(made.set_up);
  if (made.closure)
    out.comment(
        "optimizer.step(closure): closure() runs the loss and its backward() anew and returns the loss");
  if (made.turned) out.comment("To maximize: backward() of -loss; a closure returns -loss.");
  for (const std::string& line : made.driven) out.comment("Before update t: " + line);
  if (made.scheduler)
    out.comment(made.by_loss ? "After each optimizer.step(): scheduler.step(loss)"
                             : "After each optimizer.step(): scheduler.step()");
  return with_imports(out.text());
}

/// What stands in for a schedule that gives no learning rates.
std::string other_role(const Spec& schedule, std::int64_t steps) {
  Source out;
  const ScheduleDescriptor& descriptor = *find_schedule(schedule.id);
  if (descriptor.role == ScheduleRole::kBatchSize) {
    out.line("def batch_size(t, peak):");
    out.line("\"\"\"" + descriptor.label + ": the batch size of update t = 0, 1, 2, ...\"\"\"", 1);
    out.lines(descriptor.torch(schedule, steps).formula, 1);
    return with_imports(out.text());
  }
  TorchCall scaler{"torch.cuda.amp.GradScaler", {}};
  for (const char* key : {"init_scale", "growth_factor", "backoff_factor"})
    scaler.arguments.push_back(torch_argument(key, schedule.number(key)));
  scaler.arguments.push_back(torch_argument("growth_interval", schedule.number("growth_interval")));
  out.line("scaler = " + scaler.text(""));
  return out.text();
}

}  // namespace
}  // namespace script

Result<std::string> pytorch_optimizer_and_schedule(const Spec& optimizer, const Spec& schedule,
                                                   std::int64_t steps, const std::string& parameters,
                                                   const Drives& drives, bool maximize) {
  if (auto error = script::check_both(optimizer, schedule)) return *error;
  if (script::check_torch(optimizer)) return script::pseudocode(optimizer);
  return script::snippet(script::updates({optimizer, {}}, schedule,
                                         drives_of(drives, *find_optimizer(optimizer.id)), parameters, steps,
                                         maximize));
}

Result<std::string> pytorch_optimizer(const Spec& optimizer, const std::string& parameters) {
  return pytorch_optimizer_and_schedule(optimizer, default_spec(schedules().front()), 1, parameters);
}

Result<std::string> pytorch_schedule(const Spec& schedule, double learning_rate, std::int64_t steps) {
  if (auto error = check_schedule(schedule)) return *error;
  const ScheduleDescriptor& descriptor = *find_schedule(schedule.id);
  if (descriptor.role != ScheduleRole::kLearningRate) return script::other_role(schedule, steps);
  // Of an optimizer that has a momentum where the schedule moves it.
  const bool coupled = !descriptor.torch(schedule, steps).momentum.empty();
  Spec plain = default_spec(*find_optimizer(coupled ? "momentum" : "gd"));
  *plain.find("lr") = learning_rate;
  if (auto error = script::check_both(plain, schedule)) return *error;
  script::Updates made = script::updates({plain, {}}, schedule, {}, "", steps);
  std::erase_if(made.set_up, [](const std::string& line) { return line.starts_with("optimizer = "); });
  const std::string lines = script::snippet(made);
  return lines.empty() ? "# " + descriptor.label + ": the optimizer's own learning rate, and no scheduler.\n" : lines;
}

Result<std::string> pytorch_of_scene(const Scene& scene, std::string_view kind, int lane,
                                     const ScriptTitle& title) {
  // A race of more lanes than a Scene holds was kept with each lane alone.
  const auto place = [&](std::size_t count) {
    return count == 1                                            ? 0
           : lane >= 0 && static_cast<std::size_t>(lane) < count ? static_cast<std::size_t>(lane)
                                                                 : count;
  };
  const Error no_lane{ErrorCode::kNotFound, "the Scene has no run number " + std::to_string(lane), "pytorch"};
  if (kind == "descent") {
    const RaceSettings race = scene.race();
    const std::size_t i = place(race.optimizers.size());
    if (i >= race.optimizers.size()) return no_lane;
    return pytorch_script(race.lane(i), title);
  }
  if (kind == "training") {
    const std::vector<TrainingSettings> lanes = scene.training.lanes();
    const std::size_t i = place(lanes.size());
    if (i >= lanes.size()) return no_lane;
    return pytorch_script(lanes[i], scene.training.folder, title);
  }
  return bad_input("runs of kind '" + std::string(kind) + "' have no PyTorch program", "pytorch");
}

}  // namespace thalweg
