#include "core/training/trainer.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <numeric>
#include <stdexcept>

#include "core/optimizer/optimizer.hpp"

namespace thalweg {
namespace {

double wall() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

const ProbeSeries* TrainingView::find(std::string_view probe) const {
  const auto it = std::find_if(probes.begin(), probes.end(), [&](const auto& p) { return p.id == probe; });
  return it == probes.end() ? nullptr : &*it;
}

Result<std::unique_ptr<Trainer>> Trainer::create(TrainingSettings settings,
                                                 std::shared_ptr<const Dataset> data,
                                                 std::unique_ptr<TrainingEngine> engine) {
  if (auto error = thalweg::check(settings)) return *error;
  if (auto error = engine->load(data)) return *error;
  const Spec& training = settings.training.spec;
  const auto seed = static_cast<std::uint64_t>(training.number("seed"));
  if (auto error = engine->build(network_settings(settings), seed)) return *error;
  const double share = training.number("validation");
  const auto kept_back = static_cast<std::int64_t>(std::llround(share * static_cast<double>(data->train.count)));
  Split split = thalweg::split(*data, kept_back, seed);
  if (split.train.empty()) return bad_input("leaves no sample to train on", "training: validation");
  if (share > 0.0 && split.validation.empty())
    return bad_input("keeps back not a single one of " + std::to_string(data->train.count) + " samples",
                     "training: validation");
  if (engine->plan().needs_two_samples && (training.number("batch") < 2 || split.train.size() < 2))
    return bad_input("must be at least 2: batch normalisation needs the variance of a batch", "batch");
  return std::unique_ptr<Trainer>(
      new Trainer(std::move(settings), std::move(data), std::move(engine), std::move(split)));
}

Trainer::Trainer(TrainingSettings settings, std::shared_ptr<const Dataset> data,
                 std::unique_ptr<TrainingEngine> engine, Split split)
    : settings_(std::move(settings)),
      engine_(std::move(engine)),
      schedule_(find_schedule(settings_.schedule.id)),
      data_(std::move(data)),
      split_(std::move(split)),
      order_(split_.train.size()) {
  const Spec& training = settings_.training.spec;
  const auto count = static_cast<std::int64_t>(split_.train.size());
  const auto micro = static_cast<std::int64_t>(training.number("batch"));
  batch_size_ = micro * static_cast<std::int64_t>(training.number("accumulate"));
  per_epoch_ = (count + batch_size_ - 1) / batch_size_;
  // A last part of one sample has no variance: the batch that it belongs to is left out of every epoch.
  if (engine_->plan().needs_two_samples && count % micro == 1 && per_epoch_ > 1) --per_epoch_;
  budget_ = static_cast<std::int64_t>(training.number("epochs")) * per_epoch_;
  if (!training.is_off("steps")) budget_ = static_cast<std::int64_t>(training.number("steps"));
  optimizer_ = settings_.optimizer.at(0);
  training_ = settings_.training.at(0);
}

std::optional<Error> Trainer::retarget(const TrainingSettings& settings) {
  if (auto error = thalweg::check(settings)) return error;
  if (first_difference(settings, settings_) < steps())
    return bad_input("this cannot change while a network is trained", "training");
  settings_ = settings;
  // Changes at the step that was last made ready belong to the next one.
  in_force_ = std::min(in_force_, steps() - 1);
  return {};
}

void Trainer::put_in_force(std::int64_t step) {
  settings_.training.proceed(training_, in_force_, step);
  if (settings_.optimizer.next_change(in_force_) <= step) {
    settings_.optimizer.proceed(optimizer_, in_force_, step);
    if (auto error = engine_->set_optimizer(optimizer_)) throw std::logic_error(error->text());
  }
  in_force_ = step;
}

TrainingView Trainer::view() const {
  TrainingView out;
  out.steps = table_.view();
  out.epochs = std::make_shared<const std::vector<EpochRecord>>(epochs_);
  out.outcome = outcome_;
  out.steps_per_epoch = per_epoch_;
  out.budget = budget_;
  for (const EpochRecord& epoch : epochs_) out.seconds += epoch.seconds;
  out.seconds += seconds_;
  return out;
}

void Trainer::begin_epoch() {
  batch_order(static_cast<std::uint64_t>(settings_.training.spec.number("seed")), epoch_, order_);
  for (std::uint32_t& place : order_) place = split_.train[place];
  batch_ = 0;
  loss_sum_ = seconds_ = 0.0;
  correct_ = seen_ = 0;
}

void Trainer::end_epoch(bool test, const std::function<bool()>& stop) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const auto seen = static_cast<double>(seen_);
  const bool classes = data_->classes > 0;
  EpochRecord record{.epoch = epoch_ + 1,
                     .steps = steps(),
                     .train_loss = seen_ > 0 ? loss_sum_ / seen : nan,
                     .train_accuracy = seen_ > 0 && classes ? static_cast<double>(correct_) / seen : nan,
                     .validation_loss = nan,
                     .validation_accuracy = nan,
                     .test_loss = nan,
                     .test_accuracy = nan,
                     .average_test_loss = nan,
                     .average_test_accuracy = nan,
                     .seconds = seconds_,
                     .whole = batch_ == per_epoch_};
  if (test) {
    const auto measured = engine_->evaluate(DataPart::kTest, {}, stop);
    // An evaluation that was cut short is of other samples than the rest: it is not kept.
    if (measured && !(stop && stop())) {
      record.test_loss = measured->loss;
      record.test_accuracy = measured->accuracy;
    }
  }
  seconds_ = 0.0;
  epochs_.push_back(record);
  ++epoch_;
  batch_ = 0;
  seen_ = 0;
}

void Trainer::advance(std::int64_t steps, const std::function<bool()>& stop) {
  for (std::int64_t made = 0; made < steps && outcome_ == Outcome::kRunning; ++made) {
    if (stop && stop()) return this->stop();
    if (batch_ == 0) begin_epoch();
    const std::int64_t step = table_.rows();
    put_in_force(step);
    const std::int64_t first = batch_ * batch_size_;
    const auto size = std::min(batch_size_, static_cast<std::int64_t>(order_.size()) - first);
    const std::span<const std::uint32_t> batch(order_.data() + first, static_cast<std::size_t>(size));
    const double rate = schedule_->at(settings_.schedule, step, optimizer_.number("lr"));
    const double begin = wall();
    const auto result = engine_->step(batch, {.learning_rate = rate, .clip_norm = training_.number_or("clip_norm", 0.0)});
    seconds_ += wall() - begin;
    if (!result) throw std::logic_error("the engine refused a step: " + result.error().text());
    const auto tail = table_.tail();
    tail.column(TrainingColumns::kLoss)[0] = result->loss;
    tail.column(TrainingColumns::kLearningRate)[0] = rate;
    tail.column(TrainingColumns::kGradientNorm)[0] = result->gradient_norm;
    tail.column(TrainingColumns::kAccuracy)[0] =
        data_->classes > 0 ? result->correct / static_cast<double>(size) : std::numeric_limits<double>::quiet_NaN();
    table_.commit(1);
    loss_sum_ += result->loss * static_cast<double>(size);
    correct_ += result->correct;
    seen_ += size;
    ++batch_;
    const double escaped = kLossEscaped * std::max(1.0, table_.view().at(0, TrainingColumns::kLoss));
    if (!(result->loss <= escaped)) {
      end_epoch(false, stop);
      outcome_ = Outcome::kDiverged;
      return;
    }
    const bool last = step + 1 == budget_;
    if (batch_ == per_epoch_ || last) end_epoch(true, stop);
    if (stop && stop()) return this->stop();
    if (last) {
      // The last update is seen by no step: its result by the evaluation alone.
      const double tested = epochs_.back().test_loss;
      outcome_ = tested <= escaped || (std::isnan(tested) && engine_finite()) ? Outcome::kBudget
                                                                              : Outcome::kDiverged;
    }
  }
}

void Trainer::stop() {
  if (outcome_ != Outcome::kRunning) return;
  if (seen_ > 0) end_epoch(false, {});
  outcome_ = Outcome::kStopped;
}

bool Trainer::engine_finite() const {
  const auto parameters = engine_->parameters();
  return std::all_of(parameters.begin(), parameters.end(), [](float x) { return std::isfinite(x); });
}

}  // namespace thalweg
