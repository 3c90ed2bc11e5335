// Draws a height field as a topographic map (tint, hillshade, contour lines) into a texture of the
// field's size, one texel per sample. Paths, axes and text are drawn over it by someone else.
#pragma once

#include "app/gl/height_field.hpp"
#include "app/gl/shader.hpp"

namespace thalweg {

/// Texture coordinates of a picture's upper left and lower right corner, as ImGui::Image takes them.
struct MapUv {
  float u0 = 0.0f;
  float v0 = 1.0f;
  float u1 = 1.0f;
  float v1 = 0.0f;
};

/// Belongs to the thread of the GL context. Leaves the framebuffer binding and the viewport as they
/// were; other GL state (program, textures, blending) it changes.
class MapRenderer {
 public:
  static Result<MapRenderer> create();

  /// Uploads the field; the next texture() shows it.
  void set_field(const HeightField& field);
  /// Colours, widths, hillshade. Its `levels` are ignored: they are in the field.
  void set_style(const MapStyle& style);

  bool has_field() const { return width_ > 0; }
  /// Draws if the field or the style has changed since; 0 without a field. The lowest row is at v = 0.
  unsigned texture();

  int width() const { return width_; }
  int height() const { return height_; }
  /// Where the drawn field lies. While another one is on its way the old one can stand in for it:
  const MapRect& rect() const { return rect_; }
  /// the texture coordinates that show `view`; beyond the field the ground colour comes.
  MapUv uv(const MapRect& view) const;
  const MapLegend& legend() const { return legend_; }
  const ContourLevels& contours() const { return contours_; }
  /// How often it has drawn; for tests.
  int redraws() const { return redraws_; }
  /// The framebuffer of the last drawing, to read pixels from.
  unsigned framebuffer() const { return framebuffer_.id(); }

 private:
  explicit MapRenderer(Program program) : program_(std::move(program)) {}
  void draw();

  Program program_;
  VertexArray triangle_;
  Texture levels_;
  Texture tints_;
  Texture picture_;
  Framebuffer framebuffer_;
  MapStyle style_;
  int width_ = 0;
  int height_ = 0;
  MapRect rect_;
  LevelStyle level_style_;
  LevelRange range_;
  double origin_ = 0.0;
  ContourLevels contours_;
  MapLegend legend_;
  bool tints_stale_ = true;
  bool stale_ = true;
  int redraws_ = 0;
};

}  // namespace thalweg
