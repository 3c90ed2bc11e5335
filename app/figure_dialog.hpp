// Saving what a chart shows: asks for a file, and writes it on the thread of the files.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "app/figure_file.hpp"
#include "app/ui/chart_export.hpp"
#include "app/ui/widgets.hpp"
#include "app/work/inbox.hpp"
#include "app/work/task_thread.hpp"

namespace thalweg {

/// A format of files, by the end of their names.
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
  void answer(const std::filesystem::path& path, bool asked, bool exists, const std::optional<Error>& error);
  void choices();

  Inbox& inbox_;
  ui::Toasts& toasts_;
  ui::ExportRequest request_;
  std::string path_;
  std::filesystem::path folder_;  ///< of the last file
  std::string problem_;           ///< said below the path
  bool exists_ = false;
  bool open_ = false, opening_ = false, working_ = false;
  std::uint64_t begun_ = 0;  ///< how often it was opened
  int theme_ = 0;            ///< light, dark, projector
  int pixels_ = 1;           ///< 1, 2, 4 for each CSS pixel, by index
};

}  // namespace thalweg
