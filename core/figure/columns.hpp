// Curves reduced to what can be seen: for each narrow column of a chart the smallest, largest, first
// and last value in it. A spike of one step in a million stays, because every row lies in a column.
// No drawing here.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/figure/axis.hpp"
#include "core/series/table.hpp"

namespace thalweg {

struct ColumnExtent {
  double x = 0.0;  ///< where it is drawn: the middle of the rows in it
  double min = 0.0;
  double max = 0.0;
  double first = 0.0;  ///< value of the first row; may be NaN or infinite
  double last = 0.0;
  bool any = false;  ///< holds a finite value: min and max mean something
  bool gap = false;  ///< holds a value that is not finite
};

/// Columns over rows [x0, x1] (x is the row number), at most `pixels` of them plus one beyond each
/// end, so that the curve runs out of the picture. On a log x axis they are evenly spaced there.
std::vector<ColumnExtent> decimate(const TableView& view, int column, double x0, double x1, int pixels,
                                   AxisScale x_scale = AxisScale::kLinear);

/// The same for points given as x and y, x ascending.
std::vector<ColumnExtent> decimate(std::span<const double> x, std::span<const double> y, double x0, double x1,
                                   int pixels, AxisScale x_scale = AxisScale::kLinear);

/// Smallest positive value of rows [first, last), or 0 if there is none. For log axes.
double smallest_positive(const TableView& view, int column, std::int64_t first, std::int64_t last);

/// The columns of one curve from frame to frame. Columns lie at multiples of a number of rows that
/// changes seldom, so while a run appends only the last one is read again. One thread.
class ColumnCache {
 public:
  /// As decimate() on a linear axis; the span is good until the next call.
  std::span<const ColumnExtent> update(const TableView& view, int column, double x0, double x1, int pixels);

  /// How many columns the last update read anew; for tests.
  int read_anew() const { return read_anew_; }

 private:
  bool continues(const TableView& view, int column) const;

  TableView view_;  ///< keeps the blocks alive, so that their addresses tell whether they are the same
  int column_ = -1;
  std::int64_t width_ = 0;  ///< rows in a column
  std::int64_t begin_ = 0;  ///< number of the first column in columns_
  std::int64_t known_ = 0;  ///< rows that had been written when columns_ was filled
  std::vector<ColumnExtent> columns_;
  int read_anew_ = 0;
};

/// Rows per column so that at most `pixels` columns cover `rows`: 4, 5, 6 or 7 times a power of two.
std::int64_t column_width(double rows, int pixels);

}  // namespace thalweg
