// Histograms against naive counting, with numbers that are none.
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "core/nn/histogram.hpp"
#include "core/random/philox.hpp"

namespace thalweg {
namespace {

TEST(Histogram, CountsAsOneByOneWould) {
  for (const int count : {2, 15, 16, 255, 300, 1027}) {
    std::vector<float> values;
    for (int i = 0; i < count; ++i)
      values.push_back(
          static_cast<float>(normal_pair(4, RandomStream::kWeights, 1, static_cast<std::uint32_t>(i))[0]));
    if (count > 20) values[7] = std::nanf(""), values[17] = INFINITY, values[18] = -INFINITY;
    const Histogram out = histogram_of(values, 7);
    double low = INFINITY, high = -INFINITY;
    for (const float v : values)
      if (std::isfinite(v)) low = std::min<double>(low, v), high = std::max<double>(high, v);
    EXPECT_EQ(out.low, low);
    EXPECT_EQ(out.high, high);
    std::vector<std::int64_t> counts(7, 0);
    for (const float v : values) {
      if (!std::isfinite(v)) continue;
      std::size_t bin = 0;
      while (bin < 6 && v >= low + (high - low) * static_cast<double>(bin + 1) / 7) ++bin;
      ++counts[bin];
    }
    EXPECT_EQ(out.counts, counts) << count;
    EXPECT_EQ(out.not_finite, count > 20 ? 3 : 0);
  }
}

TEST(Histogram, OfNothingOfEqualAndOfHugeNumbers) {
  const Histogram nothing = histogram_of({}, 3);
  EXPECT_EQ(nothing.low, 0.0);
  EXPECT_EQ(nothing.high, 1.0);
  EXPECT_EQ(nothing.counts, (std::vector<std::int64_t>{0, 0, 0}));
  EXPECT_EQ(histogram_of(std::vector<float>(300, -2.5f), 2).counts, (std::vector<std::int64_t>{300, 0}));
  const float most = std::numeric_limits<float>::max();
  EXPECT_EQ(histogram_of(std::vector<float>{-most, 0.0f, most}, 3).counts,
            (std::vector<std::int64_t>{1, 1, 1}));
  Histogram given{.low = 0.0, .high = 1.0, .counts = {0, 0}};  // beyond the ends: the first or last bin
  count_values(std::vector<float>{-most, 0.2f, most, 1e10f, 0.5f}, given);
  EXPECT_EQ(given.counts, (std::vector<std::int64_t>{2, 3}));
}

TEST(Histogram, RangeSumsEverything) {
  std::vector<float> values(1000);
  std::iota(values.begin(), values.end(), -300.0f);
  ValueRange range = range_of(values);
  EXPECT_EQ(range.low, -300.0f);
  EXPECT_EQ(range.high, 699.0f);
  EXPECT_EQ(range.sum, 199500.0);
  range.include(range_of(std::vector<float>{5000.0f, std::nanf("")}));
  EXPECT_EQ(range.high, 5000.0f);
  EXPECT_TRUE(std::isnan(range.sum));
}

}  // namespace
}  // namespace thalweg
