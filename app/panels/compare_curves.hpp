// The page of curves: a chart for each series, all runs over each other, on linked axes.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "app/panels/compare_page.hpp"
#include "app/ui/chart.hpp"

namespace thalweg {

class CompareCurves {
 public:
  void draw(ComparePage& page, const Rect& area);
  /// Adds what this page needs to be read.
  void ask(const RunsScene& scene, ComparisonRequest& request) const;

 private:
  void draw_inside(ComparePage& page, const Rect& area);
  float controls(ComparePage& page, const Rect& area);
  void refresh(ComparePage& page);
  Chart chart_of(const ComparePage& page, const std::string& series, std::size_t only) const;
  void add_run(Chart& chart, const ComparePage& page, const ComparedCurve& curve, bool faint) const;
  void charts(ComparePage& page, const Rect& area);
  void tiles(ComparePage& page, const Rect& area);
  void show(ComparePage& page, const std::string& id, Chart& chart, ui::ChartState& state, const Rect& area);

  std::map<std::string, ui::ChartState> states_;
  ui::ChartLink link_;
  std::string unit_;
  std::optional<Range> whole_;  ///< along x: what all charts show unless one is zoomed
  float width_ = 800.0F;
  // Built when what they show changes.
  std::vector<Chart> charts_;
  std::vector<std::vector<Chart>> tiles_;
  RunsScene built_for_;
  std::uint64_t built_of_ = 0;  ///< number of the Comparison
};

}  // namespace thalweg
