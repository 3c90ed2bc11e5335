// Learning-rate schedules: the rate to use for update number t = 0, 1, 2, ...
// One function per schedule, in the file of its kind (decay.cpp, cosine.cpp, one_cycle.cpp...). Nearly all
// have no state, so that any step can be asked for in any order; the one that goes by a measured loss says so
// (ScheduleDescriptor::follow).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/spec/python.hpp"
#include "core/spec/spec.hpp"

namespace thalweg {

/// How PyTorch writes a schedule.
struct TorchSchedule {
  /// A scheduler with these numbers for as many updates as were asked for, beginning with the optimizer's
  /// rate, which must be the peak; its callee is empty where torch.optim.lr_scheduler has none.
  /// An argument whose value is `peak` stands for that rate, `optimizer` inside one for the optimizer.
  TorchCall scheduler;
  /// The same as the body of a Python function of `t`, the number of the update, and `peak`.
  std::vector<std::string> formula;
  /// The momentum as the body of a function of `t`; empty where it is left alone.
  std::vector<std::string> momentum = {};
  /// The scheduler is told the loss at each of its steps, and no formula can take its place.
  bool by_loss = false;
};

/// A point of a schedule's curve that can be dragged: its peak, the end of its warm-up, the end of a cycle.
struct ScheduleHandle {
  std::string label;   ///< "end of warm-up"
  double step = 0.0;   ///< where it is: number of the update
  double value = 0.0;  ///< and learning rate
  bool moves_step = false;
  bool moves_value = false;
};

/// What a schedule with a memory goes by: one that is not a function of the step alone.
class ScheduleFollower {
 public:
  virtual ~ScheduleFollower() = default;
  /// The learning rate for the next update.
  virtual double rate(double base) const = 0;
  /// Takes note of a measurement made after `step` updates (a loss: smaller is better).
  virtual void observe(std::int64_t step, double metric) = 0;
  /// Everything that rate() depends on but the settings: save() and load() are exact. load() refuses what is
  /// not its own and then changes nothing.
  virtual std::vector<double> save() const = 0;
  virtual bool load(std::span<const double> state) = 0;
};

/// What the values of a schedule are.
enum class ScheduleRole { kLearningRate, kBatchSize, kLossScale };

struct ScheduleDescriptor : Descriptor {
  /// The learning rate for update `step`. `base` is the optimizer's own learning rate, used where
  /// the schedule's peak is "auto". Of one with a memory: the rate while nothing has been observed.
  std::function<double(const Spec&, std::int64_t step, double base)> at;
  /// For the updates 0 to `steps` - 1.
  std::function<TorchSchedule(const Spec&, std::int64_t steps)> torch;

  ScheduleRole role = ScheduleRole::kLearningRate;
  /// The momentum for update `step` (β₁ of Adam and its kin) where the schedule moves it against the rate, or
  /// NaN where these settings leave it alone. Empty: it never does.
  std::function<double(const Spec&, std::int64_t step)> momentum = {};
  /// The points that can be dragged, in the order of their steps, and the settings after one of them was
  /// dragged to (step, value): every value within its bounds, the nearest that there is.
  std::function<std::vector<ScheduleHandle>(const Spec&, double base)> handles = {};
  std::function<Spec(const Spec&, std::size_t handle, double step, double value, double base)> drag = {};
  /// Not empty: the schedule has a memory.
  std::function<std::unique_ptr<ScheduleFollower>(const Spec&)> follow = {};
  /// What check() by bounds does not see, such as a composition that can't be read.
  std::function<std::optional<Error>(const Spec&)> check = {};
};

/// In the order of the menu; the first is the constant one.
const std::vector<ScheduleDescriptor>& schedules();
const ScheduleDescriptor* find_schedule(std::string_view id);
const Family& schedule_family();

/// Everything that can be wrong with a schedule: that there is none of this name, values out of bounds, and
/// what its own check() says.
std::optional<Error> check_schedule(const Spec& spec);

}  // namespace thalweg
