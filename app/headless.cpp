#include "app/headless.hpp"

#include <backends/imgui_impl_opengl3.h>
#include <epoxy/gl.h>

#include <cfloat>
#include <ctime>
#include <stdexcept>

#include "app/gl/allocator.hpp"
#include "app/ui/compat.hpp"
#include "app/ui/marks.hpp"

namespace thalweg {
namespace {

double thread_cpu_seconds() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

}  // namespace

Result<std::unique_ptr<Headless>> Headless::create(Scene scene, int width, int height, WorkbenchOptions options) {
  tune_allocator();
  auto context = GlContext::create(width, height);
  if (!context) return context.error();
  std::unique_ptr<Headless> out(new Headless(std::move(*context)));
  ImGui::CreateContext();
  out->imgui_ = true;
  ImGuiIO& io = ImGui::GetIO();
  io.IniFilename = nullptr;
  io.LogFilename = nullptr;
  io.DisplaySize = {static_cast<float>(width), static_cast<float>(height)};
  ui::init_script_keys();
  ui::mouse_pos(-FLT_MAX, -FLT_MAX);
  if (!ImGui_ImplOpenGL3_Init("#version 330 core"))
    return Error{ErrorCode::kUnsupported, "ImGui's OpenGL renderer did not start", "OpenGL"};
  out->backend_ = true;
  ui::enable_marks(true);
  auto workbench = Workbench::create(std::move(scene), std::move(options));
  if (!workbench) return workbench.error();
  out->workbench_ = std::move(*workbench);
  return out;
}

Headless::~Headless() {
  workbench_.reset();
  if (backend_) ImGui_ImplOpenGL3_Shutdown();
  if (imgui_) ImGui::DestroyContext();
  ui::enable_marks(false);
}

void Headless::frame(double seconds) {
  if (workbench_->prepare()) ui::hand_over_font_atlas();
  const double begin = thread_cpu_seconds();
  ImGui::GetIO().DeltaTime = static_cast<float>(seconds > 0.0 ? seconds : 1e-6);
  ImGui_ImplOpenGL3_NewFrame();
  ImGui::NewFrame();
  workbench_->frame(seconds);
  ImGui::Render();
  app_seconds_ = thread_cpu_seconds() - begin;
  context_.bind();
  const ImVec4 background = workbench_->background();
  glClearColor(background.x, background.y, background.z, 1.0F);
  glClear(GL_COLOR_BUFFER_BIT | GL_DEPTH_BUFFER_BIT);
  ImGui_ImplOpenGL3_RenderDrawData(ImGui::GetDrawData());
}

void Headless::finish() { glFinish(); }

ImVec2 Headless::place(std::string_view mark, float x, float y) {
  const ui::MarkRect* rect = ui::find_mark(mark);
  if (!rect) throw std::runtime_error("no mark '" + std::string(mark) + "'; there are\n" + ui::list_marks());
  return rect->at(x, y);
}

void Headless::move(ImVec2 to) {
  ui::mouse_pos(to.x, to.y);
  frame();
}

void Headless::click(ImVec2 at, int button) {
  move(at);
  ui::mouse_button(button, true);
  frame();
  ui::mouse_button(button, false);
  frame();
}

void Headless::double_click(std::string_view mark) {
  const ImVec2 at = place(mark);
  frames(30);  // not a continuation of an earlier click
  click(at);
  click(at);
}

void Headless::drag(ImVec2 from, ImVec2 to, int steps, int button) {
  move(from);
  ui::mouse_button(button, true);
  frame();
  for (int i = 1; i <= steps; ++i) {
    const float t = static_cast<float>(i) / static_cast<float>(steps);
    move({from.x + t * (to.x - from.x), from.y + t * (to.y - from.y)});
  }
  ui::mouse_button(button, false);
  frame();
}

void Headless::wheel(ImVec2 at, float clicks) {
  move(at);
  ui::wheel(0.0F, clicks);
  frame();
}

void Headless::type(const char* text) {
  ui::text(text);
  frame();
  frame();
}

void Headless::tap(ImGuiKey key, bool ctrl) {
  ui::modifiers({.ctrl = ctrl});
  ui::key(key, true);
  frame();
  ui::key(key, false);
  ui::modifiers({});
  frame();
}

}  // namespace thalweg
