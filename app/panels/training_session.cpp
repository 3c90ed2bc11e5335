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
  const bool current = run_->run == number_;
  if (current && training_ && run_->arrived && (run_->finished() || run_->steps() >= limit_ || run_->error))
    training_ = false;
  Scene next = frame.scene();
  if (frame.synchronous) {
    if (training_) next.training.step = std::max(next.training.step, run_->steps()) + kSynchronousSteps;
  } else if (current) {
    next.training.step = run_->steps();
  }
  frame.editor.apply(std::move(next));
}

void TrainingSession::train() {
  training_ = true;
  limit_ = kNoLimit;
}

void TrainingSession::toggle(Frame& frame) {
  if (training_) {
    pause();
  } else if (stopped_ || run_->finished() || run_->error) {
    restart(frame);
    train();
  } else {
    train();
  }
}

void TrainingSession::stop() {
  training_ = false;
  stopped_ = began();
}

void TrainingSession::restart(Frame& frame) {
  ++number_;
  stopped_ = false;
  limit_ = kNoLimit;
  propose(frame, {}, {}, [](Scene& scene) {
    for (SceneOptimizer& optimizer : scene.training.optimizers) optimizer.live.changes.clear();
    scene.training.training.changes.clear();
    scene.training.step = 0;
  });
}

void TrainingSession::step(std::int64_t updates) {
  if (stopped_ || run_->finished()) return;
  training_ = true;
  limit_ = run_->steps() + updates;
}

void TrainingSession::set_live(LiveSpec& live, const Parameter& parameter, const Value& value,
                               std::size_t first, std::size_t count) {
  bool goes_on = false;
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
