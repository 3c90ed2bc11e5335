// The page of parallel coordinates: each listed run a line over the axes of settings and results.
#pragma once

#include <string>
#include <vector>

#include "app/panels/compare_page.hpp"

namespace thalweg {

/// The axes in their order, those the Scene hides left out. Without any of the Scene's: settings that differ,
/// and the best of what runs are judged by.
std::vector<RunsAxis> shown_axes(const RunsScene& scene, const ListedRuns& runs);

class CompareParallel {
 public:
  void draw(ComparePage& page, const Rect& area);
  void ask(const RunsScene& scene, ComparisonRequest& request) const;

 private:
  /// An axis with everything to draw it.
  struct Drawn {
    RunsAxis axis;
    ValueAxis values;
    const ListedColumn* column = nullptr;
    float x = 0.0F;
  };
  void head(ComparePage& page, const std::vector<Drawn>& axes, std::size_t index, float left, float right,
            float y);
  void draw_axis(const Drawn& drawn, float top, float bottom, float room) const;
  void brush(ComparePage& page, const std::vector<Drawn>& axes, std::size_t index, float top, float bottom);
  void lines(ComparePage& page, const ListedRuns& runs, const std::vector<Drawn>& axes, float top,
             float bottom);

  double grab_ = 0.0;  ///< where the brush under way began
  // Worked out when the runs are other ones.
  std::uint64_t built_of_ = 0;
  std::vector<std::string> built_keys_;
  std::vector<std::vector<double>> units_;  ///< by axis and run
  std::vector<ValueAxis> values_;
};

}  // namespace thalweg
