// What the panels of the Schedule view share within a session: the worked-out curves, the stretch of steps
// that is looked at, and the settings that follow from the Scene. Not part of the Scene.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "app/panels/session.hpp"
#include "app/ui/chart.hpp"
#include "app/work/schedule_reader.hpp"

namespace thalweg {

/// What each schedule is called beside the others: its label, and of several of one kind what they differ in.
std::vector<std::string> schedule_names(const ScheduleScene& scene);

/// The learning rate that a peak of "auto" is: the one set, else that of the optimizer chosen beside the
/// plot.
double base_rate(const Scene& scene);

/// What "auto" is for a schedule: that rate, or of one that sets the batch the batch size of training.
double base_of(const Scene& scene, const Spec& schedule);

/// The optimizers that a page beside the plot chooses from, and the key of its choice in the view.
const std::vector<SceneOptimizer>& trial_optimizers(const Scene& scene, bool network);
/// The chosen one, with the base rate, without changes on the way; nothing if there are none.
std::optional<LiveSpec> trial_optimizer(const Scene& scene, bool network);

/// Whether schedule `index` is visible and sets a learning rate: those that are tried out.
bool is_tried(const ScheduleScene& scene, std::size_t index);

/// Columns for the rows of these parameters, wide enough for their values.
ui::RowColumns columns_for(std::span<const Parameter> parameters, const Spec& spec);

/// The window's thread only.
class ScheduleSession {
 public:
  explicit ScheduleSession(std::function<void()> wake)
      : reader_(std::move(wake)), curves_(reader_.snapshot()) {}

  /// Tells the worker what the Scene asks for and takes its newest snapshot; before and after the panels.
  void synchronise(Frame& frame);

  /// Of schedule `index`: null before it was worked out; may be that of its settings a moment ago.
  const ScheduleCurve* curve(std::size_t index) const;
  /// Whether it is the one that belongs to the Scene, every step of it.
  bool settled(const Scene& scene, std::size_t index) const;

  ui::ChartLink link;  ///< the stretch of steps that the charts show

 private:
  ScheduleReader reader_;
  std::shared_ptr<const ScheduleSnapshot> curves_;
};

/// Replaces the settings of schedule `index`, or says why it can't.
void set_schedule(Frame& frame, const ui::Edit& edit, std::string_view group, std::size_t index,
                  const Spec& spec);

}  // namespace thalweg
