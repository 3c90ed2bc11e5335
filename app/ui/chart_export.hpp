// From a chart on the screen to a file: the menu of a chart, and what was asked for in it. Every ui::chart
// has it; the workbench takes the request and writes the file (app/figure_dialog.hpp). Nothing here knows
// of files.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/ui/chart.hpp"
#include "core/figure/source.hpp"

namespace thalweg::ui {

enum class ExportKind { kSvg, kPng, kCsv, kClipboard };

struct ExportRequest {
  ExportKind kind = ExportKind::kSvg;
  FigureSource source;
};

/// What was asked for since the last call; of several the last.
std::optional<ExportRequest> take_export_request();

/// The chart under the mouse asks for a file when it is drawn next (Ctrl E). If none has done so by the end
/// of the frame, no chart was there: see export_unanswered().
void export_under_mouse();
/// True, once, if nobody has answered export_under_mouse().
bool export_unanswered();

/// A chart as it is looked at: ranges and scale set, what is switched off not visible.
Chart as_shown(const Chart& model, const ChartState& state, const Range& x, const Range& y,
               AxisScale y_scale);

/// A theme as files have it: paper is white in the light ones.
FigureStyle figure_style(const Theme& theme);

/// What the menu offers for anything that can be saved: call it each frame in the ID scope of the thing.
/// `here`: the mouse is over it, so that Ctrl E means it. `source` is asked only when something was chosen.
/// `picture`: false for a table, of which there are only numbers. Marks "<id>.export.svg", ".png", ".csv", ".copy".
void offer_export(std::string_view id, bool here, const std::function<FigureSource()>& source,
                  bool picture = true);
/// Opens that menu at the mouse; in the same ID scope.
void open_export_menu();
/// The button that opens it, `size` pixels wide and high, drawn only if `shown`. Mark "<id>.export".
bool export_button(std::string_view id, ImVec2 at, float size, bool shown);

}  // namespace thalweg::ui
