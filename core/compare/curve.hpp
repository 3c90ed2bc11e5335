// Curves of runs as points for a chart: reduced to what can be seen, smoothed, on the axis that is asked for.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/compare/step_scale.hpp"
#include "core/figure/columns.hpp"

namespace thalweg {

/// Points of a curve, x ascending. NaN in y is a gap.
struct Polyline {
  std::vector<double> x;
  std::vector<double> y;

  bool operator==(const Polyline&) const = default;
};

/// Columns over steps as points, at most four for each: first, lowest, highest and last, so that a spike
/// stays.
Polyline line_of(std::span<const ColumnExtent> columns, const StepScale& scale = {});

/// All points on the axis, as they are.
Polyline line_of(std::span<const std::int64_t> steps, std::span<const double> values, const StepScale& scale);

/// The running average over all points (running_average.hpp), at the same places.
Polyline smoothed(const Polyline& line, double share);

/// What can be seen of a curve in [x0, x1] on so many pixels, with a point beyond each end. Short ones come
/// back as they are.
Polyline reduced(const Polyline& line, double x0, double x1, int pixels);

/// The value at x, by a straight line between its neighbours; NaN before the first and after the last point
/// and in gaps.
double value_at(const Polyline& line, double x);

}  // namespace thalweg
