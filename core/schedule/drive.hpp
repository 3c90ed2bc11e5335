// Settings that follow a schedule: momentum, weight decay, batch size, whatever may change while a run goes
// on. The learning rate has a schedule of its own in every run and is not among them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/schedule/schedule.hpp"
#include "core/spec/live.hpp"
#include "core/spec/spec.hpp"

namespace thalweg {

/// `key` has the value of `schedule` at every update; where its peak is "auto", the peak is the setting's own
/// value. A whole-number setting is rounded.
struct Drive {
  std::string key;  ///< a live number of the optimizer, or "batch"
  Spec schedule;    ///< of schedule_family()

  bool operator==(const Drive&) const = default;
};

using Drives = std::vector<Drive>;

/// At most this many drives of one run.
inline constexpr std::size_t kMostDrives = 16;

/// The key that means the batch size: samples of a gradient, in training and under the noise on a surface.
inline constexpr std::string_view kBatchKey = "batch";

/// What a learning-rate schedule with coupled momentum moves of an optimizer: "momentum", "beta1" of Adam and
/// its kin, or nothing.
std::string coupled_key(const Descriptor& optimizer);

/// Whether `optimizer` has a live number `key`, other than the learning rate, or it is the batch.
bool can_drive(const Descriptor& optimizer, std::string_view key);

/// Those of `drives` that move something of `optimizer`.
Drives drives_of(const Drives& drives, const Descriptor& optimizer);

/// What can be wrong with the schedules of a run of `optimizer`: that the learning rate's gives no rate; that
/// a drive's key is none of its live numbers, is driven twice, or is moved by the learning rate's schedule
/// too; that a value leaves the bounds of its setting, with the step. Of runs of more than some thousand
/// steps the values are looked at in so many places, among them where schedules turn.
/// @param batch  the batch size's own definition and value
/// @param steps  updates that the run may make
std::optional<Error> check_schedules(const Spec& schedule, const Drives& drives, const LiveSpec& optimizer,
                                     const Descriptor& descriptor, const Parameter& batch,
                                     const std::vector<double>& own_batches, std::int64_t steps);

/// A drive that moves nothing of any of these optimizers.
std::optional<Error> check_used(const Drives& drives, const std::vector<const Descriptor*>& optimizers);

/// A parameter of a schedule as it reads where the schedule moves `setting` instead of the learning rate: a
/// value of the schedule has the setting's name, symbol and slider. Counts and factors are as they were.
Parameter driven_parameter(Parameter parameter, const Parameter& setting);

/// Whether it is about the momentum that a learning-rate schedule moves, which a drive never does.
bool moves_coupled_momentum(const Parameter& parameter);

/// "momentum=linear:..." is a drive, "linear:..." the learning rate's schedule: its key is empty.
Result<Drive> parse_drive(std::string_view text);
/// As parse_drive() reads it, with every value.
std::string format_drive(const Drive& drive);

/// The drives of one run at work, and the momentum that the learning rate's schedule moves.
class Driver {
 public:
  Driver() = default;
  /// Both have passed check_schedules().
  Driver(const Spec& schedule, const Drives& drives, const Descriptor& optimizer);

  /// False: every setting is its own, and apply() does nothing.
  bool moves_optimizer() const { return !moves_.empty() || momentum_ != nullptr; }
  bool moves_batch() const { return batch_.schedule != nullptr; }

  /// Sets in `out`, which is `own` or what an earlier call made of it, the values for update `step`.
  /// @param own  the settings in force, without drives
  void apply(std::int64_t step, const Spec& own, Spec& out) const;
  /// The batch for update `step`, a whole number of at least 1.
  double batch(std::int64_t step, double own) const;

 private:
  struct Move {
    std::size_t place = 0;  ///< among the optimizer's parameters
    bool whole = false;
    // Where values are kept, those of a step too that check_schedules() did not look at.
    double low = 0.0, high = 0.0;
    Spec spec;
    const ScheduleDescriptor* schedule = nullptr;
  };

  static void move_of(const Descriptor& optimizer, const std::string& key, Move& out);
  static double within(const Move& move, double value);

  std::vector<Move> moves_;
  Move batch_;
  Spec rate_;
  const ScheduleDescriptor* momentum_ = nullptr;
  Move momentum_move_;
};

}  // namespace thalweg
