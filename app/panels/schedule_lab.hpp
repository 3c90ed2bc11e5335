// The Schedule view: schedules left, their curves and table in the middle, what they do right.
#pragma once

#include "app/panels/schedule_cards.hpp"
#include "app/panels/schedule_network.hpp"
#include "app/panels/schedule_plot.hpp"
#include "app/panels/schedule_surface.hpp"

namespace thalweg {

class ScheduleLab final : public View {
 public:
  /// @param wake  asks for another frame from any thread
  explicit ScheduleLab(const std::function<void()>& wake) : session_(wake), surface_(wake), network_(wake) {}

  std::string id() const override { return "schedule"; }
  std::string label() const override { return "Schedule"; }
  void draw(Frame& frame, const Rect& area) override;
  void key(Frame& frame, const KeyPress& press) override;
  void hidden() override { network_.stop(); }

 private:
  void middle(Frame& frame, const Rect& area);
  void beside(Frame& frame, const Rect& area);
  void choose_optimizer(Frame& frame, bool network, float width);

  ScheduleSession session_;
  ScheduleCards cards_;
  SchedulePlot plot_;
  ScheduleSurface surface_;
  ScheduleNetwork network_;
};

}  // namespace thalweg
