// A sampled surface made ready for the map: level coordinates in single precision, worked out from
// the doubles, with the range and the contour levels that go with them. No OpenGL; any thread.
#pragma once

#include <span>
#include <vector>

#include "app/gl/levels.hpp"

namespace thalweg {

/// A rectangle of the surface's plane; x0 < x1, y0 < y1.
struct MapRect {
  double x0 = -1.0;
  double y0 = -1.0;
  double x1 = 1.0;
  double y1 = 1.0;
  double width() const { return x1 - x0; }
  double height() const { return y1 - y0; }
  bool operator==(const MapRect&) const = default;
};

/// One sample per pixel, at the pixels' centres: sample (i, j) is the surface at
/// x0 + (i + 0.5) * width() / `width`, y0 + (j + 0.5) * height() / `height`.
struct HeightField {
  static constexpr float kEmpty = -3.0e38f;  ///< stored where there is no value

  int width = 0;
  int height = 0;
  MapRect rect;
  LevelStyle style;  ///< with which the coordinates were made
  /// (level coordinate - origin) / contours.spacing, so in contour lines; width * height, the lowest
  /// row first. The origin is a major contour line close to the values: single precision then holds
  /// small differences of large heights.
  std::vector<float> level;
  double origin = 0.0;
  LevelRange range;     ///< of nearly all coordinates: outliers do not stretch it
  double lowest = 0.0;  ///< the smallest coordinate
  ContourLevels contours;
};

/// z: width * height heights, the lowest row first, as HeightField says; NaN and infinities are
/// holes.
HeightField make_height_field(std::span<const double> z, int width, int height, const MapRect& rect,
                              const LevelStyle& style);

}  // namespace thalweg
