#include "app/gl/mesh_renderer.hpp"

#include <epoxy/gl.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

#include "app/gl/tint_texture.hpp"

namespace thalweg {
namespace {

constexpr int kSamples = 4;
constexpr float kBoxLineTop = kBoxTop + 0.04f;

void attribute(GLuint location, GLint components, std::size_t offset, GLsizei stride) {
  glEnableVertexAttribArray(location);
  glVertexAttribPointer(location, components, GL_FLOAT, GL_FALSE, stride,
                        reinterpret_cast<const void*>(offset));
}

}  // namespace

Result<MeshRenderer> MeshRenderer::create() {
  auto surface = Program::load("mesh");
  if (!surface) return surface.error();
  auto line = Program::load("line");
  if (!line) return line.error();
  MeshRenderer r(std::move(surface).value(), std::move(line).value());
  r.style_ = light_map_style();
  r.tints_ = Texture::create();

  r.surface_array_ = VertexArray::create();
  r.vertices_ = Buffer::create();
  r.indices_ = Buffer::create();
  glBindVertexArray(r.surface_array_.id());
  glBindBuffer(GL_ARRAY_BUFFER, r.vertices_.id());
  glBindBuffer(GL_ELEMENT_ARRAY_BUFFER, r.indices_.id());
  attribute(0, 3, offsetof(MeshVertex, position), sizeof(MeshVertex));
  attribute(1, 3, offsetof(MeshVertex, normal), sizeof(MeshVertex));
  attribute(2, 2, offsetof(MeshVertex, level), sizeof(MeshVertex));

  // A line is two triangles; each corner knows both ends, which end it is at and on which side.
  r.line_array_ = VertexArray::create();
  r.line_vertices_ = Buffer::create();
  glBindVertexArray(r.line_array_.id());
  glBindBuffer(GL_ARRAY_BUFFER, r.line_vertices_.id());
  attribute(0, 3, 0, 8 * sizeof(float));
  attribute(1, 3, 3 * sizeof(float), 8 * sizeof(float));
  attribute(2, 2, 6 * sizeof(float), 8 * sizeof(float));
  glBindVertexArray(0);
  return r;
}

void MeshRenderer::set_field(const MeshField& field) {
  rect_ = field.rect;
  aim(camera_.width, camera_.height);
  level_style_ = field.style;
  range_ = field.range;
  origin_ = field.origin;
  contours_ = field.contours;
  surface_indices_ = int(field.surface_indices);
  all_indices_ = int(field.triangles.size());
  // The element buffer's binding belongs to the vertex array.
  glBindVertexArray(surface_array_.id());
  glBindBuffer(GL_ARRAY_BUFFER, vertices_.id());
  glBufferData(GL_ARRAY_BUFFER, GLsizeiptr(field.vertices.size() * sizeof(MeshVertex)), field.vertices.data(),
               GL_STATIC_DRAW);
  glBufferData(GL_ELEMENT_ARRAY_BUFFER, GLsizeiptr(field.triangles.size() * sizeof(std::uint32_t)),
               field.triangles.data(), GL_STATIC_DRAW);
  glBindVertexArray(0);
  stale_ = true;
  tints_stale_ = true;
}

void MeshRenderer::aim(int width, int height) {
  const double longer = std::max(rect_.width(), rect_.height());
  camera_ = make_camera(view_, width, height, float(rect_.width() / longer), float(rect_.height() / longer));
}

void MeshRenderer::set_style(const MapStyle& style) {
  MapStyle next = style;
  next.levels = style_.levels;
  if (next == style_) return;
  style_ = next;
  stale_ = true;
  tints_stale_ = true;
}

void MeshRenderer::set_view(const MeshView& view) {
  if (view == view_) return;
  view_ = view;
  aim(camera_.width, camera_.height);
  stale_ = true;
}

void MeshRenderer::set_moving(bool moving) {
  moving_ = moving;
  if (!moving && drawn_jagged_) stale_ = true;
}

std::optional<Error> MeshRenderer::resize(int width, int height) {
  if (sized_ && width == camera_.width && height == camera_.height) return std::nullopt;
  GLint most = 0;
  glGetIntegerv(GL_MAX_RENDERBUFFER_SIZE, &most);
  if (width < 1 || height < 1 || width > most || height > most) {
    return bad_input("the 3D view must be between 1 and " + std::to_string(most) + " pixels wide and high");
  }
  GLint draw = 0;
  GLint read = 0;
  glGetIntegerv(GL_DRAW_FRAMEBUFFER_BINDING, &draw);
  glGetIntegerv(GL_READ_FRAMEBUFFER_BINDING, &read);
  colour_samples_ = Renderbuffer::create();
  depth_samples_ = Renderbuffer::create();
  samples_ = Framebuffer::create();
  resolved_ = Framebuffer::create();
  glBindRenderbuffer(GL_RENDERBUFFER, colour_samples_.id());
  glRenderbufferStorageMultisample(GL_RENDERBUFFER, kSamples, GL_RGBA8, width, height);
  glBindRenderbuffer(GL_RENDERBUFFER, depth_samples_.id());
  glRenderbufferStorageMultisample(GL_RENDERBUFFER, kSamples, GL_DEPTH_COMPONENT32F, width, height);
  glBindFramebuffer(GL_FRAMEBUFFER, samples_.id());
  glFramebufferRenderbuffer(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_RENDERBUFFER, colour_samples_.id());
  glFramebufferRenderbuffer(GL_FRAMEBUFFER, GL_DEPTH_ATTACHMENT, GL_RENDERBUFFER, depth_samples_.id());
  bool complete = glCheckFramebufferStatus(GL_FRAMEBUFFER) == GL_FRAMEBUFFER_COMPLETE;

  glActiveTexture(GL_TEXTURE0);
  const auto make = [&](Texture& texture, GLint format, GLenum components, GLenum type) {
    texture = Texture::create();
    glBindTexture(GL_TEXTURE_2D, texture.id());
    glTexImage2D(GL_TEXTURE_2D, 0, format, width, height, 0, components, type, nullptr);
    for (const GLenum what : {GL_TEXTURE_MIN_FILTER, GL_TEXTURE_MAG_FILTER}) {
      glTexParameteri(GL_TEXTURE_2D, what, GL_LINEAR);
    }
    for (const GLenum what : {GL_TEXTURE_WRAP_S, GL_TEXTURE_WRAP_T}) {
      glTexParameteri(GL_TEXTURE_2D, what, GL_CLAMP_TO_EDGE);
    }
  };
  make(picture_, GL_RGBA8, GL_RGBA, GL_UNSIGNED_BYTE);
  make(depth_picture_, GL_DEPTH_COMPONENT32F, GL_DEPTH_COMPONENT, GL_FLOAT);
  glBindFramebuffer(GL_FRAMEBUFFER, resolved_.id());
  glFramebufferTexture2D(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, picture_.id(), 0);
  glFramebufferTexture2D(GL_FRAMEBUFFER, GL_DEPTH_ATTACHMENT, GL_TEXTURE_2D, depth_picture_.id(), 0);
  complete = complete && glCheckFramebufferStatus(GL_FRAMEBUFFER) == GL_FRAMEBUFFER_COMPLETE;
  glBindFramebuffer(GL_DRAW_FRAMEBUFFER, GLuint(draw));
  glBindFramebuffer(GL_READ_FRAMEBUFFER, GLuint(read));
  if (!complete)
    return Error{ErrorCode::kUnsupported, "the graphics driver cannot draw the 3D view smoothly", {}};
  aim(width, height);
  sized_ = true;
  stale_ = true;
  return std::nullopt;
}

unsigned MeshRenderer::texture() {
  if (!sized_) return 0;
  if (tints_stale_) {
    style_.levels = level_style_;
    upload_tints(tints_, style_);
    legend_ = make_legend(style_, range_, contours_);
    tints_stale_ = false;
  }
  if (stale_) draw();
  return picture_.id();
}

void MeshRenderer::draw() {
  GLint draw_before = 0;
  GLint read_before = 0;
  std::array<GLint, 4> viewport{};
  glGetIntegerv(GL_DRAW_FRAMEBUFFER_BINDING, &draw_before);
  glGetIntegerv(GL_READ_FRAMEBUFFER_BINDING, &read_before);
  glGetIntegerv(GL_VIEWPORT, viewport.data());

  glBindFramebuffer(GL_FRAMEBUFFER, moving_ ? resolved_.id() : samples_.id());
  glViewport(0, 0, width(), height());
  glDisable(GL_BLEND);
  glDisable(GL_CULL_FACE);
  glDisable(GL_SCISSOR_TEST);
  glEnable(GL_DEPTH_TEST);
  glDepthFunc(GL_LEQUAL);
  glDepthMask(GL_TRUE);
  glClearColor(style_.ground.r, style_.ground.g, style_.ground.b, 1.0f);
  glClear(GL_COLOR_BUFFER_BIT | GL_DEPTH_BUFFER_BIT);
  if (has_field()) {
    draw_surface();
    // The box hides nothing: its lines leave the depth of the surface as it is.
    glDepthMask(GL_FALSE);
    draw_box();
    glDepthMask(GL_TRUE);
  }
  glDisable(GL_DEPTH_TEST);
  if (!moving_) {
    glBindFramebuffer(GL_READ_FRAMEBUFFER, samples_.id());
    glBindFramebuffer(GL_DRAW_FRAMEBUFFER, resolved_.id());
    glBlitFramebuffer(0, 0, width(), height(), 0, 0, width(), height(), GL_COLOR_BUFFER_BIT, GL_NEAREST);
  }
  drawn_jagged_ = moving_;

  glBindFramebuffer(GL_DRAW_FRAMEBUFFER, GLuint(draw_before));
  glBindFramebuffer(GL_READ_FRAMEBUFFER, GLuint(read_before));
  glViewport(viewport[0], viewport[1], viewport[2], viewport[3]);
  stale_ = false;
  depth_stale_ = true;
  ++redraws_;
}

void MeshRenderer::draw_surface() {
  const float scale = std::clamp(style_.pixel_scale, 1.0f, 3.0f);
  const LevelRange tints = tint_range(style_, range_);
  // The light stays at the upper left of the picture, however the box is turned.
  const float yaw = view_.yaw_deg * 3.14159265f / 180.0f;
  const float cy = std::cos(yaw);
  const float sy = std::sin(yaw);
  const float lx = -0.55f;
  const float ly = 0.25f;

  surface_.use();
  surface_.set_matrix("mvp", camera_.mvp);
  surface_.set("tints", 0);
  surface_.set("tint_low_and_scale", float((tints.low - origin_) / contours_.spacing),
               float(contours_.spacing / tints.span()));
  surface_.set("first_line", float(double(contours_.first) - std::round(origin_ / contours_.spacing)));
  surface_.set("line_colour", style_.line.r, style_.line.g, style_.line.b);
  surface_.set("minor_half_width_and_alpha", 0.5f * scale * style_.minor_width, style_.minor_alpha);
  surface_.set("major_half_width_and_alpha", 0.5f * scale * style_.major_width, style_.major_alpha);
  surface_.set("pixel_scale", scale);
  surface_.set("hillshade", style_.hillshade_light, style_.hillshade_dark);
  surface_.set("light", lx * cy - ly * sy, lx * sy + ly * cy, 0.80f);
  surface_.set("ground_colour", style_.ground.r, style_.ground.g, style_.ground.b);
  glActiveTexture(GL_TEXTURE0);
  glBindTexture(GL_TEXTURE_2D, tints_.id());
  glBindVertexArray(surface_array_.id());
  // Nothing is ever seen from below or from inside.
  glEnable(GL_CULL_FACE);
  glCullFace(GL_BACK);
  glFrontFace(GL_CCW);
  glDrawElements(GL_TRIANGLES, all_indices_, GL_UNSIGNED_INT, nullptr);
  glDisable(GL_CULL_FACE);
  glBindVertexArray(0);
}

void MeshRenderer::draw_box() {
  const double longer = std::max(rect_.width(), rect_.height());
  const float hx = float(rect_.width() / longer);
  const float hy = float(rect_.height() / longer);
  // The upright and the upper edges that meet nearest to the eye would cross the surface: leave them out.
  std::array<float, 3> eye{};
  eye_direction(view_, eye.data());
  const int near_x = eye[0] > 0.0f ? 1 : 0;
  const int near_y = eye[1] > 0.0f ? 1 : 0;
  std::vector<float> corners;
  const auto add = [&](int x0, int y0, int z0, int x1, int y1, int z1) {
    const std::array<float, 3> a = {x0 ? hx : -hx, y0 ? hy : -hy, z0 ? kBoxLineTop : 0.0f};
    const std::array<float, 3> b = {x1 ? hx : -hx, y1 ? hy : -hy, z1 ? kBoxLineTop : 0.0f};
    for (const auto& [end, side] :
         {std::pair{0.0f, -1.0f}, {0.0f, 1.0f}, {1.0f, 1.0f}, {0.0f, -1.0f}, {1.0f, 1.0f}, {1.0f, -1.0f}}) {
      corners.insert(corners.end(), a.begin(), a.end());
      corners.insert(corners.end(), b.begin(), b.end());
      corners.insert(corners.end(), {end, side});
    }
  };
  for (int k = 0; k < 2; ++k) {
    add(0, k, 0, 1, k, 0);
    add(k, 0, 0, k, 1, 0);
    if (k != near_y) add(0, k, 1, 1, k, 1);
    if (k != near_x) add(k, 0, 1, k, 1, 1);
    for (int i = 0; i < 2; ++i) {
      if (i != near_x || k != near_y) add(i, k, 0, i, k, 1);
    }
  }
  line_.use();
  line_.set_matrix("mvp", camera_.mvp);
  line_.set("viewport", float(width()), float(height()));
  line_.set("half_width", 0.5f * std::clamp(style_.pixel_scale, 1.0f, 3.0f));
  line_.set("colour_in", style_.frame.r, style_.frame.g, style_.frame.b);
  glBindVertexArray(line_array_.id());
  glBindBuffer(GL_ARRAY_BUFFER, line_vertices_.id());
  glBufferData(GL_ARRAY_BUFFER, GLsizeiptr(corners.size() * sizeof(float)), corners.data(), GL_STREAM_DRAW);
  glDrawArrays(GL_TRIANGLES, 0, GLsizei(corners.size() / 8));
  glBindVertexArray(0);
}

MeshPoint MeshRenderer::project_box(double x, double y, float z) const {
  const double longer = std::max(rect_.width(), rect_.height());
  return thalweg::project(camera_, float((2.0 * (x - rect_.x0) - rect_.width()) / longer),
                          float((2.0 * (y - rect_.y0) - rect_.height()) / longer), z);
}

MeshPoint MeshRenderer::project(double x, double y, float h) const {
  return project_box(x, y, kBoxFloor + (kBoxTop - kBoxFloor) * h);
}

MeshPoint MeshRenderer::project_base(double x, double y) const { return project_box(x, y, 0.0f); }

bool MeshRenderer::hidden(const MeshPoint& point) {
  if (!sized_) return false;
  const int w = width();
  const int h = height();
  if (depth_stale_) {
    GLint draw_before = 0;
    GLint read_before = 0;
    glGetIntegerv(GL_DRAW_FRAMEBUFFER_BINDING, &draw_before);
    glGetIntegerv(GL_READ_FRAMEBUFFER_BINDING, &read_before);
    if (!drawn_jagged_) {
      glBindFramebuffer(GL_READ_FRAMEBUFFER, samples_.id());
      glBindFramebuffer(GL_DRAW_FRAMEBUFFER, resolved_.id());
      glBlitFramebuffer(0, 0, w, h, 0, 0, w, h, GL_DEPTH_BUFFER_BIT, GL_NEAREST);
    }
    glBindFramebuffer(GL_READ_FRAMEBUFFER, resolved_.id());
    depth_.resize(std::size_t(w) * std::size_t(h));
    glPixelStorei(GL_PACK_ALIGNMENT, 4);
    glReadPixels(0, 0, w, h, GL_DEPTH_COMPONENT, GL_FLOAT, depth_.data());
    glBindFramebuffer(GL_DRAW_FRAMEBUFFER, GLuint(draw_before));
    glBindFramebuffer(GL_READ_FRAMEBUFFER, GLuint(read_before));
    depth_stale_ = false;
  }
  if (!(point.x >= 0.0f && point.y >= 0.0f && point.x < float(w) && point.y < float(h))) return false;
  // The point is exact, the triangles are not: what lies a little under them still counts as seen,
  // and so does a point beside whose pixel the view is free.
  constexpr float kTolerance = 0.03f;
  const int i = int(point.x);
  const int j = h - 1 - int(point.y);
  for (int dj = -1; dj <= 1; ++dj) {
    for (int di = -1; di <= 1; ++di) {
      const auto x = std::size_t(std::clamp(i + di, 0, w - 1));
      const auto y = std::size_t(std::clamp(j + dj, 0, h - 1));
      if (eye_depth(camera_, depth_[y * std::size_t(w) + x]) > point.depth - kTolerance) return false;
    }
  }
  return true;
}

}  // namespace thalweg
