// The map of the Surface view as a figure: tints as an embedded picture, contour lines, paths and axes as
// vectors. Sampled anew for the file, so that its sharpness does not depend on the window.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "app/gl/levels.hpp"
#include "core/descent/descent.hpp"
#include "core/figure/source.hpp"
#include "core/surface/field.hpp"

namespace thalweg {

struct MapPath {
  std::string name;
  int colour = 0;   ///< index into the palette
  std::string run;  ///< uid, where it was kept
  DescentView lane;
  std::int64_t shown = 0;  ///< row that is looked at: the path is strong up to there
};

struct MapFigure {
  std::string title;
  std::string x_label, y_label;
  std::string note;
  FieldRequest field;  ///< the part of the plane; width and height are those of the window, for their ratio
  LevelStyle levels;
  std::vector<MapPath> paths;
  std::vector<std::array<double, 2>> minima;  ///< the lowest, in the axes shown
  std::array<double, 2> start{};
};

/// A whole document, as to_svg() of charts. Any thread; samples the surface, which may take a while.
std::string map_svg(const MapFigure& map, const SvgOptions& options);

/// optimizer,run,step,x,y,loss: every step of every path.
std::string map_csv(const MapFigure& map);

FigureSource figure_of(MapFigure map);

}  // namespace thalweg
