#include "core/rates/measured.hpp"

#include <algorithm>
#include <cmath>

namespace thalweg {
namespace {

/// No more values than this go into a fit, evenly spread: the line does not change.
constexpr std::int64_t kMostPoints = 20'000;

bool usable(double value) { return std::isfinite(value) && value > 0.0; }

}  // namespace

std::optional<MeasuredRate> measure_rate(const StepValue& value, std::int64_t first, std::int64_t last) {
  MeasuredRate out;
  const std::int64_t stride = std::max<std::int64_t>(1, (last - first) / kMostPoints);
  // Sums about the first usable point, so that nothing is lost far out.
  double n = 0.0, sx = 0.0, sy = 0.0, sxx = 0.0, sxy = 0.0, syy = 0.0, origin = 0.0, final = 0.0;
  for (std::int64_t t = first; t <= last; t += stride) {
    const double at = value(t);
    if (!usable(at)) continue;
    if (n == 0.0) origin = std::log(at), out.first = t;
    const double x = static_cast<double>(t - out.first), y = std::log(at) - origin;
    n += 1.0, sx += x, sy += y, sxx += x * x, sxy += x * y, syy += y * y;
    out.last = t;
    final = y;
  }
  if (n < 3.0) return {};
  const double vx = sxx - sx * sx / n, vy = syy - sy * sy / n, vxy = sxy - sx * sy / n;
  if (!(vx > 0.0)) return {};
  const double slope = vxy / vx;
  const double scatter = std::max(0.0, vy - slope * vxy);
  out.rate = std::exp(slope);
  out.error = out.rate * std::sqrt(scatter / (n - 2.0) / vx);
  // A quantity that stands still is a line too.
  out.fit = vy > 1e-24 * n ? 1.0 - scatter / vy : 1.0;
  out.endpoints = std::exp(final / static_cast<double>(out.last - out.first));
  out.at_first = std::exp(origin + (sy - slope * sx) / n);
  return out;
}

StepWindow settled_window(const StepValue& value, std::int64_t steps, double floor) {
  double largest = 0.0;
  std::int64_t end = 0;
  for (std::int64_t t = 0; t <= steps; ++t) {
    const double at = value(t);
    if (!usable(at)) {
      if (at == 0.0) break;
      continue;
    }
    largest = std::max(largest, at);
    if (at < floor * largest) break;
    end = t;
  }
  return end < 8 ? StepWindow{0, end} : StepWindow{end / 2, end};
}

}  // namespace thalweg
