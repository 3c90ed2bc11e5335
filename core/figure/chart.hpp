// What a chart shows, independent of who draws it: the window, SVG or CSV. A plain value; cheap to
// build anew for each frame because the numbers stay where they are.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/figure/axis.hpp"
#include "core/series/table.hpp"

namespace thalweg {

struct Axis {
  std::string label;
  std::string unit = {};
  AxisScale scale = AxisScale::kLinear;
  std::optional<Range> range = {};  ///< asked for by the caller; else fitted to the data
};

/// One curve. Either a column of a table, with x the row number, or points of its own.
struct Series {
  std::string name;
  int colour = 0;  ///< index into the palette
  TableView table = {};
  int column = 0;
  std::vector<double> x = {};  ///< not empty: points, x ascending; `table` is not looked at
  std::vector<double> y = {};
  bool visible = true;
  bool dashed = false;  ///< for a reference: a bound, a saved run
  bool faint = false;   ///< behind the others and not read off: the raw numbers of a smoothed curve
  bool dots = false;    ///< a dot at each of the points
  bool line = true;     ///< false: the dots alone, as of a scatter
  std::vector<double> low = {};  ///< with points: a band around the curve, from `low` to `high`
  std::vector<double> high = {};
  std::string run = {};  ///< uid of the run it is of, where it was kept: files name it
  std::vector<std::string> runs = {};  ///< of a mean, those of all that it is taken over

  bool from_points() const { return !x.empty(); }
};

/// A line across the chart at x: an event of the run.
struct Mark {
  double x = 0.0;
  std::string text = {};
};

struct Chart {
  std::string title;
  Axis x = {};
  Axis y = {};
  std::vector<Series> series = {};
  std::vector<Mark> marks = {};
  std::optional<double> cursor = {};  ///< x of the step that is shown elsewhere
  std::string empty = "No data yet";  ///< said where there is nothing to show, best with what to do
  std::string note = {};              ///< below the picture, in files only: where the numbers come from
};

}  // namespace thalweg
