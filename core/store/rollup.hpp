// A long series in short: smallest, largest, first and last value of buckets of 2^level steps, at six
// levels, each four times as wide as the one below. The newest bucket of each level grows with the series,
// so every level covers all of it.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <span>
#include <vector>

#include "core/figure/columns.hpp"

namespace thalweg::store {

struct Bucket {
  std::int64_t count = 0;
  std::int64_t gaps = 0;                                  ///< values that are not finite
  double min = std::numeric_limits<double>::quiet_NaN();  ///< of the finite ones; NaN: there are none
  double max = std::numeric_limits<double>::quiet_NaN();
  double first = 0.0;
  double last = 0.0;

  void add(double value);
  /// What comes after it.
  void add(const Bucket& later);
};

inline constexpr int kLevels = 6;
inline constexpr int kLevelStep = 2;  ///< from one level to the next: four times as wide

/// The finest level for a series whose points are that many steps apart: 64 points or so in a bucket.
int base_level(double stride);

/// The buckets of one level over the points, by their number (step >> level).
std::map<std::int64_t, Bucket> buckets(std::span<const std::int64_t> steps, std::span<const double> values,
                                       int level);

/// The same of a wider level, from the buckets of a narrower one.
std::map<std::int64_t, Bucket> widen(const std::map<std::int64_t, Bucket>& narrow, int by);

/// Collects points and buckets, ascending, into columns of 2^level steps each.
class ColumnSink {
 public:
  explicit ColumnSink(int level) : level_(level) {}

  void add(std::int64_t step, double value);
  /// A bucket over the steps [first, last], within one column.
  void add(std::int64_t first, std::int64_t last, const Bucket& bucket);
  std::vector<ColumnExtent> take();

 private:
  void open(std::int64_t first, std::int64_t last);
  void close();

  int level_;
  std::int64_t number_ = -1;
  std::int64_t first_ = 0;
  std::int64_t last_ = 0;
  Bucket bucket_;
  std::vector<ColumnExtent> columns_;
};

}  // namespace thalweg::store
