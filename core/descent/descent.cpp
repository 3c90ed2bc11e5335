#include "core/descent/descent.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "core/random/philox.hpp"

namespace thalweg {
namespace {

constexpr double kOff = std::numeric_limits<double>::infinity();

double norm(const double* x, int n) {
  double sum = 0.0;
  for (int i = 0; i < n; ++i) sum += x[i] * x[i];
  return std::sqrt(sum);
}

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
  checkpoints_.clear();
  theta_ = settings_.start;
  gradient_.assign(theta_.size(), 0.0);
  shaped_.assign(theta_.size(), 0.0);
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
  take_checkpoint();
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
  seed_ = static_cast<std::uint64_t>(settings_.run.number("seed"));
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
  noise_ = gradient_spec_.number("noise") / std::sqrt(gradient_spec_.number("batch"));
  clip_norm_ = gradient_spec_.number_or("clip", kOff);
  clip_value_ = gradient_spec_.number_or("clip_value", kOff);
}

/// The rate of update `step`; what else follows a schedule is put in force.
double Descent::learning_rate(std::int64_t step) {
  if (driver_.moves_optimizer()) {
    driver_.apply(step, optimizer_, driven_);
    stepper_->set(driven_);
  }
  if (driver_.moves_batch())
    noise_ = gradient_spec_.number("noise") / std::sqrt(driver_.batch(step, gradient_spec_.number("batch")));
  return follower_ ? follower_->rate(learning_rate_) : schedule_->at(settings_.schedule, step, learning_rate_);
}

void Descent::take_checkpoint() {
  checkpoints_.push_back({stepper_->save(), follower_ ? follower_->save() : std::vector<double>{}});
}

double Descent::evaluate() {
  const double loss = surface_->gradient(theta_.data(), gradient_.data());
  gradient_norm_ = norm(gradient_.data(), columns_.dim);
  return loss;
}

Outcome Descent::judge(double loss, double gradient_norm) const {
  // Comparisons are written so that a NaN fails them.
  if (!(std::abs(loss) < kOff) || !(gradient_norm < kOff)) return Outcome::kDiverged;
  for (const double coordinate : theta_)
    if (!(std::abs(coordinate) <= kEscaped)) return Outcome::kDiverged;
  if (tolerance_ > 0.0) {
    const double distance = surface_->minima().empty() ? gradient_norm : distance_to_minimum();
    if (distance < tolerance_) return Outcome::kConverged;
  }
  return Outcome::kRunning;
}

double Descent::distance_to_minimum() const {
  double nearest = kOff;
  for (const MarkedPoint& minimum : surface_->minima()) {
    double sum = 0.0;
    for (std::size_t i = 0; i < theta_.size(); ++i)
      sum += (theta_[i] - minimum.x[i]) * (theta_[i] - minimum.x[i]);
    nearest = std::min(nearest, sum);
  }
  return std::sqrt(nearest);
}

void Descent::shape_gradient(std::int64_t step) {
  if (noise_ > 0.0) {
    for (std::size_t i = 0; i < shaped_.size(); i += 2) {
      const auto normal = normal_pair(seed_, RandomStream::kGradientNoise, static_cast<std::uint64_t>(step),
                                      static_cast<std::uint32_t>(i / 2));
      shaped_[i] += noise_ * normal[0];
      if (i + 1 < shaped_.size()) shaped_[i + 1] += noise_ * normal[1];
    }
  }
  if (clip_norm_ < kOff) {
    // PyTorch's clip_grad_norm_: the 1e-6 keeps a zero gradient from a division by zero.
    const double factor = clip_norm_ / (norm(shaped_.data(), columns_.dim) + 1e-6);
    if (factor < 1.0)
      for (double& component : shaped_) component *= factor;
  }
  if (clip_value_ < kOff)
    for (double& component : shaped_) component = std::clamp(component, -clip_value_, clip_value_);
}

int Descent::run_block(int most) {
  const Table::Tail tail = table_.tail();
  const int count = std::min(most, tail.count());
  const int dim = columns_.dim;
  const bool shaped = noise_ > 0.0 || clip_norm_ < kOff || clip_value_ < kOff;
  double* loss_out = tail.column(columns_.loss());
  double* norm_out = tail.column(columns_.gradient_norm());
  double* length_out = tail.column(columns_.step_length());
  double* rate_out = tail.column(columns_.effective_rate());
  double* excess_out = tail.column(columns_.excess());
  const std::int64_t first = steps();
  int made = 0;
  while (made < count && outcome_ == Outcome::kRunning) {
    const double rate = scheduled_ ? learning_rate(first + made) : learning_rate_;
    std::copy(gradient_.begin(), gradient_.end(), shaped_.begin());
    if (shaped) shape_gradient(first + made);
    const double norm_before = gradient_norm_;
    stepper_->step(theta_.data(), shaped_.data(), rate);
    const double loss = evaluate();
    double moved = 0.0;
    for (int i = 0; i < dim; ++i) {
      // The row before is the one above in the same block, but for the block's first.
      double* column = tail.column(columns_.position(i)) + made;
      column[0] = theta_[static_cast<std::size_t>(i)];
      const double before = made > 0 ? column[-1] : table_.view().at(first, columns_.position(i));
      moved += (column[0] - before) * (column[0] - before);
    }
    moved = std::sqrt(moved);
    loss_out[made] = loss;
    excess_out[made] = loss - lowest_;
    norm_out[made] = gradient_norm_;
    length_out[made] = moved;
    rate_out[made] = moved > 0.0 ? moved / norm_before : 0.0;
    ++made;
    if (follower_) follower_->observe(first + made, loss);
    outcome_ = judge(loss, gradient_norm_);
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
    if (steps() % Table::kBlockRows == 0 && outcome_ == Outcome::kRunning) take_checkpoint();
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
  for (int i = 0; i < columns_.dim; ++i)
    theta_[static_cast<std::size_t>(i)] = table_.view().at(base, columns_.position(i));
  table_.truncate(base + 1);
  checkpoints_.resize(static_cast<std::size_t>(block) + 1);
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
