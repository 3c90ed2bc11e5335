// Results as they are made: an append-only table of doubles, one row per step, that one thread
// writes while others read snapshots without a lock and without a copy of the numbers.
//
// Rows live in blocks. A full block never changes and carries a min/max pyramid, so that a chart
// of a million points finds a one-step spike without reading them all.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace thalweg {

/// Smallest and largest finite value of a range, and whether something in it was not finite.
struct Extent {
  double min = 0.0;
  double max = 0.0;
  bool any_finite = false;
  bool any_nonfinite = false;

  void add(double value);
  void add(const Extent& other);
};

class TableBlock;

/// A snapshot: rows [0, rows()) as they were when it was taken. Cheap to copy. Any thread.
class TableView {
 public:
  TableView() = default;

  std::int64_t rows() const { return rows_; }
  int columns() const { return columns_; }
  double at(std::int64_t row, int column) const;
  /// The rows from `row` on that lie contiguous in memory, at least one, at most to the end.
  std::span<const double> run(std::int64_t row, int column) const;
  /// Extent of a column over rows [first, last), clamped to what is there. O(log) for long ranges.
  Extent extent(int column, std::int64_t first, std::int64_t last) const;

  /// The first `rows` rows, or all of them if there are fewer.
  TableView first(std::int64_t rows) const;

  /// True if this is the same table as `older`, with rows appended at most: what was read from
  /// `older` still holds.
  bool extends(const TableView& older) const;

 private:
  friend class Table;
  std::vector<std::shared_ptr<const TableBlock>> blocks_;
  std::int64_t rows_ = 0;
  int columns_ = 0;
};

/// The writer's side. One thread at a time; views may outlive it.
class Table {
 public:
  static constexpr int kBlockRows = 4096;

  explicit Table(int columns);

  /// Room for `count()` further rows, contiguous in each column. Nothing is visible before commit.
  class Tail {
   public:
    int count() const { return count_; }
    double* column(int index) const { return data_ + static_cast<std::ptrdiff_t>(index) * kBlockRows; }

   private:
    friend class Table;
    double* data_ = nullptr;
    int count_ = 0;
  };
  Tail tail();
  /// Makes the first `count` rows of the last tail() part of the table.
  void commit(int count);

  /// Copies rows of a table with as many columns to the end.
  void append(const TableView& rows);

  /// Drops rows from `rows` on. Views taken before keep them.
  void truncate(std::int64_t rows);

  std::int64_t rows() const { return view_.rows_; }
  const TableView& view() const { return view_; }

 private:
  TableView view_;
  std::vector<std::shared_ptr<TableBlock>> blocks_;  ///< the same blocks, writable
};

}  // namespace thalweg
