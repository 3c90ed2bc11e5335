// Contour lines of a sampled surface as polylines, by marching squares (Lorensen and Cline 1987, in two
// dimensions). For files: the screen draws its lines per pixel.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace thalweg {

struct ContourPoint {
  float x = 0.0F;  ///< columns of the grid, 0 at the first sample
  float y = 0.0F;  ///< rows
};

struct ContourLine {
  std::int64_t level = 0;
  bool closed = false;
  std::vector<ContourPoint> points;
};

struct ContourGrid {
  int width = 0;
  int height = 0;
  std::span<const float> values;  ///< width * height, row by row
  float empty = 0.0F;             ///< values at or below this are holes: lines end there
};

/// The lines of the whole numbers from `first` upwards. Where lines lie so close that they would be a blot
/// (more than 0.7 of them to a cell, 1.6 for every `major`-th, which are kept longer), they are left out.
std::vector<ContourLine> contour_lines(const ContourGrid& grid, std::int64_t first, int major = 4);

}  // namespace thalweg
