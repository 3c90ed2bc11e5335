// The map of rates and the roots as files: drawn by the code that draws charts into files.
#pragma once

#include <array>
#include <complex>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "app/work/insight_reader.hpp"
#include "core/figure/source.hpp"

namespace thalweg {

/// A colour for a place from 0 (the fastest) to 1; 0xrrggbb.
using RateTints = std::vector<std::uint32_t>;

/// Which part of the tints a radius has: 0 at the best, 1 two and a half decades of 1 − ρ above it.
double tint_unit(double radius, double best);

/// RGB, rows from the top: the radius between the cells of the map, tinted; `unstable` where it is 1 or more.
std::vector<std::uint8_t> rate_pixels(const RateField& field, double best, int width, int height,
                                      const RateTints& tints, std::uint32_t unstable);

struct RateMapFigure {
  std::string title;
  std::string note;
  std::shared_ptr<const RateField> field;
  double rate = 0.0;  ///< the settings in force
  double momentum = 0.0;
  OptimalSettings best;
  int colour = 0;                  ///< of the optimizer
  std::array<RateTints, 2> tints;  ///< light, dark
};
FigureSource figure_of(RateMapFigure figure);

struct RootsFigure {
  std::string title;
  std::string note;
  std::vector<RateDirection> directions;
  std::vector<std::uint32_t> colours;  ///< one for each direction
};
FigureSource figure_of(RootsFigure figure);

/// How far the complex plane must reach to show all roots, up to 3.
double roots_reach(const std::vector<RateDirection>& directions);

}  // namespace thalweg
