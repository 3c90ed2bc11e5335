#include "core/compare/curve.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/compare/running_average.hpp"

namespace thalweg {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

void add_column(Polyline& out, const ColumnExtent& column, double x) {
  const auto add = [&](double y) {
    if (!out.x.empty() && out.x.back() == x && out.y.back() == y) return;
    out.x.push_back(x);
    out.y.push_back(y);
  };
  if (column.any) {
    if (std::isfinite(column.first)) add(column.first);
    if (column.min != column.first || column.max != column.last) {
      add(column.min);
      add(column.max);
    }
    if (std::isfinite(column.last)) add(column.last);
  }
  if (column.gap || !column.any) add(kNaN);
}

}  // namespace

Polyline line_of(std::span<const ColumnExtent> columns, const StepScale& scale) {
  Polyline out;
  for (const ColumnExtent& column : columns) add_column(out, column, scale.to_x(column.x));
  return out;
}

Polyline line_of(std::span<const std::int64_t> steps, std::span<const double> values,
                 const StepScale& scale) {
  Polyline out;
  out.x.reserve(steps.size());
  for (const std::int64_t step : steps) out.x.push_back(scale.to_x(static_cast<double>(step)));
  out.y.assign(values.begin(), values.end());
  return out;
}

Polyline smoothed(const Polyline& line, double share) {
  Polyline out;
  out.x = line.x;
  out.y.reserve(line.y.size());
  RunningAverage average(share);
  for (const double value : line.y) out.y.push_back(average.add(value));
  return out;
}

Polyline reduced(const Polyline& line, double x0, double x1, int pixels) {
  if (line.x.size() <= static_cast<std::size_t>(2 * std::max(pixels, 1))) return line;
  Polyline out;
  for (const ColumnExtent& column : decimate(line.x, line.y, x0, x1, pixels))
    add_column(out, column, column.x);
  return out;
}

double value_at(const Polyline& line, double x) {
  if (line.x.empty() || !(x >= line.x.front()) || x > line.x.back()) return kNaN;
  const auto above = std::lower_bound(line.x.begin(), line.x.end(), x) - line.x.begin();
  const auto i = static_cast<std::size_t>(above);
  if (line.x[i] == x) return line.y[i];
  const double share = (x - line.x[i - 1]) / (line.x[i] - line.x[i - 1]);
  return line.y[i - 1] + share * (line.y[i] - line.y[i - 1]);
}

}  // namespace thalweg
