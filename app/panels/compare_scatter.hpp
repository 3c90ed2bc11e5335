// The page of the scatter: any setting or result of all listed runs against any other.
#pragma once

#include "app/panels/compare_page.hpp"
#include "core/figure/chart.hpp"

namespace thalweg {

class CompareScatter {
 public:
  void draw(ComparePage& page, const Rect& area);
  void ask(const RunsScene& scene, ComparisonRequest& request) const;

 private:
  struct Axes;
  void controls(ComparePage& page, const ListedRuns& runs, const Axes& axes, float width);
  void plot(ComparePage& page, const ListedRuns& runs, const Axes& axes, const Rect& area);
};

/// The scale that a setting's descriptor asks for; nothing for what is no setting.
std::optional<AxisScale> scale_of_setting(const std::string& key);

/// Every key that an axis may show: settings that differ, and every result, last and best.
std::vector<std::string> axis_keys(const ListedRuns& runs);

/// The scatter as a chart of dots, for files: a series for each chosen run and one for the others. Words are
/// their places on the axis.
Chart scatter_chart(const RunsScene& scene, const ListedRuns& runs, const ListedColumn& across,
                    const ListedColumn& upward);

/// A value as its axis says it.
std::string value_words(const Fact& fact);

/// From the lowest (0) to the highest (1); for those who see few colours, light says the same.
ImU32 ramp_colour(double unit);

}  // namespace thalweg
