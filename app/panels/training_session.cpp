#include "app/panels/training_session.hpp"

#include <algorithm>

namespace thalweg {
namespace {

constexpr std::int64_t kNoLimit = std::numeric_limits<std::int64_t>::max();
/// Updates that a frame of a picture or a test makes while it trains.
constexpr std::int64_t kSynchronousSteps = 16;

}  // namespace

TrainingRequest TrainingSession::request_for(const Frame& frame) const {
  const Scene& scene = frame.scene();
  TrainingRequest out;
  out.lanes = scene.training.lanes();
  out.scene = scene.training;
  out.scene.step = 0;
  out.keep = frame.keep;
  out.seeds = scene.training.seeds;
  out.folder = scene.training.folder;
  out.data = scene.training.data;
  out.run = number_;
  out.drive = stopped_    ? TrainingRequest::Drive::kStop
              : training_ ? TrainingRequest::Drive::kTrain
                          : TrainingRequest::Drive::kPause;
  out.limit = limit_;
  out.selected = selected_index();
  out.drawing = drawing;
  out.opened = opened_;
  out.at = at_;
  out.fork = fork_;
  out.fork_step = fork_step_;
  out.fork_first = fork_first_;
  out.fork_count = fork_count_;
  out.attempt = attempt_;
  return out;
}

void TrainingSession::synchronise(Frame& frame) {
  TrainingRequest request = request_for(frame);
  if (frame.synchronous) {
    // What is to be seen is worked out before it is drawn: every lane is trained up to the Scene's step.
    request.limit = frame.scene().training.step;
    if (!stopped_) request.drive = TrainingRequest::Drive::kTrain;
  }
  worker_.request(std::move(request));
  if (frame.synchronous) worker_.wait();
  run_ = worker_.snapshot();
  const bool current = run_->run == number_ && run_->fork == fork_ && run_->attempt == attempt_;
  if (current && training_ && run_->arrived && (run_->finished() || run_->steps() >= limit_ || run_->error))
    training_ = false;
  Scene next = frame.scene();
  if (frame.synchronous) {
    if (training_) next.training.step = std::max(next.training.step, run_->steps()) + kSynchronousSteps;
  } else if (current) {
    next.training.step = run_->steps();
  }
  if (current && at_ && !run_->lanes.empty() && !run_->replaying && *at_ >= run_->steps()) at_.reset();
  frame.editor.apply(std::move(next));
}

void TrainingSession::train() {
  training_ = true;
  limit_ = kNoLimit;
}

void TrainingSession::toggle(Frame& frame) {
  if (training_) {
    pause();
  } else if (at_) {
    const std::int64_t step = *at_;
    fork(step, 0, run_->lanes.size());
    // What was changed later on belongs to the run that is left.
    propose(frame, {}, {}, [step](Scene& scene) {
      const auto later = [step](const Change& change) { return change.step > step; };
      for (SceneOptimizer& optimizer : scene.training.optimizers)
        std::erase_if(optimizer.live.changes, later);
      std::erase_if(scene.training.training.changes, later);
      scene.training.step = step;
    });
    train();
  } else if (device_failed()) {
    continue_on_cpu(frame);
  } else if (stopped_ || run_->finished() || run_->error) {
    restart(frame);
    train();
  } else {
    train();
  }
}

void TrainingSession::fork(std::int64_t step, std::size_t first, std::size_t count) {
  ++fork_;
  fork_step_ = step;
  fork_first_ = first;
  fork_count_ = count;
  stopped_ = false;
  at_.reset();
}

void TrainingSession::scrub(std::int64_t step) {
  training_ = false;
  step = std::max<std::int64_t>(step, 0);
  at_.reset();
  if (step < run_->steps()) at_ = step;
}

TrainingView TrainingSession::shown(const TrainingSnapshot::Lane& lane) const {
  return at_ ? cut(lane.view, *at_) : lane.view;
}

void TrainingSession::open(Editor& editor, OpenedTraining opened, std::optional<std::int64_t> step) {
  ++number_;
  training_ = stopped_ = false;
  limit_ = kNoLimit;
  const OpenedRun& run = opened.run;
  selected = static_cast<int>(run.lane) / std::max(1, run.scene.training.seeds);
  Scene next = editor.scene();
  const Spec view = next.training.view;
  next.training = run.scene.training;
  next.training.view = view;
  next.training.step = 0;
  for (const KeptRun& lane : run.lanes) next.training.step = std::max(next.training.step, lane.steps);
  at_.reset();
  if (step && *step < next.training.step) at_ = step;
  editor.open(std::move(next));
  opened_ = std::make_shared<const OpenedTraining>(std::move(opened));
}

bool TrainingSession::device_failed() const {
  return run_->device_failure && run_->attempt == attempt_ && run_->run == number_;
}

void TrainingSession::continue_on_cpu(Frame& frame) {
  propose(frame, {}, {},
          [](Scene& scene) { *scene.training.device.find("device") = std::string(kCpuDevice); });
  try_again();
}

void TrainingSession::try_again() {
  ++attempt_;
  stopped_ = false;
  at_.reset();
  train();
}

void TrainingSession::stop() {
  training_ = false;
  stopped_ = began();
}

void TrainingSession::restart(Frame& frame) {
  ++number_;
  stopped_ = false;
  limit_ = kNoLimit;
  at_.reset();
  opened_.reset();
  propose(frame, {}, {}, [](Scene& scene) {
    for (SceneOptimizer& optimizer : scene.training.optimizers) optimizer.live.changes.clear();
    scene.training.training.changes.clear();
    scene.training.step = 0;
  });
}

void TrainingSession::step(std::int64_t updates) {
  if (at_ || updates < 0) return scrub(shown_step() + updates);
  if (stopped_ || run_->finished()) return;
  training_ = true;
  limit_ = run_->steps() + updates;
}

void TrainingSession::set_live(LiveSpec& live, const Parameter& parameter, const Value& value,
                               std::size_t first, std::size_t count) {
  if (at_ && parameter.live) {
    const std::int64_t step = *at_;
    fork(step, first, count);
    live.change(step, parameter.key, value);
    return;
  }
  bool goes_on = run_->fork != fork_;
  for (std::size_t i = first; i < std::min(first + count, run_->lanes.size()); ++i)
    goes_on =
        goes_on || (run_->lanes[i].view.outcome == Outcome::kRunning && run_->lanes[i].view.steps.rows() > 0);
  if (goes_on && parameter.live)
    live.change(worker_.hold(first, count), parameter.key, value);
  else
    live.set(parameter.key, value);
}

std::pair<std::size_t, std::size_t> TrainingSession::lanes_of(std::size_t optimizer) const {
  std::size_t first = 0;
  while (first < run_->lanes.size() && run_->lanes[first].optimizer != optimizer) ++first;
  std::size_t count = 0;
  while (first + count < run_->lanes.size() && run_->lanes[first + count].optimizer == optimizer) ++count;
  return {first, count};
}

std::size_t TrainingSession::selected_index() const {
  const auto [first, count] = lanes_of(static_cast<std::size_t>(std::max(0, selected)));
  return count > 0 ? first : 0;
}

const TrainingSnapshot::Lane* TrainingSession::selected_lane() const {
  const std::size_t index = selected_index();
  return index < run_->lanes.size() ? &run_->lanes[index] : nullptr;
}

}  // namespace thalweg
