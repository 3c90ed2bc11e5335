// What the panels of the Training view share within a session: the worker, its newest snapshot, whether
// it trains, and what is selected. Not part of the Scene: nothing that is computed depends on it.
#pragma once

#include <limits>
#include <memory>

#include "app/panels/session.hpp"
#include "app/work/training_worker.hpp"

namespace thalweg {

/// The window's thread only.
class TrainingSession {
 public:
  explicit TrainingSession(std::function<void()> wake, store::Recorder* recorder = nullptr)
      : worker_(std::move(wake), recorder), run_(worker_.snapshot()) {}

  /// Tells the worker what the Scene asks for and takes its newest snapshot; once before and once after
  /// the panels are drawn. Keeps the Scene's step where the run is.
  void synchronise(Frame& frame);

  const TrainingSnapshot& run() const { return *run_; }
  bool began() const { return run_->steps() > 0; }
  bool training() const { return training_; }
  bool stopped() const { return stopped_; }

  void train();
  void pause() { training_ = false; }
  /// Pause or train; anew if nothing is left to train.
  void toggle(Frame& frame);
  /// Ends the run where it is.
  void stop();
  /// Starts again from new weights with the Scene's settings, without the changes made on the way.
  void restart(Frame& frame);
  /// A device has failed: what was trained on it goes on from its last state on the CPU, or where the Scene says
  /// now.
  void continue_on_cpu(Frame& frame);
  void try_again();
  bool device_failed() const;
  /// Trains so many updates further and pauses; looking back, shows what is so much later or earlier.
  void step(std::int64_t updates);

  /// Shows everything as it was after `step` updates, and pauses. Nothing is lost: show_front() is back where
  /// the run is. Training on, or moving a parameter, from there is a fork.
  void scrub(std::int64_t step);
  void show_front() { at_.reset(); }
  bool looking_back() const { return at_.has_value(); }
  /// The updates that what is shown had made.
  std::int64_t shown_step() const { return at_.value_or(run_->steps()); }
  /// The record of a lane up to what is shown.
  TrainingView shown(const TrainingSnapshot::Lane& lane) const;

  /// Shows a training that was kept where it had got to, in place of the one there is. Undoable.
  /// @param step  that is looked back at; nothing: the end
  void open(Editor& editor, OpenedTraining opened, std::optional<std::int64_t> step);

  /// Sets a parameter of lanes [first, first + count): while their run goes on, a live one changes from
  /// the next update on; any other changes from the start, which takes starting again.
  void set_live(LiveSpec& live, const Parameter& parameter, const Value& value, std::size_t first,
                std::size_t count);

  /// The lanes of an optimizer in the newest snapshot: the first, and how many.
  std::pair<std::size_t, std::size_t> lanes_of(std::size_t optimizer) const;
  /// The lane that is looked into; null if there are none.
  const TrainingSnapshot::Lane* selected_lane() const;
  std::size_t selected_index() const;

  bool device_asked_for = false;  ///< the set-up is to show its choice of devices
  int selected = 0;  ///< index of the optimizer whose network is looked into
  std::shared_ptr<const Drawing> drawing;

 private:
  void fork(std::int64_t step, std::size_t first, std::size_t count);
  TrainingRequest request_for(const Frame& frame) const;

  TrainingWorker worker_;
  std::shared_ptr<const TrainingSnapshot> run_;
  bool training_ = false;
  bool stopped_ = false;
  std::uint64_t number_ = 1;
  std::int64_t limit_ = std::numeric_limits<std::int64_t>::max();
  std::shared_ptr<const OpenedTraining> opened_;
  std::optional<std::int64_t> at_;  ///< the past step that is shown
  std::uint64_t fork_ = 0;          ///< the last one that was asked for
  std::uint64_t attempt_ = 0;       ///< likewise
  std::int64_t fork_step_ = 0;
  std::size_t fork_first_ = 0;
  std::size_t fork_count_ = 0;
};

}  // namespace thalweg
