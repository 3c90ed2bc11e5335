#include "core/store/rollup.hpp"

#include <algorithm>
#include <cmath>

namespace thalweg::store {
namespace {

constexpr int kFinest = 6;

}  // namespace

void Bucket::add(double value) {
  if (count == 0) first = value;
  last = value;
  ++count;
  if (!std::isfinite(value)) {
    ++gaps;
    return;
  }
  // Written so that the NaN of an empty bucket gives way.
  if (!(min <= value)) min = value;
  if (!(max >= value)) max = value;
}

void Bucket::add(const Bucket& later) {
  if (later.count == 0) return;
  if (count == 0) first = later.first;
  last = later.last;
  count += later.count;
  gaps += later.gaps;
  if (!(min <= later.min) && !std::isnan(later.min)) min = later.min;
  if (!(max >= later.max) && !std::isnan(later.max)) max = later.max;
}

int base_level(double stride) {
  return kFinest + std::clamp(static_cast<int>(std::floor(std::log2(std::max(stride, 1.0)))), 0, 40);
}

std::map<std::int64_t, Bucket> buckets(std::span<const std::int64_t> steps, std::span<const double> values,
                                       int level) {
  std::map<std::int64_t, Bucket> out;
  for (std::size_t i = 0; i < steps.size();) {
    const std::int64_t number = steps[i] >> level;
    Bucket& bucket = out.emplace_hint(out.end(), number, Bucket())->second;
    for (; i < steps.size() && steps[i] >> level == number; ++i) bucket.add(values[i]);
  }
  return out;
}

std::map<std::int64_t, Bucket> widen(const std::map<std::int64_t, Bucket>& narrow, int by) {
  std::map<std::int64_t, Bucket> out;
  for (const auto& [number, bucket] : narrow)
    out.emplace_hint(out.end(), number >> by, Bucket())->second.add(bucket);
  return out;
}

void ColumnSink::open(std::int64_t first, std::int64_t last) {
  const std::int64_t number = first >> level_;
  if (number != number_) {
    close();
    number_ = number;
    first_ = first;
  }
  last_ = last;
}

void ColumnSink::close() {
  if (number_ >= 0)
    columns_.push_back({.x = 0.5 * (static_cast<double>(first_) + static_cast<double>(last_)),
                        .min = std::isnan(bucket_.min) ? 0.0 : bucket_.min,
                        .max = std::isnan(bucket_.max) ? 0.0 : bucket_.max,
                        .first = bucket_.first,
                        .last = bucket_.last,
                        .any = bucket_.count > bucket_.gaps,
                        .gap = bucket_.gaps > 0});
  bucket_ = {};
}

void ColumnSink::add(std::int64_t step, double value) {
  open(step, step);
  bucket_.add(value);
}

void ColumnSink::add(std::int64_t first, std::int64_t last, const Bucket& bucket) {
  open(first, last);
  bucket_.add(bucket);
}

std::vector<ColumnExtent> ColumnSink::take() {
  close();
  number_ = -1;
  return std::move(columns_);
}

}  // namespace thalweg::store
