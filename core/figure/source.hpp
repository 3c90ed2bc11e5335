// Anything that can be written as a picture and as numbers: charts, a map. What is asked for and where it
// goes is up to others (app/figure_file.hpp).
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/figure/svg.hpp"

namespace thalweg {

/// Both functions hold all they need: any thread may call them, whatever the screen shows by then.
struct FigureSource {
  std::string title;
  std::function<std::string(const SvgOptions&)> svg;
  std::function<std::string()> csv;
  int width = 720;  ///< that suits it, pixels
  int height = 450;
};

/// Charts below each other. `title`: above all of them; empty: that of a single chart.
FigureSource figure_of(std::vector<Chart> charts, std::string title = {});

}  // namespace thalweg
