// What is drawn over the map besides the paths: axes, colour bar, minima, start, arrows, ellipse.
#pragma once

#include <imgui.h>

#include "app/gl/levels.hpp"
#include "app/map/camera.hpp"
#include "app/view.hpp"
#include "core/figure/axis.hpp"

namespace thalweg {

void draw_axes(ImDrawList* list, const Plane& plane, const std::string& x_name, const std::string& y_name);
/// In a corner of the picture, or at a side, where it covers none of `keep_clear`; below right if there is none.
void draw_colour_bar(ImDrawList* list, const MapLegend& legend, const Rect& picture, const std::vector<Vec2>& keep_clear);
/// Every known minimum within the picture; the names of the global ones where there is room.
void draw_minima(ImDrawList* list, const Plane& plane, const Surface& surface, const ShownAxes& axes);
/// Their names, which go over the paths.
void draw_minima_names(ImDrawList* list, const Plane& plane, const Surface& surface, const ShownAxes& axes);
/// Whether marks at these places would run into each other: local minima are shown where they stand apart.
bool crowded(const std::vector<Vec2>& places);
/// `leaves`: where the paths go from it; its name stands on the other side.
void draw_start(ImDrawList* list, const Plane& plane, Vec2 at, bool hovered, Vec2 leaves);
/// The labelled values of the vertical axis; empty labels left out.
std::vector<Tick> vertical_ticks(const Plane& plane);
/// A grid of arrows along −∇f; their length tells the norm, on a log scale.
void draw_arrows(ImDrawList* list, const Plane& plane, const Surface& surface, const ShownAxes& axes,
                 std::vector<double> slice);
/// The Hessian at a point: half axes in proportion to 1/√|λ|; an axis along which the surface curves
/// down is red.
void draw_hessian(ImDrawList* list, const Plane& plane, const Surface& surface, const ShownAxes& axes,
                  const std::vector<double>& at);

/// The Hessian within the plane of two axes.
struct PlaneCurvature {
  double lambda[2] = {0.0, 0.0};  ///< ascending
  double direction[2] = {1.0, 0.0};  ///< unit eigenvector of lambda[0]; the other is at right angles
};
PlaneCurvature plane_curvature(const Surface& surface, const ShownAxes& axes, const std::vector<double>& at);

/// A text with a halo, so that it reads on any ground.
void draw_on_map(ImDrawList* list, ImVec2 at, const std::string& text, ImU32 colour);

}  // namespace thalweg
