#include "core/figure/fitting.hpp"

#include <algorithm>
#include <cmath>

namespace thalweg {
namespace {

constexpr double kMostDecades = 24.0;

double last_x(const Series& s) {
  return s.from_points() ? s.x.back() : static_cast<double>(std::max<std::int64_t>(s.table.rows() - 1, 0));
}
double first_x(const Series& s, AxisScale scale) {
  if (s.from_points()) return s.x.front();
  return scale == AxisScale::kLog ? 1.0 : 0.0;
}

double smallest_positive_in(const Series& s, const Range& x) {
  if (!s.from_points())
    return smallest_positive(s.table, s.column, static_cast<std::int64_t>(std::max(0.0, x.min)),
                             static_cast<std::int64_t>(std::min(x.max, 1e15)) + 1);
  double best = 0.0;
  for (std::size_t i = 0; i < std::min(s.x.size(), s.y.size()); ++i)
    if (s.x[i] >= x.min && s.x[i] <= x.max && s.y[i] > 0.0 && std::isfinite(s.y[i]))
      best = best > 0.0 ? std::min(best, s.y[i]) : s.y[i];
  return best;
}

/// What has been seen of y, series by series.
struct Seen {
  AxisScale scale;
  Range data = {};
  double anchor = 0.0;  ///< the first value, which stays in sight
  bool any = false;

  void take(double low, double high) {
    data = any ? Range{std::min(data.min, low), std::max(data.max, high)} : Range{low, high};
    any = true;
  }

  /// True if some of it has no place on a log axis.
  bool curve(std::span<const ColumnExtent> columns, const Range& x) {
    bool nonpositive = false;
    for (const ColumnExtent& c : columns) {
      if (!c.any || c.x < x.min - 1.0 || c.x > x.max + 1.0) continue;
      double low = c.min;
      if (scale == AxisScale::kLog && low <= 0.0) {
        nonpositive = true;
        if (c.max <= 0.0) continue;
        low = c.max;
      }
      if (!any || anchor == 0.0) anchor = c.first > 0.0 && std::isfinite(c.first) ? c.first : c.max;
      take(low, c.max);
    }
    return nonpositive;
  }

  /// A band is seen as a whole.
  void band(const Series& s, const Range& x) {
    const std::size_t count = std::min({s.x.size(), s.low.size(), s.high.size()});
    for (std::size_t k = 0; k < count; ++k) {
      const bool inside = s.x[k] >= x.min && s.x[k] <= x.max;
      if (!inside || !std::isfinite(s.low[k]) || !std::isfinite(s.high[k])) continue;
      if (scale == AxisScale::kLog && s.low[k] <= 0.0) continue;
      if (!any) anchor = s.low[k];
      take(s.low[k], s.high[k]);
    }
  }
};

}  // namespace

bool has_data(const Series& s) { return s.from_points() || s.table.rows() > 0; }

bool is_shown(const Chart& chart, const std::vector<bool>& hidden, std::size_t i) {
  return chart.series[i].visible && !(i < hidden.size() && hidden[i]);
}

Range fitted_x(const Chart& chart, const std::vector<bool>& hidden, std::optional<Range>& held) {
  const AxisScale scale = chart.x.scale;
  if (chart.x.range) return valid(*chart.x.range, scale);
  bool any = false;
  Range data;
  for (std::size_t i = 0; i < chart.series.size(); ++i) {
    const Series& s = chart.series[i];
    if (!is_shown(chart, hidden, i) || !has_data(s)) continue;
    const Range own{first_x(s, scale), last_x(s)};
    data = any ? Range{std::min(data.min, own.min), std::max(data.max, own.max)} : own;
    any = true;
  }
  if (!any) return scale == AxisScale::kLog ? Range{1.0, 1000.0} : Range{0.0, 1000.0};
  if (scale == AxisScale::kLinear && data.span() < 1.0 && data.min == 0.0) data.max = 10.0;
  held = fit(data, scale, held);
  return *held;
}

std::vector<ColumnExtent> columns_of(const Series& s, const Range& x, AxisScale x_scale, int pixels) {
  return s.from_points() ? decimate(s.x, s.y, x.min, x.max, pixels, x_scale)
                         : decimate(s.table, s.column, x.min, x.max, pixels, x_scale);
}

std::optional<Range> fitted_y(const Chart& chart, const std::vector<bool>& hidden, AxisScale scale,
                              std::span<const std::span<const ColumnExtent>> columns, const Range& x,
                              const std::optional<Range>& held) {
  if (chart.y.range) return valid(*chart.y.range, scale);
  Seen seen{scale};
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const bool nonpositive = seen.curve(columns[i], x);
    if (is_shown(chart, hidden, i)) seen.band(chart.series[i], x);
    if (!nonpositive || !seen.any) continue;
    const double least = smallest_positive_in(chart.series[i], x);
    if (least > 0.0) seen.data.min = std::min(seen.data.min, least);
  }
  if (!seen.any) return std::nullopt;
  Range& data = seen.data;
  if (scale == AxisScale::kLog && std::log10(data.max / data.min) > kMostDecades && seen.anchor > 0.0) {
    data.max = std::min(data.max, std::max(seen.anchor, 1e-290) * 1e8);
    data.min = std::max(data.min, data.max * std::pow(10.0, -kMostDecades));
  }
  return fit(data, scale, held);
}

std::string axis_text(const Axis& axis) {
  return axis.unit.empty() ? axis.label : axis.label + " (" + axis.unit + ")";
}

std::string x_text(const Chart& chart) {
  if (!chart.x.label.empty()) return axis_text(chart.x);
  const bool rows = std::any_of(chart.series.begin(), chart.series.end(),
                                [](const Series& s) { return !s.from_points() && s.table.rows() > 0; });
  return rows ? "step" : axis_text(chart.x);
}

}  // namespace thalweg
