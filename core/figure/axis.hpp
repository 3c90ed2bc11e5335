// Axes: which range to show, where the ticks stand and what they say. Used by the charts on the
// screen and by the writers of SVG and CSV; knows nothing of pixels except how many there are.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/series/table.hpp"

namespace thalweg {

enum class AxisScale { kLinear, kLog };

/// An interval with min < max; on a log axis both are greater than zero.
struct Range {
  double min = 0.0;
  double max = 1.0;

  double span() const { return max - min; }
  bool operator==(const Range&) const = default;
};

/// What stands at a tick. A power of ten is drawn as `text` with `exponent` raised after it
/// ("10" and "−2", "2×10" and "−5"); an ordinary number has no exponent.
struct TickLabel {
  std::string text;
  std::string exponent;

  bool empty() const { return text.empty(); }
  /// On one line, for files: "10^−2", "250".
  std::string plain() const { return exponent.empty() ? text : text + "^" + exponent; }
};

struct Tick {
  double value = 0.0;
  bool major = true;  ///< only these carry a label and a grid line
  TickLabel label = {};
};

/// Ticks within `range` (in order), with labels at least `spacing` pixels apart on an axis that is
/// `pixels` long. At least two are major wherever the range allows it.
std::vector<Tick> ticks(const Range& range, AxisScale scale, double pixels, double spacing);

/// 0 at range.min, 1 at range.max. Beyond the ends it goes on; on a log axis values of zero and
/// below have no place and give -infinity, NaN gives NaN.
double to_unit(const Range& range, AxisScale scale, double value);
double from_unit(const Range& range, AxisScale scale, double unit);

/// A range that can be drawn, whatever is given: finite, min < max, positive on a log axis.
Range valid(Range range, AxisScale scale);

/// Rounds outward to ticks: whole decades on a log axis, multiples of a nice step on a linear one.
/// A range of no width gets some around it.
Range round_outward(const Range& range, AxisScale scale);

/// The range for data that lies in `data`. Returns `previous` as long as the data fits in it and
/// fills a good part of it, so that an axis does not jitter while a run goes on.
Range fit(const Range& data, AxisScale scale, const std::optional<Range>& previous = std::nullopt);

/// The range zoomed by `factor` (below 1: closer) about the place of `unit`, or moved by `units`
/// of its own length.
Range zoomed(const Range& range, AxisScale scale, double unit, double factor);
Range moved(const Range& range, AxisScale scale, double units);

/// 1, 2 or 5 times a power of ten: the smallest that is at least `rough`.
double nice_step(double rough);

}  // namespace thalweg
