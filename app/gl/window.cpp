#include "app/gl/window.hpp"

#define GLFW_INCLUDE_NONE
#include <GLFW/glfw3.h>

#include <utility>

#include "app/gl/context.hpp"

namespace thalweg {
namespace {

std::string last_glfw_error() {
  const char* text = nullptr;
  glfwGetError(&text);
  return text != nullptr ? text : "no reason given";
}

}  // namespace

Result<GlfwWindow> GlfwWindow::create(const std::string& title, int width, int height) {
  if (!glfwInit()) {
    return Error{
        ErrorCode::kUnsupported,
        "no display to open a window on (" + last_glfw_error() + "); `thalweg screenshot` draws without one",
        {}};
  }
  glfwDefaultWindowHints();
  glfwWindowHint(GLFW_CONTEXT_VERSION_MAJOR, 3);
  glfwWindowHint(GLFW_CONTEXT_VERSION_MINOR, 3);
  glfwWindowHint(GLFW_OPENGL_PROFILE, GLFW_OPENGL_CORE_PROFILE);
  glfwWindowHint(GLFW_OPENGL_FORWARD_COMPAT, GLFW_TRUE);
  // The whole window is drawn by ImGui or from textures; neither needs these.
  glfwWindowHint(GLFW_DEPTH_BITS, 0);
  glfwWindowHint(GLFW_STENCIL_BITS, 0);
  GLFWwindow* handle = glfwCreateWindow(width, height, title.c_str(), nullptr, nullptr);
  if (handle == nullptr) {
    Error error{ErrorCode::kUnsupported, "no window with OpenGL 3.3 (" + last_glfw_error() + ")", {}};
    glfwTerminate();
    return error;
  }
  GlfwWindow window(handle);
  glfwMakeContextCurrent(handle);
  if (auto error = check_gl_version()) return *error;
  glfwSwapInterval(1);
  return window;
}

GlfwWindow& GlfwWindow::operator=(GlfwWindow&& other) noexcept {
  std::swap(handle_, other.handle_);
  return *this;
}

GlfwWindow::~GlfwWindow() {
  if (handle_ == nullptr) return;
  glfwDestroyWindow(handle_);
  glfwTerminate();
}

bool GlfwWindow::should_close() const { return glfwWindowShouldClose(handle_) != 0; }

void GlfwWindow::framebuffer_size(int& width, int& height) const {
  glfwGetFramebufferSize(handle_, &width, &height);
}

float GlfwWindow::content_scale() const {
  float x = 1.0f;
  float y = 1.0f;
  glfwGetWindowContentScale(handle_, &x, &y);
  return x > y ? x : y;
}

void GlfwWindow::swap() { glfwSwapBuffers(handle_); }

}  // namespace thalweg
