// The GLFW window: events in, frames out, asleep when nothing moves.
#define GLFW_INCLUDE_NONE
#include <GLFW/glfw3.h>
#include <backends/imgui_impl_glfw.h>
#include <backends/imgui_impl_opengl3.h>
#include <epoxy/gl.h>

#include <csignal>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <thread>
#include <unistd.h>
#include <variant>

#include "app/cli/commands.hpp"
#include "app/gl/context.hpp"
#include "app/gl/window.hpp"
#include "app/ui/compat.hpp"
#include "app/work/files.hpp"
#include "app/workbench.hpp"

namespace thalweg {
namespace {

using Clock = std::chrono::steady_clock;

/// As much as most displays show. A software renderer has no vertical sync to wait for.
constexpr double kShortestFrame = 1.0 / 62.0;
/// ImGui needs a frame or two after the last event to settle (hover, focus).
constexpr int kFramesAfterEvent = 3;

struct KeyEvent {
  int key, scancode, action, mods;
};
struct CharEvent {
  unsigned character;
};
struct ButtonEvent {
  int button, action, mods;
};
using InputEvent = std::variant<KeyEvent, CharEvent, ButtonEvent>;

/// Keys, characters and mouse buttons wait here in their order, so that a key pressed and released between two frames is seen in
/// both states: this version of ImGui looks at the state of keys only once a frame.
struct Input {
  std::deque<InputEvent> events;
  Workbench* workbench = nullptr;
  int frames_due = kFramesAfterEvent;
};

Input& input_of(GLFWwindow* window) { return *static_cast<Input*>(glfwGetWindowUserPointer(window)); }

std::optional<Key> key_of(int key, int mods) {
  static const std::map<int, Key> kKeys{
      {GLFW_KEY_SPACE, Key::kSpace},     {GLFW_KEY_LEFT, Key::kLeft},         {GLFW_KEY_RIGHT, Key::kRight},
      {GLFW_KEY_HOME, Key::kHome},       {GLFW_KEY_PAGE_UP, Key::kPageUp},    {GLFW_KEY_PAGE_DOWN, Key::kPageDown},
      {GLFW_KEY_R, Key::kR},             {GLFW_KEY_F, Key::kF},               {GLFW_KEY_F11, Key::kF},
      {GLFW_KEY_EQUAL, Key::kPlus},      {GLFW_KEY_KP_ADD, Key::kPlus},       {GLFW_KEY_RIGHT_BRACKET, Key::kPlus},
      {GLFW_KEY_MINUS, Key::kMinus},     {GLFW_KEY_KP_SUBTRACT, Key::kMinus}, {GLFW_KEY_0, Key::kZero},
      {GLFW_KEY_KP_0, Key::kZero},       {GLFW_KEY_Z, Key::kZ},               {GLFW_KEY_Y, Key::kY},
      {GLFW_KEY_S, Key::kS},             {GLFW_KEY_O, Key::kO},               {GLFW_KEY_F1, Key::kHelp},
      {GLFW_KEY_ESCAPE, Key::kEscape},   {GLFW_KEY_UP, Key::kUp},             {GLFW_KEY_DOWN, Key::kDown},
      {GLFW_KEY_END, Key::kEnd},         {GLFW_KEY_ENTER, Key::kEnter},       {GLFW_KEY_KP_ENTER, Key::kEnter},
      {GLFW_KEY_DELETE, Key::kDelete},   {GLFW_KEY_F2, Key::kF2},             {GLFW_KEY_A, Key::kA},
      {GLFW_KEY_E, Key::kE}};
  if (key == GLFW_KEY_SLASH && (mods & GLFW_MOD_SHIFT)) return Key::kHelp;
  const auto found = kKeys.find(key);
  return found == kKeys.end() ? std::nullopt : std::optional(found->second);
}

void install_callbacks(GLFWwindow* window) {
  glfwSetKeyCallback(window, [](GLFWwindow* w, int key, int scancode, int action, int mods) {
    Input& input = input_of(w);
    input.events.push_back(KeyEvent{key, scancode, action, mods});
    input.frames_due = kFramesAfterEvent;
    // Letters by what is printed on them, whatever the layout.
    int named = key;
    if (const char* name = glfwGetKeyName(key, scancode); name && name[0] && !name[1]) {
      if (name[0] >= 'a' && name[0] <= 'z') named = GLFW_KEY_A + (name[0] - 'a');
      if (name[0] == '+') named = GLFW_KEY_KP_ADD;
      if (name[0] == '-') named = GLFW_KEY_MINUS;
    }
    if (action == GLFW_RELEASE) return;
    if (const auto known = key_of(named, mods))
      input.workbench->key({*known, (mods & GLFW_MOD_CONTROL) != 0, (mods & GLFW_MOD_SHIFT) != 0});
  });
  glfwSetCharCallback(window, [](GLFWwindow* w, unsigned character) {
    input_of(w).events.push_back(CharEvent{character});
    input_of(w).frames_due = kFramesAfterEvent;
  });
  glfwSetMouseButtonCallback(window, [](GLFWwindow* w, int button, int action, int mods) {
    input_of(w).frames_due = kFramesAfterEvent;
    input_of(w).events.push_back(ButtonEvent{button, action, mods});
  });
  glfwSetScrollCallback(window, [](GLFWwindow* w, double dx, double dy) {
    input_of(w).frames_due = kFramesAfterEvent;
    ImGui_ImplGlfw_ScrollCallback(w, dx, dy);
  });
  glfwSetCursorPosCallback(window, [](GLFWwindow* w, [[maybe_unused]] double x, [[maybe_unused]] double y) {
    input_of(w).frames_due = kFramesAfterEvent;
#if IMGUI_VERSION_NUM >= 18700
    ImGui_ImplGlfw_CursorPosCallback(w, x, y);
#endif
  });
  glfwSetCursorEnterCallback(window, [](GLFWwindow* w, int entered) {
    input_of(w).frames_due = kFramesAfterEvent;
    ImGui_ImplGlfw_CursorEnterCallback(w, entered);
  });
  glfwSetWindowFocusCallback(window, [](GLFWwindow* w, int focused) {
    input_of(w).frames_due = kFramesAfterEvent;
    ImGui_ImplGlfw_WindowFocusCallback(w, focused);
  });
  glfwSetWindowRefreshCallback(window, [](GLFWwindow* w) { input_of(w).frames_due = kFramesAfterEvent; });
  glfwSetFramebufferSizeCallback(window, [](GLFWwindow* w, int, int) { input_of(w).frames_due = kFramesAfterEvent; });
  glfwSetDropCallback(window, [](GLFWwindow* w, int count, const char** paths) {
    input_of(w).frames_due = kFramesAfterEvent;
    for (int i = 0; i < count; ++i) input_of(w).workbench->open_file(paths[i]);
  });
}

/// Hands on what has come in, up to the first key that changes a second time: the rest is for the
/// next frame. A mouse button has a frame to itself, since a field that it activates hears no key in
/// that frame.
void feed(GLFWwindow* window, Input& input) {
  std::set<int> changed;
  bool handed_on = false;
  while (!input.events.empty()) {
    if (const auto* button = std::get_if<ButtonEvent>(&input.events.front())) {
      if (handed_on) break;
      ImGui_ImplGlfw_MouseButtonCallback(window, button->button, button->action, button->mods);
      input.events.pop_front();
      break;
    }
    handed_on = true;
    if (const auto* key = std::get_if<KeyEvent>(&input.events.front())) {
      if (!changed.insert(key->key).second) break;
      ImGui_ImplGlfw_KeyCallback(window, key->key, key->scancode, key->action, key->mods);
    } else {
      ImGui_ImplGlfw_CharCallback(window, std::get<CharEvent>(input.events.front()).character);
    }
    input.events.pop_front();
  }
  if (!input.events.empty()) input.frames_due = kFramesAfterEvent;
}

/// Ctrl+C and a polite kill close the window as its close button does, so that nothing is lost.
class Signals {
 public:
  Signals() {
    sigemptyset(&set_);
    sigaddset(&set_, SIGINT);
    sigaddset(&set_, SIGTERM);
    sigaddset(&set_, SIGHUP);
    thread_ = std::thread([this] {
      int number = 0;
      sigwait(&set_, &number);
      came_ = true;
      glfwPostEmptyEvent();
    });
  }
  ~Signals() {
    pthread_kill(thread_.native_handle(), SIGTERM);
    thread_.join();
  }
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  bool came() const { return came_; }

  /// Before any thread is started: all of them inherit the mask, so that only sigwait sees them.
  static void block() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
  }

 private:
  sigset_t set_{};
  std::atomic<bool> came_{false};
  std::thread thread_;
};

class FullScreen {
 public:
  explicit FullScreen(GLFWwindow* window) : window_(window) {}
  void toggle() {
    if (glfwGetWindowMonitor(window_)) {
      glfwSetWindowMonitor(window_, nullptr, x_, y_, width_, height_, 0);
      return;
    }
    GLFWmonitor* monitor = glfwGetPrimaryMonitor();
    const GLFWvidmode* mode = monitor ? glfwGetVideoMode(monitor) : nullptr;
    if (!mode) return;
    glfwGetWindowPos(window_, &x_, &y_);
    glfwGetWindowSize(window_, &width_, &height_);
    glfwSetWindowMonitor(window_, monitor, 0, 0, mode->width, mode->height, mode->refreshRate);
  }

 private:
  GLFWwindow* window_;
  int x_ = 0, y_ = 0, width_ = 1280, height_ = 800;
};

/// From the kernel's record of when this process began (field 22 of /proc/self/stat), to a hundredth.
double seconds_since_process_start() {
  std::ifstream in("/proc/self/stat");
  std::string stat((std::istreambuf_iterator<char>(in)), {});
  std::istringstream fields(stat.substr(std::min(stat.size(), stat.rfind(')') + 1)));
  std::string field;
  for (int i = 3; i <= 22; ++i) fields >> field;
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec) -
         std::strtod(field.c_str(), nullptr) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

/// The Scene to begin with, and what is to be said about it.
struct Beginning {
  Scene scene;
  std::optional<Error> trouble;
  bool keep = true;  ///< the last Scene may be replaced by this one
};

Beginning beginning(const cli::WindowOptions& options) {
  Beginning out{default_scene(), std::nullopt, true};
  const std::filesystem::path last = last_scene_file();
  if (options.fresh || last.empty()) return out;
  std::error_code code;
  if (!std::filesystem::exists(last, code)) return out;
  auto scene = read_scene(last);
  if (scene) {
    out.scene = std::move(*scene);
    return out;
  }
  // It is kept under another name: the next autosave must not destroy what someone may want to mend.
  const std::filesystem::path kept = last.string() + ".unreadable";
  std::filesystem::rename(last, kept, code);
  out.keep = !code;
  out.trouble = scene.error();
  out.trouble->message = "the last Scene can't be read (" + scene.error().text() + ")" +
                         (code ? "; it is left as it is, and this one will not be kept"
                               : "; it is kept as " + kept.filename().string());
  out.trouble->context.clear();
  return out;
}

int run_window(GlfwWindow& window, Beginning begin, const cli::WindowOptions& options) {
  GLFWwindow* handle = window.handle();
  IMGUI_CHECKVERSION();
  ImGui::CreateContext();
  struct Cleanup {
    ~Cleanup() {
      if (gl) ImGui_ImplOpenGL3_Shutdown();
      if (glfw) ImGui_ImplGlfw_Shutdown();
      ImGui::DestroyContext();
    }
    bool glfw = false, gl = false;
  } cleanup;
  ImGui::GetIO().IniFilename = nullptr;
  cleanup.glfw = ImGui_ImplGlfw_InitForOpenGL(handle, false);
  cleanup.gl = cleanup.glfw && ImGui_ImplOpenGL3_Init("#version 330 core");
  if (!cleanup.gl) return cli::fail({ErrorCode::kUnsupported, "ImGui's OpenGL renderer did not start", "OpenGL"});

  FullScreen full_screen(handle);
  WorkbenchOptions bench_options;
  if (begin.keep) bench_options.autosave = last_scene_file();
  bench_options.db = options.keep.db.empty() ? store::default_file() : std::filesystem::path(options.keep.db);
  bench_options.record = options.keep.save;
  bench_options.wake = [] { glfwPostEmptyEvent(); };
  bench_options.toggle_full_screen = [&] { full_screen.toggle(); };
  auto made = Workbench::create(std::move(begin.scene), std::move(bench_options));
  if (!made) return cli::fail(made.error());
  Workbench& workbench = **made;
  Input input{{}, &workbench, kFramesAfterEvent};
  glfwSetWindowUserPointer(handle, &input);
  install_callbacks(handle);
  if (begin.trouble) workbench.say(*begin.trouble);
  if (!options.scene.empty()) workbench.open_file(options.scene);
  workbench.player().play();

  const Signals signals;
  const bool timed = std::getenv("THALWEG_TIMES") != nullptr;
  auto last = Clock::now();
  bool first = true;
  // Frames while a race runs, a network trains or the mouse moves: those that come one after the other.
  constexpr double kStillAfter = 0.2;
  int moving_frames = 0;
  double moving_seconds = 0.0, slowest = 0.0;
  while (!window.should_close() && !signals.came()) {
    const double due = input.frames_due > 0 ? 0.0 : workbench.next_frame_in();
    if (due <= 0.0) {
      glfwPollEvents();
    } else if (due < 1e6) {
      glfwWaitEventsTimeout(due);
    } else {
      glfwWaitEvents();
    }
    if (input.frames_due > 0) --input.frames_due;
    if (workbench.prepare()) ui::hand_over_font_atlas();
    feed(handle, input);
    ImGui_ImplOpenGL3_NewFrame();
    ImGui_ImplGlfw_NewFrame();
    ImGui::NewFrame();
    const auto now = Clock::now();
    const double seconds = std::chrono::duration<double>(now - last).count();
    last = now;
    if (timed && !first && seconds < kStillAfter) {
      ++moving_frames;
      moving_seconds += seconds;
      slowest = std::max(slowest, seconds);
    }
    workbench.frame(seconds);
    ImGui::Render();
    int width = 0, height = 0;
    window.framebuffer_size(width, height);
    glViewport(0, 0, width, height);
    const ImVec4 background = workbench.background();
    glClearColor(background.x, background.y, background.z, 1.0F);
    glClear(GL_COLOR_BUFFER_BIT);
    ImGui_ImplOpenGL3_RenderDrawData(ImGui::GetDrawData());
    window.swap();
    if (first && timed) {
      glFinish();
      std::fprintf(stderr, "first frame %.3f s after the start of the process\n", seconds_since_process_start());
    }
    first = false;
    const double spent = std::chrono::duration<double>(Clock::now() - now).count();
    if (spent < kShortestFrame) std::this_thread::sleep_for(std::chrono::duration<double>(kShortestFrame - spent));
  }
  if (timed && moving_seconds > 0.0)
    std::fprintf(stderr, "%.1f frames/s while something moved, the slowest %.0f ms\n", moving_frames / moving_seconds,
                 1e3 * slowest);
  return cli::kExitOk;
}

}  // namespace

namespace cli {

int window(const WindowOptions& options) {
  const char* x11 = std::getenv("DISPLAY");
  const char* wayland = std::getenv("WAYLAND_DISPLAY");
  if (!(x11 && *x11) && !(wayland && *wayland)) {
    std::fprintf(stderr,
                 "thalweg: there is no display to open a window on.\n"
                 "  Without one: thalweg descend --surface rosenbrock --optimizer adam:lr=0.02\n"
                 "               thalweg screenshot --view surface --size 1280x800 --out surface.png\n"
                 "               thalweg --help\n");
    return kExitFailed;
  }
  Signals::block();
  auto made = GlfwWindow::create("Thalweg", 1280, 800);
  if (!made) return fail(made.error());
  return run_window(*made, beginning(options), options);
}

}  // namespace cli
}  // namespace thalweg
