// Learning-rate schedules: the rate to use for update number t = 0, 1, 2, ...
// One function per schedule; a schedule has no state, so any step can be asked for in any order.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "core/spec/spec.hpp"

namespace thalweg {

struct ScheduleDescriptor : Descriptor {
  /// The learning rate for update `step`. `base` is the optimizer's own learning rate, used where
  /// the schedule's peak is "auto".
  std::function<double(const Spec&, std::int64_t step, double base)> at;
};

const std::vector<ScheduleDescriptor>& schedules();
const ScheduleDescriptor* find_schedule(std::string_view id);
const Family& schedule_family();

}  // namespace thalweg
