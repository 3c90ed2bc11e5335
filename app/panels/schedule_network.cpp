#include "app/panels/schedule_network.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "app/ui/compat.hpp"
#include "app/ui/text.hpp"

namespace thalweg {
namespace {

/// So often the test samples are looked at.
constexpr std::int64_t kEvaluations = 20;
constexpr const char* kDone = "Done";

/// One optimizer trained for as many steps as the plot shows, with nothing measured but the test loss.
TrainingSettings trial(const Scene& scene, const LiveSpec& optimizer, const Spec& schedule) {
  const std::int64_t steps = scene.schedules.steps();
  TrainingScene training = scene.training;
  training.optimizers = {{optimizer, 0, true}};
  training.schedule = schedule;
  training.training.changes.clear();
  TrainingSettings out = training.lane(0, 0);
  *out.training.spec.find("steps") = static_cast<double>(steps);
  *out.training.spec.find("patience") = Value{};
  for (const Parameter& probe : probe_descriptor().parameters)
    if (!probe.off_word.empty()) *out.probes.find(probe.key) = Value{};
  *out.probes.find("evaluation") = static_cast<double>(std::max<std::int64_t>(1, steps / kEvaluations));
  return out;
}

}  // namespace

void ScheduleNetwork::stop() {
  going_ = false;
  worker_.request({});
}

void ScheduleNetwork::request(Frame& frame) {
  const Scene& scene = frame.scene();
  wanted_.clear();
  tried_.clear();
  if (const std::optional<LiveSpec> optimizer = trial_optimizer(scene, true))
    for (std::size_t i = 0; i < scene.schedules.schedules.size(); ++i) {
      if (!is_tried(scene.schedules, i)) continue;
      tried_.push_back(i);
      wanted_.push_back(trial(scene, *optimizer, scene.schedules.schedules[i].spec));
    }
  // While the mouse is down a setting is on its way: training begins when it has arrived.
  if (going_ && ImGui::IsMouseDown(0) && !frame.synchronous) return;
  worker_.request(going_ ? TrainingTrials{wanted_, scene.training.folder, true} : TrainingTrials{});
  if (frame.synchronous) worker_.wait();
  view_ = worker_.snapshot();
}

/// The lane that was trained with schedule `index`, perhaps with settings of a moment ago; null if none was.
const TrainingTrialsView::Lane* ScheduleNetwork::lane_of(const Scene& scene, std::size_t index) const {
  const Spec& spec = scene.schedules.schedules[index].spec;
  for (const TrainingTrialsView::Lane& lane : view_->lanes)
    if (lane.settings->schedule == spec) return &lane;
  return nullptr;
}

std::string ScheduleNetwork::status(const Scene& scene) const {
  if (wanted_.empty()) return "Nothing to train";
  std::int64_t least = INT64_MAX;
  bool same = true;
  for (std::size_t k = 0; k < wanted_.size(); ++k) {
    const TrainingTrialsView::Lane* lane = lane_of(scene, tried_[k]);
    same = same && lane && *lane->settings == wanted_[k];
    if (!lane || lane->view.outcome == Outcome::kRunning)
      least = std::min(least, lane ? lane->view.steps.rows() : std::int64_t{0});
  }
  if (!going_ && view_->lanes.empty()) return "Not trained yet";
  if (!going_ && !same) return "Other settings since: train again";
  if (least == INT64_MAX && same) return kDone;
  if (!going_) return "Stopped at " + ui::integer(least);
  if (view_->lanes.empty()) return "Reading the data…";
  return ui::integer(std::min(least, scene.schedules.steps())) + " / " + ui::integer(scene.schedules.steps());
}

void ScheduleNetwork::controls(Frame& frame, Rect& area) {
  ImGui::SetCursorScreenPos(area.min);
  const bool possible = !wanted_.empty();
  if (ui::button("train", going_ ? "Stop" : "Train", !going_, possible)) toggle();
  ui::tooltip(
      going_
          ? "No more training. What was trained stays. (Space)"
          : "Trains the network of the Training view once with each schedule, for as many steps as the plot "
            "shows, and again whatever is changed, until you stop it. (Space)");
  const ImVec2 max = ImGui::GetItemRectMax();
  const float middle = 0.5F * (area.min.y + max.y);
  const std::string text = status(frame.scene());
  ui::draw_centred(ImGui::GetWindowDrawList(), ui::Type::kNormal, max.x + ui::px(10), middle, ui::theme().dim,
                   ui::elided(ui::Type::kNormal, text, area.max.x - max.x - ui::px(10)));
  ui::mark(text == kDone ? "done" : "status", {max.x + ui::px(10), area.min.y}, {area.max.x, max.y});
  area.min.y = max.y + ui::px(8);
  if (!view_->error) return;
  ImGui::SetCursorScreenPos(area.min);
  ui::error_line(view_->error->text());
  area.min.y = ImGui::GetCursorScreenPos().y + ui::px(6);
}

Chart ScheduleNetwork::training_loss(const Scene& scene) {
  Chart chart;
  chart.title = "Training loss";
  const std::vector<std::string> names = schedule_names(scene.schedules);
  while (smoothed_.size() < scene.schedules.schedules.size())
    smoothed_.push_back(std::make_unique<SmoothedRun>());
  for (const std::size_t i : tried_)
    if (const TrainingTrialsView::Lane* lane = lane_of(scene, i))
      chart.series.push_back(
          {.name = names[i],
           .colour = scene.schedules.schedules[i].colour,
           .table = smoothed_[i]->update(lane->view.steps, scene.schedules.view.number("smoothing"))});
  return chart;
}

Chart ScheduleNetwork::test_loss(const Scene& scene) const {
  Chart chart;
  chart.title = "Test loss";
  const std::vector<std::string> names = schedule_names(scene.schedules);
  for (const std::size_t i : tried_) {
    const TrainingTrialsView::Lane* lane = lane_of(scene, i);
    if (!lane) continue;
    std::map<double, double> points;  // what the probe measured, and ends of epochs
    if (const ProbeSeries* probe = lane->view.find("evaluation"))
      for (std::size_t c = 0; c < probe->columns.size(); ++c)
        if (probe->columns[c] == "test loss")
          for (std::int64_t row = 0; row < probe->table.rows(); ++row)
            points[probe->table.at(row, 0) + 1.0] = probe->table.at(row, static_cast<int>(c));
    for (const EpochRecord& epoch : *lane->view.epochs)
      if (std::isfinite(epoch.test_loss)) points[static_cast<double>(epoch.steps)] = epoch.test_loss;
    Series series{.name = names[i], .colour = scene.schedules.schedules[i].colour, .dots = true};
    for (const auto& [step, value] : points) {
      series.x.push_back(step);
      series.y.push_back(value);
    }
    if (!series.x.empty()) chart.series.push_back(std::move(series));
  }
  return chart;
}

void ScheduleNetwork::show(Frame& frame, const char* id, Chart chart, ui::ChartState& state, const Rect& area,
                           const char* help) {
  chart.x.label = "step";
  chart.empty = "Press Train";
  chart.note = format_model(frame.scene().training.model);
  chart.y.scale =
      frame.scene().schedules.view.text("network_scale") == "log" ? AxisScale::kLog : AxisScale::kLinear;
  state.y_scale.reset();
  ImGui::SetCursorScreenPos(area.min);
  ui::chart(id, chart, state, {.width = area.width(), .height = area.height(), .help = help, .link = &link_});
  if (state.y_scale && *state.y_scale != chart.y.scale)
    propose(frame, {}, {}, [&](Scene& next) {
      *next.schedules.view.find("network_scale") =
          std::string(*state.y_scale == AxisScale::kLog ? "log" : "linear");
    });
}

void ScheduleNetwork::draw(Frame& frame, const Rect& area) {
  request(frame);
  Rect rest = area;
  controls(frame, rest);
  const Scene& scene = frame.scene();
  const float gap = ui::px(10);
  const float half = std::max(ui::px(110), std::floor(0.5F * (rest.height() - gap)));
  show(frame, "trained_loss", training_loss(scene), training_state_,
       {rest.min, {rest.max.x, rest.min.y + half}},
       "Mean loss of the batches, as a running average. All begin with the same weights and see the same "
       "batches.");
  show(frame, "test_loss", test_loss(scene), test_state_,
       {{rest.min.x, rest.min.y + half + gap}, {rest.max.x, rest.min.y + 2 * half + gap}},
       "Loss on the test samples, twenty times along the way and at the end of each epoch.");
}

}  // namespace thalweg
