#include "core/series/table.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <limits>
#include <memory>
#include <mutex>
#include <random>
#include <thread>

namespace thalweg {
namespace {

void append(Table& table, double value) {
  const Table::Tail tail = table.tail();
  for (int c = 0; c < table.view().columns(); ++c) tail.column(c)[0] = value + c;
  table.commit(1);
}

Extent naive(const TableView& view, int column, std::int64_t first, std::int64_t last) {
  Extent out;
  for (std::int64_t i = std::max<std::int64_t>(first, 0); i < std::min(last, view.rows()); ++i)
    out.add(view.at(i, column));
  return out;
}

TEST(Table, ExtentEqualsANaiveScan) {
  std::mt19937 random(3);
  Table table(2);
  for (int i = 0; i < 20'000; ++i) {
    double value = std::sin(i * 0.01) * i;
    if (i == 777) value = std::numeric_limits<double>::quiet_NaN();
    if (i == 9000) value = std::numeric_limits<double>::infinity();
    append(table, value);
  }
  for (int trial = 0; trial < 3000; ++trial) {
    const auto a = static_cast<std::int64_t>(random() % 21'000);
    const auto b = a + static_cast<std::int64_t>(random() % 9000);
    const Extent got = table.view().extent(1, a, b);
    const Extent want = naive(table.view(), 1, a, b);
    ASSERT_EQ(got.any_finite, want.any_finite);
    ASSERT_EQ(got.any_nonfinite, want.any_nonfinite) << a << " " << b;
    if (want.any_finite) {
      ASSERT_EQ(got.min, want.min);
      ASSERT_EQ(got.max, want.max);
    }
  }
}

TEST(Table, RunsCoverEveryRowOnce) {
  Table table(1);
  for (int i = 0; i < 10'000; ++i) append(table, i);
  double expected = 0;
  for (std::int64_t row = 0; row < table.rows();) {
    const auto run = table.view().run(row, 0);
    ASSERT_FALSE(run.empty());
    for (const double value : run) ASSERT_EQ(value, expected++);
    row += static_cast<std::int64_t>(run.size());
  }
  EXPECT_EQ(expected, 10'000);
}

TEST(Table, ViewsKeepWhatWasCutFromTheTable) {
  for (const std::int64_t cut : {0, 1, 100, 4095, 4096, 4097, 8192}) {
    Table table(1);
    for (int i = 0; i < 9000; ++i) append(table, i);
    const TableView before = table.view();
    table.truncate(cut);
    EXPECT_EQ(table.rows(), cut);
    for (int i = 0; i < 9000; ++i) append(table, -1.0);
    EXPECT_EQ(before.rows(), 9000);
    for (std::int64_t i = 0; i < 9000; ++i) ASSERT_EQ(before.at(i, 0), static_cast<double>(i)) << cut;
    for (std::int64_t i = 0; i < cut; ++i) ASSERT_EQ(table.view().at(i, 0), static_cast<double>(i)) << cut;
    ASSERT_EQ(table.view().at(cut, 0), -1.0);
    EXPECT_FALSE(table.view().extends(before)) << cut;
  }
}

TEST(Table, AppendingExtends) {
  Table table(1);
  EXPECT_TRUE(table.view().extends(TableView()));
  for (int i = 0; i < 5000; ++i) {
    const TableView before = table.view();
    append(table, i);
    ASSERT_TRUE(table.view().extends(before));
    ASSERT_FALSE(before.extends(table.view()));
  }
}

// Labelled `threads`: run under TSan too.
TEST(Table, OneWritesWhileOthersRead) {
  std::mutex mutex;
  TableView shared;
  std::atomic<bool> done{false};
  std::atomic<std::int64_t> wrong{0};
  std::vector<std::jthread> readers;
  for (int k = 0; k < 2; ++k) {
    readers.emplace_back([&] {
      while (!done) {
        TableView view;
        {
          const std::scoped_lock lock(mutex);
          view = shared;
        }
        for (std::int64_t i = 0; i < view.rows(); i += 97)
          if (view.at(i, 0) < 0) ++wrong;
        if (view.rows() > 0 && !view.extent(0, 0, view.rows()).any_finite) ++wrong;
      }
    });
  }
  Table table(1);
  for (int i = 0; i < 60'000; ++i) {
    append(table, i);
    if (i % 9973 == 9972) table.truncate(i / 2);
    if (i % 50 == 0) {
      const std::scoped_lock lock(mutex);
      shared = table.view();
    }
  }
  done = true;
  readers.clear();
  EXPECT_EQ(wrong, 0);
}

TEST(Table, AppendsTheRowsOfAnother) {
  Table from(2), to(2);
  const auto add = [](Table& table, double value) {
    const auto tail = table.tail();
    tail.column(0)[0] = value;
    tail.column(1)[0] = -value;
    table.commit(1);
  };
  for (int i = 0; i < Table::kBlockRows + 7; ++i) add(from, i);
  for (int i = 0; i < 100; ++i) add(to, 1000 + i);
  to.append(from.view());
  ASSERT_EQ(to.rows(), Table::kBlockRows + 107);
  for (std::int64_t row = 0; row < from.rows(); ++row) {
    ASSERT_EQ(to.view().at(row + 100, 0), static_cast<double>(row));
    ASSERT_EQ(to.view().at(row + 100, 1), static_cast<double>(-row));
  }
  EXPECT_EQ(to.view().at(99, 0), 1099.0);
  add(from, 0.0);
  EXPECT_EQ(to.rows(), Table::kBlockRows + 107);
  EXPECT_THROW(Table(3).append(from.view()), std::invalid_argument);
  to.append({});
  EXPECT_EQ(to.rows(), Table::kBlockRows + 107);
}

}  // namespace
}  // namespace thalweg
