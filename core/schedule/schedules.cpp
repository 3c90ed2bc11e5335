// The list of the schedules.
#include <algorithm>

#include "core/schedule/parts.hpp"

namespace thalweg {

const std::vector<ScheduleDescriptor>& schedules() {
  using namespace schedule_parts;
  static const std::vector<ScheduleDescriptor> list = {
      constant(),    constant_start(), step(),         multi_step(),
      exponential(), linear(),         polynomial(),   inverse_time(),
      cosine(),      cosine_warmup(),  sgdr(),         warmup(),
      cyclic(),      one_cycle(),      inverse_sqrt(), warmup_stable_decay(),
      tokens(),      plateau(),        drawn(),        sequence(),
      product(),     sweep(),          batch_ramp(),   loss_scale()};
  return list;
}

const ScheduleDescriptor* find_schedule(std::string_view id) {
  const auto& list = schedules();
  const auto it = std::find_if(list.begin(), list.end(), [&](const auto& entry) { return entry.id == id; });
  return it == list.end() ? nullptr : &*it;
}

const Family& schedule_family() {
  static const Family family = [] {
    Family out{"schedule", {}};
    for (const auto& entry : schedules()) out.members.push_back(&entry);
    return out;
  }();
  return family;
}

std::optional<Error> check_schedule(const Spec& spec) {
  const ScheduleDescriptor* descriptor = find_schedule(spec.id);
  if (!descriptor) return bad_input("there is no schedule '" + spec.id + "'");
  if (auto error = check(spec, *descriptor)) return error;
  return descriptor->check ? descriptor->check(spec) : std::nullopt;
}

}  // namespace thalweg
