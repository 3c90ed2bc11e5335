#include "app/gl/mesh_camera.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace thalweg {
namespace {

constexpr float kAway = 8.6f;          // of the eye from the point looked at
constexpr float kCentre = 0.30f;       // height of that point, on the axis the box turns about
constexpr float kFilled = 0.96f;       // of the picture, at distance 1

float radians(float degrees) { return degrees * std::numbers::pi_v<float> / 180.0f; }

MeshView within_limits(MeshView view) {
  view.pitch_deg = std::clamp(view.pitch_deg, 5.0f, 90.0f);
  view.distance = std::clamp(view.distance, 0.2f, 4.0f);
  return view;
}

}  // namespace

MeshCamera make_camera(const MeshView& asked, int width, int height, float half_x, float half_y) {
  const MeshView view = within_limits(asked);
  MeshCamera camera{.width = std::max(width, 1), .height = std::max(height, 1)};
  const float cy = std::cos(radians(view.yaw_deg));
  const float sy = std::sin(radians(view.yaw_deg));
  const float cp = std::cos(radians(view.pitch_deg));
  const float sp = std::sin(radians(view.pitch_deg));
  // Rows: to the right, up and towards the eye.
  const float right[3] = {cy, sy, 0.0f};
  const float up[3] = {-sy * sp, cy * sp, cp};
  const float back[3] = {sy * cp, -cy * cp, sp};
  const float aspect = float(camera.width) / float(camera.height);
  // The cylinder in which the box turns fills the picture, so that its size holds still while it turns.
  const float radius = std::hypot(half_x, half_y);
  float side = 0.0f, low = INFINITY, high = -INFINITY;
  for (int i = 0; i < 64; ++i) {
    const float angle = radians(360.0f / 32.0f * float(i / 2));
    const float p[3] = {radius * std::cos(angle), radius * std::sin(angle), (i % 2 == 0 ? 0.0f : kBoxTop) - kCentre};
    const auto along = [&](const float axis[3]) { return axis[0] * p[0] + axis[1] * p[1] + axis[2] * p[2]; };
    const float depth = kAway - along(back);
    side = std::max(side, std::abs(along(right)) / depth);
    low = std::min(low, along(up) / depth);
    high = std::max(high, along(up) / depth);
  }
  const float middle = 0.5f * (low + high);
  // Zooming narrows the field of view and leaves the eye where it is: no flight through the surface.
  const float zoom = kFilled * std::min(aspect / side, 2.0f / (high - low)) / view.distance;
  camera.near_plane = kAway - 2.2f;
  camera.far_plane = kAway + 2.2f;
  const float n = camera.near_plane;
  const float f = camera.far_plane;
  for (int c = 0; c < 3; ++c) {
    camera.mvp[c * 4 + 0] = zoom / aspect * right[c];
    camera.mvp[c * 4 + 1] = zoom * (up[c] + middle * back[c]);
    camera.mvp[c * 4 + 2] = -(f + n) / (f - n) * back[c];
    camera.mvp[c * 4 + 3] = -back[c];
  }
  // The eye space of the point looked at is (0, 0, -kAway).
  const float tx = -kCentre * right[2];
  const float ty = -kCentre * up[2];
  const float tz = -kCentre * back[2] - kAway;
  camera.mvp[12] = zoom / aspect * tx;
  camera.mvp[13] = zoom * (ty + middle * tz);
  camera.mvp[14] = -(f + n) / (f - n) * tz - 2.0f * f * n / (f - n);
  camera.mvp[15] = -tz;
  return camera;
}

MeshPoint project(const MeshCamera& camera, float x, float y, float z) {
  const float* m = camera.mvp;
  const float cx = m[0] * x + m[4] * y + m[8] * z + m[12];
  const float cy = m[1] * x + m[5] * y + m[9] * z + m[13];
  const float cw = m[3] * x + m[7] * y + m[11] * z + m[15];
  return {.x = (cx / cw * 0.5f + 0.5f) * float(camera.width),
          .y = (0.5f - cy / cw * 0.5f) * float(camera.height),
          .depth = cw};
}

void eye_direction(const MeshView& asked, float out[3]) {
  const MeshView view = within_limits(asked);
  const float pitch = radians(view.pitch_deg);
  out[0] = std::sin(radians(view.yaw_deg)) * std::cos(pitch);
  out[1] = -std::cos(radians(view.yaw_deg)) * std::cos(pitch);
  out[2] = std::sin(pitch);
}

float eye_depth(const MeshCamera& camera, float buffer) {
  const float n = camera.near_plane;
  const float f = camera.far_plane;
  return 2.0f * f * n / (f + n - (2.0f * buffer - 1.0f) * (f - n));
}

}  // namespace thalweg
