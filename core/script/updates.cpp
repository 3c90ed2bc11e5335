#include "core/script/updates.hpp"

#include <algorithm>

#include "core/optimizer/optimizer.hpp"
#include "core/schedule/schedule.hpp"
#include "core/spec/python.hpp"

namespace thalweg::script {
namespace {

/// Whether the momentum is 0 in one part of the run and not in another.
bool velocity_stops(const std::vector<Spec>& settings) {
  const auto stopped = [](const Spec& spec) {
    return spec.find("momentum") && spec.number("momentum") == 0.0;
  };
  const auto count = std::count_if(settings.begin(), settings.end(), stopped);
  return count > 0 && count < std::ssize(settings);
}

bool is_constant(const Spec& schedule) { return schedule.id == schedules().front().id; }

TorchCall::Argument& learning_rate(TorchCall& call) {
  return *std::find_if(call.arguments.begin(), call.arguments.end(),
                       [](const auto& a) { return a.name == "lr"; });
}

/// The arguments of `to` that are not those of `from`, as items of a dict.
std::string difference(const TorchCall& from, const TorchCall& to) {
  std::string out;
  for (std::size_t i = 0; i < to.arguments.size(); ++i) {
    const TorchCall::Argument& argument = to.arguments[i];
    if (argument.value == from.arguments[i].value) continue;
    out += (out.empty() ? "\"" : ", \"") + argument.name + "\": " + argument.value;
  }
  return out;
}

std::string function_of_rate(const ScheduleDescriptor& descriptor, const TorchSchedule& torch) {
  Source out;
  out.line("def learning_rate(t, peak):");
  out.line("\"\"\"" + descriptor.label + ": the rate of update t = 0, 1, 2, ...\"\"\"", 1);
  out.lines(torch.formula, 1);
  return out.text();
}

}  // namespace

void write_changes(Source& out, const std::string& name, const PythonChanges& changes) {
  out.line(name + " = {");
  for (const auto& [step, items] : changes) out.line(std::to_string(step) + ": {" + items + "},", 1);
  out.line("}");
}

std::vector<std::int64_t> change_steps(const LiveSpec& live, std::int64_t steps) {
  std::vector<std::int64_t> out;
  for (const Change& change : live.changes)
    if (change.step > 0 && change.step < steps && (out.empty() || out.back() != change.step))
      out.push_back(change.step);
  return out;
}

Updates updates(const LiveSpec& optimizer, const Spec& schedule, const std::string& parameters,
                std::int64_t steps) {
  const OptimizerDescriptor& rule = *find_optimizer(optimizer.spec.id);
  const ScheduleDescriptor& descriptor = *find_schedule(schedule.id);
  std::vector<Spec> settings = {optimizer.at(0)};
  const std::vector<std::int64_t> moments = change_steps(optimizer, steps);
  for (const std::int64_t step : moments) settings.push_back(optimizer.at(step));
  const bool stops = velocity_stops(settings);
  std::vector<TorchCall> calls;
  for (const Spec& spec : settings) calls.push_back(rule.torch(spec, stops));

  Updates out;
  out.found = calls[0].found;
  if (!calls[0].definition.empty()) out.definitions.push_back(calls[0].definition);
  const TorchSchedule torch = descriptor.torch(schedule, steps);
  const bool rate_moves = std::any_of(calls.begin(), calls.end(), [&](TorchCall& call) {
    return learning_rate(call).value != learning_rate(calls[0]).value;
  });
  const bool own_peak = !schedule.is_off("peak");
  const bool native = !torch.scheduler.callee.empty();
  const std::string peak = own_peak ? python_number(schedule.number("peak")) : learning_rate(calls[0]).value;
  out.by_hand = !is_constant(schedule) && rate_moves && !own_peak;
  out.scheduler = !is_constant(schedule) && !out.by_hand;
  if (own_peak)
    for (TorchCall& call : calls) learning_rate(call).value = peak;
  if (out.by_hand)
    for (TorchCall& call : calls) learning_rate(call).name = "peak";
  for (std::size_t i = 1; i < calls.size(); ++i)
    if (std::string items = difference(calls[i - 1], calls[i]); !items.empty())
      out.changes[moments[i - 1]] = std::move(items);

  TorchCall first = calls[0];
  if (out.by_hand) first.arguments[0].name = "lr";
  const bool lambda = out.scheduler && !native;
  if (lambda) {
    learning_rate(first).value = "peak";
    out.set_up.push_back("peak = " + peak);
  }
  Source notes;
  for (const std::string& note : first.notes) notes.comment(note);
  if (own_peak)
    notes.comment("The schedule has a rate of its own, which takes the place of the optimizer's.");
  for (std::string_view rest = notes.text(); !rest.empty(); rest.remove_prefix(rest.find('\n') + 1))
    out.set_up.emplace_back(rest.substr(0, rest.find('\n')));
  out.set_up.push_back("optimizer = " + first.text(parameters));
  if (out.by_hand || lambda) out.definitions.push_back(function_of_rate(descriptor, torch));
  if (lambda)
    out.set_up.emplace_back(
        "scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda t: learning_rate(t, peak) / peak)");
  else if (out.scheduler)
    out.set_up.push_back("scheduler = " + torch.scheduler.text("optimizer"));
  if (out.by_hand || !out.changes.empty()) out.set_up.emplace_back("group = optimizer.param_groups[0]");
  if (out.by_hand) out.set_up.push_back("group[\"peak\"] = " + peak);
  return out;
}

}  // namespace thalweg::script
