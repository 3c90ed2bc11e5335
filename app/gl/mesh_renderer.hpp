// Draws a mesh field in 3D, with the tints and contour lines of the map, a soft light and a thin box
// around it, into a texture. Paths, axes and text are drawn over it by someone else, with project()
// and hidden().
#pragma once

#include <vector>

#include "app/gl/mesh_camera.hpp"
#include "app/gl/mesh_field.hpp"
#include "app/gl/shader.hpp"

namespace thalweg {

/// Belongs to the thread of the GL context. Leaves the framebuffer binding and the viewport as they
/// were; other GL state (program, textures, depth test) it changes.
class MeshRenderer {
 public:
  static Result<MeshRenderer> create();

  void set_field(const MeshField& field);
  /// Its `levels` are ignored: they are in the field.
  void set_style(const MapStyle& style);
  void set_view(const MeshView& view);
  /// While the user turns the view: leaves the edges of the surface jagged, for less than half the
  /// time on a software renderer. The first texture() after the end draws smoothly again.
  void set_moving(bool moving);
  /// Size of the picture in pixels.
  std::optional<Error> resize(int width, int height);

  bool has_field() const { return surface_indices_ > 0; }
  /// Draws if field, style, view or size has changed since. Without a field the ground alone. 0 before
  /// the first resize(). The lowest row is at v = 0.
  unsigned texture();

  int width() const { return camera_.width; }
  int height() const { return camera_.height; }
  const MeshCamera& camera() const { return camera_; }
  const MapRect& rect() const { return rect_; }
  const MapLegend& legend() const { return legend_; }

  /// A point of the surface's plane at height `h`, 0 at the floor of the box and 1 at its top
  /// (MeshField::relief_height).
  MeshPoint project(double x, double y, float h) const;
  /// The same point on the base of the box, for axis labels.
  MeshPoint project_base(double x, double y) const;
  /// Whether the surface hides the point (of the latest texture()). Points on the surface itself
  /// count as seen. Outside the picture: false. Copies the depth buffer at the first call after a
  /// drawing.
  bool hidden(const MeshPoint& point);

  int redraws() const { return redraws_; }
  unsigned framebuffer() const { return resolved_.id(); }

 private:
  MeshRenderer(Program surface, Program line) : surface_(std::move(surface)), line_(std::move(line)) {}
  void aim(int width, int height);
  void draw();
  void draw_surface();
  void draw_box();
  MeshPoint project_box(double x, double y, float z) const;

  Program surface_;
  Program line_;
  VertexArray surface_array_;
  Buffer vertices_;
  Buffer indices_;
  VertexArray line_array_;
  Buffer line_vertices_;
  Texture tints_;
  Texture picture_;
  Texture depth_picture_;
  Renderbuffer colour_samples_;
  Renderbuffer depth_samples_;
  Framebuffer samples_;
  Framebuffer resolved_;

  MapStyle style_;
  MeshView view_;
  MeshCamera camera_;
  MapRect rect_;
  LevelStyle level_style_;
  LevelRange range_;
  double origin_ = 0.0;
  ContourLevels contours_;
  MapLegend legend_;
  int surface_indices_ = 0;
  int all_indices_ = 0;
  std::vector<float> depth_;  ///< copy of the depth buffer, the lowest row first
  bool sized_ = false;
  bool moving_ = false;
  bool drawn_jagged_ = false;
  bool depth_stale_ = true;
  bool tints_stale_ = true;
  bool stale_ = true;
  int redraws_ = 0;
};

}  // namespace thalweg
