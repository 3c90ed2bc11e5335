#include "app/gl/map_renderer.hpp"

#include <epoxy/gl.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "app/gl/tint_texture.hpp"

namespace thalweg {
namespace {

void set_sampling(GLint filter, GLint wrap) {
  glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, filter);
  glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, filter);
  glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_WRAP_S, wrap);
  glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_WRAP_T, wrap);
}

}  // namespace

Result<MapRenderer> MapRenderer::create() {
  auto program = Program::load("map");
  if (!program) return program.error();
  MapRenderer renderer(std::move(program).value());
  renderer.triangle_ = VertexArray::create();
  renderer.tints_ = Texture::create();
  renderer.style_ = light_map_style();
  return renderer;
}

void MapRenderer::set_field(const HeightField& field) {
  const bool resized = field.width != width_ || field.height != height_;
  width_ = field.width;
  height_ = field.height;
  rect_ = field.rect;
  level_style_ = field.style;
  range_ = field.range;
  origin_ = field.origin;
  contours_ = field.contours;
  stale_ = true;
  tints_stale_ = true;
  glActiveTexture(GL_TEXTURE0);
  glPixelStorei(GL_UNPACK_ALIGNMENT, 4);
  if (!resized) {
    glBindTexture(GL_TEXTURE_2D, levels_.id());
    glTexSubImage2D(GL_TEXTURE_2D, 0, 0, 0, width_, height_, GL_RED, GL_FLOAT, field.level.data());
    return;
  }
  levels_ = Texture::create();
  glBindTexture(GL_TEXTURE_2D, levels_.id());
  glTexImage2D(GL_TEXTURE_2D, 0, GL_R32F, width_, height_, 0, GL_RED, GL_FLOAT, field.level.data());
  set_sampling(GL_NEAREST, GL_CLAMP_TO_EDGE);
  picture_ = Texture::create();
  glBindTexture(GL_TEXTURE_2D, picture_.id());
  glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA8, width_, height_, 0, GL_RGBA, GL_UNSIGNED_BYTE, nullptr);
  set_sampling(GL_LINEAR, GL_CLAMP_TO_BORDER);
  GLint before = 0;
  glGetIntegerv(GL_DRAW_FRAMEBUFFER_BINDING, &before);
  framebuffer_ = Framebuffer::create();
  glBindFramebuffer(GL_DRAW_FRAMEBUFFER, framebuffer_.id());
  glFramebufferTexture2D(GL_DRAW_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, picture_.id(), 0);
  glBindFramebuffer(GL_DRAW_FRAMEBUFFER, GLuint(before));
}

void MapRenderer::set_style(const MapStyle& style) {
  MapStyle next = style;
  next.levels = style_.levels;
  if (next == style_) return;
  style_ = next;
  stale_ = true;
  tints_stale_ = true;
}

unsigned MapRenderer::texture() {
  if (!has_field()) return 0;
  if (tints_stale_) {
    style_.levels = level_style_;
    upload_tints(tints_, style_);
    legend_ = make_legend(style_, range_, contours_);
    tints_stale_ = false;
  }
  if (stale_) draw();
  return picture_.id();
}

MapUv MapRenderer::uv(const MapRect& view) const {
  return {.u0 = float((view.x0 - rect_.x0) / rect_.width()),
          .v0 = float((view.y1 - rect_.y0) / rect_.height()),
          .u1 = float((view.x1 - rect_.x0) / rect_.width()),
          .v1 = float((view.y0 - rect_.y0) / rect_.height())};
}

void MapRenderer::draw() {
  GLint framebuffer = 0;
  std::array<GLint, 4> viewport{};
  glGetIntegerv(GL_DRAW_FRAMEBUFFER_BINDING, &framebuffer);
  glGetIntegerv(GL_VIEWPORT, viewport.data());

  const float scale = std::clamp(style_.pixel_scale, 1.0f, 3.0f);
  const LevelRange tints = tint_range(style_, range_);
  // Slopes count relative to the picture, not to the pixel: every size and density looks alike.
  const double span = level_style_.log_levels ? 1.0 : range_.span() / 6.0;
  const double slope = std::min(width_, height_) / 45.0 / span;

  glBindFramebuffer(GL_DRAW_FRAMEBUFFER, framebuffer_.id());
  glViewport(0, 0, width_, height_);
  glDisable(GL_DEPTH_TEST);
  glDisable(GL_BLEND);
  glDisable(GL_CULL_FACE);
  glDisable(GL_SCISSOR_TEST);
  program_.use();
  program_.set("levels", 0);
  program_.set("tints", 1);
  program_.set("tint_low_and_scale", float((tints.low - origin_) / contours_.spacing),
               float(contours_.spacing / tints.span()));
  program_.set("first_line", float(double(contours_.first) - std::round(origin_ / contours_.spacing)));
  program_.set("line_colour", style_.line.r, style_.line.g, style_.line.b);
  program_.set("minor_half_width_and_alpha", 0.5f * scale * style_.minor_width, style_.minor_alpha);
  program_.set("major_half_width_and_alpha", 0.5f * scale * style_.major_width, style_.major_alpha);
  program_.set("pixel_scale", scale);
  program_.set("hillshade", style_.hillshade_light, style_.hillshade_dark);
  program_.set("slope_scale", float(slope * contours_.spacing));
  program_.set("empty_colour", style_.empty.r, style_.empty.g, style_.empty.b);
  program_.set("hatch_colour", style_.hatch.r, style_.hatch.g, style_.hatch.b);
  glActiveTexture(GL_TEXTURE1);
  glBindTexture(GL_TEXTURE_2D, tints_.id());
  glActiveTexture(GL_TEXTURE0);
  glBindTexture(GL_TEXTURE_2D, levels_.id());
  glBindVertexArray(triangle_.id());
  glDrawArrays(GL_TRIANGLES, 0, 3);
  glBindVertexArray(0);

  const std::array<float, 4> ground = {style_.ground.r, style_.ground.g, style_.ground.b, 1.0f};
  glBindTexture(GL_TEXTURE_2D, picture_.id());
  glTexParameterfv(GL_TEXTURE_2D, GL_TEXTURE_BORDER_COLOR, ground.data());
  glBindFramebuffer(GL_DRAW_FRAMEBUFFER, GLuint(framebuffer));
  glViewport(viewport[0], viewport[1], viewport[2], viewport[3]);
  stale_ = false;
  ++redraws_;
}

}  // namespace thalweg
