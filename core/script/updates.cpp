#include "core/script/updates.hpp"

#include <algorithm>
#include <set>

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

bool own_peak(const Spec& schedule) { return schedule.find("peak") && !schedule.is_off("peak"); }

/// The number under `key` as Python.
std::string number_of(const Spec& spec, const std::string& key) {
  const Value* value = spec.find(key);
  const double* number = value ? std::get_if<double>(value) : nullptr;
  return number ? python_number(*number) : "None";
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

std::string function_of_drive(const Drive& drive, const std::string& name, const LiveSpec& own,
                              std::int64_t steps) {
  const ScheduleDescriptor& descriptor = *find_schedule(drive.schedule.id);
  Source out;
  out.line("def " + name + "(t):");
  out.line("\"\"\"" + descriptor.label + ": the " + drive.key + " of update t = 0, 1, 2, ...\"\"\"", 1);
  if (own_peak(drive.schedule)) {
    out.line("peak = " + python_number(drive.schedule.number("peak")), 1);
  } else {
    std::string changes;
    for (const std::int64_t step : change_steps(own, steps))
      changes += ", (" + std::to_string(step) + ", " + number_of(own.at(step), drive.key) + ")";
    const std::string first = number_of(own.at(0), drive.key);
    out.line(changes.empty()
                 ? "peak = " + first
                 : "peak = [value for step, value in [(0, " + first + ")" + changes + "] if step <= t][-1]",
             1);
  }
  out.lines(descriptor.torch(drive.schedule, steps).formula, 1);
  return out.text();
}

std::vector<std::string> driven_at(const Updates& updates, const std::string& t) {
  std::vector<std::string> out = updates.driven;
  for (std::string& line : out) line.replace(line.find("(t)"), 3, "(" + t + ")");
  return out;
}

const Drive* batch_drive(const Drives& drives) {
  const auto it =
      std::find_if(drives.begin(), drives.end(), [](const Drive& drive) { return drive.key == kBatchKey; });
  return it == drives.end() ? nullptr : &*it;
}

namespace {

/// The statement that sets `key` of the optimizer to `value`; empty where PyTorch has it under another name.
std::string assignment(const TorchCall& call, const std::string& key, const std::string& value) {
  const auto has = [&](const std::string& name) {
    return std::any_of(call.arguments.begin(), call.arguments.end(),
                       [&](const auto& a) { return a.name == name; });
  };
  if (has("betas") && key == "beta1") return "group[\"betas\"] = (" + value + ", *group[\"betas\"][1:])";
  if (has("betas") && key == "beta2")
    return "group[\"betas\"] = (group[\"betas\"][0], " + value + ", *group[\"betas\"][2:])";
  return has(key) ? "group[\"" + key + "\"] = " + value : "";
}

/// Whether PyTorch has this optimizer with the argument `maximize`, already in 1.13.
bool has_maximize(const std::string& callee) {
  static const std::set<std::string> kHave = {
      "torch.optim.Adadelta", "torch.optim.Adagrad", "torch.optim.Adam",
      "torch.optim.AdamW",    "torch.optim.Adamax",  "torch.optim.ASGD",
      "torch.optim.RMSprop",  "torch.optim.Rprop",   "torch.optim.SGD"};
  return kHave.contains(callee);
}

/// The drives of `drives` and the momentum that `torch` moves by hand: functions, and statements for each
/// step.
void write_driven(Updates& out, const LiveSpec& optimizer, const Drives& drives, const TorchCall& call,
                  const std::string& momentum_key, const TorchSchedule& torch, std::int64_t steps,
                  std::vector<std::string>& notes) {
  const auto drive_one = [&](const std::string& key, const std::string& function, const std::string& name) {
    const std::string statement = assignment(call, key, name + "(t)");
    if (statement.empty()) {
      notes.push_back("In Thalweg " + key +
                      " follows a schedule; PyTorch's optimizer has no such number, so "
                      "here it stays.");
      return;
    }
    out.definitions.push_back(function);
    out.driven.push_back(statement);
  };
  for (const Drive& drive : drives) {
    if (drive.key == kBatchKey) continue;
    const std::string name = drive.key + "_at";
    drive_one(drive.key, function_of_drive(drive, name, optimizer, steps), name);
  }
  if (momentum_key.empty()) return;
  Source function;
  const bool sometimes =
      std::any_of(torch.momentum.begin(), torch.momentum.end(),
                  [](const std::string& line) { return line.find("return None") != std::string::npos; });
  const std::string inner = sometimes ? "coupled_momentum" : "momentum_at";
  function.line("def " + inner + "(t):");
  function.line("\"\"\"The momentum of update t, which moves against the learning rate.\"\"\"", 1);
  function.lines(torch.momentum, 1);
  if (sometimes) {
    function.line();
    function.line();
    function.line("def momentum_at(t):");
    function.line("momentum = coupled_momentum(t)", 1);
    function.line("return " + number_of(optimizer.at(0), momentum_key) + " if momentum is None else momentum",
                  1);
  }
  drive_one(momentum_key, function.text(), "momentum_at");
}

/// A copy of these settings over the run in which no driven setting changes: those are set by hand.
std::vector<Spec> without_driven(std::vector<Spec> settings, const Driver& driver) {
  const Spec first = settings.front();
  for (Spec& spec : settings) driver.apply(0, first, spec);
  return settings;
}

/// Whether a driven momentum is 0 in one part of the run and not in another.
bool driven_velocity_stops(const Spec& first, const Driver& driver, std::int64_t steps) {
  if (!driver.moves_optimizer() || !first.find("momentum")) return false;
  constexpr std::int64_t kLookedAt = 100'000;
  Spec now = first;
  bool zero = false, other = false;
  for (std::int64_t t = 0; t < std::min(steps, kLookedAt); ++t) {
    driver.apply(t, first, now);
    (now.number("momentum") == 0.0 ? zero : other) = true;
  }
  return zero && other;
}

/// Whether PyTorch's scheduler can move the momentum of this optimizer as ours does; then it is told whether
/// to. One that can't is not called.
bool adapt_momentum(TorchCall& scheduler, const TorchCall& optimizer, const std::string& key, bool moves) {
  const auto argument = std::find_if(scheduler.arguments.begin(), scheduler.arguments.end(),
                                     [](const auto& a) { return a.name == "cycle_momentum"; });
  if (argument == scheduler.arguments.end()) return !moves;
  if (moves) {
    if (!optimizer.definition.empty()) return false;
    return key == "momentum" || scheduler.callee.ends_with(".OneCycleLR");
  }
  argument->value = "False";
  std::erase_if(scheduler.arguments,
                [](const auto& a) { return a.name == "base_momentum" || a.name == "max_momentum"; });
  return true;
}

}  // namespace

Updates updates(const LiveSpec& optimizer, const Spec& schedule, const Drives& drives,
                const std::string& parameters, std::int64_t steps, bool maximize) {
  const OptimizerDescriptor& rule = *find_optimizer(optimizer.spec.id);
  const ScheduleDescriptor& descriptor = *find_schedule(schedule.id);
  std::vector<Spec> settings = {optimizer.at(0)};
  const std::vector<std::int64_t> moments = change_steps(optimizer, steps);
  for (const std::int64_t step : moments) settings.push_back(optimizer.at(step));
  const Driver driver(schedule, drives, rule);
  const bool stops = velocity_stops(settings) || driven_velocity_stops(settings.front(), driver, steps);
  if (driver.moves_optimizer()) settings = without_driven(std::move(settings), driver);
  std::vector<TorchCall> calls;
  for (const Spec& spec : settings) calls.push_back(rule.torch(spec, stops));

  Updates out;
  out.turned = maximize && !has_maximize(calls[0].callee);
  if (maximize && !out.turned)
    for (TorchCall& call : calls) call.arguments.push_back({"maximize", "True"});
  out.closure = calls[0].closure;
  out.found = calls[0].found;
  if (!calls[0].definition.empty()) out.definitions.push_back(calls[0].definition);
  TorchSchedule torch = descriptor.torch(schedule, steps);
  const std::string momentum_key = torch.momentum.empty() ? "" : coupled_key(rule);
  if (!adapt_momentum(torch.scheduler, calls[0], momentum_key, !momentum_key.empty())) torch.scheduler = {};
  const bool rate_moves = std::any_of(calls.begin(), calls.end(), [&](TorchCall& call) {
    return learning_rate(call).value != learning_rate(calls[0]).value;
  });
  const bool own = own_peak(schedule);
  const bool native = !torch.scheduler.callee.empty();
  const std::string peak = own ? python_number(schedule.number("peak")) : learning_rate(calls[0]).value;
  for (TorchCall::Argument& argument : torch.scheduler.arguments)
    if (argument.value == "peak") argument.value = peak;
  out.by_loss = torch.by_loss;
  out.by_hand = !is_constant(schedule) && rate_moves && !own && !out.by_loss;
  out.scheduler = !is_constant(schedule) && !out.by_hand;
  if (own)
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
  std::vector<std::string> remarks = first.notes;
  const bool momentum_by_hand = !momentum_key.empty() && (out.by_hand || lambda);
  write_driven(out, optimizer, drives, calls[0], momentum_by_hand ? momentum_key : "", torch, steps, remarks);
  if (own)
    remarks.emplace_back("The schedule has a rate of its own, which takes the place of the optimizer's.");
  if (out.by_loss && rate_moves && !own)
    remarks.emplace_back(
        "Where the rate was changed, Thalweg reduces the new one as often as the old; this "
        "scheduler begins with it anew.");
  Source notes;
  for (const std::string& note : remarks) notes.comment(note);
  for (std::string_view rest = notes.text(); !rest.empty(); rest.remove_prefix(rest.find('\n') + 1))
    out.set_up.emplace_back(rest.substr(0, rest.find('\n')));
  out.set_up.push_back("optimizer = " + first.text(parameters));
  if (out.by_hand || lambda) out.definitions.push_back(function_of_rate(descriptor, torch));
  if (lambda)
    out.set_up.emplace_back(
        "scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda t: learning_rate(t, peak) / peak)");
  else if (out.scheduler)
    // The one that takes no optimizer: its parts have it.
    out.set_up.push_back(
        "scheduler = " +
        torch.scheduler.text(torch.scheduler.callee.ends_with(".ChainedScheduler") ? "" : "optimizer"));
  if (out.by_hand || !out.changes.empty() || !out.driven.empty())
    out.set_up.emplace_back("group = optimizer.param_groups[0]");
  if (out.by_hand) out.set_up.push_back("group[\"peak\"] = " + peak);
  return out;
}

}  // namespace thalweg::script
