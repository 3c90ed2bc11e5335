// Saving what a chart shows: asks for a file, and writes it on the thread of the files.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "app/ui/chart_export.hpp"
#include "app/ui/widgets.hpp"
#include "app/work/inbox.hpp"
#include "app/work/task_thread.hpp"

namespace thalweg {

/// A format of files, by the end of their names.
enum class FigureFormat { kSvg, kPng, kCsv };
std::optional<FigureFormat> figure_format(const std::filesystem::path& file);

/// What is written: whole, or nothing. Any thread.
struct FigureFile {
  std::filesystem::path path;
  std::vector<Chart> charts;
  SvgOptions options;
  double pixels = 1.0;   ///< of a PNG for each CSS pixel
  bool replace = false;  ///< a file that is there
};
/// Contents of the file, by its format.
Result<std::string> figure_text(const FigureFile& figure);
/// What stops it; `exists` is set where it is only that the file is there already.
std::optional<Error> write_figure(const FigureFile& figure, bool& exists);

/// The window's thread. The tasks it hands out post back to `inbox` and to itself: it must live as long as
/// both.
class FigureDialog {
 public:
  FigureDialog(Inbox& inbox, ui::Toasts& toasts);

  /// Asks for the file, or copies to the clipboard at once.
  void begin(ui::ExportRequest request, TaskThread& files);
  /// Between NewFrame and Render, outside of any window.
  void draw(TaskThread& files);

 private:
  void save(TaskThread& files, bool replace);
  void copy(ui::ExportRequest request, TaskThread& files);
  void format_row();
  void looks_rows();

  Inbox& inbox_;
  ui::Toasts& toasts_;
  ui::ExportRequest request_;
  std::string path_;
  std::filesystem::path folder_;  ///< of the last file
  std::string problem_;           ///< said below the path
  bool exists_ = false;
  bool open_ = false, opening_ = false, working_ = false;
  int theme_ = 0;   ///< light, dark, projector
  int pixels_ = 1;  ///< 1, 2, 4 for each CSS pixel, by index
};

/// "loss-above-the-minimum": a file name for a title; "chart" if nothing of it is left.
std::string file_name_for(std::string_view title);

}  // namespace thalweg
