#include "app/figure_dialog.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <span>

#include "app/ui/compat.hpp"
#include "app/ui/text.hpp"

namespace thalweg {
namespace {

namespace fs = std::filesystem;

constexpr std::array<const char*, 3> kEndings{".svg", ".png", ".csv"};
constexpr std::array<double, 3> kPixels{1.0, 2.0, 4.0};
/// More than this is nothing that one pastes.
constexpr std::size_t kLargestCopy = 16UL * 1024 * 1024;

/// A path as a shell would understand it: ~/ is the user's home.
fs::path at_home(const std::string& path) {
  const char* home = std::getenv("HOME");
  return home && path.starts_with("~/") ? fs::path(home) / path.substr(2) : fs::path(path);
}

/// Where pictures go at first: the user's folder of pictures, home, or here.
fs::path first_folder() {
  const char* home = std::getenv("HOME");
  if (!home || !*home) return ".";
  std::error_code code;
  const fs::path pictures = fs::path(home) / "Pictures";
  return fs::is_directory(pictures, code) ? pictures : fs::path(home);
}

/// Of a row of words to choose from, pixels.
float row_width(std::span<const std::string> words) {
  float out = 0.0F;
  for (const std::string& word : words)
    out += std::round(ui::text_width(ui::Type::kNormal, word) + 2.0F * ui::px(12));
  return out;
}

}  // namespace

FigureDialog::FigureDialog(Inbox& inbox, ui::Toasts& toasts)
    : inbox_(inbox), toasts_(toasts), folder_(first_folder()) {}

void FigureDialog::begin(ui::ExportRequest request, TaskThread& files) {
  if (request.kind == ui::ExportKind::kClipboard) {
    copy(std::move(request), files);
    return;
  }
  path_ = (folder_ / (file_name_for(request.source.title) + kEndings[static_cast<std::size_t>(request.kind)]))
              .string();
  request_ = std::move(request);
  problem_.clear();
  exists_ = false;
  ++begun_;
  working_ = false;
  open_ = opening_ = true;
}

void FigureDialog::copy(ui::ExportRequest request, TaskThread& files) {
  files.run([this, csv = std::move(request.source.csv)] {
    inbox_.post([this, text = csv()] {
      if (text.size() > kLargestCopy) {
        toasts_.push("These are too many numbers for the clipboard: save them as CSV");
        return;
      }
      ImGui::SetClipboardText(text.c_str());
      toasts_.push("Copied the numbers", ui::Toasts::Kind::kNote);
    });
  });
}

void FigureDialog::save(TaskThread& files, bool replace) {
  static constexpr std::array<const char*, 3> kThemes{"light", "dark", "projector"};
  FigureFile figure{at_home(path_), request_.source, {}, kPixels[static_cast<std::size_t>(pixels_)], replace};
  figure.options.width = request_.source.width;
  figure.options.height = request_.source.height;
  figure.options.style = ui::figure_style(ui::theme_by_id(kThemes[static_cast<std::size_t>(theme_)]));
  working_ = true;
  problem_.clear();
  files.run([this, figure = std::move(figure), begun = begun_, typed = path_] {
    bool exists = false;
    auto error = write_figure(figure, exists);
    inbox_.post([this, path = figure.path, begun, typed, exists, error = std::move(error)] {
      // Meanwhile it may ask for something else.
      answer(path, open_ && begun == begun_ && typed == path_, exists, error);
    });
  });
}

/// @param asked  whether the dialog still asks for that file
void FigureDialog::answer(const fs::path& path, bool asked, bool exists, const std::optional<Error>& error) {
  working_ = false;
  if (error) {
    if (asked) {
      exists_ = exists;
      problem_ = exists ? "There is already a file of that name" : error->text();
    } else {
      toasts_.push(error->text());
    }
    return;
  }
  if (asked) open_ = false;
  if (path.has_parent_path()) folder_ = path.parent_path();
  toasts_.push("Saved " + path.string(), ui::Toasts::Kind::kNote);
}

/// Format (what the name ends in), colours and resolution, beside each other as far as there is room.
void FigureDialog::choices() {
  static const std::array<std::string, 3> kFormats{"SVG", "PNG", "CSV"};
  static const std::array<std::string, 3> kThemes{"Light", "Dark", "Projector"};
  static const std::array<std::string, 3> kSizes{"1×", "2×", "4×"};
  const auto format = figure_format(path_);
  const bool picture = !format || *format != FigureFormat::kCsv;
  int chosen = format ? static_cast<int>(*format) : -1;
  if (ui::segmented("format", kFormats, chosen)) {
    path_ = fs::path(path_).replace_extension(kEndings[static_cast<std::size_t>(chosen)]).string();
    problem_.clear();
    exists_ = false;
  }
  ui::tooltip("Vectors for papers and slides, pixels, or the numbers");
  float used = row_width(kFormats);
  const auto beside = [&](std::span<const std::string> words) {
    used += ui::px(12) + row_width(words);
    if (used <= ui::available()) return ImGui::SameLine(0, ui::px(12));
    used = row_width(words);
    ui::gap(4);
  };
  if (picture) {
    beside(kThemes);
    ui::segmented("theme", kThemes, theme_);
    ui::tooltip("Colours of the picture; Projector has larger type and heavier lines");
  }
  if (format && *format == FigureFormat::kPng) {
    beside(kSizes);
    ui::segmented("pixels", kSizes, pixels_);
    ui::tooltip("Pixels for each point");
  }
  ui::gap(8);
  const std::string size =
      std::to_string(request_.source.width) + " × " + std::to_string(request_.source.height);
  ui::paragraph(picture ? size + " points, with title, axes, legend and the ids of runs that are kept."
                        : "Every point of the curves that are shown, whatever the zoom.",
                ui::theme().dim, ui::Type::kNote);
}

void FigureDialog::draw(TaskThread& files) {
  if (!open_) return;
  if (opening_) ImGui::OpenPopup("figure");
  const ImVec2 size = ImGui::GetIO().DisplaySize;
  ImGui::SetNextWindowPos({0.5F * size.x, 0.5F * size.y}, ImGuiCond_Always, {0.5F, 0.5F});
  ImGui::SetNextWindowSize({std::min(size.x - ui::px(32), ui::px(560)), 0});
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, {ui::px(16), ui::px(16)});
  const bool shown =
      ImGui::BeginPopupModal("figure", nullptr, ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove);
  ImGui::PopStyleVar();
  if (!shown) {
    open_ = false;
    return;
  }
  bool done = ui::key_pressed(ImGuiKey_Escape);
  {
    const ui::Scope scope("figure");
    ui::paragraph(ui::elided(ui::Type::kStrong, "Save “" + request_.source.title + "”", ui::available()),
                  ui::theme().text, ui::Type::kStrong);
    ui::gap(8);
    if (opening_) ImGui::SetKeyboardFocusHere();
    opening_ = false;
    if (ui::text_field("path", path_, nullptr, {.hint = "Path of the file: .svg, .png or .csv"})) {
      problem_.clear();
      exists_ = false;
    }
    if (!problem_.empty()) ui::error_line(problem_);
    ui::gap(8);
    choices();
    ui::gap(12);
    const bool ready = !path_.empty() && !working_;
    const bool enter = ui::key_pressed(ImGuiKey_Enter);
    // Enter alone replaces nothing.
    if (ui::button("ok", exists_ ? "Replace it" : "Save", true, ready) || (enter && ready && !exists_))
      save(files, exists_);
    ImGui::SameLine(0, ui::px(8));
    if (ui::button("cancel", "Cancel")) done = true;
  }
  if (done) open_ = false;
  if (!open_) ImGui::CloseCurrentPopup();
  ImGui::EndPopup();
}

}  // namespace thalweg
