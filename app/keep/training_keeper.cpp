#include "app/keep/training_keeper.hpp"

#include <algorithm>
#include <cmath>

#include "core/optimizer/optimizer.hpp"
#include "core/scene/scene.hpp"

namespace thalweg {
namespace {

using store::Goal;
using store::Points;

struct Metric {
  const char* name;
  double EpochRecord::*value;
  Goal goal;
};

constexpr Metric kMetrics[] = {
    {"train_loss", &EpochRecord::train_loss, Goal::kLowest},
    {"train_accuracy", &EpochRecord::train_accuracy, Goal::kHighest},
    {"validation_loss", &EpochRecord::validation_loss, Goal::kLowest},
    {"validation_accuracy", &EpochRecord::validation_accuracy, Goal::kHighest},
    {"test_loss", &EpochRecord::test_loss, Goal::kLowest},
    {"test_accuracy", &EpochRecord::test_accuracy, Goal::kHighest},
    {"average_test_loss", &EpochRecord::average_test_loss, Goal::kLowest},
    {"average_test_accuracy", &EpochRecord::average_test_accuracy, Goal::kHighest},
    {"epoch_seconds", &EpochRecord::seconds, Goal::kNone},
};

/// The whole lab; of more lanes than a Scene may have, the run's own. Which of them it is, is the lane of the
/// row where there are several.
std::string scene_of(const TrainingScene& training) {
  Scene scene = default_scene();
  scene.training = training;
  return check(scene) ? "{}" : to_json(scene);
}

store::RunStart start_of(const TrainingStart& begin, const TrainingSettings& settings) {
  const Spec& optimizer = settings.optimizer.spec;
  store::RunStart out{.kind = "training",
                      .name = optimizer.id + " on " + settings.data.id,
                      .parent = begin.parent,
                      .race = begin.race,
                      .lane = static_cast<int>(begin.lane),
                      .program_version = THALWEG_VERSION,
                      .scene = scene_of(begin.scene)};
  if (!begin.parent.empty()) out.parent_step = begin.parent_step;
  store::add_settings(out.settings, "optimizer", optimizer, *find_optimizer(optimizer.id));
  store::add_settings(out.settings, "data", settings.data, *find_dataset(settings.data.id));
  store::add_settings(out.settings, "schedule", settings.schedule, *find_schedule(settings.schedule.id));
  store::add_settings(out.settings, "loss", settings.loss, *loss_family().find(settings.loss.id));
  store::add_settings(out.settings, "initialisation", settings.model.initialisation,
                      *initialisation_family().find(settings.model.initialisation.id));
  store::add_settings(out.settings, "training", settings.training.spec, training_descriptor());
  store::add_settings(out.settings, "probes", settings.probes, probe_descriptor());
  out.settings.push_back({"", "model", format_model(settings.model), {}});
  out.settings.push_back({"", "threads", std::to_string(begin.threads), static_cast<double>(begin.threads)});
  return out;
}

void add(Points& points, std::int64_t step, double value) {
  points.steps.push_back(step);
  points.values.push_back(value);
}

}  // namespace

TrainingKeeper::TrainingKeeper(store::Recorder& recorder, const TrainingStart& start, const Trainer& trainer)
    : recorder_(recorder),
      settings_(trainer.settings()),
      run_(recorder.begin(start_of(start, settings_))),
      stride_(kept_stride(trainer.budget(), 1)) {
  uid_ = recorder.uid(run_);
  add_changes(recorder, run_, settings_.optimizer, *find_optimizer(settings_.optimizer.spec.id));
  add_changes(recorder, run_, settings_.training, training_descriptor());
}

void TrainingKeeper::add_steps(std::vector<Points>& out, const TrainingView& view, bool last) {
  const std::int64_t rows = view.steps.rows();
  Points loss{"loss", "", Goal::kLowest}, rate{"learning_rate"}, norm{"grad_norm"};
  Points accuracy{"accuracy", "", Goal::kHighest};
  const auto take = [&](std::int64_t row) {
    add(loss, row, view.steps.at(row, TrainingColumns::kLoss));
    add(rate, row, view.steps.at(row, TrainingColumns::kLearningRate));
    // These two are not there in every run, and the norm not at every step.
    const double length = view.steps.at(row, TrainingColumns::kGradientNorm);
    if (!std::isnan(length)) add(norm, row, length);
    const double right = view.steps.at(row, TrainingColumns::kAccuracy);
    if (!std::isnan(right)) add(accuracy, row, right);
  };
  for (; next_step_ < rows; next_step_ += stride_) take(next_step_);
  // Where it ended is kept in any case.
  if (last && rows > 0 && next_step_ - stride_ < rows - 1) take(rows - 1);
  for (Points* points : {&loss, &rate, &norm, &accuracy}) out.push_back(std::move(*points));
}

void TrainingKeeper::add_epochs(std::vector<Points>& out, const TrainingView& view) {
  if (!view.epochs) return;
  for (const Metric& metric : kMetrics) {
    Points points{metric.name, "", metric.goal};
    for (std::size_t i = next_epoch_; i < view.epochs->size(); ++i) {
      const EpochRecord& epoch = (*view.epochs)[i];
      if (const double value = epoch.*metric.value; !std::isnan(value)) add(points, epoch.steps, value);
    }
    out.push_back(std::move(points));
  }
  next_epoch_ = view.epochs->size();
}

void TrainingKeeper::add_probes(std::vector<Points>& out, const TrainingView& view) {
  for (const ProbeSeries& probe : view.probes) {
    auto found = std::find_if(next_rows_.begin(), next_rows_.end(),
                              [&](const auto& next) { return next.first == probe.id; });
    if (found == next_rows_.end()) found = next_rows_.insert(next_rows_.end(), {probe.id, 0});
    for (int column = 1; column < probe.table.columns(); ++column) {
      Points points{probe.id + "/" + probe.columns[static_cast<std::size_t>(column)]};
      for (std::int64_t row = found->second; row < probe.table.rows(); ++row)
        add(points, static_cast<std::int64_t>(probe.table.at(row, 0)), probe.table.at(row, column));
      out.push_back(std::move(points));
    }
    found->second = probe.table.rows();
  }
}

void TrainingKeeper::hand_over(const TrainingView& view, bool last) {
  std::vector<Points> points;
  add_steps(points, view, last);
  add_epochs(points, view);
  add_probes(points, view);
  std::erase_if(points, [](const Points& one) { return one.steps.empty(); });
  if (!points.empty()) recorder_.append(run_, std::move(points));
}

void TrainingKeeper::update(const Trainer& trainer) { hand_over(trainer.view(), false); }

void TrainingKeeper::changed(const TrainingScene& scene, std::size_t lane) {
  const int seeds = scene.seeds;
  const TrainingSettings settings = scene.lane(lane / static_cast<std::size_t>(seeds),
                                               static_cast<int>(lane % static_cast<std::size_t>(seeds)));
  add_changes(recorder_, run_, settings.optimizer, *find_optimizer(settings.optimizer.spec.id),
              settings_.optimizer.changes.size());
  add_changes(recorder_, run_, settings.training, training_descriptor(), settings_.training.changes.size());
  settings_ = settings;
  recorder_.set_scene(run_, scene_of(scene));
}

void TrainingKeeper::finish(const Trainer& trainer) {
  if (std::exchange(ended_, true)) return;
  const TrainingView view = trainer.view();
  hand_over(view, true);
  const std::int64_t steps = view.steps.rows();
  recorder_.set_result(run_, "parameters", static_cast<double>(trainer.engine().plan().parameters));
  if (view.skipped_steps > 0)
    recorder_.set_result(run_, "skipped_steps", static_cast<double>(view.skipped_steps));
  if (view.restored_step >= 0)
    recorder_.add_event(run_, {steps, "restored", "step", std::to_string(view.restored_step)});
  const Outcome outcome = view.outcome == Outcome::kRunning ? Outcome::kStopped : view.outcome;
  recorder_.finish(run_, {std::string(outcome_name(outcome)), steps, view.seconds});
}

}  // namespace thalweg
