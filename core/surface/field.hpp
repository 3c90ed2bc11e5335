// Samples a surface for drawing: heights at the centres of a pixel grid, or along a curve.
// Says nothing of colours, contours or meshes.
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "core/surface/surface.hpp"

namespace thalweg {

/// Which part of a surface to sample. A plain value: equal requests give equal fields.
struct FieldRequest {
  std::shared_ptr<const Surface> surface;
  std::vector<double> at;  ///< dim() coordinates, of which those of the shown axes are ignored;
                           ///< missing ones are 0
  int axis_x = 0;          ///< the coordinate that runs to the right
  int axis_y = 1;          ///< the coordinate that runs up
  double x0 = -1.0;        ///< left edge of the first pixel
  double x1 = 1.0;         ///< right edge of the last pixel
  double y0 = -1.0;        ///< lower edge of the lowest row of pixels
  double y1 = 1.0;         ///< upper edge of the highest row
  int width = 0;           ///< in pixels
  int height = 0;

  bool operator==(const FieldRequest&) const = default;
};

/// The heights of a surface at pixel centres.
struct Field {
  FieldRequest request;
  std::vector<double> z;  ///< width x height, row 0 at the bottom; may hold NaN and infinities.
                          ///< Empty if the request cannot be met or was cancelled.
  double min = 0.0;       ///< of the finite heights; both 0 if there is none
  double max = 0.0;
  bool any_finite = false;

  bool empty() const { return z.empty(); }
  double at(int column, int row) const {
    return z[static_cast<std::size_t>(row) * static_cast<std::size_t>(request.width) +
             static_cast<std::size_t>(column)];
  }
  /// The coordinates of the centres of a column and of a row.
  double x(int column) const {
    return request.x0 + (column + 0.5) * (request.x1 - request.x0) / request.width;
  }
  double y(int row) const { return request.y0 + (row + 0.5) * (request.y1 - request.y0) / request.height; }
};

/// Samples the rows on `threads` threads, the caller's among them. Blocks until done; returns an empty
/// field soon after *cancel becomes true. Any thread may call it. Empty too if there is no surface, the
/// size is not positive, the axes are not two different axes of the surface, or an edge is not finite.
Field sample_field(const FieldRequest& request, int threads = 1, const std::atomic<bool>* cancel = nullptr);

/// Heights along one axis.
struct Curve {
  std::vector<double> x;
  std::vector<double> y;  ///< may hold NaN and infinities
  double min = 0.0;       ///< of the finite heights; both 0 if there is none
  double max = 0.0;
  bool any_finite = false;
};

/// `count` heights from x0 to x1, both ends included. In more than one dimension, along `axis` through
/// the point `at` (missing coordinates are 0). Empty if fewer than two are asked for or the axis is none.
Curve sample_curve(const Surface& surface, double x0, double x1, int count, int axis = 0,
                   const std::vector<double>& at = {});

}  // namespace thalweg
