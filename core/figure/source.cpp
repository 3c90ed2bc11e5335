#include "core/figure/source.hpp"

#include <algorithm>
#include <memory>

#include "core/figure/csv.hpp"

namespace thalweg {

FigureSource figure_of(std::vector<Chart> charts, std::string title) {
  FigureSource out;
  out.title = title.empty() && !charts.empty() ? charts.front().title : title;
  // Room for the axes of each.
  out.height = std::clamp(static_cast<int>(charts.size()) * 220 + 120, 450, kLargestFigure);
  const auto kept = std::make_shared<const std::vector<Chart>>(std::move(charts));
  out.svg = [kept, title = std::move(title)](const SvgOptions& options) {
    SvgOptions named = options;
    if (named.title.empty()) named.title = title;
    return to_svg(*kept, named);
  };
  out.csv = [kept] { return to_csv(*kept); };
  return out;
}

}  // namespace thalweg
