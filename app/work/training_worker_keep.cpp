// What is trained on its way into the file of runs.
#include "app/work/training_worker.hpp"

namespace thalweg {

/// Puts what lane `index` is trained by into `scene`, as far as it may change on the way. True if that is
/// new.
bool TrainingWorker::take_over(TrainingScene& scene, const TrainingSettings& lane, std::size_t index) {
  const auto seeds = static_cast<std::size_t>(std::max(1, scene.seeds));
  if (index / seeds >= scene.optimizers.size()) return false;
  SceneOptimizer& optimizer = scene.optimizers[index / seeds];
  LiveSpec training = lane.training;
  *training.spec.find("seed") = *scene.training.spec.find("seed");
  const bool changed =
      optimizer.live != lane.optimizer || scene.training != training || scene.probes != lane.probes ||
      scene.device != lane.device;
  optimizer.live = lane.optimizer;
  scene.training = std::move(training);
  scene.probes = lane.probes;
  scene.device = lane.device;
  return changed;
}

/// The Scene that makes the run again is that of all lanes.
void TrainingWorker::tell_changes(Lane& lane, std::size_t index) {
  if (std::exchange(lane.changed, false) && lane.keeper) lane.keeper->changed(scene_, index);
}

/// A run that was opened goes on beyond what the file has of it.
void TrainingWorker::take_up_record(Lane& lane, std::size_t index) {
  if (!recorder_ || !request_.keep || !lane.kept || lane.keeper || lane.trainer->steps() < lane.catch_up)
    return;
  lane.keeper = std::make_unique<TrainingKeeper>(*recorder_, *lane.kept, *lane.trainer);
  lane.keeper->changed(scene_, index);
  lane.keeper->made_on(lane.use.name, lane.trainer->steps(), lane.use.measured ? lane.use.why : "");
  lane.changed = false;
}

void TrainingWorker::keep(Lane& lane, std::size_t index) {
  const Trainer& trainer = *lane.trainer;
  // Of a fork the first update of its own makes it a run.
  if (trainer.steps() <= lane.catch_up || (lane.kept && !lane.keeper)) return;
  if (!lane.keeper) begin_record(lane, index);
  if (trainer.outcome() == Outcome::kRunning)
    lane.keeper->update(trainer);
  else
    finish(lane, index);
}

void TrainingWorker::begin_record(Lane& lane, std::size_t index) {
  if (race_.empty() && lanes_.size() > 1) race_ = store::new_uid();
  lane.changed = false;
  lane.keeper = std::make_unique<TrainingKeeper>(
      *recorder_, TrainingStart{scene_, index, race_, lane.use.name, lane.fork.parent, lane.fork.step},
      *lane.trainer);
  if (lane.use.measured) lane.keeper->made_on(lane.use.name, lane.fork.step, lane.use.why);
}

void TrainingWorker::keep() {
  if (!recorder_ || !request_.keep) return;
  for (std::size_t i = 0; i < lanes_.size(); ++i) keep(lanes_[i], i);
}

/// A run that could go on is kept as stopped.
void TrainingWorker::finish(Lane& lane, std::size_t index) noexcept {
  if (!lane.keeper) return;
  try {
    tell_changes(lane, index);
    lane.keeper->finish(*lane.trainer);
  } catch (const std::exception&) {  // memory is short: the next start finds it interrupted
  }
}

void TrainingWorker::finish_all() noexcept {
  for (std::size_t i = 0; i < lanes_.size(); ++i) finish(lanes_[i], i);
}

}  // namespace thalweg
