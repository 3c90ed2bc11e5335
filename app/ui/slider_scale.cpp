// How a slider spreads its range, and rounding to what a hand can aim at.
#include <algorithm>
#include <cmath>

#include "app/ui/widgets.hpp"
#include "core/figure/axis.hpp"

namespace thalweg::ui {
namespace {

double rounded(double value, int digits) {
  if (value == 0.0 || !std::isfinite(value)) return value;
  const double power = std::pow(10.0, digits - 1 - static_cast<int>(std::floor(std::log10(std::abs(value)))));
  // Dividing by a whole power of ten gives 0.001, multiplying by 1e-3 gives 0.0010000000000000002.
  if (power >= 1.0) return std::round(value * power) / power;
  const double unit = std::round(1.0 / power);
  return std::round(value / unit) * unit;
}

/// A log slider whose range begins at 0 has 0 at its very left and six decades beside it.
double log_floor(const Parameter& p) { return p.soft_min > 0.0 ? p.soft_min : p.soft_max * 1e-6; }
/// The same for 1 - x: a range that ends at 1 has 1 at its very right.
double gap_floor(const Parameter& p) { return p.soft_max < 1.0 ? 1.0 - p.soft_max : 1e-6; }
constexpr double kEndZone = 0.02;

}  // namespace

double slider_unit(const Parameter& p, double value) {
  const double low = p.soft_min;
  const double high = p.soft_max;
  if (!(high > low)) return 0.0;
  switch (p.scale) {
    case Scale::kLinear:
      return (value - low) / (high - low);
    case Scale::kLog: {
      const double least = log_floor(p);
      const double zone = low > 0.0 ? 0.0 : kEndZone;
      if (value < least) return value <= 0.0 ? 0.0 : zone;
      return zone + (1.0 - zone) * std::log(value / least) / std::log(high / least);
    }
    case Scale::kLogOneMinus: {
      const double least = gap_floor(p);
      const double zone = high < 1.0 ? 0.0 : kEndZone;
      if (1.0 - value < least) return value >= 1.0 ? 1.0 : 1.0 - zone;
      return (1.0 - zone) * std::log((1.0 - low) / (1.0 - value)) / std::log((1.0 - low) / least);
    }
  }
  return 0.0;
}

double slider_value(const Parameter& p, double unit) {
  const double low = p.soft_min;
  const double high = p.soft_max;
  unit = std::clamp(unit, 0.0, 1.0);
  double value = low;
  if (unit <= 0.0 || unit >= 1.0) {
    value = unit <= 0.0 ? low : high;
  } else if (p.scale == Scale::kLinear) {
    const double step = tick_step((high - low) / 400.0);
    const double per = std::round(1.0 / step);
    const double raw = low + unit * (high - low);
    value = step < 1.0 ? std::round(raw * per) / per : std::round(raw / step) * step;
  } else if (p.scale == Scale::kLog) {
    const double least = log_floor(p);
    const double zone = low > 0.0 ? 0.0 : kEndZone;
    value = unit < zone ? low : rounded(least * std::pow(high / least, (unit - zone) / (1.0 - zone)), 2);
  } else {
    const double least = gap_floor(p);
    const double zone = high < 1.0 ? 0.0 : kEndZone;
    const double rest = (1.0 - low) * std::pow(least / (1.0 - low), unit / (1.0 - zone));
    // 0.9 and 0.99, not 0.90000000000000002: the rest is rounded in decimals, then so is the value.
    value = unit > 1.0 - zone
                ? high
                : rounded(1.0 - rounded(rest, 2), 2 + static_cast<int>(std::ceil(-std::log10(rest))));
  }
  if (p.kind == Kind::kInteger) value = std::round(value);
  return std::clamp(value, low, high);
}

}  // namespace thalweg::ui
