#include "core/schedule/statistics.hpp"

#include <algorithm>
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

/// The area between values `b` and `c`, one step apart, of a curve that has `a` a step before and `d` a step
/// after: by the cubic through the four, (13(b + c) − a − d)/24, where it is smooth, by the trapezoid where
/// the slope breaks, which the cubic would reach over.
double smooth_area(double a, double b, double c, double d) {
  const double at_b = a - 2.0 * b + c, at_c = b - 2.0 * c + d;
  // Where the slope breaks, one of the second differences is far from the other.
  const bool smooth = std::abs(at_c - at_b) <= 0.25 * std::max(std::abs(at_b), std::abs(at_c));
  return smooth ? (13.0 * (b + c) - a - d) / 24.0 : (b + c) / 2.0;
}

/// Whether the curve jumps from `b` to `c`: by far more than it changes a step before and a step after.
bool jumps(double before, double here, double after) {
  return std::abs(here) > 8.0 * std::max(std::abs(before), std::abs(after));
}

/// Where a cubic through these goes on.
double next_of(double a, double b, double c, double d) { return 4.0 * (d + b) - 6.0 * c - a; }

}  // namespace

ScheduleStatistics schedule_statistics(const std::function<double(std::int64_t)>& value, std::int64_t steps,
                                       const std::function<bool()>& stop) {
  ScheduleStatistics out;
  out.first = out.last = out.min = out.max = value(0);
  Sum sum, area;
  // The values at t − 1 to t + 2. Before the first the curve is taken to go on as it begins, and after the
  // last as it ends: what comes then is no part of the run.
  double before = steps < 3 ? value(0) : next_of(value(3), value(2), value(1), value(0));
  double now = out.first, after = value(1), earlier = before;
  for (std::int64_t t = 0; t < steps; ++t) {
    if (now < out.min) out.min = now, out.min_step = t;
    if (now > out.max) out.max = now, out.max_step = t;
    out.last = now;
    sum.add(now);
    const double following = value(t + 2);
    const bool last = t + 1 == steps;
    if (jumps(t == 0 ? 0.0 : now - before, after - now, following - after))
      area.add(now);
    else
      area.add(smooth_area(before, now, after,
                           last && steps >= 3 ? next_of(earlier, before, now, after) : following));
    earlier = before;
    before = now;
    now = after;
    after = following;
    if (stop && t % 4096 == 0 && stop()) return out;
  }
  const auto count = static_cast<double>(steps);
  out.mean = sum.value() / count;
  sum.add(now);
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
