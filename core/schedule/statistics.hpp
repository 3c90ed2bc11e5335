// What a schedule adds up to over a run.
#pragma once

#include <cstdint>
#include <functional>

#include "core/schedule/schedule.hpp"

namespace thalweg {

struct ScheduleStatistics {
  double first = 0.0;           ///< at update 0
  double last = 0.0;            ///< at update T − 1
  double min = 0.0;             ///< of the updates 0 to T − 1
  double max = 0.0;             ///< likewise
  std::int64_t min_step = 0;    ///< the first update that has it
  std::int64_t max_step = 0;    ///< likewise
  double mean = 0.0;            ///< over t = 0 to T − 1: what the updates used
  double mean_inclusive = 0.0;  ///< over t = 0 to T
  double integral_mean = 0.0;   ///< area / T
  /// ∫ η dt from 0 to T. Between whole steps the curve is the cubic through the four values around, a
  /// straight line where its slope breaks, and level up to a jump: exact for lines, cubics and steps, and
  /// elsewhere to the fourth power of one step over the length that the curve bends on.
  double area = 0.0;
};

/// Of a function of the step.
/// @param steps  T, at least 1
/// @param stop   asked now and then; once it is true the statistics are left unfinished
ScheduleStatistics schedule_statistics(const std::function<double(std::int64_t)>& value, std::int64_t steps,
                                       const std::function<bool()>& stop = {});

/// Of a schedule, where `base` stands for "auto". `spec` has passed check_schedule().
ScheduleStatistics schedule_statistics(const Spec& spec, std::int64_t steps, double base);

}  // namespace thalweg
