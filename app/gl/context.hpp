// An OpenGL 3.3 core context without a window or an X server (EGL surfaceless), for screenshots and
// tests. It draws into its own framebuffer. The window is GlfwWindow (window.hpp).
#pragma once

#include <memory>

#include "app/gl/image.hpp"
#include "app/gl/shader.hpp"
#include "core/spec/result.hpp"

namespace thalweg {

/// Checks that the current context is OpenGL 3.3 or newer; the error names what was found.
std::optional<Error> check_gl_version();

/// The width x height pixels at the lower left of the framebuffer `id`, rows from the top.
Image read_pixels(unsigned framebuffer, int width, int height);

/// Belongs to the thread that created it, on which it is current from creation on. Errors are one
/// line: no EGL, no display, no OpenGL 3.3.
class GlContext {
 public:
  static Result<GlContext> create(int width, int height);

  GlContext(GlContext&&) noexcept;
  GlContext& operator=(GlContext&&) noexcept;
  ~GlContext();

  void make_current();
  /// Gives the framebuffer another size; its content is lost.
  std::optional<Error> resize(int width, int height);
  /// Binds the framebuffer and sets the viewport to all of it.
  void bind();
  Image read() const;

  unsigned framebuffer() const { return framebuffer_.id(); }
  int width() const { return width_; }
  int height() const { return height_; }
  /// "llvmpipe (LLVM 15.0.6, 256 bits)", for the log and for messages.
  const std::string& renderer() const { return renderer_; }

 private:
  struct Egl;
  explicit GlContext(std::unique_ptr<Egl> egl);

  std::unique_ptr<Egl> egl_;  // declared first: the context outlives what was made in it
  Framebuffer framebuffer_;
  Renderbuffer colour_;
  Renderbuffer depth_;
  int width_ = 0;
  int height_ = 0;
  std::string renderer_;
};

}  // namespace thalweg
