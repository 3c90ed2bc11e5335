// Batch order and splits: permutations that are fair, repeatable and different where they should be.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <numeric>
#include <stdexcept>
#include <vector>

#include "core/data/order.hpp"

namespace thalweg::test {
namespace {

std::vector<std::uint32_t> order_of(std::size_t count, std::uint64_t seed, std::int64_t epoch) {
  std::vector<std::uint32_t> order(count, 12345);
  batch_order(seed, epoch, order);
  return order;
}

bool is_permutation_of_indices(std::vector<std::uint32_t> order) {
  std::sort(order.begin(), order.end());
  for (std::size_t i = 0; i < order.size(); ++i)
    if (order[i] != i) return false;
  return true;
}

TEST(BatchOrder, IsAPermutation) {
  for (const std::size_t count : {0, 1, 2, 3, 7, 64, 60000, 60001})
    EXPECT_TRUE(is_permutation_of_indices(order_of(count, 5, 2))) << count;
}

TEST(BatchOrder, DependsOnSeedAndEpochAlone) {
  const auto first = order_of(1000, 1, 0);
  EXPECT_EQ(order_of(1000, 1, 0), first);
  // Two random orders agree in one place on average; these differ nearly everywhere.
  for (const auto& other :
       {order_of(1000, 1, 1), order_of(1000, 2, 0), order_of(1000, std::uint64_t{1} << 32, 0),
        order_of(1000, 1, std::int64_t{1} << 32)}) {
    int same = 0;
    for (std::size_t i = 0; i < 1000; ++i) same += first[i] == other[i] ? 1 : 0;
    EXPECT_LT(same, 8);
  }
}

/// The same on every machine and for ever: a run of a seed must stay what it was. Worked out by a separate
/// program from the published Philox.
TEST(BatchOrder, KnownOrders) {
  EXPECT_EQ(order_of(10, 0, 0), (std::vector<std::uint32_t>{7, 2, 9, 1, 0, 5, 6, 3, 4, 8}));
  EXPECT_EQ(order_of(10, 42, 7), (std::vector<std::uint32_t>{4, 2, 8, 1, 6, 7, 5, 9, 0, 3}));
}

/// All 24 orders of four, over many epochs: 23 degrees of freedom, 99.99 % below 56.
TEST(BatchOrder, IsUniformOverAllOrders) {
  constexpr int kDraws = 48000;
  std::map<std::vector<std::uint32_t>, int> seen;
  for (int epoch = 0; epoch < kDraws; ++epoch) ++seen[order_of(4, 9, epoch)];
  ASSERT_EQ(seen.size(), 24U);
  double chi = 0.0;
  for (const auto& [order, count] : seen) chi += std::pow(count - kDraws / 24.0, 2) / (kDraws / 24.0);
  EXPECT_LT(chi, 56.0);
  EXPECT_GT(chi, 5.0) << "too even to be random";
}

/// Where each of ten items comes to stand: for every item and over seeds. 81 degrees of freedom.
TEST(BatchOrder, EveryItemGoesEverywhere) {
  constexpr int kDraws = 20000;
  std::array<std::array<int, 10>, 10> seen{};
  for (int seed = 0; seed < kDraws; ++seed) {
    const auto order = order_of(10, static_cast<std::uint64_t>(seed), 3);
    for (std::size_t place = 0; place < 10; ++place) ++seen[order[place]][place];
  }
  double chi = 0.0;
  for (const auto& item : seen)
    for (const int count : item) chi += std::pow(count - kDraws / 10.0, 2) / (kDraws / 10.0);
  EXPECT_LT(chi, 136.0);  // 99.99 %
  EXPECT_GT(chi, 40.0);
}

TEST(UniformBelow, EndsAndMiddle) {
  constexpr std::uint32_t kMost = 0xffffffff;
  EXPECT_EQ(uniform_below(7, 0, 0), 0U);
  EXPECT_EQ(uniform_below(7, kMost, kMost), 6U);
  EXPECT_EQ(uniform_below(1, kMost, kMost), 0U);
  EXPECT_EQ(uniform_below(kMost, kMost, kMost), kMost - 1);
  EXPECT_EQ(uniform_below(2, 0x7fffffff, kMost), 0U);
  EXPECT_EQ(uniform_below(2, 0x80000000, 0), 1U);
  // The lower word decides just above a third.
  EXPECT_EQ(uniform_below(3, 0x55555555, 0x55555555), 0U);
  EXPECT_EQ(uniform_below(3, 0x55555555, 0x55555556), 1U);
}

TEST(UnitUniform, IsOpenAtBothEnds) {
  EXPECT_GT(unit_uniform(0, 0), 0.0);
  EXPECT_LT(unit_uniform(0xffffffff, 0xffffffff), 1.0);
  EXPECT_NEAR(unit_uniform(0x80000000, 0), 0.5, 1e-15);
}

// Splits ------------------------------------------------------------------------------------------

/// Classes of 500, 300, 150 and 50, mixed.
Dataset uneven_classes() {
  Dataset data;
  data.classes = 4;
  data.features = 1;
  data.train.count = 1000;
  for (int i = 0; i < 1000; ++i) {
    const int at = i * 7 % 20;
    data.train.labels.push_back(static_cast<std::uint8_t>(at < 10 ? 0 : at < 16 ? 1 : at < 19 ? 2 : 3));
  }
  return data;
}

std::vector<std::int64_t> per_class(const Dataset& data, const std::vector<std::uint32_t>& indices) {
  std::vector<std::int64_t> count(static_cast<std::size_t>(data.classes));
  for (const std::uint32_t i : indices) ++count[data.train.labels[i]];
  return count;
}

TEST(Split, IsDisjointCompleteAndStratified) {
  const Dataset data = uneven_classes();
  const Split parts = split(data, 200, 11);
  EXPECT_EQ(per_class(data, parts.validation), (std::vector<std::int64_t>{100, 60, 30, 10}));
  EXPECT_EQ(per_class(data, parts.train), (std::vector<std::int64_t>{400, 240, 120, 40}));
  std::vector<std::uint32_t> all = parts.train;
  all.insert(all.end(), parts.validation.begin(), parts.validation.end());
  EXPECT_TRUE(is_permutation_of_indices(all));
  EXPECT_TRUE(std::is_sorted(parts.train.begin(), parts.train.end()));
  EXPECT_TRUE(std::is_sorted(parts.validation.begin(), parts.validation.end()));
}

TEST(Split, GivesExactlyTheNumberAskedFor) {
  const Dataset data = uneven_classes();
  for (const std::int64_t count : {0, 1, 2, 3, 19, 333, 999, 1000}) {
    const Split parts = split(data, count, 11);
    ASSERT_EQ(std::ssize(parts.validation), count);
    EXPECT_EQ(std::ssize(parts.train), 1000 - count);
    const auto got = per_class(data, parts.validation);
    const std::array<double, 4> share{0.5, 0.3, 0.15, 0.05};
    for (std::size_t k = 0; k < 4; ++k)
      EXPECT_LT(std::abs(static_cast<double>(got[k]) - share[k] * static_cast<double>(count)), 1.0) << count;
  }
  EXPECT_THROW(split(data, 1001, 0), std::invalid_argument);
  EXPECT_THROW(split(data, -1, 0), std::invalid_argument);
}

TEST(Split, DependsOnTheSeed) {
  const Dataset data = uneven_classes();
  EXPECT_EQ(split(data, 100, 1).validation, split(data, 100, 1).validation);
  EXPECT_NE(split(data, 100, 1).validation, split(data, 100, 2).validation);
  // Over many seeds everyone's turn comes equally often: 999 degrees of freedom, and the counts of a draw
  // without replacement vary by 0.9 of those with.
  std::vector<int> turns(1000);
  constexpr int kSeeds = 2000;
  for (int seed = 0; seed < kSeeds; ++seed)
    for (const std::uint32_t i : split(data, 100, static_cast<std::uint64_t>(seed)).validation) ++turns[i];
  double chi = 0.0;
  for (const int count : turns) chi += std::pow(count - 0.1 * kSeeds, 2) / (0.1 * 0.9 * kSeeds);
  EXPECT_NEAR(chi, 1000.0, 4 * std::sqrt(2000.0));
}

TEST(Split, RegressionHasNoClasses) {
  Dataset data;
  data.features = 1;
  data.train.count = 50;
  data.train.targets.resize(50);
  const Split parts = split(data, 10, 3);
  EXPECT_EQ(parts.validation.size(), 10U);
  EXPECT_EQ(parts.train.size(), 40U);
}

TEST(KeepOnly, MovesEverythingThatBelongsToASample) {
  Samples samples;
  samples.count = 5;
  samples.values = {0, 1, 10, 11, 20, 21, 30, 31, 40, 41};
  samples.targets = {0, 1, 2, 3, 4};
  keep_only(samples, 2, std::vector<std::uint32_t>{0, 3, 4});
  EXPECT_EQ(samples.count, 3);
  EXPECT_EQ(samples.values, (std::vector<float>{0, 1, 30, 31, 40, 41}));
  EXPECT_EQ(samples.targets, (std::vector<float>{0, 3, 4}));
}

}  // namespace
}  // namespace thalweg::test
