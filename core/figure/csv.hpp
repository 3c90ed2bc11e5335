// Charts as CSV for pandas, R and spreadsheets: comma, UTF-8, a header, quotes where RFC 4180 asks for
// them, lines ending in \n, numbers with as many digits as it takes to get the same double back.
//
// All points of the series that are visible, never decimated, whatever the zoom: what is written here is
// computed with, not looked at.
//
// One column per series where they share their x:
//     step,Adam,Momentum (m)
//     0,2.3,2.4
// with empty cells where a series has no point. Else one line per point:
//     series,run,x,y
// with columns low and high where there are bands. Nothing for NaN, inf and -inf for infinity, as
// pandas.read_csv() takes them.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "core/figure/chart.hpp"

namespace thalweg {

/// In columns, unless the x of all series together are more than a tenth more than those of the longest.
std::string to_csv(const Chart& chart);

/// Several charts: one line per point, with the chart's title as first column "chart".
std::string to_csv(std::span<const Chart> charts);

/// A cell for text. Quoted where it must be; a name that a spreadsheet would take for a formula (it begins
/// with = + - @ or a tab) gets an apostrophe in front. Control characters become spaces.
std::string csv_text(std::string_view text);

/// The shortest that reads back as the same double; empty for NaN.
std::string csv_number(double value);

}  // namespace thalweg
