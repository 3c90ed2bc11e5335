#include "app/map/camera.hpp"

#include <algorithm>

namespace thalweg {

ShownAxes shown_axes(const Scene& scene, const Surface& surface) {
  if (surface.dim() < 2) return {0, 0};
  const int last = surface.dim() - 1;
  const int x = std::clamp(static_cast<int>(scene.view.number("x_axis")) - 1, 0, last);
  const int y = std::clamp(static_cast<int>(scene.view.number("y_axis")) - 1, 0, last);
  return {x, y != x ? y : (x + 1) % surface.dim()};
}

Plane plane_of(const Scene& scene, const Surface& surface, float left, float top, float width, float height) {
  const ShownAxes axes = shown_axes(scene, surface);
  const Interval& dx = surface.domain()[static_cast<std::size_t>(axes.x)];
  const Interval& dy = surface.domain()[static_cast<std::size_t>(axes.y)];
  const double w = std::max(1.0, static_cast<double>(width));
  const double h = std::max(1.0, static_cast<double>(height));
  const double per_pixel = std::max((dx.upper - dx.lower) / w, (dy.upper - dy.lower) / h);
  const double wide = scene.camera.number_or("width", per_pixel * w);
  const double tall = wide * h / w;
  const double cx = scene.camera.number_or("x", 0.5 * (dx.lower + dx.upper));
  const double cy = scene.camera.number_or("y", 0.5 * (dy.lower + dy.upper));
  return {cx - 0.5 * wide, cx + 0.5 * wide, cy - 0.5 * tall, cy + 0.5 * tall, left, top, width, height};
}

void look_at(Scene& scene, double centre_x, double centre_y, double width) {
  const auto set = [&](const char* key, double value) {
    const Parameter& parameter = *camera_descriptor().find(key);
    *scene.camera.find(key) = std::clamp(value, parameter.min, parameter.max);
  };
  set("x", centre_x);
  set("y", centre_y);
  set("width", width);
}

void look_at_all(Scene& scene) {
  for (const char* key : {"x", "y", "width"}) *scene.camera.find(key) = Value{};
}

void zoom(Scene& scene, const Plane& plane, Vec2 pixel, double factor) {
  const double x = plane.to_x(pixel.x);
  const double y = plane.to_y(pixel.y);
  const double cx = 0.5 * (plane.x0 + plane.x1);
  const double cy = 0.5 * (plane.y0 + plane.y1);
  look_at(scene, x + (cx - x) * factor, y + (cy - y) * factor, (plane.x1 - plane.x0) * factor);
}

std::vector<double> slice_point(const Scene& scene, const Surface& surface) {
  return surface.minima().empty() ? scene.start : surface.minima().front().x;
}

}  // namespace thalweg
