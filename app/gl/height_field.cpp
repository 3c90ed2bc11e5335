#include "app/gl/height_field.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace thalweg {

HeightField make_height_field(std::span<const double> z, int width, int height, const MapRect& rect,
                              const LevelStyle& style) {
  if (width < 1 || height < 1 || z.size() != std::size_t(width) * std::size_t(height)) {
    throw std::invalid_argument("make_height_field: the samples do not fill the grid");
  }
  HeightField field{.width = width, .height = height, .rect = rect, .style = style};
  const std::vector<double> coordinates = level_coordinates(z, style);
  // Log levels tame what is high; linear ones leave a wall at the edge that would take all tints.
  field.range = level_range(coordinates, style.log_levels ? 0.0 : 0.002, style.log_levels ? 0.002 : 0.02);
  field.lowest = field.range.high;
  for (const double v : coordinates) {
    if (v < field.lowest) field.lowest = v;
  }
  field.contours = choose_levels(field.range, field.lowest, style);
  if (!style.log_levels) {
    const double major = field.contours.spacing * ContourLevels::kMajorEvery;
    field.origin = std::round(field.range.low / major) * major;
  }
  // A wall of 1e300 must stay comparable with its neighbours in single precision.
  constexpr double kMost = 1e5;
  field.level.resize(coordinates.size());
  std::transform(coordinates.begin(), coordinates.end(), field.level.begin(), [&](double v) {
    return std::isnan(v) ? HeightField::kEmpty
                         : float(std::clamp((v - field.origin) / field.contours.spacing, -kMost, kMost));
  });
  return field;
}

}  // namespace thalweg
