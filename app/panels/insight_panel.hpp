// The right side of the Surface view, or its middle: curves, or one optimizer looked into: what it keeps in
// mind, or its rates in theory and in fact. The Scene's view says which page.
#pragma once

#include <functional>
#include <memory>

#include "app/panels/charts_panel.hpp"
#include "app/panels/insight_rates.hpp"
#include "app/panels/insight_state.hpp"
#include "app/panels/session.hpp"
#include "app/work/insight_reader.hpp"

namespace thalweg {

class InsightPanel {
 public:
  /// `wake` asks for another frame from any thread.
  explicit InsightPanel(std::function<void()> wake) : reader_(std::move(wake)) {}

  /// @param beside  room on the right of the row of pages that belongs to others, pixels
  void draw(Frame& frame, Session& session, const Rect& area, float beside = 0.0F);

 private:
  void draw_insight(Frame& frame, const Session& session, const Rect& area, InsightPage page);
  /// What there is to show of `lane` now; null while it is worked out for the first time.
  std::shared_ptr<const LaneInsight> ask(Frame& frame, std::size_t lane, InsightPage page);

  ChartsPanel charts_;
  InsightRates rates_;
  InsightState state_;
  InsightReader reader_;  // last: its thread ends first
};

}  // namespace thalweg
