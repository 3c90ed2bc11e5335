// Where a step of a run lies along the horizontal axis of a comparison: updates, epochs or seconds.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace thalweg {

enum class StepUnit { kStep, kEpoch, kTime };

/// A strictly increasing map from steps to the axis and back. Plain value.
class StepScale {
 public:
  /// Steps as they are.
  StepScale() = default;
  /// @param steps_per_epoch  > 0
  static StepScale epochs(double steps_per_epoch);
  /// Through points (step, seconds), with straight lines between and the last slope beyond. What does not go
  /// up is left out; unknown if fewer than two points remain.
  static StepScale times(std::span<const std::int64_t> steps, std::span<const double> seconds);
  /// The run says nothing about this axis.
  static StepScale unknown();

  bool known() const { return known_; }
  double to_x(double step) const;
  double to_step(double x) const;

 private:
  bool known_ = true;
  double per_step_ = 1.0;
  std::vector<double> steps_;  ///< empty: x is step · per_step_
  std::vector<double> xs_;
};

}  // namespace thalweg
