// A GLFW window with an OpenGL 3.3 core context. Callbacks, input and ImGui are the caller's.
#pragma once

#include <string>

#include "core/spec/result.hpp"

struct GLFWwindow;

namespace thalweg {

/// Main thread only. One at a time: GLFW is started with it and ended with it.
class GlfwWindow {
 public:
  /// `width` and `height` in screen coordinates. The context is current afterwards, with vertical
  /// sync on. Errors are one line: no display, no OpenGL 3.3.
  static Result<GlfwWindow> create(const std::string& title, int width, int height);

  GlfwWindow(GlfwWindow&& other) noexcept : handle_(other.handle_) { other.handle_ = nullptr; }
  GlfwWindow& operator=(GlfwWindow&& other) noexcept;
  ~GlfwWindow();

  GLFWwindow* handle() const { return handle_; }
  bool should_close() const;
  /// In pixels, which is what glViewport wants.
  void framebuffer_size(int& width, int& height) const;
  /// Pixels of the framebuffer per screen coordinate of the monitor's settings; 1 on plain displays.
  float content_scale() const;
  void swap();

 private:
  explicit GlfwWindow(GLFWwindow* handle) : handle_(handle) {}
  GLFWwindow* handle_ = nullptr;
};

}  // namespace thalweg
