// The Training view: settings left, curves and probes in the middle, the network right, transport below.
#pragma once

#include <memory>

#include "app/panels/training_curves.hpp"
#include "app/panels/training_experiments.hpp"
#include "app/panels/training_network.hpp"
#include "app/panels/training_probes.hpp"
#include "app/panels/training_session.hpp"
#include "app/panels/training_setup.hpp"
#include "app/view.hpp"

namespace thalweg {

class TrainingLab final : public View {
 public:
  /// @param wake      asks for another frame from any thread
  /// @param recorder  every training goes there; null: none is kept. Must outlive this.
  explicit TrainingLab(const std::function<void()>& wake, store::Recorder* recorder = nullptr)
      : session_(wake, recorder), experiments_(wake) {}

  std::string id() const override { return "training"; }
  std::string label() const override { return "Training"; }
  void draw(Frame& frame, const Rect& area) override;
  void key(Frame& frame, const KeyPress& press) override;
  /// Shows a training that was kept, at `step` or where it had got to, and trains on if it is to.
  void open(Editor& editor, OpenedTraining opened, std::optional<std::int64_t> step, bool go_on);

  const TrainingSession& session() const { return session_; }
  TrainingSession& session() { return session_; }

 private:
  void middle(Frame& frame, const Rect& area);
  void page(Frame& frame, const Rect& area);
  void open_page(Frame& frame, int page, const Rect& area);

  TrainingSession session_;
  TrainingSetup setup_;
  TrainingCurves curves_;
  TrainingProbes probes_;
  TrainingNetwork network_;
  TrainingExperiments experiments_;
};

}  // namespace thalweg
