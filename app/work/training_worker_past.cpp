// Going back in a training: the step that is looked at, and forks that leave the run there.
#include <algorithm>
#include <stdexcept>

#include "app/work/training_worker.hpp"

namespace thalweg {
namespace {

constexpr double kSliceSeconds = 0.006;

}  // namespace

// Looking back --------------------------------------------------------------------------------------

/// The step that the selected network is replayed to; nothing where it is looked at as it is.
std::optional<std::int64_t> TrainingWorker::replay_step() const {
  if (!request_.at || request_.selected >= lanes_.size()) return std::nullopt;
  return *request_.at < lanes_[request_.selected].steps() ? request_.at : std::nullopt;
}

bool TrainingWorker::replay_wanted() const {
  const auto step = replay_step();
  return step && !(replay_aimed_ && replay_.step() == *step);
}

void TrainingWorker::replay() {
  Lane& lane = lanes_[request_.selected];
  const std::int64_t step = *replay_step();
  try {
    if (!std::exchange(replay_aimed_, true)) {
      remember_from_file(lane, step);
      replay_.aim(*lane.trainer, data_, [&] { return engine_to_look(lane); }, lane.memory, step);
    }
    (void)replay_.go_on(kSliceSeconds);
  } catch (const std::exception& exception) {
    // Looking back is no reason to lose the run.
    replay_.reset();
    request_.at.reset();
    error_ = Error{ErrorCode::kInternal, std::string("this step can't be shown (") + exception.what() + ")",
                   "training"};
  }
}

/// A run that was opened has its states in the file.
void TrainingWorker::remember_from_file(Lane& lane, std::int64_t step) {
  if (!lane.kept || !opened_ || opened_->db.empty() || step > lane.kept->steps) return;
  if (!file_) {
    auto file = store::Store::open(opened_->db, store::Access::kRead);
    if (!file) return;  // it is replayed from further back
    file_ = std::move(*file);
  }
  auto state = state_before(*file_, lane.kept->uid, step);
  if (state && *state) lane.memory.add(std::move(*state));
}

// Forks ---------------------------------------------------------------------------------------------

void TrainingWorker::fork() {
  forked_ = request_.fork;
  const std::size_t end = std::min(request_.fork_first + request_.fork_count, lanes_.size());
  for (std::size_t i = std::min(request_.fork_first, end); i < end; ++i)
    if (lanes_[i].steps() > request_.fork_step) fork(lanes_[i], i, request_.fork_step);
  replay_.reset();
  look_.reset();
  next_look_ = 0.0;
}

/// The lane goes on from `step`, which it makes its way to again; its run so far stays in the file as it was.
void TrainingWorker::fork(Lane& lane, std::size_t index, std::int64_t step) {
  const std::string parent = lane.keeper ? lane.keeper->uid() : lane.kept ? lane.kept->uid : "";
  finish(lane, index);
  remember_from_file(lane, step);
  if (const auto state = lane.memory.before(step)) {
    if (auto error = lane.trainer->restore(with_record(*state, lane.trainer->view())))
      throw std::runtime_error(error->text());
  } else {
    auto trainer = trainer_on(lane.use, *lane.settings, data_);
    if (!trainer) throw std::runtime_error(trainer.error().text());
    lane.trainer = std::move(*trainer);
  }
  lane.failed.reset();
  lane.keeper.reset();
  lane.kept.reset();
  lane.fork = {parent, step};
  lane.catch_up = step;
  lane.looked_at_epoch = 0;
  lane.memory.cut(step);
}

}  // namespace thalweg
