// A window without a window: ImGui fed by hand, one frame at a time, for tests that click and type.
// Nothing is drawn to pixels here (the gallery does that).
#pragma once

#include <gtest/gtest.h>
#include <imgui.h>

#include <functional>
#include <stdexcept>
#include <string>

#include "app/ui/compat.hpp"
#include "app/ui/marks.hpp"
#include "app/ui/theme.hpp"

namespace thalweg::ui::testing {

class Bench {
 public:
  explicit Bench(std::function<void()> draw, const Theme& theme = dark_theme(), float scale = 1.0f,
                 ImVec2 size = {360.0f, 480.0f})
      : draw_(std::move(draw)), context_(ImGui::CreateContext()) {
    ImGuiIO& io = ImGui::GetIO();
    io.IniFilename = nullptr;
    io.DisplaySize = size;
    io.BackendFlags |= ImGuiBackendFlags_RendererHasVtxOffset;  // as the OpenGL back end has
    apply(theme, scale);
    init_script_keys();
    enable_marks(true);
    mouse_pos(-100.0f, -100.0f);
    frame(2);
  }
  ~Bench() {
    enable_marks(false);
    ImGui::DestroyContext(context_);
  }
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;

  void frame(int count = 1, float seconds = 1.0f / 60.0f) {
    for (int i = 0; i < count; ++i) {
      ImGuiIO& io = ImGui::GetIO();
      io.DeltaTime = seconds;
      ImGui::NewFrame();
      ImGui::SetNextWindowPos({0.0f, 0.0f});
      ImGui::SetNextWindowSize(io.DisplaySize);
      ImGui::Begin("bench", nullptr, ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove);
      draw_();
      ImGui::End();
      ImGui::Render();
    }
  }

  const MarkRect& rect(const std::string& id) const {
    if (const MarkRect* found = find_mark(id)) return *found;
    throw std::runtime_error("no mark '" + id + "'; there are:\n" + list_marks());
  }
  bool has(const std::string& id) const { return find_mark(id) != nullptr; }

  void move(ImVec2 to) {
    mouse_pos(to.x, to.y);
    frame();
  }
  void press(int button = 0) {
    mouse_button(button, true);
    frame();
  }
  void release(int button = 0) {
    mouse_button(button, false);
    frame();
  }
  /// Presses and releases; a pause before it keeps it apart from the click before.
  void click(ImVec2 at, int button = 0) {
    move(at);
    frame(1, 1.0f);
    press(button);
    release(button);
    frame(3);  // a field that was opened takes the keyboard a frame later
  }
  void double_click(ImVec2 at) {
    move(at);
    frame(1, 1.0f);
    press();
    release();
    press();
    release();
    frame();
  }
  void drag(ImVec2 from, ImVec2 to, int button = 0, int steps = 5) {
    move(from);
    frame(1, 1.0f);
    press(button);
    for (int i = 1; i <= steps; ++i) {
      const float t = static_cast<float>(i) / static_cast<float>(steps);
      move({from.x + (to.x - from.x) * t, from.y + (to.y - from.y) * t});
    }
    release(button);
    frame();
  }
  void scroll(ImVec2 at, float notches) {
    move(at);
    wheel(0.0f, notches);
    frame(2);
  }
  void type(const char* utf8) {
    text(utf8);
    frame(2);
  }
  void tap(ImGuiKey which) {
    key(which, true);
    frame();
    key(which, false);
    frame();
  }
  void hold(const Modifiers& held) {
    modifiers(held);
    frame();
  }

 private:
  std::function<void()> draw_;
  ImGuiContext* context_;
};

}  // namespace thalweg::ui::testing
