// The curves of the Training view: loss, accuracy and learning rate of every optimizer, raw and smoothed,
// with what was measured on samples kept back.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <vector>

#include "app/panels/training_session.hpp"
#include "app/ui/chart.hpp"
#include "core/compare/running_average.hpp"

namespace thalweg {

/// Where update `step` of a run lies on the chosen axis: steps, epochs or seconds.
class StepAxis {
 public:
  StepAxis(const Scene& scene, const TrainingView& run);
  double operator()(double step) const;
  bool plain() const { return kind_ == Kind::kStep; }
  static std::string label(const Scene& scene);

 private:
  enum class Kind { kStep, kEpoch, kTime };
  Kind kind_ = Kind::kStep;
  double per_epoch_ = 1.0;
  std::vector<double> at_steps_;  ///< ends of epochs
  std::vector<double> seconds_;   ///< what training had taken then
};

/// Where charts show the step that is looked back at; nothing where the run is shown as it is.
std::optional<double> cursor_of(const Scene& scene, const TrainingSession& session);

/// The running average of a run's columns, worked out as they come.
class SmoothedRun {
 public:
  /// Columns: loss, accuracy.
  const TableView& update(const TableView& steps, double share_of_past);

 private:
  Table table_{2};
  TableView seen_;
  double share_ = -1.0;
  std::array<RunningAverage, 2> averages_;
};

class TrainingCurves {
 public:
  /// Loss and accuracy, side by side or below each other.
  void draw(Frame& frame, const TrainingSession& session, const Rect& area);
  /// The learning rate in force.
  void draw_rate(Frame& frame, const TrainingSession& session, const Rect& area);
  ui::ChartLink& link() { return link_; }

 private:
  struct Quantity;
  void smooth(const Scene& scene, const TrainingSnapshot& run);
  Chart chart_of(const Scene& scene, const TrainingSession& session, const Quantity& quantity) const;
  void add_lane(Chart& chart, const Scene& scene, const TrainingSnapshot::Lane& lane, std::size_t index,
                const SceneOptimizer& optimizer, const Quantity& quantity, bool with_raw) const;
  void add_seeds(Chart& chart, const Scene& scene, const TrainingSnapshot& run, std::size_t first,
                 std::size_t count, const SceneOptimizer& optimizer, const Quantity& quantity) const;
  void show(Frame& frame, const char* id, const char* scale_key, Chart chart, ui::ChartState& state,
            const Rect& area, const char* help);

  std::vector<std::unique_ptr<SmoothedRun>> smoothed_;
  std::vector<TableView> averages_;  ///< of this frame, by lane
  std::array<ui::ChartState, 3> states_;
  ui::ChartLink link_;
  std::string x_axis_;
};

}  // namespace thalweg
