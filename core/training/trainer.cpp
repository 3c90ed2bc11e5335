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

std::optional<Error> check(const TrainingSettings& settings) {
  constexpr int kLargestBatch = 65'536;
  constexpr std::int64_t kMostSteps = 1'000'000'000;
  if (settings.batch < 1 || settings.batch > kLargestBatch)
    return bad_input("must be at least 1 and at most " + std::to_string(kLargestBatch), "batch");
  if (settings.epochs < 1 || settings.epochs > 1'000'000)
    return bad_input("must be at least 1 and at most 1000000", "epochs");
  if (settings.steps < 0 || settings.steps > kMostSteps)
    return bad_input("must be at least 0 (as the epochs need) and at most " + std::to_string(kMostSteps),
                     "steps");
  const ScheduleDescriptor* schedule = find_schedule(settings.schedule.id);
  if (!schedule) return bad_input("there is no '" + settings.schedule.id + "'", "schedule");
  return check(settings.schedule, *schedule);
}

Result<std::unique_ptr<Trainer>> Trainer::create(TrainingSettings settings,
                                                 std::shared_ptr<const Dataset> data,
                                                 std::unique_ptr<TrainingEngine> engine,
                                                 std::vector<std::uint32_t> indices) {
  if (auto error = thalweg::check(settings)) return *error;
  if (auto error = engine->load(data)) return *error;
  if (auto error = engine->build(settings.network, settings.seed)) return *error;
  if (indices.empty()) {
    indices.resize(static_cast<std::size_t>(data->train.count));
    std::iota(indices.begin(), indices.end(), 0u);
  }
  for (const std::uint32_t index : indices)
    if (index >= data->train.count) return bad_input("names a training sample that there is not", "split");
  if (engine->plan().needs_two_samples && (settings.batch < 2 || indices.size() < 2))
    return bad_input("must be at least 2: batch normalisation needs the variance of a batch", "batch");
  return std::unique_ptr<Trainer>(new Trainer(std::move(settings), std::move(engine), std::move(indices)));
}

Trainer::Trainer(TrainingSettings settings, std::unique_ptr<TrainingEngine> engine,
                 std::vector<std::uint32_t> indices)
    : settings_(std::move(settings)),
      engine_(std::move(engine)),
      schedule_(find_schedule(settings_.schedule.id)),
      indices_(std::move(indices)),
      order_(indices_.size()),
      learning_rate_(settings_.network.optimizer.number("lr")) {
  const auto count = static_cast<std::int64_t>(indices_.size());
  per_epoch_ = (count + settings_.batch - 1) / settings_.batch;
  // A last batch of one sample has no variance: it is left out of every epoch.
  if (engine_->plan().needs_two_samples && count % settings_.batch == 1) --per_epoch_;
  budget_ = settings_.epochs * per_epoch_;
  if (settings_.steps > 0) budget_ = settings_.steps;
}

void Trainer::begin_epoch() {
  batch_order(settings_.seed, epoch_, order_);
  for (std::uint32_t& place : order_) place = indices_[place];
  batch_ = 0;
  loss_sum_ = seconds_ = 0.0;
  correct_ = seen_ = 0;
}

void Trainer::end_epoch(bool test, const std::function<bool()>& stop) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const auto seen = static_cast<double>(seen_);
  const bool classes = settings_.network.loss.id == "cross_entropy" || engine_->plan().outputs > 1;
  EpochRecord record{.epoch = epoch_ + 1,
                     .steps = steps(),
                     .train_loss = seen_ > 0 ? loss_sum_ / seen : nan,
                     .train_accuracy = seen_ > 0 && classes ? static_cast<double>(correct_) / seen : nan,
                     .test_loss = nan,
                     .test_accuracy = nan,
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
    const std::int64_t first = batch_ * settings_.batch;
    const auto size =
        std::min<std::int64_t>(settings_.batch, static_cast<std::int64_t>(order_.size()) - first);
    const std::span<const std::uint32_t> batch(order_.data() + first, static_cast<std::size_t>(size));
    const double rate = schedule_->at(settings_.schedule, step, learning_rate_);
    const double begin = wall();
    const auto result = engine_->step(batch, {.learning_rate = rate});
    seconds_ += wall() - begin;
    if (!result) throw std::logic_error("the engine refused a step: " + result.error().text());
    const auto tail = table_.tail();
    tail.column(TrainingColumns::kLoss)[0] = result->loss;
    tail.column(TrainingColumns::kLearningRate)[0] = rate;
    tail.column(TrainingColumns::kGradientNorm)[0] = result->gradient_norm;
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
