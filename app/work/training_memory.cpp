#include "app/work/training_memory.hpp"

#include <algorithm>
#include <chrono>
#include <stdexcept>

namespace thalweg {
namespace {

constexpr std::size_t kMostStates = 1024;
constexpr std::int64_t kWidest = 1 << 20;

std::size_t bytes_of(const EngineState& state) {
  return sizeof(float) *
             (state.parameters.size() + state.buffers.size() + state.slots.size() + state.average.size()) +
         sizeof(double) * (state.progress.size() + state.scaling.size());
}

std::size_t bytes_of(const TrainerState& state) {
  return sizeof(TrainerState) + bytes_of(state.engine) + bytes_of(state.best.state);
}

std::int64_t step_of(const TrainerState& state) { return state.steps(); }

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

void TrainingMemory::offer(const Trainer& trainer) {
  const std::int64_t step = trainer.steps();
  if (step < next_ || trainer.outcome() != Outcome::kRunning) return;
  if (step == next_) {
    auto state = std::make_shared<TrainerState>(trainer.state());
    // What was measured stands in the run's own record.
    state->record.probes.clear();
    state->record.histograms.reset();
    keep(std::move(state));
  }
  next_ = (step / interval_ + 1) * interval_;
}

void TrainingMemory::add(std::shared_ptr<const TrainerState> state) {
  if (state && state->record.outcome == Outcome::kRunning) keep(std::move(state));
}

void TrainingMemory::keep(std::shared_ptr<const TrainerState> state) {
  const std::size_t bytes = bytes_of(*state);
  while (states_.size() > 1 && (bytes_ + bytes > room_ || states_.size() >= kMostStates)) thin();
  if (bytes_ + bytes > room_) return;
  const auto place =
      std::lower_bound(states_.begin(), states_.end(), step_of(*state),
                       [](const auto& one, std::int64_t step) { return step_of(*one) < step; });
  if (place != states_.end() && step_of(**place) == step_of(*state)) return;
  states_.insert(place, std::move(state));
  bytes_ += bytes;
}

void TrainingMemory::space(std::int64_t steps) {
  while (interval_ < std::min(steps, kWidest)) interval_ *= 2;
}

/// Every second one goes, and those that came from elsewhere.
void TrainingMemory::thin() {
  interval_ *= 2;
  std::erase_if(states_, [&](const auto& state) {
    const bool goes = step_of(*state) % interval_ != 0;
    if (goes) bytes_ -= bytes_of(*state);
    return goes;
  });
}

void TrainingMemory::cut(std::int64_t step) {
  std::erase_if(states_, [&](const auto& state) {
    const bool goes = step_of(*state) > step;
    if (goes) bytes_ -= bytes_of(*state);
    return goes;
  });
  next_ = states_.empty() && step == 0 ? 0 : (step / interval_ + 1) * interval_;
}

std::shared_ptr<const TrainerState> TrainingMemory::before(std::int64_t step) const {
  const auto after = std::upper_bound(states_.begin(), states_.end(), step,
                                      [](std::int64_t at, const auto& one) { return at < step_of(*one); });
  return after == states_.begin() ? nullptr : *(after - 1);
}

TrainerState with_record(TrainerState state, const TrainingView& record) {
  const std::int64_t skipped = state.record.skipped_steps;
  const std::int64_t step = step_of(state);
  const double share =
      record.steps.rows() > 0 ? static_cast<double>(step) / static_cast<double>(record.steps.rows()) : 0.0;
  state.record = cut(record, step);
  state.record.skipped_steps = skipped;
  // The time that it took is known only in proportion.
  state.record.seconds *= share;
  state.record.histogram_seconds *= share;
  for (ProbeSeries& probe : state.record.probes) probe.seconds *= share;
  return state;
}

void TrainingReplay::aim(const Trainer& run, std::shared_ptr<const Dataset> data,
                         const std::function<std::unique_ptr<TrainingEngine>()>& engine, const TrainingMemory& memory, std::int64_t step) {
  TrainingSettings settings = run.settings();
  for (const Parameter& probe : probe_descriptor().parameters)
    if (!probe.off_word.empty()) *settings.probes.find(probe.key) = Value{};
  aim_ = step;
  if (run_ != &run || (trainer_ && first_difference(trainer_->settings(), settings) < step)) trainer_.reset();
  run_ = &run;
  const auto state = memory.before(step);
  const std::int64_t from = state ? step_of(*state) : 0;
  const bool here = trainer_ && trainer_->steps() >= from && trainer_->steps() <= step;
  if (here) return;
  if (!trainer_ || !state) {
    auto made = Trainer::create(std::move(settings), std::move(data), engine());
    if (!made) throw std::runtime_error(made.error().text());
    trainer_ = std::move(*made);
  }
  if (state)
    if (auto error = trainer_->restore(*state)) throw std::runtime_error(error->text());
}

bool TrainingReplay::go_on(double seconds) {
  const std::int64_t most =
      seconds_per_step_ > 0.0
          ? std::max<std::int64_t>(1, static_cast<std::int64_t>(seconds / seconds_per_step_))
          : 1;
  const std::int64_t steps = std::min(most, aim_ - trainer_->steps());
  if (steps > 0) {
    const double begin = now();
    trainer_->advance(steps);
    const double each = (now() - begin) / static_cast<double>(steps);
    // An evaluation at the end of an epoch is not taken for slow steps.
    seconds_per_step_ = seconds_per_step_ > 0.0
                            ? 0.7 * seconds_per_step_ + 0.3 * std::min(each, 2.0 * seconds_per_step_)
                            : each;
  }
  return trainer_->steps() >= aim_;
}

}  // namespace thalweg
