#include "core/figure/columns.hpp"

#include <algorithm>
#include <cmath>

namespace thalweg {
namespace {

ColumnExtent column_of(const TableView& view, int column, std::int64_t first, std::int64_t last) {
  ColumnExtent out;
  out.x = 0.5 * static_cast<double>(first + last - 1);
  out.first = view.at(first, column);
  if (last - first == 1) {
    out.last = out.min = out.max = out.first;
    out.any = std::isfinite(out.first);
    out.gap = !out.any;
    return out;
  }
  out.last = view.at(last - 1, column);
  const Extent extent = view.extent(column, first, last);
  out.min = extent.min;
  out.max = extent.max;
  out.any = extent.any_finite;
  out.gap = extent.any_nonfinite;
  return out;
}

ColumnExtent column_of(std::span<const double> x, std::span<const double> y, std::size_t first,
                       std::size_t last) {
  Extent extent;
  for (std::size_t i = first; i < last; ++i) extent.add(y[i]);
  return {0.5 * (x[first] + x[last - 1]),
          extent.min,
          extent.max,
          y[first],
          y[last - 1],
          extent.any_finite,
          extent.any_nonfinite};
}

std::int64_t floor_div(std::int64_t a, std::int64_t b) { return a >= 0 ? a / b : -((-a + b - 1) / b); }

/// Row numbers, kept where they cannot overflow.
std::int64_t row_at(double x) { return static_cast<std::int64_t>(std::clamp(x, -1e15, 1e15)); }

}  // namespace

std::int64_t column_width(double rows, int pixels) {
  const double least = rows / std::max(pixels, 1);
  if (!(least > 1.0)) return 1;
  if (least <= 7.0) return static_cast<std::int64_t>(std::ceil(least));
  std::int64_t power = 1;
  while (7.0 * static_cast<double>(power) < least && power < (std::int64_t{1} << 50)) power *= 2;
  for (std::int64_t digit = 4; digit < 7; ++digit)
    if (static_cast<double>(digit * power) >= least) return digit * power;
  return 7 * power;
}

std::vector<ColumnExtent> decimate(const TableView& view, int column, double x0, double x1, int pixels,
                                   AxisScale x_scale) {
  std::vector<ColumnExtent> out;
  if (view.rows() == 0 || !(x1 > x0) || pixels < 1) return out;
  if (x_scale == AxisScale::kLinear) {
    ColumnCache once;
    const auto columns = once.update(view, column, x0, x1, pixels);
    out.assign(columns.begin(), columns.end());
    return out;
  }
  const Range range = valid({x0, x1}, AxisScale::kLog);
  std::int64_t row = std::clamp<std::int64_t>(row_at(std::floor(range.min)), 0, view.rows());
  const std::int64_t end = std::min(view.rows(), row_at(std::ceil(range.max)) + 1);
  while (row < end) {
    // Row 0 has no place on a log axis.
    const double unit = to_unit(range, AxisScale::kLog, static_cast<double>(std::max<std::int64_t>(row, 1)));
    const double next = from_unit(range, AxisScale::kLog, (std::floor(unit * pixels + 1e-9) + 1.0) / pixels);
    const std::int64_t stop = std::clamp(row_at(std::ceil(next)), row + 1, end);
    if (row > 0 || stop > 1) {
      const std::int64_t first = std::max<std::int64_t>(row, 1);
      if (stop > first) out.push_back(column_of(view, column, first, stop));
    }
    row = stop;
  }
  return out;
}

std::vector<ColumnExtent> decimate(std::span<const double> x, std::span<const double> y, double x0, double x1,
                                   int pixels, AxisScale x_scale) {
  std::vector<ColumnExtent> out;
  const std::size_t count = std::min(x.size(), y.size());
  if (count == 0 || !(x1 > x0) || pixels < 1) return out;
  const Range range = valid({x0, x1}, x_scale);
  const auto last = x.begin() + static_cast<std::ptrdiff_t>(count);
  auto at = std::lower_bound(x.begin(), last, range.min);
  if (at != x.begin()) --at;
  auto stop = std::upper_bound(at, last, range.max);
  if (stop != last) ++stop;
  auto index = static_cast<std::size_t>(at - x.begin());
  const auto end = static_cast<std::size_t>(stop - x.begin());
  const auto slot = [&](std::size_t i) { return std::floor(to_unit(range, x_scale, x[i]) * pixels); };
  while (index < end) {
    const double here = slot(index);
    std::size_t next = index + 1;
    while (next < end && slot(next) <= here) ++next;
    out.push_back(column_of(x, y, index, next));
    index = next;
  }
  return out;
}

double smallest_positive(const TableView& view, int column, std::int64_t first, std::int64_t last) {
  constexpr std::int64_t kFew = 256;
  first = std::max<std::int64_t>(first, 0);
  last = std::min(last, view.rows());
  double best = 0.0;
  for (std::int64_t row = first; row < last;) {
    const std::int64_t stop = std::min(last, (row / kFew + 1) * kFew);
    const Extent extent = view.extent(column, row, stop);
    if (extent.any_finite && extent.min > 0.0) {
      best = best > 0.0 ? std::min(best, extent.min) : extent.min;
    } else if (extent.any_finite && extent.max > 0.0) {
      for (std::int64_t i = row; i < stop; ++i) {
        const double value = view.at(i, column);
        if (value > 0.0 && std::isfinite(value)) best = best > 0.0 ? std::min(best, value) : value;
      }
    }
    row = stop;
  }
  return best;
}

bool ColumnCache::continues(const TableView& view, int column) const {
  if (column != column_ || view.columns() != view_.columns() || view.rows() < known_ || known_ == 0)
    return false;
  // Rewinding and going on puts new blocks in the place of the old ones, from the block of the cut on.
  return view.run(0, column).data() == view_.run(0, column).data() &&
         view.run(known_ - 1, column).data() == view_.run(known_ - 1, column).data();
}

std::span<const ColumnExtent> ColumnCache::update(const TableView& view, int column, double x0, double x1,
                                                  int pixels) {
  read_anew_ = 0;
  if (view.rows() == 0 || !(x1 > x0) || pixels < 1) {
    *this = ColumnCache();
    return {};
  }
  const std::int64_t width = column_width(x1 - x0, pixels);
  const std::int64_t filled = floor_div(view.rows() - 1, width) + 1;
  // One column beyond each end, so that the curve runs out of the picture.
  const std::int64_t begin =
      std::clamp<std::int64_t>(floor_div(row_at(std::floor(x0)), width) - 1, 0, filled);
  const std::int64_t end =
      std::clamp<std::int64_t>(floor_div(row_at(std::ceil(x1)), width) + 2, begin, filled);
  const bool same = width == width_ && continues(view, column);
  // Columns that are complete and known already: [keep_first, keep_last).
  std::int64_t keep_first = begin;
  std::int64_t keep_last = begin;
  if (same) {
    const std::int64_t whole =
        known_ == view.rows() ? begin_ + static_cast<std::int64_t>(columns_.size())
                              : std::min(begin_ + static_cast<std::int64_t>(columns_.size()), known_ / width);
    keep_first = std::clamp(begin_, begin, end);
    keep_last = std::clamp(whole, keep_first, end);
    if (keep_first < begin_) keep_last = keep_first;
  }
  if (same && keep_last > keep_first && begin == begin_) {
    columns_.resize(static_cast<std::size_t>(keep_last - begin));
  } else {
    std::vector<ColumnExtent> fresh;
    fresh.reserve(static_cast<std::size_t>(end - begin));
    const auto read = [&](std::int64_t from, std::int64_t to) {
      for (std::int64_t c = from; c < to; ++c)
        fresh.push_back(column_of(view, column, c * width, std::min((c + 1) * width, view.rows())));
      read_anew_ += static_cast<int>(std::max<std::int64_t>(to - from, 0));
    };
    if (keep_last > keep_first) {
      read(begin, keep_first);
      fresh.insert(fresh.end(), columns_.begin() + (keep_first - begin_),
                   columns_.begin() + (keep_last - begin_));
    } else {
      keep_last = begin;
    }
    columns_ = std::move(fresh);
  }
  for (std::int64_t c = keep_last; c < end; ++c) {
    columns_.push_back(column_of(view, column, c * width, std::min((c + 1) * width, view.rows())));
    ++read_anew_;
  }
  if (known_ != view.rows() || !same) view_ = view;
  column_ = column;
  width_ = width;
  begin_ = begin;
  known_ = view.rows();
  return columns_;
}

}  // namespace thalweg
