// The part of the plane that a map shows, and where it lies on the screen.
#pragma once

#include <cmath>

namespace thalweg {

struct Vec2 {
  float x = 0.0F;
  float y = 0.0F;
  bool operator==(const Vec2&) const = default;
};

/// Surface coordinates to pixels and back. y runs upward on the surface and downward on the screen.
struct Plane {
  double x0 = -1.0, x1 = 1.0;  ///< surface coordinates at the left and right edge
  double y0 = -1.0, y1 = 1.0;  ///< at the lower and upper edge
  float left = 0.0F, top = 0.0F, width = 1.0F, height = 1.0F;  ///< pixels

  Vec2 to_screen(double x, double y) const {
    return {left + static_cast<float>((x - x0) / (x1 - x0)) * width,
            top + static_cast<float>((y1 - y) / (y1 - y0)) * height};
  }
  double to_x(float pixel) const { return x0 + static_cast<double>((pixel - left) / width) * (x1 - x0); }
  double to_y(float pixel) const { return y1 - static_cast<double>((pixel - top) / height) * (y1 - y0); }
  bool contains(Vec2 p) const {
    return p.x >= left && p.y >= top && p.x < left + width && p.y < top + height;
  }
  bool operator==(const Plane&) const = default;
};

}  // namespace thalweg
