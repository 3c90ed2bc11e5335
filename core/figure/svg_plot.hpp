// One chart within an SVG: where values are in the picture, and curves, bands, gaps, dots and marks there.
// For svg.cpp only.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/figure/columns.hpp"
#include "core/figure/svg.hpp"
#include "core/figure/xml_writer.hpp"

namespace thalweg {

/// In pixels of the picture.
struct SvgBox {
  double left = 0.0, top = 0.0, width = 1.0, height = 1.0;
  double right() const { return left + width; }
  double bottom() const { return top + height; }
};

class SvgPlot {
 public:
  /// All of them must outlive it. `box`: the plot without its labels.
  SvgPlot(const Chart& chart, const FigureStyle& style, const SvgBox& box, const Range& x, const Range& y)
      : chart_(chart), style_(style), box_(box), x_(x), y_(y) {}

  /// Far beyond the frame stays near it, so that lines keep their direction and readers their precision.
  double at_x(double value) const;
  double at_y(double value) const;

  /// What is clipped to the frame, from back to front. `columns`: of each series; empty where it is not
  /// shown.
  void draw(XmlWriter& out, std::span<const std::vector<ColumnExtent>> columns) const;
  /// The dots of points that are in the frame; whole, also at its edges.
  void draw_dots(XmlWriter& out) const;

 private:
  void gaps(XmlWriter& out, std::span<const ColumnExtent> columns, const std::string& colour) const;
  void band(XmlWriter& out, const Series& series) const;
  void curve(XmlWriter& out, std::span<const ColumnExtent> columns, const Series& series) const;
  void dots(XmlWriter& out, const Series& series) const;
  void marks(XmlWriter& out) const;

  const Chart& chart_;
  const FigureStyle& style_;
  SvgBox box_;
  Range x_, y_;
};

/// The colour of a series.
std::string series_colour(const FigureStyle& style, const Series& series);
/// How a series is stroked; shared with the legend.
void set_stroke(XmlWriter& out, const FigureStyle& style, const Series& series);

}  // namespace thalweg
