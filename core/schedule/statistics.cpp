#include "core/schedule/statistics.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace thalweg {
namespace {

/// A sum that loses no digits over millions of terms (Neumaier 1974).
class Sum {
 public:
  void add(double x) {
    const double next = sum_ + x;
    lost_ += std::abs(sum_) >= std::abs(x) ? (sum_ - next) + x : (x - next) + sum_;
    sum_ = next;
  }
  double value() const { return sum_ + lost_; }

 private:
  double sum_ = 0.0;
  double lost_ = 0.0;
};

/// The area between the middle two of four values one step apart.
///
/// By the cubic through them, (−a + 13b + 13c − d)/24, where the curve is smooth. Where its slope breaks or
/// it jumps, that would reach over the break: the trapezoid there, and the left value alone if it jumps.
double area_between(double a, double b, double c, double d) {
  const double before = b - a, here = c - b, after = d - c;
  const double bend = std::max(std::abs(here - before), std::abs(after - here));
  const double slope = std::max({std::abs(before), std::abs(here), std::abs(after)});
  // A jump: this difference is far beyond both of its neighbours.
  if (std::abs(here) > 8.0 * std::max(std::abs(before), std::abs(after))) return b;
  const bool smooth = bend <= 0.25 * slope || bend <= 1e-3 * std::max(std::abs(b), std::abs(c));
  return smooth ? (13.0 * (b + c) - a - d) / 24.0 : (b + c) / 2.0;
}

}  // namespace

ScheduleStatistics schedule_statistics(const std::function<double(std::int64_t)>& value, std::int64_t steps,
                                       const std::function<bool()>& stop) {
  ScheduleStatistics out;
  out.first = out.last = out.min = out.max = value(0);
  Sum sum, area;
  // The values at t − 1, t, t + 1 and t + 2; before the first the line goes on as it begins.
  std::array<double, 4> at{0.0, out.first, value(1), 0.0};
  at[0] = 2.0 * at[1] - at[2];
  for (std::int64_t t = 0; t < steps; ++t) {
    const double now = at[1];
    if (now < out.min) out.min = now, out.min_step = t;
    if (now > out.max) out.max = now, out.max_step = t;
    out.last = now;
    sum.add(now);
    at[3] = t + 1 < steps ? value(t + 2) : 2.0 * at[2] - at[1];
    area.add(area_between(at[0], at[1], at[2], at[3]));
    at = {at[1], at[2], at[3], 0.0};
    if (stop && t % 4096 == 0 && stop()) return out;
  }
  const auto count = static_cast<double>(steps);
  out.mean = sum.value() / count;
  sum.add(at[1]);
  out.mean_inclusive = sum.value() / (count + 1.0);
  out.area = area.value();
  out.integral_mean = out.area / count;
  return out;
}

ScheduleStatistics schedule_statistics(const Spec& spec, std::int64_t steps, double base) {
  const ScheduleDescriptor& schedule = *find_schedule(spec.id);
  return schedule_statistics([&](std::int64_t t) { return schedule.at(spec, t, base); }, steps);
}

}  // namespace thalweg
