// Heights to levels to tints: the arithmetic that map, 3D view and colour bar share. Plain
// functions without OpenGL; any thread may call them.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace thalweg {

/// sRGB, 0 to 1.
struct MapColour {
  float r = 0.0f;
  float g = 0.0f;
  float b = 0.0f;
  bool operator==(const MapColour&) const = default;
};

/// 0xrrggbb.
constexpr MapColour map_colour(std::uint32_t rgb) {
  return {float(rgb >> 16 & 255u) / 255.0f, float(rgb >> 8 & 255u) / 255.0f, float(rgb & 255u) / 255.0f};
}

struct TintStop {
  double at = 0.0;  ///< log10 of the height above the minimum, or any scale if the tints are stretched
  MapColour colour;
  bool operator==(const TintStop&) const = default;
};

/// How a height becomes a level coordinate.
struct LevelStyle {
  bool log_levels = true;  ///< needs a known minimum; false: the coordinate is the height itself
  double reference = 0.0;  ///< the height of the minimum, for log levels
  /// The height above the minimum below which log levels stop telling heights apart.
  double floor = 1e-4;
  bool operator==(const LevelStyle&) const = default;
};

/// Everything that decides how a surface is drawn, map and 3D alike. Colours are the theme's.
struct MapStyle {
  LevelStyle levels;
  std::array<TintStop, 8> tints{};  ///< ascending; the first `tint_count` count
  int tint_count = 0;
  /// Spread the tints over the range of the field instead of where their stops say. Linear levels
  /// are always stretched.
  bool stretch_tints = false;

  MapColour line;            ///< contour lines
  float minor_width = 1.0f;  ///< in pixels at pixel_scale 1
  float minor_alpha = 0.3f;
  float major_width = 1.3f;  ///< every fourth line
  float major_alpha = 0.55f;
  // Light comes from the upper left. Both are fractions of the tint, 0 to 1.
  float hillshade_light = 0.08f;  ///< added on slopes that face the light
  float hillshade_dark = 0.16f;   ///< taken from slopes that face away
  float pixel_scale = 1.0f;       ///< 1 to 3: thicker lines for a dense display or a projector

  MapColour ground;  ///< behind the 3D view
  MapColour empty;   ///< where the surface has no value
  MapColour hatch;   ///< thin strokes over `empty`
  MapColour frame;   ///< the box of the 3D view

  bool operator==(const MapStyle&) const = default;
};

/// The styles of the two themes, with log levels and reference 0.
MapStyle light_map_style();
MapStyle dark_map_style();

/// A range of level coordinates.
struct LevelRange {
  double low = 0.0;
  double high = 1.0;
  double span() const { return high - low; }
  bool operator==(const LevelRange&) const = default;
};

/// Linear levels: z, at most 1e300 in size. Log levels: log10 of the height above the reference, levelling
/// off smoothly at the floor: log10(hypot(max(z - reference, 0), floor)). Unlike log10(height + floor) this
/// puts the line of height 10^k at k (0.002 off at ten floors), so lines and labels agree. NaN where z is not
/// finite. Strictly increasing above the reference until doubles run out.
double level_coordinate(double z, const LevelStyle& style);

/// The height at a level coordinate; for log levels at or below the floor the reference.
double level_height(double coordinate, const LevelStyle& style);

/// Coordinates of all of z. NaN where z is not finite.
std::vector<double> level_coordinates(std::span<const double> z, const LevelStyle& style);

/// The range that holds all but `tail_low` and `tail_high` (fractions) of the finite coordinates,
/// from at most some thousand of them; never empty: span() > 0. {0, 1} if nothing is finite.
LevelRange level_range(std::span<const double> coordinates, double tail_low, double tail_high);

/// Where the contour lines are: at the integer multiples of `spacing`, from line `first` upwards;
/// those whose index is a multiple of kMajorEvery are stronger.
struct ContourLevels {
  static constexpr int kMajorEvery = 4;
  double spacing = 0.25;
  std::int64_t first = 0;
  bool operator==(const ContourLevels&) const = default;
};

/// Log: four per decade, and four times as many (or a quarter) as often as the range asks for it.
/// Linear: 1, 2 or 5 times a power of ten, some sixteen lines over the range. No line lies at or
/// below `lowest`, the smallest coordinate: one through the very minimum would be a blot.
ContourLevels choose_levels(const LevelRange& range, double lowest, const LevelStyle& style);

/// The largest of 1, 2, 5 times a power of ten that is <= x; x > 0.
double nice_step_below(double x);

/// The coordinates at which the first and the last tint lie.
LevelRange tint_range(const MapStyle& style, const LevelRange& field);

/// The tints as a table from the first stop to the last, evenly spaced and smoothed a little, so
/// that no stop shows as an edge.
constexpr int kTintTableSize = 256;
std::array<MapColour, kTintTableSize> tint_table(const MapStyle& style);

/// What a colour bar shows.
struct MapLegend {
  struct Tick {
    double value = 0.0;     ///< log levels: height above the minimum; linear levels: height
    float position = 0.0f;  ///< 0 at the low end of the bar, 1 at the high end
    bool major = false;
  };
  bool log_levels = true;
  LevelRange range;                      ///< level coordinates at the ends of the bar
  std::vector<Tick> ticks;               ///< the contour lines within the range, ascending
  std::array<MapColour, 64> gradient{};  ///< from the low end to the high end, evenly spaced
};

MapLegend make_legend(const MapStyle& style, const LevelRange& field, const ContourLevels& levels);

}  // namespace thalweg
