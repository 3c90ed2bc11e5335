// The workbench drawn without a display, frame by frame, by a caller who also plays the user: for
// screenshots, benchmarks and tests.
#pragma once

#include <imgui.h>

#include <memory>
#include <string_view>

#include "app/gl/context.hpp"
#include "app/workbench.hpp"

namespace thalweg {

/// Belongs to the thread that created it. One at a time.
class Headless {
 public:
  static Result<std::unique_ptr<Headless>> create(Scene scene, int width, int height,
                                                  WorkbenchOptions options = {.synchronous = true});
  ~Headless();

  /// Draws one frame. @param seconds  that the workbench is told have passed
  void frame(double seconds = 1.0 / 60.0);
  void frames(int count) {
    for (int i = 0; i < count; ++i) frame();
  }
  /// Until the renderer has drawn everything that was handed to it.
  void finish();
  Image picture() const { return context_.read(); }
  Workbench& workbench() { return *workbench_; }
  const Scene& scene() { return workbench_->editor().scene(); }
  const std::string& renderer() const { return context_.renderer(); }
  /// CPU time of this thread for the last frame() without handing triangles to the renderer, seconds.
  double app_seconds() const { return app_seconds_; }

  // The user. Places are marks ("optimizer.0.lr"; see marks.hpp); an unknown one throws
  // std::runtime_error with the list of those there are.
  void move(ImVec2 to);
  void move(std::string_view mark) { move(place(mark)); }
  void click(ImVec2 at, int button = 0);
  void click(std::string_view mark) { click(place(mark)); }
  void double_click(std::string_view mark);
  void drag(ImVec2 from, ImVec2 to, int steps = 8, int button = 0);
  void wheel(ImVec2 at, float clicks);
  void type(const char* text);
  void tap(ImGuiKey key, bool ctrl = false);
  /// The middle of a mark, or a point of it given as parts of its width and height.
  ImVec2 place(std::string_view mark, float x = 0.5F, float y = 0.5F);

 private:
  explicit Headless(GlContext context) : context_(std::move(context)) {}

  GlContext context_;
  std::unique_ptr<Workbench> workbench_;
  bool imgui_ = false;
  bool backend_ = false;
  double app_seconds_ = 0.0;
};

}  // namespace thalweg
