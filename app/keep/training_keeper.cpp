#include "app/keep/training_keeper.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/optimizer/optimizer.hpp"
#include "core/scene/scene.hpp"
#include "core/training/checkpoint.hpp"

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
                      .device = begin.device,
                      .program_version = THALWEG_VERSION,
                      .scene = scene_of(begin.scene)};
  if (!begin.parent.empty()) out.parent_step = begin.parent_step;
  store::add_settings(out.settings, "optimizer", optimizer, *find_optimizer(optimizer.id));
  store::add_settings(out.settings, "data", settings.data, *find_dataset(settings.data.id));
  store::add_settings(out.settings, "schedule", settings.schedule, *find_schedule(settings.schedule.id));
  for (const Drive& drive : settings.drives)
    store::add_settings(out.settings, drive.key + "_schedule", drive.schedule, *find_schedule(drive.schedule.id));
  store::add_settings(out.settings, "loss", settings.loss, *loss_family().find(settings.loss.id));
  store::add_settings(out.settings, "initialisation", settings.model.initialisation,
                      *initialisation_family().find(settings.model.initialisation.id));
  store::add_settings(out.settings, "training", settings.training.spec, training_descriptor());
  store::add_settings(out.settings, "probes", settings.probes, probe_descriptor());
  store::add_settings(out.settings, "device", settings.device, device_descriptor());
  out.settings.push_back({"", "model", format_model(settings.model), {}});
  return out;
}

void add(Points& points, std::int64_t step, double value) {
  points.steps.push_back(step);
  points.values.push_back(value);
}

}  // namespace

TrainingKeeper::TrainingKeeper(store::Recorder& recorder, const TrainingStart& start, const Trainer& trainer,
                               double checkpoint_seconds)
    : recorder_(recorder),
      settings_(trainer.settings()),
      device_(start.device),
      run_(recorder.begin(start_of(start, settings_))),
      stride_(kept_stride(trainer.budget(), 1)),
      checkpoint_seconds_(checkpoint_seconds) {
  uid_ = recorder.uid(run_);
  recorder_.set_result(run_, "parameters", static_cast<double>(trainer.engine().plan().parameters));
  recorder_.set_result(run_, "steps_per_epoch", static_cast<double>(trainer.steps_per_epoch()));
}

TrainingKeeper::TrainingKeeper(store::Recorder& recorder, const KeptRun& run, const Trainer& trainer,
                               double checkpoint_seconds)
    : recorder_(recorder),
      settings_(trainer.settings()),
      uid_(run.uid),
      device_(run.device),
      run_(recorder.resume(run.uid, trainer.steps())),
      stride_(kept_stride(trainer.budget(), 1)),
      checkpoint_seconds_(checkpoint_seconds) {
  const TrainingView view = trainer.view();
  const std::int64_t steps = view.steps.rows();
  next_step_ = (steps + stride_ - 1) / stride_ * stride_;
  seen_ = steps;
  for (std::int64_t row = steps - 1; row >= 0 && norm_window_ < 0; --row)
    if (!std::isnan(view.steps.at(row, TrainingColumns::kGradientNorm))) norm_window_ = row / stride_;
  // What was measured after the last update is written again; probes stand at the update's own number.
  while (next_epoch_ < view.epochs->size() && (*view.epochs)[next_epoch_].steps < steps) ++next_epoch_;
  for (const ProbeSeries& probe : view.probes) next_rows_.emplace_back(probe.id, probe.table.rows());
  const auto made = [&](const LiveSpec& live) {
    return static_cast<std::size_t>(std::count_if(live.changes.begin(), live.changes.end(),
                                                  [&](const Change& change) { return change.step < steps; }));
  };
  changes_ = made(settings_.optimizer);
  training_changes_ = made(settings_.training);
  clock_ = saved_at_ = view.seconds;
  clock_step_ = steps - 1;
  saved_step_ = steps;
  recorder_.set_result(run_, "steps_per_epoch", static_cast<double>(trainer.steps_per_epoch()));
}

void TrainingKeeper::add_steps(std::vector<Points>& out, const TrainingView& view, bool last) {
  const std::int64_t rows = view.steps.rows();
  Points loss{"loss", "", Goal::kLowest}, rate{"learning_rate"}, norm{"grad_norm"};
  Points accuracy{"accuracy", "", Goal::kHighest};
  const auto take = [&](std::int64_t row) {
    add(loss, row, view.steps.at(row, TrainingColumns::kLoss));
    add(rate, row, view.steps.at(row, TrainingColumns::kLearningRate));
    const double right = view.steps.at(row, TrainingColumns::kAccuracy);
    if (!std::isnan(right)) add(accuracy, row, right);
  };
  for (; next_step_ < rows; next_step_ += stride_) take(next_step_);
  // Where it ended is kept in any case.
  if (last && rows > 0 && next_step_ - stride_ < rows - 1) take(rows - 1);
  // The norm is not there at every step: of those that are, one for each step that is kept.
  for (; seen_ < rows; ++seen_) {
    const double length = view.steps.at(seen_, TrainingColumns::kGradientNorm);
    if (std::isnan(length) || seen_ / stride_ <= norm_window_) continue;
    add(norm, seen_, length);
    norm_window_ = seen_ / stride_;
  }
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

/// When the updates were made, so that curves can be drawn against time.
void TrainingKeeper::add_clock(std::vector<Points>& out, const TrainingView& view, bool last) {
  const std::int64_t step = view.steps.rows() - 1;
  if (step <= clock_step_ || (!last && view.seconds - clock_ < kClockSeconds)) return;
  Points points{"seconds", "s"};
  add(points, step, view.seconds);
  out.push_back(std::move(points));
  clock_ = view.seconds;
  clock_step_ = step;
}

void TrainingKeeper::hand_over(const TrainingView& view, bool last) {
  const std::int64_t steps = view.steps.rows();
  changes_ = add_changes(recorder_, run_, settings_.optimizer, *find_optimizer(settings_.optimizer.spec.id),
                         changes_, steps);
  training_changes_ =
      add_changes(recorder_, run_, settings_.training, training_descriptor(), training_changes_, steps);
  if (!scene_.empty() && steps > seen_) recorder_.set_scene(run_, std::exchange(scene_, {}), scene_lane_);
  std::vector<Points> points;
  add_steps(points, view, last);
  add_epochs(points, view);
  add_probes(points, view);
  add_clock(points, view, last);
  std::erase_if(points, [](const Points& one) { return one.steps.empty(); });
  if (!points.empty()) recorder_.append(run_, std::move(points), steps);
}

void TrainingKeeper::made_on(const std::string& device, std::int64_t step, const std::string& choice) {
  if (!choice.empty()) recorder_.add_event(run_, {step, "device", "auto", choice});
  if (device == device_) return;
  recorder_.set_device(run_, device, step);
  recorder_.add_event(run_, {step, "device", "now", device});
  device_ = device;
}

void TrainingKeeper::save(const TrainerState& state, double seconds) {
  store::Checkpoint checkpoint{state.steps(), kCheckpointVersion, to_bytes(state)};
  const auto size = static_cast<std::int64_t>(checkpoint.state.size());
  too_large_ = size > kMostCheckpointBytes;
  if (too_large_) return;
  const std::int64_t most = std::clamp<std::int64_t>(kMostCheckpointBytes / size, 2, kMostCheckpoints);
  recorder_.save(run_, std::move(checkpoint), most);
  saved_at_ = seconds;
  saved_step_ = state.steps();
}

void TrainingKeeper::update(const Trainer& trainer) {
  if (ended_) return;
  const TrainingView view = trainer.view();
  hand_over(view, false);
  // Saving takes at most a fiftieth of the time.
  const double pause = std::max(checkpoint_seconds_, 50.0 * save_cost_);
  if (!too_large_ && view.steps.rows() > saved_step_ && view.seconds - saved_at_ >= pause) {
    const auto begin = std::chrono::steady_clock::now();
    save(trainer.state(), view.seconds);
    save_cost_ = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  }
}

void TrainingKeeper::changed(const TrainingScene& scene, std::size_t lane) {
  const auto seeds = static_cast<std::size_t>(scene.seeds);
  settings_ = scene.lane(lane / seeds, static_cast<int>(lane % seeds));
  scene_ = scene_of(scene);
  scene_lane_ = static_cast<int>(lane);
}

void TrainingKeeper::finish(const Trainer& trainer) {
  if (std::exchange(ended_, true)) return;
  const TrainingView view = trainer.view();
  hand_over(view, true);
  if (view.steps.rows() > 0 && !too_large_) {
    try {
      save(trainer.state(), view.seconds);
    } catch (const DeviceError&) {  // the checkpoint before will do
    }
  }
  end(view);
}

void TrainingKeeper::fail(const TrainingView& view, const std::string& why, const TrainerState* last) {
  if (std::exchange(ended_, true)) return;
  hand_over(view, true);
  recorder_.add_event(run_, {view.steps.rows(), "device", "failed", why});
  if (last && last->steps() > saved_step_) save(*last, view.seconds);
  end(view);
}

void TrainingKeeper::end(const TrainingView& view) {
  const std::int64_t steps = view.steps.rows();
  if (view.skipped_steps > 0)
    recorder_.set_result(run_, "skipped_steps", static_cast<double>(view.skipped_steps));
  if (view.restored_step >= 0)
    recorder_.add_event(run_, {steps, "restored", "step", std::to_string(view.restored_step)});
  const Outcome outcome = view.outcome == Outcome::kRunning ? Outcome::kStopped : view.outcome;
  recorder_.finish(run_, {std::string(outcome_name(outcome)), steps, view.seconds});
}

}  // namespace thalweg
