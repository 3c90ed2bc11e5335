// The curves of the Schedule view over each other, with handles on those of the chosen one: the rates, what
// is no rate on an axis of its own, and where asked momentum and effective step.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "app/panels/schedule_session.hpp"

namespace thalweg {

class SchedulePlot {
 public:
  /// In a column of this width at the cursor, `height` pixels for all charts together. Returns what they
  /// took: more where that was too little.
  float draw(Frame& frame, ScheduleSession& session, float width, float height);

  static constexpr int kCharts = 5;

 private:
  struct Panel;
  std::vector<Panel> panels(const Scene& scene, const ScheduleSession& session) const;
  Chart chart_of(const Scene& scene, const ScheduleSession& session, const Panel& panel,
                 const std::vector<std::string>& names) const;
  ui::ChartHandles handles_of(const Scene& scene, const Panel& panel) const;
  void answer(Frame& frame, const ui::ChartHandles& handles);

  std::array<ui::ChartState, kCharts> states_;
};

}  // namespace thalweg
