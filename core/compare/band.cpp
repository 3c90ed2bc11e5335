#include "core/compare/band.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace thalweg {
namespace {

/// Where the band is worked out.
std::vector<double> places(std::span<const Polyline* const> curves, double x0, double x1, int most) {
  std::vector<double> out;
  for (const Polyline* curve : curves) {
    const auto first = std::lower_bound(curve->x.begin(), curve->x.end(), x0);
    const auto last = std::upper_bound(first, curve->x.end(), x1);
    if (last - first > most) {
      out.clear();
      break;
    }
    out.insert(out.end(), first, last);
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  if (!out.empty() && out.size() <= static_cast<std::size_t>(most)) return out;
  out.resize(static_cast<std::size_t>(most));
  for (int i = 0; i < most; ++i)
    out[static_cast<std::size_t>(i)] = x0 + (x1 - x0) * static_cast<double>(i) / std::max(most - 1, 1);
  return out;
}

}  // namespace

Band band_over(std::span<const Polyline* const> curves, double x0, double x1, int most, BandKind kind) {
  Band out;
  for (const Polyline* curve : curves) {
    if (curve->x.empty()) return out;
    x0 = std::max(x0, curve->x.front());
    x1 = std::min(x1, curve->x.back());
  }
  if (curves.empty() || !(x0 <= x1) || most < 1) return out;
  out.x = places(curves, x0, x1, most);
  const auto count = static_cast<double>(curves.size());
  std::vector<double> values(curves.size());
  for (const double x : out.x) {
    double sum = 0.0, low = std::numeric_limits<double>::infinity(), high = -low;
    for (std::size_t i = 0; i < curves.size(); ++i) {
      values[i] = value_at(*curves[i], std::clamp(x, x0, x1));
      sum += values[i];
      low = std::min(low, values[i]);
      high = std::max(high, values[i]);
    }
    const double mean = sum / count;
    if (kind == BandKind::kDeviation) {
      double squares = 0.0;
      for (const double value : values) squares += (value - mean) * (value - mean);
      const double deviation = curves.size() > 1 ? std::sqrt(squares / (count - 1.0)) : 0.0;
      low = mean - deviation;
      high = mean + deviation;
    }
    const bool any = std::isfinite(sum);
    constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
    out.mean.push_back(any ? mean : kNone);
    out.low.push_back(any ? low : kNone);
    out.high.push_back(any ? high : kNone);
  }
  return out;
}

}  // namespace thalweg
