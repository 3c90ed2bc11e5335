// An axis of a scatter or of parallel coordinates: any setting or result of many runs, numbers or words.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/compare/facts.hpp"
#include "core/figure/axis.hpp"

namespace thalweg {

/// What runs have along one axis. Plain value.
struct ValueAxis {
  std::string key;
  std::vector<std::string>
      words;  ///< the different texts, sorted, where they are not all numbers; else empty
  AxisScale scale = AxisScale::kLinear;
  Range range;  ///< of words from −0.5 to their number − 0.5

  /// Along the axis: the number, or the place of the word in `words`. NaN where a run has none, or where it
  /// has no place on a log axis.
  double place(const Fact& fact) const;
  /// 0 at the lower end, 1 at the upper; NaN as place().
  double unit(const Fact& fact) const;
};

/// @param facts  of every run; one with neither text nor a finite number has no value
/// @param scale  asked for; nothing: log where all numbers are positive and span more than two decades
ValueAxis make_value_axis(const std::string& key, std::span<const Fact> facts,
                          std::optional<AxisScale> scale = {});

/// A stretch of an axis that somebody brushed, in units of it (0 to 1).
struct Brush {
  double low = 0.0;
  double high = 1.0;

  bool operator==(const Brush&) const = default;
};

/// Whether a run lies in every brush. units and brushes by axis; a run without a value is in no brush.
bool brushed(std::span<const double> units, std::span<const std::optional<Brush>> brushes);

}  // namespace thalweg
