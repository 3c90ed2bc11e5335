// The camera of the 3D view: orbits a box, with little perspective. No OpenGL.
//
// The box: the longer side of the surface's rectangle runs from -1 to 1, the other in proportion,
// x to the right, y to the back, z up from the base at 0; heights fill kBoxFloor to kBoxTop.
#pragma once

#include "app/gl/height_field.hpp"

namespace thalweg {

constexpr float kBoxFloor = 0.06f;  ///< the lowest surface lies a little above the base
constexpr float kBoxTop = 0.76f;

/// What the user turns.
struct MeshView {
  float yaw_deg = -30.0f;   ///< around the vertical axis; 0 looks along y, positive turns the box to the left
  float pitch_deg = 46.0f;  ///< above the horizon, kept within 5 to 90
  float distance = 1.0f;    ///< 1 shows the whole box, smaller is closer; kept within 0.2 to 4
  bool operator==(const MeshView&) const = default;
};

struct MeshCamera {
  float mvp[16] = {};  ///< column-major, from the box to clip space
  float near_plane = 1.0f;
  float far_plane = 2.0f;
  int width = 1;
  int height = 1;
};

/// A point on the picture.
struct MeshPoint {
  float x = 0.0f;      ///< pixels from the left
  float y = 0.0f;      ///< pixels from the top
  float depth = 0.0f;  ///< distance from the eye along the view, in box units
};

/// `half_x` and `half_y`: half the sides of the box.
MeshCamera make_camera(const MeshView& view, int width, int height, float half_x = 1.0f, float half_y = 1.0f);
/// A point of the box.
MeshPoint project(const MeshCamera& camera, float x, float y, float z);
/// The unit vector that points from the box to the eye.
void eye_direction(const MeshView& view, float out[3]);
/// Depth buffer value (0 to 1) to the distance that MeshPoint::depth is.
float eye_depth(const MeshCamera& camera, float buffer);

}  // namespace thalweg
