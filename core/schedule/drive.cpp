#include "core/schedule/drive.hpp"

#include <algorithm>
#include <cmath>
#include <set>

namespace thalweg {
namespace {

/// Values are looked at in at least so many places of a run.
constexpr std::int64_t kLookedAt = 2048;

bool is_number(const Parameter& parameter) {
  return parameter.kind == Kind::kReal || parameter.kind == Kind::kInteger;
}

/// The steps at which a schedule is looked at: all, or evenly spaced ones and those around its handles.
std::vector<std::int64_t> moments(const ScheduleDescriptor& schedule, const Spec& spec, double base,
                                  std::int64_t steps) {
  std::set<std::int64_t> out;
  const std::int64_t last = std::max<std::int64_t>(steps, 1) - 1;
  const std::int64_t stride = std::max<std::int64_t>(1, last / kLookedAt);
  for (std::int64_t t = 0; t <= last; t += stride) out.insert(t);
  out.insert(last);
  if (stride > 1 && schedule.handles) {
    for (const ScheduleHandle& handle : schedule.handles(spec, base)) {
      const double at = std::floor(std::clamp(handle.step, 0.0, static_cast<double>(last)));
      for (std::int64_t t = static_cast<std::int64_t>(at) - 1; t <= static_cast<std::int64_t>(at) + 1; ++t)
        if (t >= 0 && t <= last) out.insert(t);
    }
  }
  return {out.begin(), out.end()};
}

std::optional<Error> check_values(const Drive& drive, const Parameter& parameter,
                                  const std::vector<double>& own_values, std::int64_t steps) {
  const ScheduleDescriptor& schedule = *find_schedule(drive.schedule.id);
  for (const double own : own_values) {
    for (const std::int64_t t : moments(schedule, drive.schedule, own, steps)) {
      double value = schedule.at(drive.schedule, t, own);
      if (parameter.kind == Kind::kInteger) value = std::round(value);
      if (const auto error = check(parameter, value))
        return bad_input("is " + format_number(value) + " at step " + std::to_string(t) + "; " +
                             parameter.key + " must be " + bounds_text(parameter),
                         "schedule of " + drive.key);
    }
  }
  return std::nullopt;
}

/// Every value that the setting itself has over the run; nothing of one that is off.
std::vector<double> own_values(const LiveSpec& live, const std::string& key) {
  std::vector<double> out;
  const auto add = [&](const Value& value) {
    const double* number = std::get_if<double>(&value);
    if (number && std::find(out.begin(), out.end(), *number) == out.end()) out.push_back(*number);
  };
  add(*live.spec.find(key));
  for (const Change& change : live.changes)
    if (change.key == key) add(change.value);
  return out;
}

bool is_off_somewhere(const LiveSpec& live, const std::string& key) {
  return live.spec.is_off(key) ||
         std::any_of(live.changes.begin(), live.changes.end(), [&](const Change& change) {
           return change.key == key && std::holds_alternative<std::monostate>(change.value);
         });
}

/// Whether a schedule of these settings ever moves the momentum: a composition may begin to do so late.
bool moves_momentum(const Spec& schedule) {
  const ScheduleDescriptor& descriptor = *find_schedule(schedule.id);
  if (!descriptor.momentum) return false;
  std::vector<std::int64_t> looked_at = {0};
  if (descriptor.handles)
    for (const ScheduleHandle& handle : descriptor.handles(schedule, 1.0))
      looked_at.push_back(static_cast<std::int64_t>(std::clamp(std::ceil(handle.step), 0.0, 1e12)));
  return std::any_of(looked_at.begin(), looked_at.end(),
                     [&](std::int64_t t) { return !std::isnan(descriptor.momentum(schedule, t)); });
}

std::optional<Error> check_rate(const Spec& schedule, const Descriptor& optimizer, std::int64_t steps) {
  const ScheduleDescriptor& descriptor = *find_schedule(schedule.id);
  if (descriptor.role != ScheduleRole::kLearningRate)
    return bad_input(descriptor.role == ScheduleRole::kBatchSize
                         ? "is a batch size, not a learning rate: write batch=" + schedule.id
                         : "is a loss scale, not a learning rate",
                     "schedule: " + schedule.id);
  const std::string key = coupled_key(optimizer);
  if (key.empty() || !descriptor.momentum) return std::nullopt;
  const Parameter& parameter = *optimizer.find(key);
  for (const std::int64_t t : moments(descriptor, schedule, 1.0, steps)) {
    const double momentum = descriptor.momentum(schedule, t);
    if (!std::isnan(momentum) && check(parameter, momentum))
      return bad_input("moves " + key + " to " + format_number(momentum) + " at step " + std::to_string(t) +
                           ", which must be " + bounds_text(parameter),
                       "schedule: " + schedule.id);
  }
  return std::nullopt;
}

std::optional<Error> check_drive(const Drive& drive, const LiveSpec& optimizer, const Descriptor& descriptor,
                                 const Parameter& batch, const std::vector<double>& own_batches,
                                 std::int64_t steps) {
  const std::string context = "schedule of " + drive.key;
  if (drive.key == "lr") return bad_input("is the learning rate's, which needs no key", context);
  if (!can_drive(descriptor, drive.key))
    return bad_input(
        "'" + descriptor.id + "' has no number '" + drive.key + "' that may change while a run goes on",
        context);
  if (auto error = check_schedule(drive.schedule)) return Error{error->code, error->text(), context};
  const ScheduleDescriptor& schedule = *find_schedule(drive.schedule.id);
  if (schedule.follow)
    return bad_input("'" + schedule.id + "' goes by the loss: only the learning rate can", context);
  const bool is_batch = drive.key == kBatchKey;
  if (schedule.role == ScheduleRole::kLossScale || (schedule.role == ScheduleRole::kBatchSize && !is_batch))
    return bad_input("'" + schedule.id + "' gives no values for it", context);
  if (is_batch) return check_values(drive, batch, own_batches, steps);
  const bool automatic = drive.schedule.find("peak") && drive.schedule.is_off("peak");
  if (automatic && is_off_somewhere(optimizer, drive.key))
    return bad_input("has no value of its own here: give the schedule a peak", context);
  const auto own = own_values(optimizer, drive.key);
  return check_values(drive, *descriptor.find(drive.key), own.empty() ? std::vector{1.0} : own, steps);
}

}  // namespace

std::string coupled_key(const Descriptor& optimizer) {
  for (const char* key : {"momentum", "beta1"})
    if (can_drive(optimizer, key)) return key;
  return {};
}

bool can_drive(const Descriptor& optimizer, std::string_view key) {
  if (key == kBatchKey) return true;
  const Parameter* parameter = optimizer.find(key);
  return parameter && parameter->live && is_number(*parameter) && key != "lr";
}

Drives drives_of(const Drives& drives, const Descriptor& optimizer) {
  Drives out;
  std::copy_if(drives.begin(), drives.end(), std::back_inserter(out),
               [&](const Drive& drive) { return can_drive(optimizer, drive.key); });
  return out;
}

std::optional<Error> check_schedules(const Spec& schedule, const Drives& drives, const LiveSpec& optimizer,
                                     const Descriptor& descriptor, const Parameter& batch,
                                     const std::vector<double>& own_batches, std::int64_t steps) {
  if (auto error = check_schedule(schedule)) return error;
  if (auto error = check_rate(schedule, descriptor, steps)) return error;
  if (drives.size() > kMostDrives)
    return bad_input("at most " + std::to_string(kMostDrives) + " settings can follow one", "schedules");
  for (std::size_t i = 0; i < drives.size(); ++i) {
    if (auto error = check_drive(drives[i], optimizer, descriptor, batch, own_batches, steps)) return error;
    const std::string context = "schedule of " + drives[i].key;
    for (std::size_t k = 0; k < i; ++k)
      if (drives[k].key == drives[i].key) return bad_input("is given twice", context);
    if (drives[i].key == coupled_key(descriptor) && moves_momentum(schedule))
      return bad_input("is moved by '" + schedule.id + "' already: give that cycle_momentum=false", context);
  }
  return std::nullopt;
}

std::optional<Error> check_used(const Drives& drives, const std::vector<const Descriptor*>& optimizers) {
  if (optimizers.empty()) return std::nullopt;
  for (const Drive& drive : drives) {
    if (drive.key == "lr") return bad_input("is the learning rate's, which needs no key", "schedule of lr");
    const bool used = std::any_of(optimizers.begin(), optimizers.end(),
                                  [&](const Descriptor* one) { return can_drive(*one, drive.key); });
    if (!used)
      return bad_input(
          "no optimizer has a number '" + drive.key.substr(0, 40) + "' that may change while a run goes on",
          "schedule of " + drive.key.substr(0, 40));
  }
  return std::nullopt;
}

Parameter driven_parameter(Parameter parameter, const Parameter& setting) {
  constexpr std::string_view kRate = "learning rate";
  const auto at = parameter.label.find(kRate);
  if (at == std::string::npos) return parameter;
  parameter.label.replace(at, kRate.size(), setting.label);
  if (const auto there = parameter.help.find(kRate); there != std::string::npos)
    parameter.help.replace(there, kRate.size(), setting.label);
  constexpr std::string_view kEta = "η";
  if (parameter.symbol.starts_with(kEta)) parameter.symbol.replace(0, kEta.size(), setting.symbol);
  parameter.soft_min = std::max(setting.soft_min, parameter.min);
  parameter.soft_max = std::min(setting.soft_max, parameter.max);
  parameter.scale = setting.scale;
  parameter.kind = setting.kind;
  return parameter;
}

bool moves_coupled_momentum(const Parameter& parameter) {
  return parameter.key.find("momentum") != std::string::npos;
}

Result<Drive> parse_drive(std::string_view text) {
  // A key stands before the first '=', and that before the first ':' of the schedule.
  const auto equals = text.find('='), colon = text.find(':');
  Drive out;
  if (equals != std::string_view::npos && equals < colon) {
    std::string_view key = text.substr(0, equals);
    while (!key.empty() && key.front() == ' ') key.remove_prefix(1);
    while (!key.empty() && key.back() == ' ') key.remove_suffix(1);
    if (key.empty()) return bad_input("expected setting=schedule, such as momentum=linear", "schedule");
    out.key = key;
    text.remove_prefix(equals + 1);
  }
  auto schedule = parse_spec(text, schedule_family());
  if (!schedule) return schedule.error();
  out.schedule = std::move(*schedule);
  return out;
}

std::string format_drive(const Drive& drive) {
  const std::string schedule = format_spec(drive.schedule, *find_schedule(drive.schedule.id), true);
  return drive.key.empty() ? schedule : drive.key + "=" + schedule;
}

void Driver::move_of(const Descriptor& optimizer, const std::string& key, Move& out) {
  out.place = static_cast<std::size_t>(optimizer.index_of(key));
  const Parameter& parameter = optimizer.parameters[out.place];
  out.whole = parameter.kind == Kind::kInteger;
  out.low = parameter.min_open ? std::nextafter(parameter.min, parameter.max) : parameter.min;
  out.high = parameter.max_open ? std::nextafter(parameter.max, parameter.min) : parameter.max;
}

double Driver::within(const Move& move, double value) {
  return std::clamp(move.whole ? std::round(value) : value, move.low, move.high);
}

Driver::Driver(const Spec& schedule, const Drives& drives, const Descriptor& optimizer) : rate_(schedule) {
  for (const Drive& drive : drives) {
    Move move{.spec = drive.schedule, .schedule = find_schedule(drive.schedule.id)};
    if (drive.key == kBatchKey) {
      batch_ = std::move(move);
      continue;
    }
    if (!optimizer.find(drive.key)) continue;
    move_of(optimizer, drive.key, move);
    moves_.push_back(std::move(move));
  }
  const std::string key = coupled_key(optimizer);
  if (key.empty() || !moves_momentum(schedule)) return;
  momentum_ = find_schedule(schedule.id);
  move_of(optimizer, key, momentum_move_);
}

void Driver::apply(std::int64_t step, const Spec& own, Spec& out) const {
  for (const Move& move : moves_) {
    const double* base = std::get_if<double>(&own.values[move.place].second);
    out.values[move.place].second = within(move, move.schedule->at(move.spec, step, base ? *base : 1.0));
  }
  if (!momentum_) return;
  const double momentum = momentum_->momentum(rate_, step);
  const std::size_t place = momentum_move_.place;
  out.values[place].second =
      std::isnan(momentum) ? own.values[place].second : Value(within(momentum_move_, momentum));
}

double Driver::batch(std::int64_t step, double own) const {
  if (!batch_.schedule) return own;
  return std::max(1.0, std::round(batch_.schedule->at(batch_.spec, step, own)));
}

}  // namespace thalweg
