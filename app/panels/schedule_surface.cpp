#include "app/panels/schedule_surface.hpp"

#include <algorithm>
#include <cmath>

#include "app/ui/compat.hpp"
#include "app/ui/text.hpp"

namespace thalweg {
namespace {

/// Descents beside the plot are made for at most so many steps, so that they follow a drag.
constexpr std::int64_t kMostSteps = 100'000;

/// The schedules that were tried, in the order of the lanes, and as far as these are of the newest Scene.
std::vector<std::size_t> tried(const Scene& scene, std::size_t lanes) {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < scene.schedules.schedules.size(); ++i)
    if (is_tried(scene.schedules, i) && out.size() < lanes) out.push_back(i);
  return out;
}

void add_column(Chart& chart, const Scene& scene, const DescentTrialsView& view, int column) {
  const std::vector<std::string> names = schedule_names(scene.schedules);
  const std::vector<std::size_t> which = tried(scene, view.lanes.size());
  for (std::size_t k = 0; k < which.size(); ++k)
    chart.series.push_back({.name = names[which[k]],
                            .colour = scene.schedules.schedules[which[k]].colour,
                            .table = view.lanes[k].table,
                            .column = column});
}

}  // namespace

void ScheduleSurface::request(Frame& frame) {
  const Scene& scene = frame.scene();
  DescentTrials trials;
  trials.steps = std::min(scene.schedules.steps(), kMostSteps);
  const std::optional<LiveSpec> optimizer = trial_optimizer(scene, false);
  DescentSettings lane{scene.surface, scene.start, {}, {scene.gradient.spec, {}}, {}, scene.run};
  *lane.run.find("steps") = static_cast<double>(trials.steps);
  if (optimizer) {
    lane.optimizer = *optimizer;
    for (std::size_t i = 0; i < scene.schedules.schedules.size(); ++i) {
      if (!is_tried(scene.schedules, i)) continue;
      lane.schedule = scene.schedules.schedules[i].spec;
      trials.lanes.push_back(lane);
    }
  }
  worker_.request(trials);
  if (frame.synchronous) worker_.wait();
  view_ = worker_.snapshot();
}

Chart ScheduleSurface::loss(const Scene& scene) const {
  Chart chart;
  const bool log = scene.schedules.view.text("effect_scale") == "log";
  const bool excess = log && view_->surface && !view_->surface->minima().empty();
  chart.title = excess ? "Loss above the minimum" : "Loss";
  chart.x.label = "step";
  chart.y.scale = log ? AxisScale::kLog : AxisScale::kLinear;
  chart.empty = "Nothing to show: add a schedule, and an optimizer on the surface";
  chart.note = format_spec(scene.surface, *find_surface(scene.surface.id));
  if (!view_->lanes.empty()) {
    const DescentColumns& columns = view_->lanes.front().columns;
    add_column(chart, scene, *view_, excess ? columns.excess() : columns.loss());
  }
  return chart;
}

Chart ScheduleSurface::coordinate(const Scene& scene) const {
  Chart chart;
  chart.title = "Position x";
  chart.x.label = "step";
  if (!view_->lanes.empty()) add_column(chart, scene, *view_, view_->lanes.front().columns.position(0));
  return chart;
}

void ScheduleSurface::draw(Frame& frame, ScheduleSession& session, const Rect& area) {
  request(frame);
  const Scene& scene = frame.scene();
  Rect rest = area;
  if (view_->error) {
    ImGui::SetCursorScreenPos(rest.min);
    ui::error_line(view_->error->text());
    rest.min.y = ImGui::GetCursorScreenPos().y + ui::px(6);
  }
  if (scene.schedules.steps() > kMostSteps) {
    ImGui::SetCursorScreenPos(rest.min);
    ui::paragraph("The first " + ui::integer(kMostSteps) + " steps.", ui::theme().dim, ui::Type::kNote);
    rest.min.y = ImGui::GetCursorScreenPos().y + ui::px(6);
  }
  const float gap = ui::px(10);
  const float chart_height = std::max(ui::px(120), std::floor(0.42F * rest.height()));
  const bool flat = scene.start.size() < 2;
  const float first = std::max(ui::px(100), rest.height() - chart_height - gap);
  if (flat) {
    ImGui::SetCursorScreenPos(rest.min);
    ui::chart("position", coordinate(scene), coordinate_state_,
              {.width = rest.width(), .height = first, .foot = false, .link = &link_});
  } else {
    std::vector<SchedulePath> paths;
    const std::vector<std::string> names = schedule_names(scene.schedules);
    const std::vector<std::size_t> which = tried(scene, view_->lanes.size());
    for (std::size_t k = 0; k < which.size(); ++k)
      paths.push_back({view_->lanes[k], scene.schedules.schedules[which[k]].colour, names[which[k]]});
    map_.draw(frame, view_->surface ? view_->surface : frame.run->race.surface, paths,
              {rest.min, {rest.max.x, rest.min.y + first}});
  }
  const Chart chart = loss(scene);
  loss_state_.y_scale.reset();
  ImGui::SetCursorScreenPos({rest.min.x, rest.min.y + first + gap});
  ui::chart("effect_loss", chart, loss_state_,
            {.width = rest.width(),
             .height = chart_height,
             .help = "The loss along the way. Schedules and colours are those of the plot.",
             .link = &link_});
  if (loss_state_.y_scale && *loss_state_.y_scale != chart.y.scale)
    propose(frame, {}, {}, [&](Scene& next) {
      *next.schedules.view.find("effect_scale") =
          std::string(*loss_state_.y_scale == AxisScale::kLog ? "log" : "linear");
    });
  (void)session;
}

}  // namespace thalweg
