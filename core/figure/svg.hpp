// Charts as SVG: one chart, or several below each other on one stretch of x, with title, axes, units,
// legend and the runs they come from. What is drawn and where the ticks stand comes from the same code as
// on the screen (fitting.hpp, columns.hpp, axis.hpp).
//
// A curve of a million points becomes a path of some thousand: of each column half a pixel wide its first,
// smallest, largest and last value (Jugel et al., "M4", VLDB 2014), which draws the same pixels. Values that
// are not finite are shaded gaps, as on the screen. Text stays text, in Inter or the reader's sans-serif.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/figure/chart.hpp"

namespace thalweg {

/// Colours are 0xrrggbb, measures are pixels at type_scale 1. As given: black on white.
struct FigureStyle {
  std::uint32_t background = 0xffffff;
  std::uint32_t text = 0x000000;
  std::uint32_t dim = 0x444444;  ///< numbers of the axes, footnotes
  std::uint32_t grid = 0xdddddd;
  std::uint32_t warning = 0xb35c00;      ///< marks
  std::vector<std::uint32_t> palette{};  ///< Series::colour, modulo its size; empty: the colour of the text
  double curve = 2.0;
  double type_scale = 1.0;
  bool dark = false;  ///< for what has two looks, such as the tints of a map
};

struct SvgOptions {
  int width = 720;  ///< CSS pixels: 1/96 inch
  int height = 450;
  FigureStyle style{};
  std::string title{};  ///< above all of it; empty: that of a single chart
};

/// Width and height that can be asked for, inclusive.
inline constexpr int kSmallestFigure = 120;
inline constexpr int kLargestFigure = 8192;

/// A whole document: XML 1.0 in UTF-8, whatever the names hold. Series that are not visible are left out;
/// axis ranges that are set are used, others fitted. Width and height are clamped to what is allowed.
std::string to_svg(const Chart& chart, const SvgOptions& options);

/// Below each other, the first on top, in equal heights, all over the same stretch of x: that of the first
/// with a range, else one that holds everything. One legend serves all.
std::string to_svg(std::span<const Chart> charts, const SvgOptions& options);

/// "Run 412aea5a", "Runs 412aea5a, d6fa3106 and 3 more": the beginnings of the uids of all that is visible;
/// empty if none is known. At most `most` are named.
std::string run_note(std::span<const Chart> charts, std::size_t most);

}  // namespace thalweg
