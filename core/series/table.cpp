#include "core/series/table.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <limits>
#include <stdexcept>

namespace thalweg {

void Extent::add(double value) {
  if (!std::isfinite(value)) {
    any_nonfinite = true;
    return;
  }
  min = any_finite ? std::min(min, value) : value;
  max = any_finite ? std::max(max, value) : value;
  any_finite = true;
}

void Extent::add(const Extent& other) {
  any_nonfinite = any_nonfinite || other.any_nonfinite;
  if (!other.any_finite) return;
  min = any_finite ? std::min(min, other.min) : other.min;
  max = any_finite ? std::max(max, other.max) : other.max;
  any_finite = true;
}

/// Columns of kBlockRows numbers, one after the other, and for a full block the extents of every
/// 16, 256 and 4096 rows.
class TableBlock {
 public:
  static constexpr int kRows = Table::kBlockRows;
  static constexpr int kFan = 16;
  static constexpr int kFine = kRows / kFan;
  static constexpr int kCoarse = kFine / kFan;

  explicit TableBlock(int columns)
      : columns_(columns), data_(new double[static_cast<std::size_t>(columns) * kRows]) {}

  double* column(int index) { return data_.get() + static_cast<std::ptrdiff_t>(index) * kRows; }
  const double* column(int index) const { return data_.get() + static_cast<std::ptrdiff_t>(index) * kRows; }
  double* data() { return data_.get(); }
  bool sealed() const { return sealed_.load(std::memory_order_acquire); }

  void seal() {
    pyramid_.resize(static_cast<std::size_t>(columns_));
    for (int c = 0; c < columns_; ++c) {
      Levels& levels = pyramid_[static_cast<std::size_t>(c)];
      const double* values = column(c);
      for (int i = 0; i < kFine; ++i)
        levels.fine[static_cast<std::size_t>(i)] = scan(values + i * kFan, kFan);
      for (int i = 0; i < kFine; ++i)
        levels.coarse[static_cast<std::size_t>(i / kFan)].add(levels.fine[static_cast<std::size_t>(i)]);
      for (const Extent& extent : levels.coarse) levels.whole.add(extent);
    }
    sealed_.store(true, std::memory_order_release);
  }

  /// Extent over rows [first, last) of this block.
  Extent extent(int c, int first, int last) const {
    Extent out;
    const double* values = column(c);
    if (!sealed()) {
      for (int i = first; i < last; ++i) out.add(values[i]);
      return out;
    }
    const Levels& levels = pyramid_[static_cast<std::size_t>(c)];
    if (first == 0 && last == kRows) return levels.whole;
    while (first < last) {
      if (first % (kFan * kFan) == 0 && last - first >= kFan * kFan) {
        out.add(levels.coarse[static_cast<std::size_t>(first / (kFan * kFan))]);
        first += kFan * kFan;
      } else if (first % kFan == 0 && last - first >= kFan) {
        out.add(levels.fine[static_cast<std::size_t>(first / kFan)]);
        first += kFan;
      } else {
        out.add(values[first++]);
      }
    }
    return out;
  }

 private:
  struct Levels {
    std::array<Extent, kFine> fine;
    std::array<Extent, kCoarse> coarse;
    Extent whole;
  };

  /// The extent of a few values without a branch for each: this is on the path of every step.
  static Extent scan(const double* values, int count) {
    double low = std::numeric_limits<double>::infinity();
    double high = -low;
    bool finite = true;
    for (int i = 0; i < count; ++i) {
      low = values[i] < low ? values[i] : low;
      high = values[i] > high ? values[i] : high;
      finite = finite & (values[i] - values[i] == 0.0);
    }
    Extent out;
    if (finite) {
      out = {low, high, true, false};
    } else {
      for (int i = 0; i < count; ++i) out.add(values[i]);
    }
    return out;
  }

  int columns_;
  std::unique_ptr<double[]> data_;
  std::vector<Levels> pyramid_;
  std::atomic<bool> sealed_{false};  ///< readers of the block's last rows may be here meanwhile
};

double TableView::at(std::int64_t row, int column) const {
  return blocks_[static_cast<std::size_t>(row / Table::kBlockRows)]->column(column)[row % Table::kBlockRows];
}

std::span<const double> TableView::run(std::int64_t row, int column) const {
  const std::int64_t within = row % Table::kBlockRows;
  const std::int64_t count = std::min<std::int64_t>(Table::kBlockRows - within, rows_ - row);
  return {blocks_[static_cast<std::size_t>(row / Table::kBlockRows)]->column(column) + within,
          static_cast<std::size_t>(count)};
}

Extent TableView::extent(int column, std::int64_t first, std::int64_t last) const {
  Extent out;
  first = std::max<std::int64_t>(first, 0);
  last = std::min(last, rows_);
  while (first < last) {
    const std::int64_t block = first / Table::kBlockRows;
    const std::int64_t base = block * Table::kBlockRows;
    const std::int64_t end = std::min(last, base + Table::kBlockRows);
    out.add(blocks_[static_cast<std::size_t>(block)]->extent(column, static_cast<int>(first - base),
                                                             static_cast<int>(end - base)));
    first = end;
  }
  return out;
}

TableView TableView::first(std::int64_t rows) const {
  TableView out = *this;
  out.rows_ = std::clamp<std::int64_t>(rows, 0, rows_);
  out.blocks_.resize(static_cast<std::size_t>((out.rows_ + Table::kBlockRows - 1) / Table::kBlockRows));
  return out;
}

bool TableView::extends(const TableView& older) const {
  if (older.rows_ == 0) return true;
  // A table that was cut goes on in a new block, so the last block tells; `older` keeps its own alive,
  // so no other can have its address.
  const auto last = static_cast<std::size_t>((older.rows_ - 1) / Table::kBlockRows);
  return rows_ >= older.rows_ && blocks_[last] == older.blocks_[last];
}

Table::Table(int columns) { view_.columns_ = columns; }

Table::Tail Table::tail() {
  const int used = static_cast<int>(view_.rows_ % kBlockRows);
  if (used == 0 && view_.rows_ == static_cast<std::int64_t>(blocks_.size()) * kBlockRows) {
    blocks_.push_back(std::make_shared<TableBlock>(view_.columns_));
    view_.blocks_.push_back(blocks_.back());
  }
  Tail out;
  out.data_ = blocks_.back()->data() + used;
  out.count_ = kBlockRows - used;
  return out;
}

void Table::commit(int count) {
  view_.rows_ += count;
  if (count > 0 && view_.rows_ % kBlockRows == 0) blocks_.back()->seal();
}

void Table::append(const TableView& rows) {
  if (rows.rows() > 0 && rows.columns() != view_.columns_)
    throw std::invalid_argument("rows of another table cannot be appended");
  for (std::int64_t row = 0; row < rows.rows();) {
    const Tail room = tail();
    const auto count = static_cast<int>(std::min<std::int64_t>(room.count(), rows.rows() - row));
    for (int column = 0; column < rows.columns(); ++column)
      for (int i = 0; i < count; ++i) room.column(column)[i] = rows.at(row + i, column);
    commit(count);
    row += count;
  }
}

void Table::truncate(std::int64_t rows) {
  if (rows >= view_.rows_) return;
  view_.rows_ = std::max<std::int64_t>(rows, 0);
  const auto keep = static_cast<std::size_t>((view_.rows_ + kBlockRows - 1) / kBlockRows);
  blocks_.resize(keep);
  view_.blocks_.resize(keep);
  const int used = static_cast<int>(view_.rows_ % kBlockRows);
  if (used == 0) return;
  // Views taken earlier may still read the rows that come next: continue on a copy.
  auto copy = std::make_shared<TableBlock>(view_.columns_);
  for (int c = 0; c < view_.columns_; ++c) std::copy_n(blocks_.back()->column(c), used, copy->column(c));
  blocks_.back() = copy;
  view_.blocks_.back() = copy;
}

}  // namespace thalweg
