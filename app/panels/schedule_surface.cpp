#include "app/panels/schedule_surface.hpp"

#include <algorithm>
#include <cmath>

#include "app/ui/compat.hpp"
#include "app/ui/text.hpp"

namespace thalweg {
namespace {

/// Descents beside the plot are made for at most so many steps, so that they follow a drag.
constexpr std::int64_t kMostSteps = 100'000;

struct TriedLane {
  std::size_t schedule;
  const DescentView* lane;
};

/// The lanes that have something to show, with their schedules. While a new set is worked out, those of the
/// last one that still are there.
std::vector<TriedLane> tried(const Scene& scene, const DescentTrialsView& view) {
  std::vector<std::size_t> wanted;
  for (std::size_t i = 0; i < scene.schedules.schedules.size(); ++i)
    if (is_tried(scene.schedules, i)) wanted.push_back(i);
  std::vector<TriedLane> out;
  for (std::size_t k = 0; k < view.lanes.size(); ++k) {
    // Those of the surface before are of no use on another.
    if (view.lanes[k].table.rows() == 0 || view.settings[k].surface != scene.surface) continue;
    std::size_t which = k;
    if (wanted.size() != view.lanes.size())
      which = static_cast<std::size_t>(std::find_if(wanted.begin(), wanted.end(),
                                                    [&](std::size_t i) {
                                                      return scene.schedules.schedules[i].spec ==
                                                             view.settings[k].schedule;
                                                    }) -
                                       wanted.begin());
    if (which < wanted.size()) out.push_back({wanted[which], &view.lanes[k]});
  }
  return out;
}

void add_column(Chart& chart, const Scene& scene, const DescentTrialsView& view,
                int (*column)(const DescentColumns&)) {
  const std::vector<std::string> names = schedule_names(scene.schedules);
  for (const TriedLane& one : tried(scene, view))
    chart.series.push_back({.name = names[one.schedule],
                            .colour = scene.schedules.schedules[one.schedule].colour,
                            .table = one.lane->table,
                            .column = column(one.lane->columns)});
}

}  // namespace

void ScheduleSurface::request(Frame& frame) {
  const Scene& scene = frame.scene();
  DescentTrials trials;
  trials.steps = std::min(scene.schedules.steps(), kMostSteps);
  const std::optional<LiveSpec> optimizer = trial_optimizer(scene, false);
  if (optimizer) {
    RaceSettings race = scene.race();
    race.optimizers = {*optimizer};
    race.gradient.changes.clear();
    *race.run.find("steps") = static_cast<double>(trials.steps);
    DescentSettings lane = race.lane(0);
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
  const bool log = scene.schedules.view.text("surface_scale") == "log";
  const bool excess = log && view_->surface && !view_->surface->minima().empty();
  chart.title = excess ? "Loss above the minimum" : "Loss";
  chart.x.label = "step";
  chart.y.scale = log ? AxisScale::kLog : AxisScale::kLinear;
  chart.empty = "Nothing to show: add a schedule, and an optimizer on the surface";
  chart.note = format_spec(scene.surface, *find_surface(scene.surface.id));
  add_column(
      chart, scene, *view_,
      excess ? +[](const DescentColumns& c) { return c.excess(); }
             : +[](const DescentColumns& c) { return c.loss(); });
  return chart;
}

Chart ScheduleSurface::coordinate(const Scene& scene) const {
  Chart chart;
  chart.title = "Position x";
  chart.x.label = "step";
  add_column(chart, scene, *view_, [](const DescentColumns& c) { return c.position(0); });
  return chart;
}

void ScheduleSurface::draw(Frame& frame, ScheduleSession& session, const Rect& area) {
  request(frame);
  const Scene& scene = frame.scene();
  Rect rest = area;
  std::optional<Error> trouble = view_->error;
  for (const auto& one : view_->troubles)
    if (one && !trouble) trouble = one;
  if (trouble) {
    ImGui::SetCursorScreenPos(rest.min);
    ui::error_line(trouble->text());
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
    for (const TriedLane& one : tried(scene, *view_))
      paths.push_back({*one.lane, scene.schedules.schedules[one.schedule].colour, names[one.schedule]});
    map_.draw(frame, paths.empty() ? frame.run->race.surface : view_->surface, paths,
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
      *next.schedules.view.find("surface_scale") =
          std::string(*loss_state_.y_scale == AxisScale::kLog ? "log" : "linear");
    });
  (void)session;
}

}  // namespace thalweg
