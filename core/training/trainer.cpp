#include "core/training/trainer.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <stdexcept>

#include "core/optimizer/optimizer.hpp"

namespace thalweg {
namespace {

double wall() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// Of the same network and optimizer.
bool alike(const EngineState& a, const EngineState& b) {
  return a.parameters.size() == b.parameters.size() && a.buffers.size() == b.buffers.size() &&
         a.slots.size() == b.slots.size() && a.progress.size() == b.progress.size() &&
         a.average.size() == b.average.size() && a.scaling.size() == b.scaling.size();
}

bool fits(const Histograms& histograms, const Plan& plan) {
  return std::all_of(histograms.begin(), histograms.end(), [&](const auto& shot) {
    return shot->weights.size() == plan.tensors.size() && shot->gradients.size() == plan.tensors.size() &&
           std::all_of(shot->activations.begin(), shot->activations.end(), [&](const LayerActivations& one) {
             return one.layer >= 0 && static_cast<std::size_t>(one.layer) < plan.layers.size();
           });
  });
}

}  // namespace

bool take_back_stop(TrainerState& state) {
  TrainingView& record = state.record;
  if (record.outcome == Outcome::kRunning) return true;
  if (record.outcome != Outcome::kStopped || state.probes.cut_short) return false;
  record.outcome = Outcome::kRunning;
  if (state.sums.seen > 0 && record.epochs && !record.epochs->empty() &&
      record.epochs->back().steps == state.steps()) {
    auto epochs = *record.epochs;
    epochs.pop_back();
    record.epochs = std::make_shared<const std::vector<EpochRecord>>(std::move(epochs));
  }
  return true;
}

Result<std::unique_ptr<Trainer>> Trainer::create(TrainingSettings settings,
                                                 std::shared_ptr<const Dataset> data,
                                                 std::unique_ptr<TrainingEngine> engine) {
  auto prepared = prepare(settings, std::move(data), std::move(engine));
  if (!prepared) return prepared.error();
  if (auto error = Probes::check(settings.probes, *prepared->data)) return *error;
  return std::unique_ptr<Trainer>(new Trainer(std::move(settings), std::move(*prepared)));
}

Trainer::Trainer(TrainingSettings settings, Preparation prepared)
    : settings_(std::move(settings)),
      data_(std::move(prepared.data)),
      engine_(std::move(prepared.engine)),
      split_(std::move(prepared.split)),
      batches_(std::move(prepared.batches)),
      probes_(*engine_, *data_, split_, static_cast<std::uint64_t>(settings_.training.spec.number("seed"))),
      schedule_(find_schedule(settings_.schedule.id)),
      driver_(settings_.schedule, settings_.drives, *find_optimizer(settings_.optimizer.spec.id)) {
  if (schedule_->follow) follower_ = schedule_->follow(settings_.schedule);
  const Spec& training = settings_.training.spec;
  budget_ = training.is_off("steps") ? batches_.begin_of(static_cast<std::int64_t>(training.number("epochs")))
                                     : static_cast<std::int64_t>(training.number("steps"));
  per_epoch_ = batches_.per_epoch();
  driven_ = optimizer_ = settings_.optimizer.at(0);
  training_ = settings_.training.at(0);
  probes_.set(settings_.probes);
}

std::optional<Error> Trainer::retarget(const TrainingSettings& settings) {
  if (auto error = thalweg::check(settings)) return error;
  if (auto error = Probes::check(settings.probes, *data_)) return error;
  if (first_difference(settings, settings_) < steps())
    return bad_input("this cannot change while a network is trained", "training");
  settings_ = settings;
  probes_.set(settings_.probes);
  // Changes at the step that was last made ready belong to the next one.
  in_force_ = std::min(in_force_, steps() - 1);
  return {};
}

void Trainer::put_in_force(std::int64_t step) {
  settings_.training.proceed(training_, in_force_, step);
  if (settings_.optimizer.next_change(in_force_) <= step) {
    settings_.optimizer.proceed(optimizer_, in_force_, step);
    driven_ = optimizer_;
    if (auto error = engine_->set_optimizer(optimizer_)) throw std::logic_error(error->text());
  }
  in_force_ = step;
}

/// The rate of update `step`; what else follows a schedule is put in force.
double Trainer::learning_rate(std::int64_t step) {
  if (driver_.moves_optimizer()) {
    driver_.apply(step, optimizer_, driven_);
    if (auto error = engine_->set_optimizer(driven_)) throw std::logic_error(error->text());
  }
  const double base = optimizer_.number("lr");
  return follower_ ? follower_->rate(base) : schedule_->at(settings_.schedule, step, base);
}

/// A schedule that goes by the loss sees it once an epoch: of the samples kept back, else of the test, else
/// the epoch's own.
void Trainer::observe(const EpochRecord& record) {
  if (!follower_) return;
  const double metric = !split_.validation.empty() ? record.validation_loss
                        : data_->test.count > 0    ? record.test_loss
                                                   : record.train_loss;
  follower_->observe(record.steps, metric);
}

TrainingView Trainer::view() const {
  TrainingView out;
  out.steps = table_.view();
  if (!shared_epochs_ || shared_epochs_->size() != epochs_.size())
    shared_epochs_ = std::make_shared<const std::vector<EpochRecord>>(epochs_);
  out.epochs = shared_epochs_;
  out.probes = probes_.series();
  out.histograms = probes_.histograms();
  out.histogram_seconds = probes_.histogram_seconds();
  out.outcome = outcome_;
  out.restored_step = restored_step_;
  out.steps_per_epoch = per_epoch_;
  out.budget = budget_;
  out.skipped_steps = skipped_;
  out.seconds = seconds_ + probes_.seconds();
  return out;
}

TrainerState Trainer::state() const {
  return {.record = view(),
          .engine = engine_->state(),
          .sums = sums_,
          .best = best_,
          .probes = probes_.state(),
          .schedule = follower_ ? follower_->save() : std::vector<double>{}};
}

std::optional<Error> Trainer::restore(const TrainerState& state) {
  const TrainingView& record = state.record;
  if (record.steps_per_epoch != per_epoch_ || record.budget != budget_ || !record.epochs ||
      (record.steps.rows() > 0 && record.steps.columns() != TrainingColumns::kCount) ||
      (!state.best.state.parameters.empty() && !alike(state.best.state, state.engine)) ||
      (record.histograms && !fits(*record.histograms, engine_->plan())))
    return bad_input("belongs to a run with other settings", "state");
  auto follower = follower_ ? schedule_->follow(settings_.schedule) : nullptr;
  if (follower ? !follower->load(state.schedule) : !state.schedule.empty())
    return bad_input("belongs to a run with another schedule", "state");
  if (auto error = engine_->restore(state.engine)) return error;
  follower_ = std::move(follower);
  table_.truncate(0);
  table_.append(record.steps);
  epochs_ = *record.epochs;
  shared_epochs_ = record.epochs;
  outcome_ = record.outcome;
  restored_step_ = record.restored_step;
  skipped_ = record.skipped_steps;
  probes_.restore(record, state.probes);
  seconds_ = record.seconds - probes_.seconds();
  sums_ = state.sums;
  best_ = state.best;
  in_force_ = steps();
  driven_ = optimizer_ = settings_.optimizer.at(in_force_);
  training_ = settings_.training.at(in_force_);
  return engine_->set_optimizer(optimizer_);
}

void Trainer::measure(EpochRecord& record, const Stop& stop) {
  const double begin = wall();
  // An evaluation that was cut short is of other samples than the rest: it is not kept.
  const auto evaluate = [&](DataPart part, std::optional<std::span<const std::uint32_t>> samples,
                            Weights weights, double& loss, double& accuracy) {
    const auto measured = engine_->evaluate(part, samples, stop, weights);
    if (!measured || (stop && stop())) return;
    loss = measured->loss;
    accuracy = measured->accuracy;
  };
  if (!split_.validation.empty())
    evaluate(DataPart::kTrain, split_.validation, Weights::kCurrent, record.validation_loss,
             record.validation_accuracy);
  evaluate(DataPart::kTest, {}, Weights::kCurrent, record.test_loss, record.test_accuracy);
  if (!training_.is_off("ema_decay"))
    evaluate(DataPart::kTest, {}, Weights::kAverage, record.average_test_loss, record.average_test_accuracy);
  seconds_ += wall() - begin;
}

void Trainer::end_epoch(bool measured, const Stop& stop) {
  const auto seen = static_cast<double>(sums_.seen);
  EpochRecord record;
  record.epoch = static_cast<std::int64_t>(epochs_.size()) + 1;
  record.steps = steps();
  if (sums_.seen > 0) record.train_loss = sums_.loss / seen;
  if (sums_.seen > 0 && data_->classes > 0) record.train_accuracy = static_cast<double>(sums_.correct) / seen;
  record.seconds = sums_.seconds;
  record.whole = batches_.is_whole(steps());
  if (measured) measure(record, stop);
  sums_ = {};
  epochs_.push_back(record);
}

/// Early stopping: true if the run has waited long enough.
bool Trainer::watch(const EpochRecord& record) {
  if (training_.is_off("patience")) return false;
  if (record.validation_loss < best_.loss) {
    best_ = {
        .loss = record.validation_loss, .step = record.steps - 1, .waited = 0, .state = engine_->state()};
    return false;
  }
  return static_cast<double>(++best_.waited) >= training_.number("patience");
}

void Trainer::restore_best() {
  if (best_.step < 0 || best_.step == steps() - 1) return;
  if (auto error = engine_->restore(best_.state)) throw std::logic_error(error->text());
  restored_step_ = best_.step;
}

void Trainer::record(const StepResult& result, std::size_t samples, double rate) {
  const auto size = static_cast<double>(samples);
  const auto tail = table_.tail();
  tail.column(TrainingColumns::kLoss)[0] = result.loss;
  tail.column(TrainingColumns::kLearningRate)[0] = rate;
  tail.column(TrainingColumns::kGradientNorm)[0] = result.gradient_norm;
  tail.column(TrainingColumns::kAccuracy)[0] =
      data_->classes > 0 ? result.correct / size : EpochRecord::kNone;
  table_.commit(1);
  sums_.loss += result.loss * size;
  sums_.correct += result.correct;
  sums_.seen += static_cast<std::int64_t>(samples);
  skipped_ += result.skipped ? 1 : 0;
}

/// Of update `step`, with everything that is in force for it.
StepRates Trainer::rates(std::int64_t step) {
  put_in_force(step);
  const double rate = learning_rate(step);
  return {.learning_rate = rate, .clip_norm = training_.number_or("clip_norm", 0.0)};
}

void Trainer::make_step(const Stop& stop) {
  const std::int64_t step = steps();
  const StepRates rates = this->rates(step);
  const auto batch = batches_.at(step);
  StepDetail* detail = probes_.detail(step);
  const double begin = wall();
  const auto result = engine_->step(batch, rates, detail);
  const double seconds = wall() - begin - (detail ? detail->seconds : 0.0);
  if (!result) throw std::logic_error("the engine refused a step: " + result.error().text());
  sums_.seconds += seconds;
  seconds_ += seconds;
  end_step(*result, batch.size(), rates.learning_rate, stop);
}

/// How many updates from here on can be under way at once: up to the end of the epoch, and up to one after
/// which somebody looks at the network.
std::int64_t Trainer::steps_together(std::int64_t most) {
  const std::int64_t first = steps(), ahead = std::min(most, engine_->steps_ahead());
  if (first == 0) return 1;  // by its loss those of all others are judged
  std::int64_t count = 0;
  while (count < ahead) {
    const std::int64_t step = first + count;
    const Probes::Interest interest = probes_.interest(step);
    if (interest.whole) break;
    ++count;
    if (interest.looks || batches_.is_whole(step + 1) || step + 1 == budget_) break;
  }
  return count;
}

/// Makes at least one update and at most so many.
std::int64_t Trainer::make_steps(std::int64_t most, const Stop& stop) {
  const std::int64_t count = steps_together(most);
  if (count <= 1) {
    make_step(stop);
    return 1;
  }
  const std::int64_t first = steps();
  std::vector<std::pair<std::size_t, double>> begun;  // samples and rate of each
  const double begin = wall();
  for (std::int64_t step = first; step < first + count; ++step) {
    const StepRates rates = this->rates(step);
    const auto batch = batches_.at(step);
    begun.emplace_back(batch.size(), rates.learning_rate);
    const StepWish wish{.norms = probes_.interest(step).norms, .escape = escape()};
    if (auto error = engine_->begin(batch, rates, wish))
      throw std::logic_error("the engine refused a step: " + error->text());
  }
  const std::vector<FinishedStep> finished = engine_->finish();
  const double seconds = wall() - begin;
  sums_.seconds += seconds;
  seconds_ += seconds;
  for (std::size_t i = 0; i < finished.size() && outcome_ == Outcome::kRunning; ++i) {
    probes_.take_norms(finished[i].norms);
    end_step(finished[i].result, begun[i].first, begun[i].second, stop);
  }
  return static_cast<std::int64_t>(finished.size());
}

/// What follows an update: its record, probes, the end of an epoch or of the run.
void Trainer::end_step(const StepResult& result, std::size_t samples, double rate, const Stop& stop) {
  const std::int64_t step = steps();
  record(result, samples, rate);
  if (!(result.loss <= escape())) {
    end_epoch(false, stop);
    outcome_ = Outcome::kDiverged;
    return;
  }
  probes_.observe({.step = step, .learning_rate = rate, .optimizer = driven_, .stop = stop});
  if (at_epoch_end()) finish_epoch(stop);
}

/// The largest loss that is no divergence.
double Trainer::escape() const {
  return kLossEscaped * std::max(1.0, table_.view().at(0, TrainingColumns::kLoss));
}

bool Trainer::at_epoch_end() { return batches_.is_whole(steps()) || steps() == budget_; }

void Trainer::finish_epoch(const Stop& stop) {
  const EpochSums sums = sums_;
  end_epoch(true, stop);
  if (stop && stop()) {
    sums_ = sums;
    outcome_ = Outcome::kStopped;
    return;
  }
  observe(epochs_.back());
  if (watch(epochs_.back())) {
    restore_best();
    outcome_ = Outcome::kConverged;
  } else if (steps() == budget_) {
    end_by_budget();
  }
}

void Trainer::end_by_budget() {
  // The last update is seen by no step: its result by the evaluation alone.
  const double tested = epochs_.back().test_loss;
  const bool good = tested <= escape() || (std::isnan(tested) && engine_finite());
  outcome_ = good ? Outcome::kBudget : Outcome::kDiverged;
  if (good) restore_best();
}

void Trainer::advance(std::int64_t steps, const Stop& stop) {
  // Taken up again where the end of an epoch was cut short.
  if (steps > 0 && outcome_ == Outcome::kRunning && sums_.seen > 0 && at_epoch_end()) finish_epoch(stop);
  for (std::int64_t made = 0; made < steps && outcome_ == Outcome::kRunning;) {
    if (stop && stop()) return this->stop();
    made += make_steps(steps - made, stop);
  }
}

void Trainer::stop() {
  if (outcome_ != Outcome::kRunning) return;
  const EpochSums sums = sums_;
  if (sums.seen > 0) end_epoch(false, {});
  sums_ = sums;
  outcome_ = Outcome::kStopped;
}

bool Trainer::engine_finite() const {
  const auto parameters = engine_->parameters();
  return std::all_of(parameters.begin(), parameters.end(), [](float x) { return std::isfinite(x); });
}

}  // namespace thalweg
