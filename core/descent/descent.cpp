#include "core/descent/descent.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "core/optimizer/sums.hpp"

namespace thalweg {
namespace {

constexpr double kOff = GradientShaping::kOff;

}  // namespace

std::string axis_name(int dim, int axis) {
  if (dim <= 2) return axis == 0 ? "x" : "y";
  return "x" + std::to_string(axis + 1);
}

std::string_view outcome_name(Outcome outcome) {
  constexpr std::array<std::string_view, 5> kNames{"running", "converged", "budget", "diverged", "stopped"};
  return kNames[static_cast<std::size_t>(outcome)];
}

Descent::Descent(DescentSettings settings, std::shared_ptr<const Surface> surface)
    : settings_(std::move(settings)),
      surface_(std::move(surface)),
      columns_{surface_->dim()},
      table_(columns_.count()) {
  restart();
}

void Descent::restart() {
  columns_ = {surface_->dim()};
  table_ = Table(columns_.count());
  schedule_ = find_schedule(settings_.schedule.id);
  follower_ = schedule_->follow ? schedule_->follow(settings_.schedule) : nullptr;
  driver_ = Driver(settings_.schedule, settings_.drives, *find_optimizer(settings_.optimizer.spec.id));
  stepper_ = make_stepper(settings_.optimizer.at(0), surface_->dim());
  averages_ = stepper_->averages();
  objective_ = std::make_unique<SurfaceObjective>(surface_);
  checkpoints_.clear();
  evaluations_ = 0;
  theta_ = settings_.start;
  gradient_.assign(theta_.size(), 0.0);
  shaped_.assign(theta_.size(), 0.0);
  noise_of_step_.assign(theta_.size(), 0.0);
  average_ = theta_;
  average_gradient_ = gradient_;
  lowest_ = std::numeric_limits<double>::quiet_NaN();
  for (const MarkedPoint& minimum : surface_->minima()) lowest_ = std::fmin(lowest_, minimum.value);
  configure(0);
  const double loss = evaluate();
  const Table::Tail row = table_.tail();
  for (int i = 0; i < columns_.dim; ++i) *row.column(columns_.position(i)) = theta_[static_cast<std::size_t>(i)];
  *row.column(columns_.loss()) = loss;
  *row.column(columns_.gradient_norm()) = gradient_norm_;
  *row.column(columns_.step_length()) = 0.0;
  *row.column(columns_.effective_rate()) = 0.0;
  *row.column(columns_.excess()) = loss - lowest_;
  table_.commit(1);
  keep();
  outcome_ = judge(loss, gradient_norm_);
  if (outcome_ == Outcome::kRunning && budget_ == 0) outcome_ = Outcome::kBudget;
}

void Descent::configure(std::int64_t step) {
  optimizer_ = settings_.optimizer.at(step);
  gradient_spec_ = settings_.gradient.at(step);
  in_force_ = step;
  scheduled_ = settings_.schedule != default_spec(schedules().front()) || driver_.moves_optimizer() ||
               driver_.moves_batch();
  tolerance_ = settings_.run.number_or("tol", 0.0);
  shaping_.maximize = maximizes(settings_.gradient);
  shaping_.seed = static_cast<std::uint64_t>(settings_.run.number("seed"));
  budget_ = static_cast<std::int64_t>(settings_.run.number("steps"));
  put_in_force();
}

void Descent::proceed(std::int64_t step) {
  settings_.optimizer.proceed(optimizer_, in_force_, step);
  settings_.gradient.proceed(gradient_spec_, in_force_, step);
  in_force_ = step;
  put_in_force();
}

void Descent::put_in_force() {
  stepper_->set(optimizer_);
  driven_ = optimizer_;
  learning_rate_ = optimizer_.number("lr");
  shaping_.noise = gradient_spec_.number("noise") / std::sqrt(gradient_spec_.number("batch"));
  shaping_.clip_norm = gradient_spec_.number_or("clip", kOff);
  shaping_.clip_value = gradient_spec_.number_or("clip_value", kOff);
}

/// The rate of update `step`; what else follows a schedule is put in force.
double Descent::learning_rate(std::int64_t step) {
  if (driver_.moves_optimizer()) {
    driver_.apply(step, optimizer_, driven_);
    stepper_->set(driven_);
  }
  if (driver_.moves_batch())
    shaping_.noise =
        gradient_spec_.number("noise") / std::sqrt(driver_.batch(step, gradient_spec_.number("batch")));
  return follower_ ? follower_->rate(learning_rate_) : schedule_->at(settings_.schedule, step, learning_rate_);
}

double Descent::evaluate() {
  loss_ = surface_->gradient(theta_.data(), gradient_.data());
  gradient_norm_ = norm(gradient_.data(), columns_.dim);
  return loss_;
}

double Descent::look_at_average() {
  stepper_->average(theta_.data(), average_.data());
  const double loss = surface_->gradient(average_.data(), average_gradient_.data());
  average_gradient_norm_ = norm(average_gradient_.data(), columns_.dim);
  return loss;
}

Outcome Descent::judge(double loss, double gradient_norm) const {
  // Comparisons are written so that a NaN fails them.
  if (!(std::abs(loss) < kOff) || !(gradient_norm < kOff)) return Outcome::kDiverged;
  for (const double coordinate : theta_)
    if (!(std::abs(coordinate) <= kEscaped)) return Outcome::kDiverged;
  if (tolerance_ > 0.0) {
    const double distance = surface_->minima().empty() || shaping_.maximize ? gradient_norm : distance_to_minimum();
    if (distance < tolerance_) return Outcome::kConverged;
  }
  return Outcome::kRunning;
}

double Descent::distance_to_minimum() const {
  const std::vector<double>& found = averages_ ? average_ : theta_;
  double nearest = kOff;
  for (const MarkedPoint& minimum : surface_->minima()) {
    double sum = 0.0;
    for (std::size_t i = 0; i < found.size(); ++i)
      sum += (found[i] - minimum.x[i]) * (found[i] - minimum.x[i]);
    nearest = std::min(nearest, sum);
  }
  return std::sqrt(nearest);
}

void Descent::make_update(std::int64_t step) {
  const double rate = scheduled_ ? learning_rate(step) : learning_rate_;
  std::copy(gradient_.begin(), gradient_.end(), shaped_.begin());
  if (shaping_.active()) {
    if (shaping_.noise > 0.0) {
      shaping_.draw(step, noise_of_step_);
      for (std::size_t i = 0; i < shaped_.size(); ++i) shaped_[i] += noise_of_step_[i];
    }
    shaping_.finish(shaped_);
  }
  objective_->begin(step, loss_, theta_.data(), shaping_);
  stepper_->step(theta_.data(), shaped_.data(), rate, objective_.get());
  evaluations_ += objective_->evaluations() + (stepper_->uses_gradient() ? 1 : 0);
}

int Descent::run_block(int most) {
  const Table::Tail tail = table_.tail();
  const int count = std::min(most, tail.count());
  const int dim = columns_.dim;
  double* loss_out = tail.column(columns_.loss());
  double* norm_out = tail.column(columns_.gradient_norm());
  double* length_out = tail.column(columns_.step_length());
  double* rate_out = tail.column(columns_.effective_rate());
  double* excess_out = tail.column(columns_.excess());
  const std::int64_t first = steps();
  int made = 0;
  while (made < count && outcome_ == Outcome::kRunning) {
    const double norm_before = gradient_norm_;
    make_update(first + made);
    double loss = evaluate();
    if (averages_) loss = look_at_average();
    const std::vector<double>& found = averages_ ? average_ : theta_;
    const double norm_found = averages_ ? average_gradient_norm_ : gradient_norm_;
    double moved = 0.0;
    for (int i = 0; i < dim; ++i) {
      // The row before is the one above in the same block, but for the block's first.
      double* column = tail.column(columns_.position(i)) + made;
      column[0] = found[static_cast<std::size_t>(i)];
      const double before = made > 0 ? column[-1] : table_.view().at(first, columns_.position(i));
      moved += (column[0] - before) * (column[0] - before);
    }
    moved = std::sqrt(moved);
    loss_out[made] = loss;
    excess_out[made] = loss - lowest_;
    norm_out[made] = norm_found;
    length_out[made] = moved;
    rate_out[made] = moved > 0.0 ? moved / norm_before : 0.0;
    ++made;
    if (follower_) follower_->observe(first + made, loss);
    outcome_ = judge(loss, norm_found);
  }
  table_.commit(made);
  return made;
}

void Descent::advance(std::int64_t step) {
  const std::int64_t target = std::min(step, budget_);
  while (outcome_ == Outcome::kRunning && steps() < target) {
    const std::int64_t until = std::min(
        {target, settings_.optimizer.next_change(steps()), settings_.gradient.next_change(steps()),
         (steps() / Table::kBlockRows + 1) * Table::kBlockRows});
    run_block(static_cast<int>(until - steps()));
    if (steps() < until && outcome_ == Outcome::kRunning) continue;  // the block was full
    if (steps() % Table::kBlockRows == 0 && outcome_ == Outcome::kRunning) keep();
    proceed(steps());
  }
  if (outcome_ == Outcome::kRunning && steps() >= budget_) outcome_ = Outcome::kBudget;
}

void Descent::stop() {
  if (outcome_ == Outcome::kRunning) outcome_ = Outcome::kStopped;
}

void Descent::rewind(std::int64_t step) {
  if (step >= steps()) return;
  const std::int64_t block = step / Table::kBlockRows;
  const std::int64_t base = block * Table::kBlockRows;
  table_.truncate(base + 1);
  checkpoints_.resize(static_cast<std::size_t>(block) + 1);
  theta_ = checkpoints_.back().theta;
  evaluations_ = checkpoints_.back().evaluations;
  stepper_->load(checkpoints_.back().optimizer);
  if (follower_) (void)follower_->load(checkpoints_.back().schedule);
  configure(base);
  evaluate();
  outcome_ = Outcome::kRunning;
  advance(step);
}

void Descent::retarget(DescentSettings settings, std::shared_ptr<const Surface> surface) {
  const std::int64_t differs = first_difference(settings_, settings);
  if (differs == 0) {
    settings_ = std::move(settings);
    surface_ = std::move(surface);
    restart();
    return;
  }
  const auto budget = static_cast<std::int64_t>(settings.run.number("steps"));
  // The common past is replayed under the old settings: they are the same there.
  rewind(std::min(differs, budget));
  settings_ = std::move(settings);
  configure(steps());
  if (outcome_ == Outcome::kBudget && steps() < budget_) outcome_ = Outcome::kRunning;
  if (outcome_ == Outcome::kRunning && steps() >= budget_) outcome_ = Outcome::kBudget;
}

}  // namespace thalweg
