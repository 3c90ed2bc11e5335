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
constexpr float kName = 84.0F;  ///< of the first column, points, at least
constexpr float kLongName = 210.0F;
constexpr float kScrollbar = 14.0F;
constexpr float kBetween = 10.0F;

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

std::string value_of(const Column& column, const ScheduleStatistics& sums, int digits) {
  return column.value ? ui::number(sums.*column.value, digits) : ui::integer(sums.max_step);
}

/// How the numbers are written: as many digits in as large a type as there is room for.
struct Columns {
  ui::Type type = ui::Type::kNote;
  int digits = 3;
  float name = 0.0F;                            ///< pixels
  std::array<float, kColumns.size()> widths{};  ///< likewise
  float width = 0.0F;                           ///< of all

  float right(std::size_t column) const {
    float out = name;
    for (std::size_t c = 0; c <= column; ++c) out += widths[c];
    return out;
  }
};

Columns layout_of(const ScheduleScene& all, const ScheduleSession& session, float width) {
  float names = ui::px(kName);
  for (const std::string& name : schedule_names(all))
    names = std::max(names, ui::text_width(ui::Type::kNormal, name) + ui::px(28));
  constexpr std::pair<ui::Type, int> kTries[] = {
      {ui::Type::kNormal, 5}, {ui::Type::kNormal, 4}, {ui::Type::kNote, 4}, {ui::Type::kNote, 3}};
  Columns out;
  for (const auto& [type, digits] : kTries) {
    out = {type, digits};
    float sum = 0.0F;
    for (std::size_t c = 0; c < kColumns.size(); ++c) {
      float widest = ui::text_width(ui::Type::kNote, kColumns[c].head);
      for (std::size_t i = 0; i < all.schedules.size(); ++i)
        if (const ScheduleCurve* curve = session.curve(i); curve && curve->sums)
          widest = std::max(widest, ui::text_width(type, value_of(kColumns[c], *curve->sums, digits)));
      out.widths[c] = std::ceil(widest) + ui::px(kBetween);
      sum += out.widths[c];
    }
    out.name = std::max(ui::px(kName), width - sum);
    out.width = out.name + sum;
    if (width - sum >= std::min(names, ui::px(kLongName))) break;
  }
  // What is over goes to all columns alike.
  const float spare = std::floor((out.name - names) / static_cast<float>(kColumns.size()));
  if (spare > 0.0F) {
    const float more = std::min(spare, ui::px(28));
    for (float& column : out.widths) column += more;
    out.name -= more * static_cast<float>(kColumns.size());
  }
  return out;
}

/// Every digit of it.
std::string in_full(const ScheduleStatistics& sums) {
  std::string out;
  for (const Column& column : kColumns)
    out += std::string("\n") + column.head + "  " +
           (column.value ? format_number(sums.*column.value) : std::to_string(sums.max_step));
  return out;
}

void heads(ImVec2 at, const Columns& layout) {
  ImDrawList* list = ImGui::GetWindowDrawList();
  const float middle = at.y + 0.5F * ui::px(kHead);
  for (std::size_t c = 0; c < kColumns.size(); ++c) {
    const float right = at.x + layout.right(c);
    ui::draw_centred(list, ui::Type::kNote, right, middle, ui::theme().dim, kColumns[c].head, 1.0F);
    ImGui::SetCursorScreenPos({right - layout.widths[c], at.y});
    ImGui::PushID(static_cast<int>(c));
    ImGui::InvisibleButton("head", {layout.widths[c], ui::px(kHead)});
    ImGui::PopID();
    ui::tooltip(kColumns[c].help);
  }
}

void row(Frame& frame, const ScheduleSession& session, std::size_t index, const std::string& label, ImVec2 at,
         const Columns& layout) {
  const ui::Theme& t = ui::theme();
  const ScheduleScene& all = frame.scene().schedules;
  const SceneSchedule& schedule = all.schedules[index];
  ImDrawList* list = ImGui::GetWindowDrawList();
  const float width = layout.width;
  const float height = ui::px(kRow);
  const float middle = at.y + 0.5F * height;
  ImGui::SetCursorScreenPos(at);
  ImGui::PushID(static_cast<int>(index));
  const bool clicked = ImGui::InvisibleButton("row", {width, height});
  ImGui::PopID();
  ui::mark(std::to_string(index), at, {at.x + width, at.y + height});
  if (ImGui::IsItemHovered() || all.chosen() == &schedule)
    list->AddRectFilled(at, {at.x + width, at.y + height}, t.hover);
  const ScheduleCurve* curve = session.curve(index);
  ui::tooltip(format_spec(schedule.spec, *find_schedule(schedule.spec.id)) +
              (curve && curve->sums ? in_full(*curve->sums) : std::string()));
  list->AddRectFilled(at, {at.x + width, at.y + ui::line_width(1)}, t.hairline);
  const ui::Colour colour = schedule.visible ? ui::path_colour(schedule.colour) : t.faint;
  if (schedule.visible)
    list->AddCircleFilled({at.x + ui::px(6), middle}, ui::px(4), colour);
  else
    list->AddCircle({at.x + ui::px(6), middle}, ui::px(3.5F), colour, 0, ui::line_width(1));
  ui::draw_centred(list, ui::Type::kNormal, at.x + ui::px(16), middle, schedule.visible ? t.text : t.dim,
                   ui::elided(ui::Type::kNormal, label, layout.name - ui::px(20)));
  const bool settled = session.settled(frame.scene(), index);
  for (std::size_t c = 0; c < kColumns.size(); ++c)
    ui::draw_centred(list, layout.type, at.x + layout.right(c), middle,
                     settled && schedule.visible ? t.text : t.dim,
                     curve && curve->sums ? value_of(kColumns[c], *curve->sums, layout.digits) : "…", 1.0F);
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

float schedule_table_height(const Scene& scene, const ScheduleSession& session, float width) {
  const ScheduleScene& all = scene.schedules;
  if (all.schedules.empty()) return 0.0F;
  const bool scrolls = layout_of(all, session, width).width > width;
  return ui::px(kHead) + static_cast<float>(all.schedules.size()) * ui::px(kRow) + ui::px(4) +
         (scrolls ? ui::px(kScrollbar) : 0.0F);
}

void draw_schedule_table(Frame& frame, const ScheduleSession& session, float width) {
  const std::vector<std::string> names = schedule_names(frame.scene().schedules);
  if (names.empty()) return;
  const Columns layout = layout_of(frame.scene().schedules, session, width);
  const ImVec2 corner = ImGui::GetCursorScreenPos();
  const float height = schedule_table_height(frame.scene(), session, width);
  const bool narrow = layout.width > width;
  ui::begin_child("table", {width, height}, false, narrow ? ImGuiWindowFlags_HorizontalScrollbar : 0);
  {
    const ui::Scope scope("table");
    const ImVec2 at = ImGui::GetCursorScreenPos();
    heads(at, layout);
    for (std::size_t i = 0; i < std::min(names.size(), frame.scene().schedules.schedules.size()); ++i)
      row(frame, session, i, names[i], {at.x, at.y + ui::px(kHead) + static_cast<float>(i) * ui::px(kRow)},
          layout);
    ImGui::SetCursorScreenPos(at);
    ImGui::Dummy({layout.width, height - ui::px(narrow ? kScrollbar + 4 : 4)});
  }
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
