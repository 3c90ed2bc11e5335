#include "app/gl/context.hpp"

#include <dlfcn.h>
#include <epoxy/egl.h>
#include <epoxy/gl.h>

#include <algorithm>
#include <array>
#include <utility>

namespace thalweg {
namespace {

Error unsupported(std::string message) { return {ErrorCode::kUnsupported, std::move(message), {}}; }

/// Displays that need no window system: Mesa's surfaceless platform, then the devices EGL lists.
std::vector<EGLDisplay> headless_displays() {
  std::vector<EGLDisplay> displays;
  if (!epoxy_has_egl_extension(EGL_NO_DISPLAY, "EGL_EXT_platform_base")) return displays;
  if (epoxy_has_egl_extension(EGL_NO_DISPLAY, "EGL_MESA_platform_surfaceless")) {
    displays.push_back(eglGetPlatformDisplayEXT(EGL_PLATFORM_SURFACELESS_MESA, nullptr, nullptr));
  }
  if (epoxy_has_egl_extension(EGL_NO_DISPLAY, "EGL_EXT_platform_device") &&
      epoxy_has_egl_extension(EGL_NO_DISPLAY, "EGL_EXT_device_enumeration")) {
    std::array<EGLDeviceEXT, 16> devices{};
    EGLint count = 0;
    if (eglQueryDevicesEXT(EGLint(devices.size()), devices.data(), &count)) {
      for (EGLint i = 0; i < count; ++i) {
        displays.push_back(
            eglGetPlatformDisplayEXT(EGL_PLATFORM_DEVICE_EXT, devices[std::size_t(i)], nullptr));
      }
    }
  }
  std::erase(displays, EGL_NO_DISPLAY);
  return displays;
}

}  // namespace

struct GlContext::Egl {
  EGLDisplay display = EGL_NO_DISPLAY;
  EGLContext context = EGL_NO_CONTEXT;

  // The display is left initialised: EGL hands the same one to every caller in the process.
  ~Egl() {
    if (context == EGL_NO_CONTEXT) return;
    if (eglGetCurrentContext() == context) {
      eglMakeCurrent(display, EGL_NO_SURFACE, EGL_NO_SURFACE, EGL_NO_CONTEXT);
    }
    eglDestroyContext(display, context);
  }

  bool open(EGLDisplay candidate) {
    if (!eglInitialize(candidate, nullptr, nullptr) || !eglBindAPI(EGL_OPENGL_API)) return false;
    const EGLint wanted[] = {EGL_SURFACE_TYPE, EGL_PBUFFER_BIT, EGL_RENDERABLE_TYPE, EGL_OPENGL_BIT,
                             EGL_NONE};
    EGLConfig config = nullptr;
    EGLint found = 0;
    if (!eglChooseConfig(candidate, wanted, &config, 1, &found) || found < 1) return false;
    const EGLint attributes[] = {EGL_CONTEXT_MAJOR_VERSION,
                                 3,
                                 EGL_CONTEXT_MINOR_VERSION,
                                 3,
                                 EGL_CONTEXT_OPENGL_PROFILE_MASK,
                                 EGL_CONTEXT_OPENGL_CORE_PROFILE_BIT,
                                 EGL_NONE};
    const EGLContext made = eglCreateContext(candidate, config, EGL_NO_CONTEXT, attributes);
    if (made == EGL_NO_CONTEXT) return false;
    if (!eglMakeCurrent(candidate, EGL_NO_SURFACE, EGL_NO_SURFACE, made)) {
      eglDestroyContext(candidate, made);
      return false;
    }
    display = candidate;
    context = made;
    return true;
  }
};

std::optional<Error> check_gl_version() {
  const int version = epoxy_gl_version();
  if (version >= 33) return std::nullopt;
  return unsupported("OpenGL 3.3 is needed, this machine offers " + std::to_string(version / 10) + "." +
                     std::to_string(version % 10));
}

Image read_pixels(unsigned framebuffer, int width, int height) {
  Image image{width, height, std::vector<std::uint8_t>(std::size_t(width) * std::size_t(height) * 3)};
  std::vector<std::uint8_t> upside_down(image.rgb.size());
  GLint before = 0;
  glGetIntegerv(GL_READ_FRAMEBUFFER_BINDING, &before);
  glBindFramebuffer(GL_READ_FRAMEBUFFER, framebuffer);
  glPixelStorei(GL_PACK_ALIGNMENT, 1);
  glReadPixels(0, 0, width, height, GL_RGB, GL_UNSIGNED_BYTE, upside_down.data());
  glBindFramebuffer(GL_READ_FRAMEBUFFER, GLuint(before));
  const std::size_t row = std::size_t(width) * 3;
  for (std::size_t j = 0; j < std::size_t(height); ++j) {
    std::copy_n(upside_down.begin() + std::ptrdiff_t((std::size_t(height) - 1 - j) * row), row,
                image.rgb.begin() + std::ptrdiff_t(j * row));
  }
  return image;
}

GlContext::GlContext(std::unique_ptr<Egl> egl) : egl_(std::move(egl)) {}
GlContext::GlContext(GlContext&&) noexcept = default;

GlContext& GlContext::operator=(GlContext&& other) noexcept {
  if (this != &other) {
    // What was made in the old context goes before the context does.
    if (egl_) make_current();
    framebuffer_ = std::move(other.framebuffer_);
    colour_ = std::move(other.colour_);
    depth_ = std::move(other.depth_);
    egl_ = std::move(other.egl_);
    width_ = other.width_;
    height_ = other.height_;
    renderer_ = std::move(other.renderer_);
    if (egl_) make_current();
  }
  return *this;
}

GlContext::~GlContext() {
  if (egl_) make_current();  // its framebuffer is deleted next
}

Result<GlContext> GlContext::create(int width, int height) {
  // epoxy ends the process when a library is missing, so look first.
  if (dlopen("libEGL.so.1", RTLD_LAZY | RTLD_LOCAL) == nullptr) {
    return unsupported("no EGL library (Debian package libegl1), which drawing without a window needs");
  }
  const std::vector<EGLDisplay> displays = headless_displays();
  if (displays.empty()) return unsupported("EGL offers no display that works without a window system");
  auto egl = std::make_unique<Egl>();
  bool open = false;
  for (std::size_t i = 0; i < displays.size() && !open; ++i) open = egl->open(displays[i]);
  if (!open) {
    return unsupported(
        "EGL offers no OpenGL 3.3 context (Debian package libgl1-mesa-dri has a software renderer)");
  }
  GlContext context(std::move(egl));
  if (auto error = check_gl_version()) return *error;
  context.renderer_ = reinterpret_cast<const char*>(glGetString(GL_RENDERER));
  if (auto error = context.resize(width, height)) return *error;
  return context;
}

void GlContext::make_current() {
  eglMakeCurrent(egl_->display, EGL_NO_SURFACE, EGL_NO_SURFACE, egl_->context);
}

std::optional<Error> GlContext::resize(int width, int height) {
  GLint most = 0;
  glGetIntegerv(GL_MAX_RENDERBUFFER_SIZE, &most);
  if (width < 1 || height < 1 || width > most || height > most) {
    return bad_input("a picture must be between 1 and " + std::to_string(most) + " pixels wide and high",
                     std::to_string(width) + "x" + std::to_string(height));
  }
  framebuffer_ = Framebuffer::create();
  colour_ = Renderbuffer::create();
  depth_ = Renderbuffer::create();
  glBindRenderbuffer(GL_RENDERBUFFER, colour_.id());
  glRenderbufferStorage(GL_RENDERBUFFER, GL_RGBA8, width, height);
  glBindRenderbuffer(GL_RENDERBUFFER, depth_.id());
  glRenderbufferStorage(GL_RENDERBUFFER, GL_DEPTH24_STENCIL8, width, height);
  glBindFramebuffer(GL_FRAMEBUFFER, framebuffer_.id());
  glFramebufferRenderbuffer(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_RENDERBUFFER, colour_.id());
  glFramebufferRenderbuffer(GL_FRAMEBUFFER, GL_DEPTH_STENCIL_ATTACHMENT, GL_RENDERBUFFER, depth_.id());
  if (glCheckFramebufferStatus(GL_FRAMEBUFFER) != GL_FRAMEBUFFER_COMPLETE) {
    return unsupported("the graphics driver cannot draw into a picture of this size");
  }
  width_ = width;
  height_ = height;
  glViewport(0, 0, width, height);
  return std::nullopt;
}

void GlContext::bind() {
  glBindFramebuffer(GL_FRAMEBUFFER, framebuffer_.id());
  glViewport(0, 0, width_, height_);
}

Image GlContext::read() const { return read_pixels(framebuffer_.id(), width_, height_); }

}  // namespace thalweg
