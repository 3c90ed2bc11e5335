#include "core/figure/axis.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace thalweg {
namespace {

constexpr double kSmallest = 1e-300;  ///< of a log axis
constexpr double kLargest = 1e300;    ///< of any axis
constexpr const char* kMinus = "\u2212";
constexpr const char* kThinSpace = "\u2009";

std::string signed_integer(int value) { return (value < 0 ? kMinus : "") + std::to_string(std::abs(value)); }

/// Digits with a true minus and thin spaces between the thousands.
std::string tidy(const char* digits) {
  std::string out;
  if (*digits == '-') {
    out = kMinus;
    ++digits;
  }
  const std::string body = digits;
  const std::size_t whole = std::min(body.find('.'), body.size());
  for (std::size_t i = 0; i < body.size(); ++i) {
    if (i > 0 && i < whole && (whole - i) % 3 == 0 && whole > 3) out += kThinSpace;
    out += body[i];
  }
  return out;
}

/// The label of a multiple of `step`, with as many decimals as the step has.
TickLabel label_of(double value, double step, double largest) {
  std::array<char, 64> text{};
  const int step_exponent = static_cast<int>(std::floor(std::log10(step) + 1e-9));
  if (std::abs(value) < step * 1e-6) return {"0", ""};
  if (largest >= 1e6 || largest < 1e-3) {
    const int exponent = static_cast<int>(std::floor(std::log10(std::abs(value)) + 1e-9));
    const int decimals = std::clamp(exponent - step_exponent, 0, 12);
    std::snprintf(text.data(), text.size(), "%.*f", decimals, value / std::pow(10.0, exponent));
    const std::string mantissa = tidy(text.data());
    if (mantissa == "1") return {"10", signed_integer(exponent)};
    return {mantissa + "\u00d710", signed_integer(exponent)};
  }
  std::snprintf(text.data(), text.size(), "%.*f", std::clamp(-step_exponent, 0, 12), value);
  return {tidy(text.data()), ""};
}

std::vector<Tick> linear_ticks(const Range& range, double pixels, double spacing) {
  const double step = nice_step(range.span() * std::max(spacing, 1.0) / std::max(pixels, 1.0));
  const double leading = step / std::pow(10.0, std::floor(std::log10(step) + 1e-9));
  const int parts = leading > 1.5 && leading < 2.5 ? 4 : 5;
  const double minor = step / parts;
  const double largest = std::max(std::abs(range.min), std::abs(range.max));
  std::vector<Tick> out;
  const double slack = range.span() * 1e-9;
  const double first = std::ceil((range.min - slack) / minor);
  const double count = std::floor((range.max + slack) / minor) - first;
  // Where the numbers are large against the range, a step is lost in rounding: no ticks then.
  if (!(count >= 0.0) || count > 4096.0 || range.min + minor == range.min) return out;
  for (double i = 0.0; i <= count; ++i) {
    const double index = first + i;
    const bool major = std::fmod(std::abs(index), parts) == 0.0;
    const double value = index * minor;
    out.push_back({value, major, major ? label_of(value, step, largest) : TickLabel{}});
  }
  return out;
}

std::vector<Tick> log_ticks(const Range& range, double pixels, double spacing) {
  const double low = std::log10(range.min);
  const double high = std::log10(range.max);
  if (high - low < 1.1) return linear_ticks(range, pixels, spacing);
  const double room = std::max(1.0, pixels / std::max(spacing, 1.0));
  int stride = 1;
  for (const int candidate : {1, 2, 3, 5, 10, 20, 50, 100, 200}) {
    stride = candidate;
    if ((high - low) / candidate <= room) break;
  }
  std::vector<Tick> out;
  const int first = static_cast<int>(std::floor(low - 1e-9));
  const int last = static_cast<int>(std::ceil(high + 1e-9));
  for (int decade = first; decade <= last; ++decade) {
    const double value = std::pow(10.0, decade);
    const bool inside = decade >= low - 1e-9 && decade <= high + 1e-9;
    if (inside) {
      const bool major = decade % stride == 0;
      out.push_back({value, major, major ? TickLabel{"10", signed_integer(decade)} : TickLabel{}});
    }
    if (stride > 1) continue;
    for (int digit = 2; digit < 10; ++digit) {
      const double between = digit * value;
      if (between > range.min && between < range.max) out.push_back({between, false, {}});
    }
  }
  return out;
}

}  // namespace

double nice_step(double rough) {
  if (!(rough > 0.0) || !std::isfinite(rough)) return 1.0;
  const double power = std::pow(10.0, std::floor(std::log10(rough)));
  for (const double digit : {1.0, 2.0, 5.0})
    if (digit * power >= rough * (1.0 - 1e-9)) return digit * power;
  return 10.0 * power;
}

std::vector<Tick> ticks(const Range& range, AxisScale scale, double pixels, double spacing) {
  const Range sound = valid(range, scale);
  return scale == AxisScale::kLog ? log_ticks(sound, pixels, spacing) : linear_ticks(sound, pixels, spacing);
}

double to_unit(const Range& range, AxisScale scale, double value) {
  if (scale == AxisScale::kLinear) return (value - range.min) / (range.max - range.min);
  if (value <= 0.0) return -std::numeric_limits<double>::infinity();
  return std::log(value / range.min) / std::log(range.max / range.min);
}

double from_unit(const Range& range, AxisScale scale, double unit) {
  if (scale == AxisScale::kLinear) return range.min + unit * (range.max - range.min);
  return range.min * std::pow(range.max / range.min, unit);
}

Range valid(Range range, AxisScale scale) {
  if (std::isnan(range.min) || std::isnan(range.max)) range = {0.0, 1.0};
  range.min = std::clamp(range.min, -kLargest, kLargest);
  range.max = std::clamp(range.max, -kLargest, kLargest);
  if (range.min > range.max) std::swap(range.min, range.max);
  if (scale == AxisScale::kLog) {
    if (!(range.max > 0.0)) return {1e-3, 1.0};
    range.max = std::max(range.max, kSmallest * 10.0);
    if (!(range.min > 0.0)) range.min = range.max * 1e-6;
    range.min = std::max(range.min, kSmallest);
    if (range.max < range.min * (1.0 + 1e-9)) range = {range.min / 10.0, range.max * 10.0};
    return range;
  }
  // Below this width neighbouring doubles are visibly apart and ticks cannot be told from each other.
  const double least = std::max(std::abs(range.min), std::abs(range.max)) * 1e-12;
  if (range.span() <= least) {
    const double half = range.max == 0.0 ? 1.0 : std::abs(range.max) * 0.1;
    range = {range.min - half, range.max + half};
  }
  return range;
}

Range round_outward(const Range& range, AxisScale scale) {
  const Range sound = valid(range, scale);
  if (scale == AxisScale::kLog) {
    const double low = std::floor(std::log10(sound.min) + 1e-9);
    const double high = std::max(std::ceil(std::log10(sound.max) - 1e-9), low + 1.0);
    return valid({std::pow(10.0, low), std::pow(10.0, high)}, scale);
  }
  const double step = nice_step(sound.span() / 5.0) / 2.0;
  return valid({std::floor(sound.min / step + 1e-9) * step, std::ceil(sound.max / step - 1e-9) * step},
               scale);
}

Range fit(const Range& data, AxisScale scale, const std::optional<Range>& previous) {
  const Range sound = valid(data, scale);
  const Range rounded = round_outward(sound, scale);
  if (!previous) return rounded;
  const double low = to_unit(*previous, scale, sound.min);
  const double high = to_unit(*previous, scale, sound.max);
  const double width = to_unit(*previous, scale, rounded.max) - to_unit(*previous, scale, rounded.min);
  if (low >= -1e-9 && high <= 1.0 + 1e-9 && width >= 0.5) return *previous;
  return rounded;
}

Range zoomed(const Range& range, AxisScale scale, double unit, double factor) {
  const Range out = {from_unit(range, scale, unit - unit * factor),
                     from_unit(range, scale, unit + (1.0 - unit) * factor)};
  const double most = std::max(std::abs(out.min), std::abs(out.max));
  const bool drawable = std::isfinite(most) && most < kLargest &&
                        (scale == AxisScale::kLog ? out.min > kSmallest && out.max > out.min * (1.0 + 1e-9)
                                                  : out.span() > most * 1e-12);
  return drawable ? out : range;
}

Range moved(const Range& range, AxisScale scale, double units) {
  const Range out = {from_unit(range, scale, units), from_unit(range, scale, 1.0 + units)};
  return valid(out, scale) == out ? out : range;
}

}  // namespace thalweg
