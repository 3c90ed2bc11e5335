// Learning-rate schedules: the rate to use for update number t = 0, 1, 2, ...
// One function per schedule; a schedule has no state, so any step can be asked for in any order.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "core/spec/python.hpp"
#include "core/spec/spec.hpp"

namespace thalweg {

/// How PyTorch writes a schedule.
struct TorchSchedule {
  /// A scheduler with these numbers for as many updates as were asked for, beginning with the optimizer's rate,
  /// which must be the peak; its callee is empty where torch.optim.lr_scheduler has none.
  TorchCall scheduler;
  /// The same as the body of a Python function of `t`, the number of the update, and `peak`.
  std::vector<std::string> formula;
};

struct ScheduleDescriptor : Descriptor {
  /// The learning rate for update `step`. `base` is the optimizer's own learning rate, used where
  /// the schedule's peak is "auto".
  std::function<double(const Spec&, std::int64_t step, double base)> at;
  /// For the updates 0 to `steps` - 1.
  std::function<TorchSchedule(const Spec&, std::int64_t steps)> torch;
};

const std::vector<ScheduleDescriptor>& schedules();
const ScheduleDescriptor* find_schedule(std::string_view id);
const Family& schedule_family();

}  // namespace thalweg
