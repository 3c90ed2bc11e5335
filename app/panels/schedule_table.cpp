#include "app/panels/schedule_table.hpp"

#include <algorithm>
#include <array>

#include "app/ui/chart_export.hpp"
#include "app/ui/compat.hpp"
#include "app/ui/text.hpp"
#include "core/figure/csv.hpp"

namespace thalweg {
namespace {

constexpr float kRow = 24.0F;
constexpr float kHead = 24.0F;
constexpr float kColumn = 68.0F;  ///< points, at least
constexpr float kName = 120.0F;   ///< likewise

struct Column {
  const char* head;
  const char* help;
  double ScheduleStatistics::*value;  ///< null: the step of the peak
};

constexpr std::array<Column, 8> kColumns{{
    {"first", "The value of update 0.", &ScheduleStatistics::first},
    {"last", "The value of the last update shown, T − 1.", &ScheduleStatistics::last},
    {"min", "The smallest value.", &ScheduleStatistics::min},
    {"max", "The largest value.", &ScheduleStatistics::max},
    {"mean Σ/T", "The mean over the updates t = 0 to T − 1: what the optimizer gets.",
     &ScheduleStatistics::mean},
    {"mean ∫", "The integral of the curve from 0 to T over T.", &ScheduleStatistics::integral_mean},
    {"area", "The area under the curve from 0 to T.", &ScheduleStatistics::area},
    {"peak at", "The first step with the largest value.", nullptr},
}};

std::string value_of(const Column& column, const ScheduleStatistics& sums) {
  return column.value ? ui::number(sums.*column.value) : ui::integer(sums.max_step);
}

void heads(ImVec2 at, float name, float column) {
  ImDrawList* list = ImGui::GetWindowDrawList();
  const float middle = at.y + 0.5F * ui::px(kHead);
  for (std::size_t c = 0; c < kColumns.size(); ++c) {
    const float right = at.x + name + static_cast<float>(c + 1) * column;
    ui::draw_centred(list, ui::Type::kNote, right, middle, ui::theme().dim, kColumns[c].head, 1.0F);
    ImGui::SetCursorScreenPos({right - column, at.y});
    ImGui::PushID(static_cast<int>(c));
    ImGui::InvisibleButton("head", {column, ui::px(kHead)});
    ImGui::PopID();
    ui::tooltip(kColumns[c].help);
  }
}

void row(Frame& frame, const ScheduleSession& session, std::size_t index, const std::string& label, ImVec2 at,
         float name, float column) {
  const ui::Theme& t = ui::theme();
  const ScheduleScene& all = frame.scene().schedules;
  const SceneSchedule& schedule = all.schedules[index];
  ImDrawList* list = ImGui::GetWindowDrawList();
  const float width = name + static_cast<float>(kColumns.size()) * column;
  const float height = ui::px(kRow);
  const float middle = at.y + 0.5F * height;
  ImGui::SetCursorScreenPos(at);
  ImGui::PushID(static_cast<int>(index));
  const bool clicked = ImGui::InvisibleButton("row", {width, height});
  ImGui::PopID();
  ui::mark(std::to_string(index), at, {at.x + width, at.y + height});
  if (ImGui::IsItemHovered() || all.chosen() == &schedule)
    list->AddRectFilled(at, {at.x + width, at.y + height}, t.hover);
  ui::tooltip(format_spec(schedule.spec, *find_schedule(schedule.spec.id)));
  list->AddRectFilled(at, {at.x + width, at.y + ui::line_width(1)}, t.hairline);
  const ui::Colour colour = schedule.visible ? ui::path_colour(schedule.colour) : t.faint;
  if (schedule.visible)
    list->AddCircleFilled({at.x + ui::px(6), middle}, ui::px(4), colour);
  else
    list->AddCircle({at.x + ui::px(6), middle}, ui::px(3.5F), colour, 0, ui::line_width(1));
  ui::draw_centred(list, ui::Type::kNormal, at.x + ui::px(16), middle, schedule.visible ? t.text : t.dim,
                   ui::elided(ui::Type::kNormal, label, name - ui::px(20)));
  const ScheduleCurve* curve = session.curve(index);
  const bool settled = session.settled(frame.scene(), index);
  for (std::size_t c = 0; c < kColumns.size(); ++c)
    ui::draw_centred(list, ui::Type::kNormal, at.x + name + static_cast<float>(c + 1) * column, middle,
                     settled && schedule.visible ? t.text : t.dim,
                     curve && curve->sums ? value_of(kColumns[c], *curve->sums) : "…", 1.0F);
  if (clicked)
    propose(frame, {}, {}, [&](Scene& scene) { scene.schedules.selected = static_cast<int>(index); });
}

/// What the numbers are of.
Chart rates(const Scene& scene, const ScheduleSession& session) {
  Chart out;
  out.title = "Schedules";
  out.x.label = "step";
  const std::vector<std::string> names = schedule_names(scene.schedules);
  for (std::size_t i = 0; i < names.size(); ++i)
    if (const ScheduleCurve* curve = session.curve(i))
      out.series.push_back({.name = names[i],
                            .colour = scene.schedules.schedules[i].colour,
                            .x = curve->rate.x,
                            .y = curve->rate.y,
                            .visible = scene.schedules.schedules[i].visible});
  return out;
}

/// The button for the file, as charts have it; of a table there are only numbers.
void offer_table(Frame& frame, const ScheduleSession& session, const Rect& area) {
  const float button = ui::px(20);
  const bool here = ImGui::IsWindowHovered() && ImGui::IsMouseHoveringRect(area.min, area.max);
  if (ui::export_button("table", {area.min.x, area.min.y + ui::px(2)}, button, here)) ui::open_export_menu();
  const auto source = [&] {
    FigureSource out = figure_of({rates(frame.scene(), session)}, "Schedules");
    out.csv = [csv = schedule_table_csv(frame.scene(), session)] { return csv; };
    return out;
  };
  ui::offer_export("table", here, source, false);
}

}  // namespace

float schedule_table_height(const Scene& scene) {
  if (scene.schedules.schedules.empty()) return 0.0F;
  return ui::px(kHead) + static_cast<float>(scene.schedules.schedules.size()) * ui::px(kRow) + ui::px(4);
}

void draw_schedule_table(Frame& frame, const ScheduleSession& session, float width) {
  const std::vector<std::string> names = schedule_names(frame.scene().schedules);
  if (names.empty()) return;
  const auto count = static_cast<float>(kColumns.size());
  const float column =
      std::max(ui::px(kColumn), std::floor(std::min(ui::px(96), (width - ui::px(220)) / count)));
  const float name = std::max(ui::px(kName), width - count * column - ui::px(4));
  const ImVec2 corner = ImGui::GetCursorScreenPos();
  const float height = schedule_table_height(frame.scene());
  const bool narrow = name + count * column > width;
  ui::begin_child("table", {width, height + (narrow ? ui::px(14) : 0.0F)}, false,
                  narrow ? ImGuiWindowFlags_HorizontalScrollbar : 0);
  const ui::Scope scope("table");
  const ImVec2 at = ImGui::GetCursorScreenPos();
  heads(at, name, column);
  for (std::size_t i = 0; i < std::min(names.size(), frame.scene().schedules.schedules.size()); ++i)
    row(frame, session, i, names[i], {at.x, at.y + ui::px(kHead) + static_cast<float>(i) * ui::px(kRow)},
        name, column);
  ImGui::SetCursorScreenPos(at);
  ImGui::Dummy({name + count * column, height});
  offer_table(frame, session, {corner, {corner.x + width, corner.y + height}});
  ImGui::EndChild();
}

std::string schedule_table_csv(const Scene& scene, const ScheduleSession& session) {
  std::string out = "schedule,spec,first,last,min,max,mean,integral_mean,area,peak_step\n";
  const std::vector<std::string> names = schedule_names(scene.schedules);
  for (std::size_t i = 0; i < names.size(); ++i) {
    const ScheduleCurve* curve = session.curve(i);
    if (!curve || !curve->sums) continue;
    out +=
        csv_text(names[i]) + "," + csv_text(format_spec(curve->spec, *find_schedule(curve->spec.id), true));
    for (const Column& column : kColumns)
      out += "," + (column.value ? csv_number((*curve->sums).*column.value)
                                 : std::to_string(curve->sums->max_step));
    out += "\n";
  }
  return out;
}

}  // namespace thalweg
