// Where many numbers lie: their ends, their sum, how many fall into each bin. Fast enough to be asked
// while a network trains.
#pragma once

#include <limits>
#include <span>

#include "core/nn/engine.hpp"

namespace thalweg {

struct ValueRange {
  float low =
      std::numeric_limits<float>::infinity();  ///< smallest finite value; above `high` if there is none
  float high = -std::numeric_limits<float>::infinity();
  double sum = 0.0;  ///< of all values: NaN if one is

  /// That of both.
  void include(const ValueRange& other);
};

ValueRange range_of(std::span<const float> values);

/// Adds the values to the bins of `out`, which has its ends and at least one bin. Where the ends are equal
/// all values are in the first.
void count_values(std::span<const float> values, Histogram& out);

/// From the smallest to the largest value, in `bins` >= 1 bins; from 0 to 1 if there is no finite value.
Histogram histogram_of(std::span<const float> values, int bins);

}  // namespace thalweg
