#include "app/panels/schedule_plot.hpp"

#include <algorithm>
#include <cmath>

#include "app/ui/compat.hpp"
#include "app/ui/text.hpp"
#include "core/schedule/drawn.hpp"

namespace thalweg {
namespace {

constexpr float kLeast = 84.0F;        ///< of a chart, points
constexpr float kLeastFirst = 150.0F;  ///< of the first one
constexpr float kFoot = 15.0F;
/// Share of the room that a chart under the first one takes.
constexpr float kShare = 0.24F;

}  // namespace

/// One chart: of all schedules with this role, one of the curves.
struct SchedulePlot::Panel {
  int place;  ///< of its state
  const char* id;
  const char* title;
  const char* unit;
  ScheduleRole role;
  Sampled ScheduleCurve::*values;
  const char* help;
};

std::vector<SchedulePlot::Panel> SchedulePlot::panels(const Scene& scene,
                                                      const ScheduleSession& session) const {
  static constexpr auto kRate = ScheduleRole::kLearningRate;
  static const Panel kAll[] = {
      {0, "rate", "Learning rate", "", kRate, &ScheduleCurve::rate,
       "The learning rate of every update. Drag the handles of the chosen schedule; drag the ground to move, "
       "turn the "
       "wheel to zoom."},
      {1, "batch", "Batch size", "samples", ScheduleRole::kBatchSize, &ScheduleCurve::rate,
       "Schedules that set how large a batch is."},
      {2, "loss_scale", "Loss scale", "", ScheduleRole::kLossScale, &ScheduleCurve::rate,
       "Schedules that set the factor before the loss in half precision."},
      {3, "momentum", "Momentum β", "", kRate, &ScheduleCurve::momentum,
       "Of schedules that move the momentum against the rate."},
      {4, "effective", "Effective step η / (1 − β)", "", kRate, &ScheduleCurve::effective,
       "What momentum adds up to under a gradient that stays the same: the rate over one minus the "
       "momentum."},
  };
  const ScheduleScene& all = scene.schedules;
  std::vector<Panel> out;
  for (const Panel& panel : kAll) {
    if (panel.place >= 3 && !all.view.flag(panel.id)) continue;
    bool any = false;
    for (std::size_t i = 0; i < all.schedules.size(); ++i) {
      const ScheduleCurve* curve = session.curve(i);
      any = any || (all.schedules[i].visible && find_schedule(all.schedules[i].spec.id)->role == panel.role &&
                    curve && !(curve->*panel.values).empty());
    }
    if (any) out.push_back(panel);
  }
  if (out.empty()) out.push_back(kAll[0]);
  return out;
}

Chart SchedulePlot::chart_of(const Scene& scene, const ScheduleSession& session, const Panel& panel,
                             const std::vector<std::string>& names) const {
  const ScheduleScene& all = scene.schedules;
  Chart chart;
  chart.title = panel.title;
  chart.x.label = "step";
  chart.y.unit = panel.unit;
  chart.y.scale = panel.place == 0 && all.view.text("scale") == "log" ? AxisScale::kLog : AxisScale::kLinear;
  chart.empty =
      all.schedules.empty() ? "Add a schedule on the left" : "Every schedule is hidden: click an eye";
  std::size_t chosen = SIZE_MAX;
  chart.note = "base rate " + format_number(base_rate(scene));
  for (std::size_t i = 0; i < std::min(names.size(), all.schedules.size()); ++i) {
    const ScheduleCurve* curve = session.curve(i);
    if (!curve || find_schedule(curve->spec.id)->role != panel.role || (curve->*panel.values).empty())
      continue;
    Series series;
    series.name = names[i];
    series.colour = all.schedules[i].colour;
    series.visible = all.schedules[i].visible;
    series.x = (curve->*panel.values).x;
    series.y = (curve->*panel.values).y;
    // The chosen one lies over the others.
    if (all.chosen() == &all.schedules[i]) chosen = chart.series.size();
    chart.series.push_back(std::move(series));
  }
  if (chosen < chart.series.size())
    std::rotate(chart.series.begin() + static_cast<std::ptrdiff_t>(chosen),
                chart.series.begin() + static_cast<std::ptrdiff_t>(chosen) + 1, chart.series.end());
  return chart;
}

ui::ChartHandles SchedulePlot::handles_of(const Scene& scene, const Panel& panel) const {
  ui::ChartHandles out;
  const SceneSchedule* chosen = scene.schedules.chosen();
  if (!chosen || !chosen->visible || panel.values != &ScheduleCurve::rate) return out;
  const ScheduleDescriptor& descriptor = *find_schedule(chosen->spec.id);
  if (descriptor.role != panel.role || !descriptor.handles) return out;
  out.colour = chosen->colour;
  const std::size_t drawn = drawn_points(chosen->spec).size();
  out.adds = drawn > 0 && drawn < kMostPoints;
  out.removes = drawn > 1;
  for (ScheduleHandle& handle : descriptor.handles(chosen->spec, base_of(scene, chosen->spec)))
    out.points.push_back(
        {handle.step, handle.value, std::move(handle.label), handle.moves_step, handle.moves_value});
  return out;
}

void SchedulePlot::answer(Frame& frame, const ui::ChartHandles& handles) {
  const SceneSchedule* chosen = frame.scene().schedules.chosen();
  if (!chosen) return;
  const auto index = static_cast<std::size_t>(chosen - frame.scene().schedules.schedules.data());
  const ScheduleDescriptor& descriptor = *find_schedule(chosen->spec.id);
  const double base = base_of(frame.scene(), chosen->spec);
  if (handles.added) set_schedule(frame, {}, {}, index, with_point(chosen->spec, handles.x, handles.y, base));
  if (handles.removed >= 0)
    set_schedule(frame, {}, {}, index,
                 without_point(chosen->spec, static_cast<std::size_t>(handles.removed)));
  if (handles.dragged >= 0)
    set_schedule(
        frame, {}, "schedules." + std::to_string(index) + ".handle", index,
        descriptor.drag(chosen->spec, static_cast<std::size_t>(handles.dragged), handles.x, handles.y, base));
  if (handles.edit.ended) frame.editor.end_group();
}

float SchedulePlot::draw(Frame& frame, ScheduleSession& session, float width, float height) {
  const Scene& scene = frame.scene();
  const std::vector<Panel> shown = panels(scene, session);
  const std::vector<std::string> names = schedule_names(scene.schedules);
  const float gap = ui::px(8);
  const auto below = static_cast<float>(shown.size() - 1);
  const float share = std::max(ui::px(kLeast), std::floor(kShare * height));
  const float first = std::max(ui::px(kLeastFirst), height - ui::px(kFoot) - below * (share + gap));
  const ImVec2 at = ImGui::GetCursorScreenPos();
  float y = at.y;
  for (std::size_t i = 0; i < shown.size(); ++i) {
    const Panel& panel = shown[i];
    const Chart chart = chart_of(scene, session, panel, names);
    ui::ChartState& state = states_[static_cast<std::size_t>(panel.place)];
    ui::ChartHandles handles = handles_of(scene, panel);
    if (panel.place == 0) state.y_scale.reset();
    const bool last = i + 1 == shown.size();
    const float tall = (i == 0 ? first : share) + (last ? ui::px(kFoot) : 0.0F);
    ImGui::SetCursorScreenPos({at.x, y});
    ui::chart(panel.id, chart, state,
              {.width = width,
               .height = tall,
               .foot = last,
               .help = panel.help,
               .link = &session.link,
               .handles = &handles});
    if (panel.place == 0 && state.y_scale && *state.y_scale != chart.y.scale)
      propose(frame, {}, {}, [&](Scene& next) {
        *next.schedules.view.find("scale") =
            std::string(*state.y_scale == AxisScale::kLog ? "log" : "linear");
      });
    answer(frame, handles);
    y += tall + gap;
  }
  return y - gap - at.y;
}

}  // namespace thalweg
