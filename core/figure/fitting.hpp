// Which part of its data a chart shows when nobody has asked for one. The same for the screen and for
// files, so that both show the same axes.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "core/figure/chart.hpp"
#include "core/figure/columns.hpp"

namespace thalweg {

bool has_data(const Series& series);

/// Whether series `i` is to be drawn. `hidden`: those switched off in a legend, by series; may be shorter.
bool is_shown(const Chart& chart, const std::vector<bool>& hidden, std::size_t i);

/// The stretch of x that holds all that is shown, rounded outward. Stays at `held` as long as that will do,
/// and keeps the answer there.
Range fitted_x(const Chart& chart, const std::vector<bool>& hidden, std::optional<Range>& held);

/// The curve of `series` over `x`, reduced to `pixels` columns.
std::vector<ColumnExtent> columns_of(const Series& series, const Range& x, AxisScale x_scale, int pixels);

/// The range of y over the columns of each series (empty for those that are not shown), bands included.
/// Nothing if there is nothing finite. On a log axis a divergence to 1e300 or a convergence to zero does not
/// squeeze everything else to a line: the first values stay in sight.
std::optional<Range> fitted_y(const Chart& chart, const std::vector<bool>& hidden, AxisScale y_scale,
                              std::span<const std::span<const ColumnExtent>> columns, const Range& x,
                              const std::optional<Range>& held = std::nullopt);

/// "time (s)"
std::string axis_text(const Axis& axis);

/// The label of x, "step" where x counts rows and nobody named it; may be empty.
std::string x_text(const Chart& chart);

}  // namespace thalweg
