#include "core/compare/axes.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace thalweg {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
/// Where the largest number is more than so many times the smallest, the axis is a log one.
constexpr double kLogFrom = 100.0;

bool empty(const Fact& fact) { return fact.text.empty() && !std::isfinite(fact.number); }

}  // namespace

double ValueAxis::place(const Fact& fact) const {
  if (empty(fact)) return kNaN;
  if (!words.empty()) {
    const auto at = std::lower_bound(words.begin(), words.end(), fact.text);
    return at != words.end() && *at == fact.text ? static_cast<double>(at - words.begin()) : kNaN;
  }
  if (!std::isfinite(fact.number) || (scale == AxisScale::kLog && fact.number <= 0.0)) return kNaN;
  return fact.number;
}

double ValueAxis::unit(const Fact& fact) const {
  const double at = place(fact);
  return std::isfinite(at) ? to_unit(range, scale, at) : kNaN;
}

ValueAxis make_value_axis(const std::string& key, std::span<const Fact> facts,
                          std::optional<AxisScale> scale) {
  ValueAxis out;
  out.key = key;
  const bool words = std::any_of(facts.begin(), facts.end(), [](const Fact& fact) {
    return !fact.text.empty() && !std::isfinite(fact.number);
  });
  if (words) {
    for (const Fact& fact : facts)
      if (!fact.text.empty()) out.words.push_back(fact.text);
    std::sort(out.words.begin(), out.words.end());
    out.words.erase(std::unique(out.words.begin(), out.words.end()), out.words.end());
    out.range = {-0.5, static_cast<double>(out.words.size()) - 0.5};
    return out;
  }
  double low = std::numeric_limits<double>::infinity(), high = -low, least = low;
  for (const Fact& fact : facts) {
    if (!std::isfinite(fact.number)) continue;
    low = std::min(low, fact.number);
    high = std::max(high, fact.number);
    if (fact.number > 0.0) least = std::min(least, fact.number);
  }
  const bool positive = std::isfinite(least);
  out.scale =
      scale.value_or(positive && low > 0.0 && high > kLogFrom * low ? AxisScale::kLog : AxisScale::kLinear);
  if (!positive) out.scale = AxisScale::kLinear;
  if (out.scale == AxisScale::kLog) low = least;
  if (!std::isfinite(low)) low = 0.0, high = 1.0;
  out.range = round_outward({low, high}, out.scale);
  return out;
}

bool brushed(std::span<const double> units, std::span<const std::optional<Brush>> brushes) {
  for (std::size_t i = 0; i < std::min(units.size(), brushes.size()); ++i)
    if (brushes[i] && !(units[i] >= brushes[i]->low && units[i] <= brushes[i]->high)) return false;
  return true;
}

}  // namespace thalweg
