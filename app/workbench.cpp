#include "app/workbench.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "app/panels/runs_lab.hpp"
#include "app/panels/schedule_lab.hpp"
#include "app/panels/session.hpp"
#include "app/panels/surface_view.hpp"
#include "app/panels/training_lab.hpp"
#include "app/ui/compat.hpp"
#include "app/ui/text.hpp"
#include "app/work/files.hpp"

namespace thalweg {
namespace {

constexpr double kAutosaveSeconds = 1.5;
/// A race whose settings stood still for so long is kept: not every place that a slider passes.
constexpr double kSettledSeconds = 0.7;
/// Time spent asleep is not time that a run missed.
constexpr double kLongestFrame = 0.1;
constexpr float kTopBar = 40.0F;

struct Shortcut {
  const char* keys;
  const char* does;
};

constexpr std::array<Shortcut, 21> kShortcuts{{{"Space", "play or train, pause"},
                                               {"← →", "one step back, on (with Shift 100, in training an epoch)"},
                                               {"Home  End", "to the start, to where the run is"},
                                               {"R", "run anew, without the changes made on the way"},
                                               {"F", "full screen"},
                                               {"Ctrl +  Ctrl −  Ctrl 0", "larger, smaller, normal size"},
                                               {"Ctrl Z  Ctrl Y", "undo, redo"},
                                               {"Ctrl S  Ctrl O", "save, open a Scene"},
                                               {"↑ ↓  Space", "among schedules: choose another; train the network with them"},
                                               {"↑ ↓  Space  Enter", "in the list of runs: move, choose, open"},
                                               {"F2  Delete  Ctrl F", "there: rename, delete, filter"},
                                               {"Ctrl E", "save the chart or map under the mouse (also: right click)"},
                                               {"?", "this list"},
                                               {"Drag the start", "on the map, to begin elsewhere"},
                                               {"Drag, wheel", "on the map: move, zoom; in 3D: turn, zoom"},
                                               {"Double-click the map", "all of it again"},
                                               {"Drag a handle", "of a schedule, to shape it; right click takes a drawn point away"},
                                               {"Click a point", "the readout follows that optimizer"},
                                               {"Double-click a slider", "type a value"},
                                               {"Drag, wheel on a chart", "move, zoom; Shift+drag: zoom to a box"},
                                               {"Double-click a chart", "all of it again"}}};

/// A path as a shell would understand it: ~/ is the user's home.
std::filesystem::path at_home(const std::string& path) {
  const char* home = std::getenv("HOME");
  return home && path.starts_with("~/") ? std::filesystem::path(home) / path.substr(2) : std::filesystem::path(path);
}

void draw_logo(ImDrawList* list, ImVec2 at, float size) {
  const auto p = [&](float x, float y) { return ImVec2{at.x + x / 20.0F * size, at.y + y / 20.0F * size}; };
  const float thin = ui::line_width(1), thick = ui::line_width(2);
  list->AddBezierCubic(p(6, 1), p(9, 5), p(10, 7), p(14, 8), ui::theme().faint, thin);
  list->AddBezierCubic(p(14, 8), p(17, 9), p(17, 11), p(19, 12), ui::theme().faint, thin);
  list->AddBezierCubic(p(1, 8), p(3, 10), p(3, 13), p(7, 15), ui::theme().faint, thin);
  list->AddBezierCubic(p(7, 15), p(10, 16.5F), p(11, 18), p(13, 19), ui::theme().faint, thin);
  list->AddBezierCubic(p(1, 3), p(6, 6), p(5, 10), p(10, 11), ui::theme().accent, thick);
  list->AddBezierCubic(p(10, 11), p(15, 12), p(15, 16), p(19, 18), ui::theme().accent, thick);
}

}  // namespace

Workbench::Workbench(Scene scene, WorkbenchOptions options)
    : options_(std::move(options)),
      editor_(std::move(scene)),
      inbox_(options_.wake),
      keeping_({options_.db, options_.record, options_.wake}),
      watched_(editor_.scene().race()),
      worker_(options_.wake, keeping_.recorder()) {
  run_ = worker_.snapshot();
}

Workbench::~Workbench() {
  if (options_.autosave.empty()) return;
  // An attempt that failed is made once more: the disk may have room again.
  if (saved_revision_ == editor_.revision() && !autosave_failed_) return;
  // A failure was already shown, or there is no screen left to show it on.
  files_.run([path = options_.autosave, text = to_json(editor_.scene())] { (void)write_file(path, text); });
}

Result<std::unique_ptr<Workbench>> Workbench::create(Scene scene, WorkbenchOptions options) {
  std::unique_ptr<Workbench> bench(new Workbench(std::move(scene), std::move(options)));
  auto surface = SurfaceView::create(bench->options_.wake);
  if (!surface) return surface.error();
  bench->views_.push_back(std::move(*surface));
  auto training = std::make_unique<TrainingLab>(bench->options_.wake, bench->keeping_.recorder());
  bench->training_ = training.get();
  bench->views_.push_back(std::move(training));
  bench->views_.push_back(std::make_unique<ScheduleLab>(bench->options_.wake));
  bench->views_.push_back(std::make_unique<RunsLab>(bench->options_.db, bench->options_.wake));
  return bench;
}

bool Workbench::prepare() {
  const Spec& appearance = editor_.scene().appearance;
  return ui::apply(ui::theme_by_id(appearance.text("theme")), static_cast<float>(appearance.number("scale")));
}

ImVec4 Workbench::background() const { return ImGui::ColorConvertU32ToFloat4(ui::theme().panel); }

std::optional<Error> Workbench::show(std::string_view view) {
  std::string known;
  for (std::size_t i = 0; i < views_.size(); ++i) {
    if (views_[i]->id() == view) {
      if (shown_ != i) views_[shown_]->hidden();
      shown_ = i;
      return std::nullopt;
    }
    known += (known.empty() ? "" : ", ") + views_[i]->id();
  }
  return bad_input("there is no '" + std::string(view.substr(0, 40)) + "'; there are " + known, "view");
}

void Workbench::say(const Error& error) { toasts_.push(error.text()); }

double Workbench::next_frame_in() const {
  if (player_.playing() || !run_->arrived || !keys_.empty()) return 0.0;
  double due = ui::next_frame_in();
  if (keeping_.recorder() && still_for_ < kSettledSeconds) due = std::min(due, kSettledSeconds - still_for_);
  return saved_revision_ != editor_.revision() ? std::min(due, kAutosaveSeconds) : due;
}

void Workbench::open_file(const std::filesystem::path& path) {
  files_.run([this, path] {
    inbox_.post([this, path, scene = read_scene(path)] {
      if (!scene) {
        say(scene.error());
        return;
      }
      editor_.apply(*scene);
      player_.pause();
      player_.reset();
      toasts_.push("Opened " + path.filename().string(), ui::Toasts::Kind::kNote);
    });
  });
}

void Workbench::save_file(const std::filesystem::path& path) {
  files_.run([this, path, text = to_json(editor_.scene())] {
    auto error = write_file(path, text);
    inbox_.post([this, path, error = std::move(error)] {
      if (error) say(*error);
      else toasts_.push("Saved " + path.string(), ui::Toasts::Kind::kNote);
    });
  });
}

void Workbench::autosave(double seconds) {
  if (options_.autosave.empty() || saved_revision_ == editor_.revision()) return;
  unsaved_for_ += seconds;
  if (unsaved_for_ < kAutosaveSeconds) return;
  unsaved_for_ = 0.0;
  saved_revision_ = editor_.revision();
  files_.run([this, path = options_.autosave, text = to_json(editor_.scene())] {
    auto error = write_file(path, text);
    if (!error) {
      autosave_failed_ = false;
    } else if (!autosave_failed_.exchange(true)) {
      // Said once: the next attempt would most likely fail in the same way.
      inbox_.post([this, error = std::move(*error)] {
        say({error.code, error.message + ". This Scene will not be there at the next start", error.context});
      });
    }
  });
}

void Workbench::rescale(double factor) {
  Scene next = editor_.scene();
  const double scale = factor > 0.0 ? next.appearance.number("scale") * factor : 1.0;
  *next.appearance.find("scale") = std::clamp(std::round(scale * 8.0) / 8.0, 1.0, 3.0);
  editor_.apply(std::move(next), "scale");
}

void Workbench::handle(Frame& frame, const KeyPress& press) {
  const auto ask = [&](Dialog dialog) {
    dialog_ = dialog;
    dialog_opening_ = true;
  };
  if (press.ctrl) {
    switch (press.key) {
      case Key::kPlus: rescale(1.125); break;
      case Key::kMinus: rescale(1.0 / 1.125); break;
      case Key::kZero: rescale(0.0); break;
      case Key::kZ: press.shift ? editor_.redo() : editor_.undo(); break;
      case Key::kY: editor_.redo(); break;
      case Key::kS: ask(Dialog::kSave); break;
      case Key::kO: ask(Dialog::kOpen); break;
      case Key::kA:
      case Key::kF: views_[shown_]->key(frame, press); break;
      case Key::kE: ui::export_under_mouse(); break;
      default: break;
    }
    return;
  }
  switch (press.key) {
    case Key::kHelp: help_opening_ = true; break;
    case Key::kF:
      if (options_.toggle_full_screen) options_.toggle_full_screen();
      break;
    default: views_[shown_]->key(frame, press);
  }
}

/// The step up to which the race goes into the file of runs: what was shown while it plays, all of it once
/// it stands still; −1: not yet.
std::int64_t Workbench::keep_race_to(double seconds) {
  const Scene& scene = editor_.scene();
  RaceSettings race = scene.race();
  still_for_ += seconds;
  if (race != watched_) {
    std::int64_t first = race.optimizers.size() == watched_.optimizers.size() ? INT64_MAX : 0;
    for (std::size_t i = 0; first > 0 && i < race.optimizers.size(); ++i)
      first = std::min(first, first_difference(watched_.lane(i), race.lane(i)));
    if (!player_.playing() || first < scene.step) still_for_ = 0.0;
    watched_ = std::move(race);
  }
  if (!player_.playing() && ImGui::IsAnyMouseDown()) still_for_ = 0.0;
  if (!keeping_.recorder() || !keeping_.ready() || still_for_ < kSettledSeconds || scene.step < 1) return -1;
  return player_.playing() ? scene.step : INT64_MAX;
}

void Workbench::request_race(std::int64_t step, double seconds) {
  const std::int64_t keep = keep_race_to(seconds);
  worker_.request(editor_.scene().race(), step, keep,
                  keep > 0 ? std::make_shared<const Scene>(editor_.scene()) : nullptr);
}

void Workbench::offer_to_resume(Frame& frame, float& bottom) {
  Keeping::Wish wish;
  bottom -= keeping_.draw_offer(0, ImGui::GetIO().DisplaySize.x, bottom, wish);
  if (wish.what == Keeping::Wish::What::kShowInterrupted) {
    propose(frame, {}, {}, [](Scene& scene) {
      scene.runs.filter = "outcome=interrupted";
      if (scene.runs.view.text("layout") == "comparison") *scene.runs.view.find("layout") = std::string("list");
    });
    (void)show("runs");
  }
  if (wish.what == Keeping::Wish::What::kResume) open_run(wish.uid, {}, true);
}

void Workbench::open_run(const std::string& uid, std::optional<std::int64_t> step, bool go_on) {
  keeping_.open(uid, [this, step, go_on](Result<OpenedRun> run) {
    if (run)
      show_run(std::move(*run), step, go_on);
    else
      say(run.error());
  });
}

void Workbench::show_run(OpenedRun run, std::optional<std::int64_t> step, bool go_on) {
  std::int64_t end = 0;
  for (const KeptRun& lane : run.lanes) end = std::max(end, lane.steps);
  if (run.kind == "training") {
    training_->open(editor_, {std::move(run), options_.db}, step, go_on);
    (void)show("training");
    return;
  }
  Scene next = editor_.scene();
  const bool elsewhere = next.surface != run.scene.surface;
  next.surface = run.scene.surface;
  next.start = run.scene.start;
  next.optimizers = run.scene.optimizers;
  next.gradient = run.scene.gradient;
  next.schedule = run.scene.schedule;
  next.drives = run.scene.drives;
  next.run = run.scene.run;
  if (elsewhere) next.camera = run.scene.camera;
  next.step = std::min(step.value_or(end), end);
  worker_.attach({next.race(), run.lanes});
  editor_.open(std::move(next));
  player_.pause();
  player_.reset(end);
  if (go_on) player_.play();
  (void)show("surface");
}

void Workbench::frame(double seconds) {
  editor_.new_frame();
  if (options_.synchronous) files_.wait();
  inbox_.drain();
  if (options_.synchronous) keeping_.wait();
  keeping_.update(toasts_);
  run_ = worker_.snapshot();
  const std::int64_t reach = player_.advance(editor_, *run_, std::min(seconds, kLongestFrame));
  request_race(reach, seconds);
  if (options_.synchronous) {
    worker_.wait();
    run_ = worker_.snapshot();
    player_.advance(editor_, *run_, 0.0);
  }
  Frame frame{editor_, player_, run_, [this](const Error& error) { say(error); },
              [this](const std::string& uid, std::optional<std::int64_t> step) { open_run(uid, step); }, options_.db, keeping_.ready(), options_.synchronous,
              [this](const std::string& text) { toasts_.push(text, ui::Toasts::Kind::kNote); }};
  if (run_->error) say(*run_->error);

  const ImGuiIO& io = ImGui::GetIO();
  std::vector<KeyPress> keys;
  keys.swap(keys_);
  for (const KeyPress& press : keys)
    if (press.ctrl ? !(io.WantTextInput && (press.key == Key::kZ || press.key == Key::kY)) : !io.WantTextInput)
      handle(frame, press);

  ImGui::SetNextWindowPos({0, 0});
  ImGui::SetNextWindowSize(io.DisplaySize);
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, {0, 0});
  ImGui::PushStyleVar(ImGuiStyleVar_WindowBorderSize, 0);
  ImGui::PushStyleVar(ImGuiStyleVar_WindowRounding, 0);
  ImGui::Begin("workbench", nullptr,
               ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoSavedSettings |
                   ImGuiWindowFlags_NoBringToFrontOnFocus | ImGuiWindowFlags_NoBackground | ImGuiWindowFlags_NoScrollWithMouse |
                   ImGuiWindowFlags_NoNav);
  ImGui::PopStyleVar(3);
  const float bar = ui::px(kTopBar);
  views_[shown_]->draw(frame, {{0, bar}, io.DisplaySize});
  top_bar(frame, {{0, 0}, {io.DisplaySize.x, bar}});
  ImGui::End();
  if (auto request = ui::take_export_request()) figures_.begin(std::move(*request), files_);
  if (ui::export_unanswered()) toasts_.push("Ctrl E saves a chart or the map: put the mouse on it", ui::Toasts::Kind::kNote);
  figures_.draw(files_);
  file_dialog(frame);
  help();
  float bottom = io.DisplaySize.y - ui::px(64);
  offer_to_resume(frame, bottom);
  toasts_.draw(0, io.DisplaySize.x, bottom);
  autosave(seconds);
  // An edit of this frame is at work before the next one.
  request_race(std::max(reach, editor_.scene().step), 0.0);
}

void Workbench::top_bar(Frame& frame, const Rect& area) {
  const ui::Scope scope("top");
  ImDrawList* list = ImGui::GetWindowDrawList();
  list->AddLine({area.min.x, area.max.y}, area.max, ui::theme().hairline, ui::line_width(1));
  const float middle = 0.5F * (area.min.y + area.max.y);
  float x = ui::px(16);
  draw_logo(list, {x, middle - ui::px(10)}, ui::px(20));
  x += ui::px(28);
  x += ui::draw_centred(list, ui::Type::kTitle, x, middle, ui::theme().text, "Thalweg") + ui::px(24);
  ImGui::SetCursorScreenPos({x, middle - ui::px(14)});
  for (std::size_t i = 0; i < views_.size(); ++i) {
    if (i > 0) ImGui::SameLine(0, ui::px(4));
    if (ui::tab("view." + views_[i]->id(), views_[i]->label(), i == shown_) && i != shown_) {
      views_[shown_]->hidden();
      shown_ = i;
      player_.pause();  // nobody watches a race that is out of sight
    }
  }

  // From the right: help, size, theme, file, redo, undo, as far as there is room. All but the theme have keys.
  float tabs_end = ImGui::GetItemRectMax().x;
  const float sign = keeping_.draw_sign(tabs_end + ui::px(8), middle);
  if (sign > 0) tabs_end += sign + ui::px(8);
  float right = area.max.x - ui::px(16);
  bool room = true;
  const auto chip = [&](const char* id, const std::string& label, const char* tip) {
    right -= ui::text_width(ui::Type::kNote, label) + ui::px(20);
    room = room && right > tabs_end + ui::px(12);
    if (!room) return false;
    ImGui::SetCursorScreenPos({right, middle - ui::px(12)});
    const bool clicked = ui::chip(id, label, tip);
    right -= ui::px(8);
    return clicked;
  };
  if (chip("help", "?", "Keys and mouse (?)")) help_opening_ = true;
  const double scale = editor_.scene().appearance.number("scale");
  if (chip("scale", format_number(std::round(scale * 1000.0) / 1000.0) + "×", "Size of everything (Ctrl + and Ctrl −)")) {
    Scene next = editor_.scene();
    *next.appearance.find("scale") = scale < 1.25 ? 1.5 : scale < 1.75 ? 2.0 : scale < 2.5 ? 3.0 : 1.0;
    editor_.apply(std::move(next));
  }
  const std::vector<std::string>& themes = appearance_descriptor().find("theme")->choices;
  const std::string& theme = editor_.scene().appearance.text("theme");
  std::string shown = theme;
  shown[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(shown[0])));
  if (chip("theme", shown, "Theme: dark, light, or projector (larger type, heavier lines)")) {
    Scene next = editor_.scene();
    const auto at = static_cast<std::size_t>(std::find(themes.begin(), themes.end(), theme) - themes.begin());
    *next.appearance.find("theme") = themes[(at + 1) % themes.size()];
    editor_.apply(std::move(next));
  }
  if (chip("save", "Save", "Save this Scene to a file (Ctrl S)")) handle(frame, {Key::kS, true, false});
  if (chip("open", "Open", "Open a Scene (Ctrl O), or drop its file on the window")) handle(frame, {Key::kO, true, false});
  // These two together or not at all.
  const float pair = ui::text_width(ui::Type::kNote, "Redo") + ui::text_width(ui::Type::kNote, "Undo") + ui::px(48);
  room = room && right - pair > tabs_end + ui::px(12);
  if (chip("redo", "Redo", "Redo (Ctrl Y)")) editor_.redo();
  if (chip("undo", "Undo", "Undo (Ctrl Z)")) editor_.undo();
}

void Workbench::file_dialog(Frame&) {
  if (dialog_ == Dialog::kNone) return;
  const bool saving = dialog_ == Dialog::kSave;
  if (dialog_opening_) {
    ImGui::OpenPopup("file");
    if (dialog_path_.empty()) {
      const char* home = std::getenv("HOME");
      dialog_path_ = (std::filesystem::path(home ? home : ".") / "scene.thalweg.json").string();
    }
  }
  const ImVec2 size = ImGui::GetIO().DisplaySize;
  ImGui::SetNextWindowPos({0.5F * size.x, 0.35F * size.y}, ImGuiCond_Always, {0.5F, 0.5F});
  ImGui::SetNextWindowSize({std::min(size.x - ui::px(32), ui::px(460)), 0});
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, {ui::px(16), ui::px(16)});
  const bool open = ImGui::BeginPopupModal("file", nullptr, ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove);
  ImGui::PopStyleVar();
  if (!open) {
    dialog_ = Dialog::kNone;
    return;
  }
  bool done = ui::key_pressed(ImGuiKey_Escape);
  {
    const ui::Scope scope("file");
    ui::paragraph(saving ? "Save this Scene" : "Open a Scene", ui::theme().text, ui::Type::kStrong);
    ui::gap(8);
    if (dialog_opening_) ImGui::SetKeyboardFocusHere();
    dialog_opening_ = false;
    ui::text_field("path", dialog_path_, nullptr, {.hint = "Path of the file"});
    ui::gap(12);
    const bool enter = ui::key_pressed(ImGuiKey_Enter);
    if (ui::button("ok", saving ? "Save" : "Open", true, !dialog_path_.empty()) || (enter && !dialog_path_.empty())) {
      if (saving) save_file(at_home(dialog_path_));
      else open_file(at_home(dialog_path_));
      done = true;
    }
    ImGui::SameLine(0, ui::px(8));
    if (ui::button("cancel", "Cancel")) done = true;
  }
  if (done) {
    ImGui::CloseCurrentPopup();
    dialog_ = Dialog::kNone;
  }
  ImGui::EndPopup();
}

void Workbench::help() {
  if (std::exchange(help_opening_, false)) ImGui::OpenPopup("help");
  const ImVec2 size = ImGui::GetIO().DisplaySize;
  ImGui::SetNextWindowPos({0.5F * size.x, 0.5F * size.y}, ImGuiCond_Always, {0.5F, 0.5F});
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, {ui::px(20), ui::px(16)});
  const bool open = ui::begin_popup("help", ImGuiWindowFlags_NoMove);
  ImGui::PopStyleVar();
  if (!open) return;
  ui::paragraph("Keys and mouse", ui::theme().text, ui::Type::kTitle);
  ui::gap(8);
  ImDrawList* list = ImGui::GetWindowDrawList();
  float widest = 0.0F;
  for (const Shortcut& shortcut : kShortcuts) widest = std::max(widest, ui::text_width(ui::Type::kStrong, shortcut.keys));
  for (const Shortcut& shortcut : kShortcuts) {
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const float middle = at.y + ui::px(12);
    ui::draw_centred(list, ui::Type::kStrong, at.x, middle, ui::theme().text, shortcut.keys);
    const float x = at.x + widest + ui::px(20);
    const float width = ui::draw_centred(list, ui::Type::kNormal, x, middle, ui::theme().dim, shortcut.does);
    ImGui::Dummy({x + width - at.x, ui::px(24)});
  }
  ImGui::EndPopup();
}

}  // namespace thalweg
