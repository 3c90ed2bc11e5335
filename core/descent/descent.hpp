// One optimizer going down one surface, with everything it did on record.
//
// Deterministic: the record depends on the settings alone, not on how the steps were asked for.
// Not here: threads, speed, pictures (app), several optimizers together (race.hpp).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/descent/settings.hpp"
#include "core/descent/surface_objective.hpp"
#include "core/optimizer/optimizer.hpp"
#include "core/schedule/schedule.hpp"
#include "core/series/table.hpp"
#include "core/surface/surface.hpp"

namespace thalweg {

enum class Outcome : std::uint8_t {
  kRunning,    ///< can go on
  kConverged,  ///< within the tolerance: of a minimum, or of a gradient of 0
  kBudget,     ///< made all the steps it may
  kDiverged,   ///< a number is no longer finite, or a coordinate beyond kEscaped
  kStopped,    ///< ended by the user before its budget
};

/// "converged", "budget"...: the names used in JSON and in files.
std::string_view outcome_name(Outcome outcome);

/// A coordinate beyond this is a divergence even while its number is finite.
inline constexpr double kEscaped = 1e15;

/// Columns of a descent's table. Row t is the state after t updates; row 0 is the start. Position, loss and
/// gradient norm are those of what the optimizer has found: of one that averages, the average.
struct DescentColumns {
  int dim = 2;
  int position(int axis) const { return axis; }
  int loss() const { return dim; }
  /// Euclidean norm of the exact gradient at the position, before noise and clipping.
  int gradient_norm() const { return dim + 1; }
  /// ‖θ_t − θ_{t−1}‖; 0 in row 0, where nothing has moved yet.
  int step_length() const { return dim + 2; }
  /// Step length over the gradient norm where the step began: the η that plain gradient descent
  /// would have needed for a step as long. 0 where nothing moved, infinite where the gradient was zero and a
  /// momentum moved on.
  int effective_rate() const { return dim + 3; }
  /// Loss above the lowest known minimum of the surface, for log axes; NaN where none is known.
  int excess() const { return dim + 4; }
  int count() const { return dim + 5; }
};

/// What a coordinate is called: x, y; from three on x1, x2, x3...
std::string axis_name(int dim, int axis);

/// What a descent looks like at one moment. Cheap to copy; any thread.
struct DescentView {
  TableView table;
  DescentColumns columns;
  Outcome outcome = Outcome::kRunning;
  /// What the updates asked of the surface: losses, gradients, Hessians. A rule asks for one gradient an
  /// update.
  std::int64_t evaluations = 0;

  std::int64_t steps() const { return table.rows() - 1; }
};

/// One thread at a time.
class Descent {
 public:
  /// `settings` has passed check().
  Descent(DescentSettings settings, std::shared_ptr<const Surface> surface);

  /// Makes updates until `step` of them have been made or the run has ended.
  void advance(std::int64_t step);

  /// Ends the run here, if it has not ended by itself.
  void stop();

  /// Takes new settings, keeping as much of the record as is still true: up to the first update
  /// that would be made differently.
  void retarget(DescentSettings settings, std::shared_ptr<const Surface> surface);

  const DescentSettings& settings() const { return settings_; }
  std::int64_t steps() const { return table_.rows() - 1; }
  Outcome outcome() const { return outcome_; }
  /// The optimizer as it stands.
  const Stepper& stepper() const { return *stepper_; }
  DescentView view() const { return {table_.view(), columns_, outcome_, evaluations_}; }

 private:
  void restart();
  void rewind(std::int64_t step);
  void configure(std::int64_t step);
  void proceed(std::int64_t step);
  void put_in_force();
  double learning_rate(std::int64_t step);
  int run_block(int most);
  void make_update(std::int64_t step);
  double evaluate();
  double look_at_average();
  Outcome judge(double loss, double gradient_norm) const;
  double distance_to_minimum() const;

  DescentSettings settings_;
  std::shared_ptr<const Surface> surface_;
  const ScheduleDescriptor* schedule_ = nullptr;
  std::unique_ptr<ScheduleFollower> follower_;  ///< of a schedule that goes by the loss
  Driver driver_;
  std::unique_ptr<Stepper> stepper_;
  DescentColumns columns_;
  Table table_;
  Outcome outcome_ = Outcome::kRunning;

  struct Checkpoint {
    std::vector<double> optimizer;
    std::vector<double> theta;
    std::vector<double> schedule;
    std::int64_t evaluations = 0;
  };
  void keep() {
    checkpoints_.push_back(
        {stepper_->save(), theta_, follower_ ? follower_->save() : std::vector<double>{}, evaluations_});
  }

  std::vector<double> theta_;
  std::vector<double> gradient_;  ///< exact, at theta_
  std::vector<double> shaped_;    ///< as the optimizer sees it
  std::vector<double> noise_of_step_;
  double loss_ = 0.0;  ///< at theta_
  double gradient_norm_ = 0.0;
  std::int64_t evaluations_ = 0;
  bool averages_ = false;
  std::vector<double> average_;  ///< what is recorded, if it averages
  std::vector<double> average_gradient_;
  double average_gradient_norm_ = 0.0;
  std::unique_ptr<SurfaceObjective> objective_;
  /// At every kBlockRows-th step, to go back to.
  std::vector<Checkpoint> checkpoints_;

  // The settings in force for update `in_force_`, and what is read out of them so that a step looks
  // nothing up.
  Spec optimizer_;
  Spec driven_;  ///< optimizer_ with what follows a schedule
  Spec gradient_spec_;
  std::int64_t in_force_ = 0;
  double learning_rate_ = 0.0;
  bool scheduled_ = false;
  GradientShaping shaping_;
  double tolerance_ = 0.0;
  double lowest_ = 0.0;  ///< loss at the lowest known minimum, or NaN
  std::int64_t budget_ = 0;
};

}  // namespace thalweg
