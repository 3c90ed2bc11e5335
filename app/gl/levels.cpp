#include "app/gl/levels.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace thalweg {
namespace {

constexpr double kLog10Of2 = 0.30102999566398119521;

void set_tints(MapStyle& style, std::initializer_list<TintStop> stops) {
  style.tint_count = int(stops.size());
  std::copy(stops.begin(), stops.end(), style.tints.begin());
}

MapColour mix(const MapColour& a, const MapColour& b, float t) {
  return {a.r + (b.r - a.r) * t, a.g + (b.g - a.g) * t, a.b + (b.b - a.b) * t};
}

MapColour tint_at(const MapStyle& style, double at) {
  const auto* stops = style.tints.data();
  if (style.tint_count < 1) return {};
  if (!(at > stops[0].at)) return stops[0].colour;
  for (int k = 1; k < style.tint_count; ++k) {
    if (at <= stops[k].at) {
      return mix(stops[k - 1].colour, stops[k].colour,
                 float((at - stops[k - 1].at) / (stops[k].at - stops[k - 1].at)));
    }
  }
  return stops[style.tint_count - 1].colour;
}

}  // namespace

MapStyle light_map_style() {
  MapStyle style;
  set_tints(style, {{-3.0, map_colour(0x80bed4)},
                    {-1.0, map_colour(0xacd4d8)},
                    {0.3, map_colour(0xcedec4)},
                    {1.5, map_colour(0xe8e2c4)},
                    {2.6, map_colour(0xe2ceaa)},
                    {4.0, map_colour(0xcdb696)}});
  style.line = map_colour(0x785532);
  style.minor_alpha = 0.30f;
  style.major_alpha = 0.58f;
  style.hillshade_light = 0.07f;
  style.hillshade_dark = 0.17f;
  style.ground = map_colour(0xf4f1ea);
  style.empty = map_colour(0xebe7de);
  style.hatch = map_colour(0xddd6c8);
  style.frame = map_colour(0xb8b0a0);
  return style;
}

MapStyle dark_map_style() {
  MapStyle style;
  set_tints(style, {{-3.0, map_colour(0x2e7896)},
                    {-1.0, map_colour(0x225670)},
                    {0.5, map_colour(0x203748)},
                    {2.0, map_colour(0x2d3842)},
                    {3.0, map_colour(0x3e464c)},
                    {4.0, map_colour(0x5c6264)}});
  style.line = map_colour(0xbecdd7);
  style.minor_alpha = 0.26f;
  style.major_alpha = 0.52f;
  style.hillshade_light = 0.32f;
  style.hillshade_dark = 0.28f;
  style.ground = map_colour(0x11151b);
  style.empty = map_colour(0x171c24);
  style.hatch = map_colour(0x212833);
  style.frame = map_colour(0x4a5566);
  return style;
}

double level_coordinate(double z, const LevelStyle& style) {
  if (!std::isfinite(z)) return std::numeric_limits<double>::quiet_NaN();
  // Differences of what is left do not overflow.
  if (!style.log_levels) return std::clamp(z, -1e300, 1e300);
  const double height = std::max(z - style.reference, 0.0);
  // hypot guards the squares against overflow, and is slow: beyond these heights it changes nothing.
  if (height > 1e8 * style.floor) return kLog10Of2 * std::log2(height);
  return 0.5 * kLog10Of2 * std::log2(height * height + style.floor * style.floor);
}

double level_height(double coordinate, const LevelStyle& style) {
  if (!style.log_levels) return coordinate;
  const double radius = std::pow(10.0, coordinate);
  return style.reference + std::sqrt(std::max(radius * radius - style.floor * style.floor, 0.0));
}

std::vector<double> level_coordinates(std::span<const double> z, const LevelStyle& style) {
  std::vector<double> coordinates(z.size());
  std::transform(z.begin(), z.end(), coordinates.begin(),
                 [&](double v) { return level_coordinate(v, style); });
  return coordinates;
}

LevelRange level_range(std::span<const double> coordinates, double tail_low, double tail_high) {
  constexpr std::size_t kEnough = 8192;
  // An odd stride walks through all columns of a grid whose width is even.
  const std::size_t stride = coordinates.size() <= kEnough ? 1 : (coordinates.size() / kEnough) | 1;
  std::vector<double> sample;
  sample.reserve(coordinates.size() / stride + 1);
  for (std::size_t i = 0; i < coordinates.size(); i += stride) {
    if (std::isfinite(coordinates[i])) sample.push_back(coordinates[i]);
  }
  if (sample.empty()) return {};
  const auto quantile = [&](double q) {
    const auto k = std::ptrdiff_t(std::clamp(q, 0.0, 1.0) * double(sample.size() - 1) + 0.5);
    std::nth_element(sample.begin(), sample.begin() + k, sample.end());
    return sample[std::size_t(k)];
  };
  LevelRange range{quantile(tail_low), quantile(1.0 - tail_high)};
  const double least = std::max(1e-12, 1e-12 * std::max(std::abs(range.low), std::abs(range.high)));
  if (!(range.span() > least)) {
    range.low -= 0.5;
    range.high += 0.5;
    // Where one is lost in the rounding, take what is not.
    if (!(range.span() > 0.0)) range = {range.low * (1.0 - 1e-9), range.high * (1.0 + 1e-9)};
    if (range.low > range.high) std::swap(range.low, range.high);
  }
  return range;
}

double nice_step_below(double x) {
  const double power = std::pow(10.0, std::floor(std::log10(x)));
  const double digit = x / power;
  if (digit >= 5.0) return 5.0 * power;
  if (digit >= 2.0) return 2.0 * power;
  return power;
}

ContourLevels choose_levels(const LevelRange& range, double lowest, const LevelStyle& style) {
  ContourLevels levels;
  if (style.log_levels) {
    levels.spacing = 0.25;
    while (range.span() / levels.spacing < 5.0 && levels.spacing > 1e-9) levels.spacing /= 4.0;
    while (range.span() / levels.spacing > 80.0) levels.spacing *= 4.0;
    // Below three floors the lines would show the floor, not the surface.
    lowest = std::max(lowest, std::log10(3.0 * style.floor));
  } else {
    levels.spacing = nice_step_below(range.span() / 12.0);
  }
  const double first = std::floor(lowest / levels.spacing + 0.02) + 1.0;
  levels.first = std::int64_t(std::clamp(first, -9e15, 9e15));
  return levels;
}

LevelRange tint_range(const MapStyle& style, const LevelRange& field) {
  if (!style.levels.log_levels || style.stretch_tints || style.tint_count < 2) return field;
  return {style.tints[0].at, style.tints[std::size_t(style.tint_count - 1)].at};
}

std::array<MapColour, kTintTableSize> tint_table(const MapStyle& style) {
  std::array<MapColour, kTintTableSize> table{};
  if (style.tint_count < 1) return table;
  const double low = style.tints[0].at;
  const double high = style.tints[std::size_t(style.tint_count - 1)].at;
  constexpr int kReach = 10;
  for (int i = 0; i < kTintTableSize; ++i) {
    // Towards the ends the window narrows, so that the first and the last colour are exact.
    const int reach = std::min({kReach, i, kTintTableSize - 1 - i});
    MapColour sum{};
    for (int k = -reach; k <= reach; ++k) {
      const MapColour c = tint_at(style, low + (high - low) * (i + k) / (kTintTableSize - 1));
      sum = {sum.r + c.r, sum.g + c.g, sum.b + c.b};
    }
    const float n = float(2 * reach + 1);
    table[std::size_t(i)] = {sum.r / n, sum.g / n, sum.b / n};
  }
  return table;
}

MapLegend make_legend(const MapStyle& style, const LevelRange& field, const ContourLevels& levels) {
  MapLegend legend;
  legend.log_levels = style.levels.log_levels;
  legend.range = field;
  const auto table = tint_table(style);
  const LevelRange tints = tint_range(style, field);
  for (std::size_t i = 0; i < legend.gradient.size(); ++i) {
    const double v = field.low + field.span() * double(i) / double(legend.gradient.size() - 1);
    const double t = std::clamp((v - tints.low) / tints.span(), 0.0, 1.0);
    legend.gradient[i] = table[std::size_t(std::lround(t * (kTintTableSize - 1)))];
  }
  const double first = std::max(double(levels.first), std::ceil(field.low / levels.spacing - 1e-9));
  const double last = std::floor(field.high / levels.spacing + 1e-9);
  for (double k = first; k <= last && legend.ticks.size() < 256; k += 1.0) {
    const double at = k * levels.spacing;
    legend.ticks.push_back({.value = legend.log_levels ? std::pow(10.0, at) : at,
                            .position = float((at - field.low) / field.span()),
                            .major = std::fmod(k, double(ContourLevels::kMajorEvery)) == 0.0});
  }
  return legend;
}

}  // namespace thalweg
