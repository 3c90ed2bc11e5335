// What figures have in common: the sheet with title, legend and footnote, and the text of axes. For svg.cpp
// and for others that put something else into the middle.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/figure/svg.hpp"
#include "core/figure/svg_plot.hpp"
#include "core/figure/xml_writer.hpp"

namespace thalweg {

/// What one line of the legend stands for.
struct LegendEntry {
  const Series* series;
  std::string name;
};

/// Width of text in pixels at a font size; a little more than Inter needs, for fonts that are wider.
double svg_width(std::string_view text, double size);
double svg_width(const TickLabel& label, double size);

class SvgPage {
 public:
  // Measures at type_scale 1.
  static constexpr double kMargin = 16.0;
  static constexpr double kTitle = 15.0;
  static constexpr double kLabel = 12.0;  ///< of axes and legend
  static constexpr double kTick = 11.0;
  static constexpr double kNote = 9.5;
  static constexpr double kBetween = 18.0;  ///< from one chart to the next
  /// The least distance of the numbers of y: as on the screen.
  static constexpr double kTickSpacingY = 26.0;

  /// Opens the document. `about` describes it to those who can't see it; pages of different `identity` can
  /// stand in one web page.
  SvgPage(const SvgOptions& options, std::string title, const std::string& about, std::string_view identity);

  const FigureStyle& style() const { return style_; }
  double k() const { return style_.type_scale; }
  double width() const { return width_; }
  double height() const { return height_; }
  double margin() const { return kMargin * k(); }
  /// For ids within the document.
  const std::string& id() const { return id_; }
  XmlWriter& out() { return out_; }

  /// The title at `top`; returns where there is room below it, as legend() does.
  double heading(double top);
  double legend(double top, std::span<const LegendEntry> entries);
  /// Small print that ends at `bottom`; returns where it begins.
  double notes(double bottom, const std::string& text);

  /// A tick's label with its exponent raised; `anchor` as in SVG.
  void label(double x, double y, const TickLabel& text, const char* anchor);
  void line(double x0, double y0, double x1, double y1, std::uint32_t colour);
  /// Below `box` and its numbers, and beside it, read from below.
  void x_title(const SvgBox& box, const std::string& name);
  void y_title(const SvgBox& box, const std::string& name);
  /// The ticks of y left of `box`, with lines across it where `grid` is set.
  void y_axis(const SvgBox& box, const Range& y, AxisScale scale, std::span<const Tick> ticks, bool grid);
  /// Room that the numbers of y take.
  double y_axis_room(std::span<const Tick> ticks) const;
  /// Numbers of x below `box`, with ticks; `labels` off: the ticks alone.
  void x_axis(const SvgBox& box, const Range& x, AxisScale scale, bool labels);

  /// Room that the numbers and the name of x take below a chart.
  double x_axis_room(bool named) const { return (kTick + 10.0) * k() + (named ? (kLabel + 6.0) * k() : 0.0); }

  /// Whole pixels and a half: a line of one pixel is sharp there.
  static double crisp(double at);

  /// The whole document.
  std::string finish();

 private:
  void swatch(const Series& series, double x, double y);

  FigureStyle style_;
  double width_, height_;
  std::string title_, id_;
  XmlWriter out_;
};

}  // namespace thalweg
