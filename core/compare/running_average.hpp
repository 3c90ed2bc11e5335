// The running average that curves are smoothed with.
#pragma once

#include <cmath>
#include <limits>

namespace thalweg {

/// s ← a s + (1 − a) v, divided by the weights there are so far, so that the first value has no pull (as the
/// moments of Adam: Kingma and Ba 2015, section 3). What is not finite is left out of it.
class RunningAverage {
 public:
  /// @param share  of the past, in [0, 1); 0 gives every value back as it is
  explicit RunningAverage(double share = 0.0) : share_(share) {}

  /// The average with `value` in it; NaN where `value` is not finite.
  double add(double value) {
    if (!std::isfinite(value)) return std::numeric_limits<double>::quiet_NaN();
    weight_ = share_ * weight_ + (1.0 - share_);
    sum_ = share_ * sum_ + (1.0 - share_) * value;
    return sum_ / weight_;
  }

 private:
  double share_;
  double sum_ = 0.0;
  double weight_ = 0.0;
};

}  // namespace thalweg
