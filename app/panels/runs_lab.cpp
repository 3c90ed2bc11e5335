#include "app/panels/runs_lab.hpp"

#include <cmath>

#include "app/ui/theme.hpp"

namespace thalweg {
namespace {

/// Share of the width that the list has beside the comparison.
constexpr float kListShare = 0.42F;

}  // namespace

void RunsLab::draw(Frame& frame, const Rect& area) {
  const std::string& layout = frame.scene().runs.view.text("layout");
  // Side by side only where both have room.
  const bool narrow = area.width() < ui::px(900);
  const bool list = layout != "comparison", comparison = layout != "list" && !(narrow && layout == "both");
  Rect left = area, right = area;
  if (list && comparison) left.max.x = right.min.x = std::floor(area.min.x + kListShare * area.width());
  if (list) table_.draw(frame, left);
  if (comparison) compare_.draw(frame, right);
}

}  // namespace thalweg
