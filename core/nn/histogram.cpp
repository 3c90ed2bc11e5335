#include "core/nn/histogram.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

#include "core/optimizer/vectorise.hpp"

namespace thalweg {
namespace {

constexpr float kLargest = std::numeric_limits<float>::max();

/// The bin of each value, `bins` for those that are not finite.
inline void find_bins(const float* __restrict values, int count, double low, double scale, int bins,
                      std::int32_t* __restrict out) {
  const double last = bins - 1;
  for (int i = 0; i < count; ++i) {
    const bool finite = std::fabs(values[i]) <= kLargest;
    // Compared first: what lies outside must not be turned into an integer.
    double place = (static_cast<double>(finite ? values[i] : 0.0f) - low) * scale;
    place = place < 0.0 ? 0.0 : place;
    place = place > last ? last : place;
    out[i] = finite ? static_cast<std::int32_t>(place) : bins;
  }
}

}  // namespace

void ValueRange::include(const ValueRange& other) {
  low = std::min(low, other.low);
  high = std::max(high, other.high);
  sum += other.sum;
}

ValueRange range_of(std::span<const float> values) {
  ValueRange out;
  const auto count = static_cast<std::int64_t>(values.size());
  cpu::vectorised([&out, data = values.data(), count] {
    const float* __restrict x = data;
    out.sum = cpu::lane_sum_double(count, [&](std::int64_t i) { return static_cast<double>(x[i]); });
    float low[cpu::kLanes], high[cpu::kLanes];
    std::fill_n(low, cpu::kLanes, out.low);
    std::fill_n(high, cpu::kLanes, out.high);
    std::int64_t i = 0;
#if defined(__GNUC__)
    const float infinity = std::numeric_limits<float>::infinity();
    cpu::Lanes lows, highs, v;
    cpu::load(lows, low);
    cpu::load(highs, high);
    for (; i + cpu::kLanes <= count; i += cpu::kLanes) {
      cpu::load(v, x + i);
      const cpu::Lanes least = v >= -kLargest ? v : infinity;  // neither NaN nor −∞ is the smallest
      const cpu::Lanes most = v <= kLargest ? v : -infinity;
      lows = least < lows ? least : lows;
      highs = most > highs ? most : highs;
    }
    cpu::store(low, lows);
    cpu::store(high, highs);
#endif
    for (; i < count; ++i) {
      if (!(std::fabs(x[i]) <= kLargest)) continue;
      low[0] = std::min(low[0], x[i]);
      high[0] = std::max(high[0], x[i]);
    }
    for (int l = 0; l < cpu::kLanes; ++l) {
      out.low = std::min(out.low, low[l]);
      out.high = std::max(out.high, high[l]);
    }
  });
  return out;
}

void count_values(std::span<const float> values, Histogram& out) {
  constexpr std::size_t kBlock = 256, kTables = 4;
  const int bins = static_cast<int>(out.counts.size());
  const auto stride = out.counts.size() + 1;  // the last: not finite
  const double width = out.high - out.low;
  const double scale = width > 0.0 ? bins / width : 0.0;
  // Neighbours often share a bin, as all that a ReLU cut to 0 do: with tables in turn their additions need
  // not wait for each other.
  std::vector<std::int64_t> tables(kTables * stride, 0);
  std::array<std::int32_t, kBlock> found;
  for (std::size_t first = 0; first < values.size(); first += kBlock) {
    const auto block = values.subspan(first, std::min(kBlock, values.size() - first));
    cpu::vectorised([&, low = out.low] {
      find_bins(block.data(), static_cast<int>(block.size()), low, scale, bins, found.data());
    });
    std::size_t i = 0;
    for (; i + kTables <= block.size(); i += kTables)
      for (std::size_t t = 0; t < kTables; ++t) ++tables[t * stride + static_cast<std::size_t>(found[i + t])];
    for (; i < block.size(); ++i) ++tables[static_cast<std::size_t>(found[i])];
  }
  for (std::size_t t = 0; t < kTables; ++t) {
    for (std::size_t b = 0; b + 1 < stride; ++b) out.counts[b] += tables[t * stride + b];
    out.not_finite += tables[t * stride + stride - 1];
  }
}

Histogram histogram_of(std::span<const float> values, int bins) {
  Histogram out;
  out.counts.assign(static_cast<std::size_t>(bins), 0);
  const ValueRange range = range_of(values);
  if (range.low <= range.high) out.low = range.low, out.high = range.high;
  count_values(values, out);
  return out;
}

}  // namespace thalweg
