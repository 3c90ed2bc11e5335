// A sampled surface made into triangles for the 3D view. No OpenGL; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "app/gl/height_field.hpp"

namespace thalweg {

/// One corner of the triangles, as the vertex shader takes it.
struct MeshVertex {
  float position[3];  ///< in the box (mesh_camera.hpp)
  float normal[3];    ///< unit
  float level;        ///< (level coordinate - MeshField::origin) / spacing of the contour lines
  float side;         ///< 0: the surface; 1: the cut faces between its edge and the base
};

/// Heights in the box are level coordinates, cut off below and above so that the interesting part
/// fills the box: with log levels the highest 1 % become a plateau and the lowest 1 % a floor (a
/// minimum is a bottomless pit there). Tint and contour lines keep the uncut values. With linear levels 2 %
/// are cut above and 0.2 % below, as on the map.
struct MeshField {
  MapRect rect;
  LevelStyle style;
  double origin = 0.0;
  LevelRange relief;  ///< level coordinates at the box's floor and top
  LevelRange range;   ///< as in HeightField, for the tints
  ContourLevels contours;
  std::vector<MeshVertex> vertices;
  std::vector<std::uint32_t> triangles;  ///< three indices each, the surface first
  std::size_t surface_indices = 0;       ///< how many indices are the surface's

  /// Position of a height between floor (0) and top (1), for points on the surface; NaN gives 0.
  float relief_height(double z) const;
};

/// z: columns * rows heights, the lowest row first, from edge to edge of `rect`: sample (i, j) lies
/// at x0 + i * width() / (columns - 1), y0 + j * height() / (rows - 1). Where z is not finite there
/// is a hole. `like`: take tints and contour lines from this map of the same surface, so that both
/// views agree; may be null.
MeshField make_mesh_field(std::span<const double> z, int columns, int rows, const MapRect& rect,
                          const LevelStyle& style, const HeightField* like = nullptr);

}  // namespace thalweg
