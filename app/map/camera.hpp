// From the Scene's camera to the part of the plane on the screen, and back from mouse to camera.
#pragma once

#include "app/map/plane.hpp"
#include "core/scene/scene.hpp"

namespace thalweg {

/// The axes that the Scene shows, from 0; both 0 on a surface of one variable.
struct ShownAxes {
  int x = 0;
  int y = 1;
};
ShownAxes shown_axes(const Scene& scene, const Surface& surface);

/// The plane for a picture of this size. Where the camera is "auto" the whole domain is in it, with
/// the same scale on both axes.
Plane plane_of(const Scene& scene, const Surface& surface, float left, float top, float width, float height);

/// Looks at this part from now on.
void look_at(Scene& scene, double centre_x, double centre_y, double width);
/// Back to the whole domain.
void look_at_all(Scene& scene);
/// Keeps the point under `pixel` where it is and makes what is seen smaller (factor < 1) or larger.
void zoom(Scene& scene, const Plane& plane, Vec2 pixel, double factor);

/// Coordinates of the axes that are not shown: those of the first known minimum, else of the start.
std::vector<double> slice_point(const Scene& scene, const Surface& surface);

}  // namespace thalweg
