// What the layers of the map panel (map, 3D view, curve) share.
#pragma once

#include "app/gl/blit.hpp"
#include "app/gl/levels.hpp"
#include "app/map/plane.hpp"
#include "app/view.hpp"

namespace thalweg {

/// The name of a coordinate: x and y of two, else numbered.
inline std::string axis_label(const Surface& surface, int axis) {
  if (surface.dim() <= 2) return axis == 0 ? "x" : "y";
  return "x" + std::to_string(axis + 1);
}

inline double lane_value(const DescentView& lane, std::int64_t row, int column) { return lane.table.at(row, column); }

/// How heights become tints and lines with this Scene.
MapStyle map_style(const Scene& scene, const Surface& surface, const Plane& plane);

/// A rendered picture in `place`: copied where it is of that size, else stretched. `whole`: the texture
/// coordinates are those of all of it. `blit` must live until the frame is rendered.
void draw_picture(ImDrawList* list, unsigned texture, unsigned framebuffer, int width, int height, bool whole,
                  const Rect& place, ImVec2 uv0, ImVec2 uv1, Blit& blit);

}  // namespace thalweg
