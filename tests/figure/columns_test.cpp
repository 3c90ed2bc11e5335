#include "core/figure/columns.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

namespace thalweg {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

void append(Table& table, std::int64_t count, const std::function<double(std::int64_t)>& value) {
  const std::int64_t end = table.rows() + count;
  while (table.rows() < end) {
    const Table::Tail tail = table.tail();
    const int now = static_cast<int>(std::min<std::int64_t>(tail.count(), end - table.rows()));
    for (int i = 0; i < now; ++i) tail.column(0)[i] = value(table.rows() + i);
    table.commit(now);
  }
}

Table filled(std::int64_t count, const std::function<double(std::int64_t)>& value) {
  Table table(1);
  append(table, count, value);
  return table;
}

TEST(Decimate, KeepsASpikeOfOneStepInAMillion) {
  for (const std::int64_t spike : {std::int64_t{0}, std::int64_t{517'331}, std::int64_t{999'999}}) {
    const Table table = filled(1'000'000, [&](std::int64_t row) { return row == spike ? 42.0 : 1.0; });
    const auto columns = decimate(table.view(), 0, 0, 1'000'000, 300);
    EXPECT_LE(columns.size(), 302u);
    const auto holds = [](const ColumnExtent& c) { return c.max == 42.0; };
    ASSERT_EQ(std::count_if(columns.begin(), columns.end(), holds), 1) << spike;
    const auto at = std::find_if(columns.begin(), columns.end(), holds);
    EXPECT_NEAR(at->x, static_cast<double>(spike), 1e6 / 300.0);
  }
}

TEST(Decimate, CoversEveryRowOnce) {
  const Table table = filled(10'007, [](std::int64_t row) { return static_cast<double>(row); });
  const auto columns = decimate(table.view(), 0, 0, 10'007, 97);
  ASSERT_FALSE(columns.empty());
  EXPECT_EQ(columns.front().first, 0.0);
  EXPECT_EQ(columns.back().last, 10'006.0);
  for (std::size_t i = 1; i < columns.size(); ++i) EXPECT_EQ(columns[i].first, columns[i - 1].last + 1.0);
}

TEST(Decimate, MarksWhatIsNotFinite) {
  const Table table = filled(50'000, [](std::int64_t row) {
    if (row == 12'345) return kNan;
    if (row >= 40'000) return kInf;
    return 1.0;
  });
  const auto columns = decimate(table.view(), 0, 0, 50'000, 200);
  int within = 0;
  for (const auto& c : columns) {
    if (c.x < 39'000) {
      EXPECT_TRUE(c.any);
      EXPECT_EQ(c.max, 1.0);
      within += c.gap ? 1 : 0;
    }
    if (c.x > 41'000) {
      EXPECT_FALSE(c.any);
      EXPECT_TRUE(c.gap);
    }
  }
  EXPECT_EQ(within, 1);
}

TEST(Decimate, GivesSingleRowsWhenZoomedIn) {
  const Table table = filled(1000, [](std::int64_t row) { return static_cast<double>(row * row); });
  const auto columns = decimate(table.view(), 0, 100.5, 110.5, 300);
  ASSERT_GE(columns.size(), 12u);
  EXPECT_LE(columns.front().x, 100.0) << "the curve must run out of the picture";
  EXPECT_GE(columns.back().x, 111.0);
  for (const auto& c : columns) EXPECT_EQ(c.min, c.x * c.x);
}

TEST(Decimate, SpacesColumnsEvenlyOnALogAxis) {
  const Table table = filled(100'000, [](std::int64_t row) { return row == 70'001 ? 9.0 : 0.0; });
  const auto columns = decimate(table.view(), 0, 1, 100'000, 100, AxisScale::kLog);
  EXPECT_LE(columns.size(), 102u);
  EXPECT_EQ(columns.front().x, 1.0);
  EXPECT_EQ(std::count_if(columns.begin(), columns.end(), [](const auto& c) { return c.max == 9.0; }), 1);
}

TEST(Decimate, TakesPoints) {
  std::vector<double> x, y;
  for (int i = 0; i < 100'000; ++i) {
    x.push_back(1e-6 * std::pow(10.0, i / 20'000.0));
    y.push_back(i == 60'000 ? -5.0 : 1.0);
  }
  const auto columns = decimate(x, y, 1e-6, 1e-1, 200, AxisScale::kLog);
  EXPECT_LE(columns.size(), 202u);
  EXPECT_GE(columns.size(), 190u);
  EXPECT_EQ(std::count_if(columns.begin(), columns.end(), [](const auto& c) { return c.min == -5.0; }), 1);
}

TEST(Decimate, TakesNothing) {
  EXPECT_TRUE(decimate(TableView{}, 0, 0, 10, 100).empty());
  EXPECT_TRUE(decimate(std::span<const double>{}, {}, 0, 10, 100).empty());
  const Table table = filled(10, [](std::int64_t) { return 1.0; });
  EXPECT_TRUE(decimate(table.view(), 0, 5, 5, 100).empty());
  EXPECT_TRUE(decimate(table.view(), 0, kNan, 5, 100).empty());
  EXPECT_TRUE(decimate(table.view(), 0, 1e12, 2e12, 100).empty() ||
              decimate(table.view(), 0, 1e12, 2e12, 100).size() <= 1);
}

TEST(SmallestPositive, LooksPastZeros) {
  const Table table = filled(20'000, [](std::int64_t row) { return row < 15'000 ? 2.0 - row * 1e-4 : 0.0; });
  EXPECT_NEAR(smallest_positive(table.view(), 0, 0, 20'000), 2.0 - 14'999e-4, 1e-12);
  EXPECT_EQ(smallest_positive(table.view(), 0, 16'000, 20'000), 0.0);
}

void expect_same(std::span<const ColumnExtent> a, std::span<const ColumnExtent> b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].x, b[i].x);
    EXPECT_EQ(a[i].min, b[i].min);
    EXPECT_EQ(a[i].max, b[i].max);
    EXPECT_EQ(a[i].first, b[i].first);
    EXPECT_EQ(a[i].last, b[i].last);
    EXPECT_EQ(a[i].gap, b[i].gap);
  }
}

TEST(ColumnCache, ReadsOnlyWhatIsNew) {
  const auto wave = [](std::int64_t row) { return std::sin(0.01 * static_cast<double>(row)); };
  Table table = filled(50'000, wave);
  ColumnCache cache;
  cache.update(table.view(), 0, 0, 100'000, 300);
  EXPECT_GT(cache.read_anew(), 100);
  cache.update(table.view(), 0, 0, 100'000, 300);
  EXPECT_EQ(cache.read_anew(), 0);
  append(table, 400, wave);
  const auto grown = cache.update(table.view(), 0, 0, 100'000, 300);
  EXPECT_LE(cache.read_anew(), 3);
  expect_same(grown, decimate(table.view(), 0, 0, 100'000, 300));
}

TEST(ColumnCache, AgreesWithDecimateHoweverTheViewMoves) {
  const auto wave = [](std::int64_t row) { return std::sin(0.37 * static_cast<double>(row)); };
  Table table = filled(9'000, wave);
  ColumnCache cache;
  double x0 = 0, x1 = 9'000;
  std::uint64_t state = 1;
  for (int i = 0; i < 300; ++i) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    const double dice = static_cast<double>(state >> 40) / (1 << 24);
    if (i % 3 == 0) append(table, static_cast<std::int64_t>(dice * 500), wave);
    if (i % 7 == 1) x0 += (dice - 0.5) * 3000, x1 += (dice - 0.5) * 3000;
    if (i % 11 == 2) x1 = x0 + 1 + dice * 20'000;
    if (i % 31 == 5) table.truncate(static_cast<std::int64_t>(dice * static_cast<double>(table.rows())));
    const auto columns = cache.update(table.view(), 0, x0, x1, 200);
    expect_same(columns, decimate(table.view(), 0, x0, x1, 200));
    if (HasFailure()) FAIL() << "at " << i;
  }
}

TEST(ColumnCache, SeesARewriteBehindTheSameLength) {
  Table table = filled(10'000, [](std::int64_t) { return 1.0; });
  ColumnCache cache;
  cache.update(table.view(), 0, 0, 10'000, 100);
  table.truncate(5'000);
  append(table, 5'000, [](std::int64_t) { return 2.0; });
  const auto columns = cache.update(table.view(), 0, 0, 10'000, 100);
  EXPECT_EQ(columns.back().max, 2.0);
}

TEST(ColumnWidth, NeedsNoMoreColumnsThanPixels) {
  for (double rows = 1; rows < 1e7; rows *= 1.07) {
    const std::int64_t width = column_width(rows, 300);
    EXPECT_LE(rows / static_cast<double>(width), 300.0);
    if (rows > 3000) {
      EXPECT_GT(rows / static_cast<double>(width), 220.0);
    }
  }
}

}  // namespace
}  // namespace thalweg
