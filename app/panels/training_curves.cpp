#include "app/panels/training_curves.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "app/ui/compat.hpp"
#include "app/ui/text.hpp"
#include "core/optimizer/optimizer.hpp"

namespace thalweg {
namespace {

/// Points of a curve against epochs or seconds, and of a mean over seeds.
constexpr std::int64_t kMostPoints = 800;

std::int64_t stride_of(std::int64_t rows) {
  return std::max<std::int64_t>(1, (rows + kMostPoints - 1) / kMostPoints);
}

}  // namespace

/// One of the two charts of what a network achieves.
struct TrainingCurves::Quantity {
  const char* title;
  const char* word;  ///< in the columns of the evaluation probe
  int raw;           ///< column of the steps
  int smoothed;      ///< column of SmoothedRun
  double EpochRecord::*validation;
  double EpochRecord::*test;
};

// The horizontal axis -----------------------------------------------------------------------------------

StepAxis::StepAxis(const Scene& scene, const TrainingView& run)
    : per_epoch_(std::max(1.0, static_cast<double>(run.steps_per_epoch))) {
  const std::string& name = scene.training.view.text("x_axis");
  kind_ = name == "epoch" ? Kind::kEpoch : name == "time" ? Kind::kTime : Kind::kStep;
  if (kind_ == Kind::kStep) return;
  at_steps_ = {0.0};
  seconds_ = {0.0};
  if (kind_ == Kind::kEpoch) {
    // Epochs have their ends on record: where the batch follows a schedule they are not equally long.
    for (const EpochRecord& epoch : *run.epochs) {
      if (!epoch.whole) continue;
      at_steps_.push_back(static_cast<double>(epoch.steps));
      seconds_.push_back(static_cast<double>(epoch.epoch));
    }
    if (at_steps_.size() > 1) per_epoch_ = at_steps_.back() - at_steps_[at_steps_.size() - 2];
    return;
  }
  for (const EpochRecord& epoch : *run.epochs) {
    at_steps_.push_back(static_cast<double>(epoch.steps));
    seconds_.push_back(seconds_.back() + epoch.seconds);
  }
  // The epoch under way: what it has taken so far, without evaluations, is known only in proportion.
  const auto rows = static_cast<double>(run.steps.rows());
  if (rows <= at_steps_.back()) return;
  const double rate =
      at_steps_.back() > 0.0 ? seconds_.back() / at_steps_.back() : run.seconds / std::max(rows, 1.0);
  seconds_.push_back(seconds_.back() + rate * (rows - at_steps_.back()));
  at_steps_.push_back(rows);
}

double StepAxis::operator()(double step) const {
  if (kind_ == Kind::kStep) return step;
  if (kind_ == Kind::kEpoch && step >= at_steps_.back())
    return seconds_.back() + (step - at_steps_.back()) / per_epoch_;
  if (at_steps_.size() < 2) return 0.0;
  const auto above = std::upper_bound(at_steps_.begin() + 1, at_steps_.end() - 1, step) - at_steps_.begin();
  const auto i = static_cast<std::size_t>(above);
  const double share = (step - at_steps_[i - 1]) / std::max(at_steps_[i] - at_steps_[i - 1], 1.0);
  return seconds_[i - 1] + share * (seconds_[i] - seconds_[i - 1]);
}

std::string StepAxis::label(const Scene& scene) {
  const std::string& name = scene.training.view.text("x_axis");
  return name == "time" ? "seconds" : name;
}

std::optional<double> cursor_of(const Scene& scene, const TrainingSession& session) {
  const TrainingSnapshot::Lane* lane = session.selected_lane();
  if (!session.looking_back() || !lane) return std::nullopt;
  return StepAxis(scene, lane->view)(static_cast<double>(session.shown_step()));
}

// Smoothing ---------------------------------------------------------------------------------------------

const TableView& SmoothedRun::update(const TableView& steps, double share_of_past) {
  if (share_ != share_of_past || !steps.extends(seen_)) {
    table_ = Table(2);
    averages_ = {RunningAverage(share_of_past), RunningAverage(share_of_past)};
    share_ = share_of_past;
  }
  seen_ = steps;
  constexpr std::array<int, 2> kColumns{TrainingColumns::kLoss, TrainingColumns::kAccuracy};
  while (table_.rows() < steps.rows()) {
    const auto tail = table_.tail();
    const int count = static_cast<int>(std::min<std::int64_t>(tail.count(), steps.rows() - table_.rows()));
    for (int i = 0; i < count; ++i)
      for (std::size_t c = 0; c < kColumns.size(); ++c)
        tail.column(static_cast<int>(c))[i] = averages_[c].add(steps.at(table_.rows() + i, kColumns[c]));
    table_.commit(count);
  }
  return table_.view();
}

void TrainingCurves::smooth(const Scene& scene, const TrainingSnapshot& run) {
  while (smoothed_.size() < run.lanes.size()) smoothed_.push_back(std::make_unique<SmoothedRun>());
  const double share = scene.training.view.number("smoothing");
  averages_.clear();
  for (std::size_t i = 0; i < run.lanes.size(); ++i)
    averages_.push_back(smoothed_[i]->update(run.lanes[i].view.steps, share));
}

// The charts --------------------------------------------------------------------------------------------

void TrainingCurves::add_lane(Chart& chart, const Scene& scene, const TrainingSnapshot::Lane& lane,
                              std::size_t index, const SceneOptimizer& optimizer, const Quantity& quantity,
                              bool with_raw) const {
  const StepAxis axis(scene, lane.view);
  const std::string name = find_optimizer(lane.settings->optimizer.spec.id)->label;
  const TableView& steps = lane.view.steps;
  // The single batches of one at a time: several would hide each other.
  for (const bool raw : {true, false}) {
    if (raw && !with_raw) continue;
    Series series;
    series.name = name;
    series.colour = optimizer.colour;
    series.visible = optimizer.visible;
    series.run = lane.uid;
    series.faint = raw;
    const TableView& table = raw ? steps : averages_[index];
    const int column = raw ? quantity.raw : quantity.smoothed;
    if (axis.plain()) {
      series.table = table;
      series.column = column;
    } else {
      const std::int64_t stride = stride_of(table.rows());
      for (std::int64_t row = 0; row < table.rows(); row += stride) {
        const double x = axis(static_cast<double>(row));
        if (raw) {
          // A spike between two points is kept.
          const Extent extent = table.extent(column, row, row + stride);
          series.x.push_back(x);
          series.y.push_back(extent.any_finite ? extent.min : std::numeric_limits<double>::quiet_NaN());
          if (stride > 1) {
            series.x.push_back(x);
            series.y.push_back(extent.any_finite ? extent.max : std::numeric_limits<double>::quiet_NaN());
          }
        } else {
          series.x.push_back(x);
          series.y.push_back(table.at(row, column));
        }
      }
    }
    chart.series.push_back(std::move(series));
  }
  Series kept_back;
  kept_back.colour = optimizer.colour;
  kept_back.visible = optimizer.visible;
  kept_back.run = lane.uid;
  kept_back.dots = true;
  kept_back.dashed = true;
  const ProbeSeries* probe = lane.view.find("evaluation");
  const auto column_of = [&](const std::string& wanted) {
    for (std::size_t c = 0; probe && c < probe->columns.size(); ++c)
      if (probe->columns[c] == wanted) return static_cast<int>(c);
    return -1;
  };
  bool validation = column_of(std::string("validation ") + quantity.word) >= 0;
  for (const EpochRecord& epoch : *lane.view.epochs)
    validation = validation || std::isfinite(epoch.*quantity.validation);
  const int column = column_of(std::string(validation ? "validation " : "test ") + quantity.word);
  std::map<double, double> points;  // what a probe measured within epochs, and their ends
  for (std::int64_t row = 0; column >= 0 && row < probe->table.rows(); ++row)
    points[probe->table.at(row, 0) + 1.0] = probe->table.at(row, column);
  for (const EpochRecord& epoch : *lane.view.epochs) {
    const double value = validation ? epoch.*quantity.validation : epoch.*quantity.test;
    if (std::isfinite(value)) points[static_cast<double>(epoch.steps)] = value;
  }
  for (const auto& [step, value] : points) {
    kept_back.x.push_back(axis(step));
    kept_back.y.push_back(value);
  }
  kept_back.name = name + (validation ? ", validation" : ", test");
  if (!kept_back.x.empty()) chart.series.push_back(std::move(kept_back));
}

/// Mean over seeds, with a band from the lowest to the highest.
void TrainingCurves::add_seeds(Chart& chart, const Scene& scene, const TrainingSnapshot& run,
                               std::size_t first, std::size_t count, const SceneOptimizer& optimizer,
                               const Quantity& quantity) const {
  const StepAxis axis(scene, run.lanes[first].view);
  const std::string name = find_optimizer(run.lanes[first].settings->optimizer.spec.id)->label;
  std::int64_t rows = averages_[first].rows();
  std::size_t epochs = run.lanes[first].view.epochs->size();
  for (std::size_t i = first; i < first + count; ++i) {
    rows = std::min(rows, averages_[i].rows());
    epochs = std::min(epochs, run.lanes[i].view.epochs->size());
  }
  const auto add = [&](Series& series, double x, auto value_of) {
    double sum = 0.0, low = INFINITY, high = -INFINITY;
    for (std::size_t i = first; i < first + count; ++i) {
      const double value = value_of(i);
      sum += value;
      low = std::min(low, value);
      high = std::max(high, value);
    }
    series.x.push_back(x);
    series.y.push_back(sum / static_cast<double>(count));
    series.low.push_back(low);
    series.high.push_back(high);
  };
  Series mean;
  mean.name = name + ", mean of " + std::to_string(count);
  mean.colour = optimizer.colour;
  mean.visible = optimizer.visible;
  for (std::size_t i = first; i < first + count; ++i) mean.runs.push_back(run.lanes[i].uid);
  Series kept_back = mean;
  const std::int64_t stride = stride_of(rows);
  for (std::int64_t row = 0; row < rows; row += stride)
    add(mean, axis(static_cast<double>(row)),
        [&](std::size_t i) { return averages_[i].at(row, quantity.smoothed); });
  if (!mean.x.empty()) chart.series.push_back(std::move(mean));
  kept_back.dots = kept_back.dashed = true;
  const bool validation =
      epochs > 0 && std::isfinite((*run.lanes[first].view.epochs)[0].*quantity.validation);
  kept_back.name = name + (validation ? ", validation" : ", test");
  for (std::size_t e = 0; e < epochs; ++e)
    add(kept_back, axis(static_cast<double>((*run.lanes[first].view.epochs)[e].steps)), [&](std::size_t i) {
      const EpochRecord& epoch = (*run.lanes[i].view.epochs)[e];
      return validation ? epoch.*quantity.validation : epoch.*quantity.test;
    });
  if (!kept_back.x.empty()) chart.series.push_back(std::move(kept_back));
}

Chart TrainingCurves::chart_of(const Scene& scene, const TrainingSession& session,
                               const Quantity& quantity) const {
  Chart chart;
  chart.title = quantity.title;
  chart.x.label = StepAxis::label(scene);
  chart.empty = "Press Space to train";
  const auto& optimizers = scene.training.optimizers;
  for (std::size_t i = 0; i < optimizers.size(); ++i) {
    const auto [first, count] = session.lanes_of(i);
    if (count == 0 || session.run().lanes[first].view.steps.rows() == 0) continue;
    if (count == 1)
      add_lane(chart, scene, session.run().lanes[first], first, optimizers[i], quantity,
               static_cast<int>(i) == session.selected);
    else
      add_seeds(chart, scene, session.run(), first, count, optimizers[i], quantity);
    const StepAxis axis(scene, session.run().lanes[first].view);
    for (const Change& change : optimizers[i].live.changes)
      chart.marks.push_back({axis(static_cast<double>(change.step)), change.key});
  }
  chart.cursor = cursor_of(scene, session);
  return chart;
}

void TrainingCurves::show(Frame& frame, const char* id, const char* scale_key, Chart chart,
                          ui::ChartState& state, const Rect& area, const char* help) {
  const Scene& scene = frame.scene();
  if (scale_key)
    chart.y.scale = scene.training.view.text(scale_key) == "log" ? AxisScale::kLog : AxisScale::kLinear;
  state.y_scale.reset();
  ImGui::SetCursorScreenPos(area.min);
  ui::chart(id, chart, state,
            {.width = area.width(), .height = area.height(), .foot = true, .help = help, .link = &link_});
  if (scale_key && state.y_scale && *state.y_scale != chart.y.scale)
    propose(frame, {}, {}, [&](Scene& next) {
      *next.training.view.find(scale_key) = std::string(*state.y_scale == AxisScale::kLog ? "log" : "linear");
    });
}

void TrainingCurves::draw(Frame& frame, const TrainingSession& session, const Rect& area) {
  const Scene& scene = frame.scene();
  // A zoom into steps means nothing in seconds.
  if (x_axis_ != scene.training.view.text("x_axis")) {
    x_axis_ = scene.training.view.text("x_axis");
    link_ = {};
  }
  smooth(scene, session.run());
  const bool classes = !session.run().data || session.run().data->classes > 0;
  const Quantity loss{
      "Loss", "loss", TrainingColumns::kLoss, 0, &EpochRecord::validation_loss, &EpochRecord::test_loss};
  const Quantity accuracy{"Accuracy",
                          "accuracy",
                          TrainingColumns::kAccuracy,
                          1,
                          &EpochRecord::validation_accuracy,
                          &EpochRecord::test_accuracy};
  Rect left = area, right = area;
  // Below each other only where each is high enough for its numbers.
  const bool beside = area.width() > ui::px(480) || area.height() < ui::px(220);
  if (classes && beside) {
    const float middle = std::floor(0.5F * (area.min.x + area.max.x));
    left.max.x = middle - ui::px(8);
    right.min.x = middle + ui::px(8);
  } else if (classes) {
    const float middle = std::floor(0.5F * (area.min.y + area.max.y));
    left.max.y = middle - ui::px(4);
    right.min.y = middle + ui::px(4);
  }
  show(frame, "loss", "loss_scale", chart_of(scene, session, loss), states_[0], left,
       "Mean loss of each batch before its update (faint, of the chosen optimizer), its running average "
       "(line), and the loss on samples "
       "kept back after each epoch (dashed, with dots): validation samples if there are any, else test "
       "samples.");
  if (classes)
    show(frame, "accuracy", "accuracy_scale", chart_of(scene, session, accuracy), states_[1], right,
         "Share of the samples that were right: of each batch (faint, of the chosen optimizer), its running "
         "average (line), and on samples "
         "kept back after each epoch (dashed, with dots).");
}

void TrainingCurves::draw_rate(Frame& frame, const TrainingSession& session, const Rect& area) {
  const Scene& scene = frame.scene();
  Chart chart;
  chart.title = "Learning rate η";
  chart.x.label = StepAxis::label(scene);
  chart.empty = "Press Space to train";
  const auto& optimizers = scene.training.optimizers;
  for (std::size_t i = 0; i < optimizers.size(); ++i) {
    const auto [first, count] = session.lanes_of(i);
    if (count == 0 || session.run().lanes[first].view.steps.rows() == 0) continue;
    const TrainingSnapshot::Lane& lane = session.run().lanes[first];
    const StepAxis axis(scene, lane.view);
    Series series;
    series.name = find_optimizer(lane.settings->optimizer.spec.id)->label;
    series.colour = optimizers[i].colour;
    series.visible = optimizers[i].visible;
    series.run = lane.uid;
    if (axis.plain()) {
      series.table = lane.view.steps;
      series.column = TrainingColumns::kLearningRate;
    } else {
      const std::int64_t rows = lane.view.steps.rows();
      for (std::int64_t row = 0; row < rows; row += stride_of(rows)) {
        series.x.push_back(axis(static_cast<double>(row)));
        series.y.push_back(lane.view.steps.at(row, TrainingColumns::kLearningRate));
      }
    }
    chart.series.push_back(std::move(series));
  }
  chart.cursor = cursor_of(scene, session);
  show(frame, "rate", "probe_scale", std::move(chart), states_[2], area,
       "The rate in force at each step: the optimizer's own, shaped by the schedule.");
}

}  // namespace thalweg
