// A chart of the window: draws a figure chart and lets one read, pan and zoom it. The model says what is
// shown (core/figure/chart.hpp), the caller owns how it is looked at (ChartState, ChartLink).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/ui/chart_handles.hpp"
#include "app/ui/theme.hpp"
#include "core/figure/chart.hpp"
#include "core/figure/columns.hpp"

namespace thalweg::ui {

/// What charts below each other have in common: the stretch of x and where the mouse is.
struct ChartLink {
  std::optional<Range> x;       ///< zoomed to; nothing: fitted to the data
  std::optional<Range> auto_x;  ///< what was fitted last, so that it holds still
  std::optional<double> hover;  ///< x under the mouse, this frame
  int hover_frame = -1;
};

/// How one chart is looked at. A plain struct; copy it to keep a view. The vectors are a cache.
struct ChartState {
  std::optional<Range> y;            ///< zoomed to; nothing: fitted to what is visible
  std::optional<AxisScale> y_scale;  ///< chosen in the head; nothing: as the chart says
  std::optional<Range> auto_y;
  AxisScale auto_y_scale = AxisScale::kLinear;
  std::vector<bool> hidden;  ///< series switched off in the legend
  ChartLink own;             ///< used when no link is given
  std::string emphasis;      ///< name of the series that is meant: the others step back; empty: all alike
  std::string near;          ///< name of the series under the mouse in the last frame, or empty

  // While the mouse is down.
  enum class Gesture { kNone, kPan, kBox } gesture = Gesture::kNone;
  double grab_x = 0.0;  ///< units of the plot where it began
  double grab_y = 0.0;

  /// A handle that is dragged: the axes at its beginning, and the mouse's distance from its middle.
  struct Held {
    Range x, y;
    float dx = 0.0f, dy = 0.0f;
    int index = 0;
    bool moved = false;
  };
  std::optional<Held> held;

  struct Curve {
    ColumnCache cache;
    std::vector<ColumnExtent> columns;  ///< of points, and of log x axes
  };
  std::vector<Curve> curves;
};

struct ChartOptions {
  float width = 0.0f;   ///< pixels; 0: all the room
  float height = 0.0f;  ///< pixels, with the head; 0: 230 points
  bool legend = false;  ///< under the head; off where cards carry the colours
  bool head = true;
  bool foot = true;     ///< the numbers of the x axis; one chart of a column is enough
  std::string_view help;  ///< tooltip of the head
  ChartLink* link = nullptr;  ///< shared with the charts above and below
  ChartHandles* handles = nullptr;  ///< points that can be dragged, and what was done with them
};

/// Draws `chart` at the cursor. Marks: "<id>" the plot, "<id>.scale" the LOG/LIN button,
/// "<id>.legend.<n>", "<id>.export" (the menu of files: chart_export.hpp). True if its view changed (pan, zoom, reset, scale, legend).
bool chart(std::string_view id, const Chart& model, ChartState& state, const ChartOptions& options = {});

/// Back to fitted axes.
void reset_view(ChartState& state, ChartLink* link = nullptr);

/// The values of the visible series at `x`, largest first. What the crosshair shows.
struct Reading {
  int series = 0;
  double value = 0.0;
};
std::vector<Reading> readings(const Chart& model, const ChartState& state, double x);

}  // namespace thalweg::ui
