#include "core/ensemble/picture.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace thalweg {
namespace {

Rgb mixed(const Rgb& a, const Rgb& b, double share_of_b) {
  Rgb out;
  for (std::size_t c = 0; c < 3; ++c)
    out[c] = static_cast<std::uint8_t>(std::lround((1.0 - share_of_b) * a[c] + share_of_b * b[c]));
  return out;
}

/// Logarithms of the steps between which brightness falls: few that were very quick or slow do not count.
std::pair<double, double> shading_range(const EnsembleResult& result) {
  std::vector<std::int32_t> steps;
  for (std::size_t i = 0; i < result.steps.size(); ++i)
    if (result.outcome[i] == Outcome::kConverged) steps.push_back(result.steps[i]);
  if (steps.empty()) return {0.0, 0.0};
  const auto at = [&](double share) {
    const auto place =
        steps.begin() + static_cast<std::ptrdiff_t>(share * static_cast<double>(steps.size() - 1));
    std::nth_element(steps.begin(), place, steps.end());
    return std::log1p(*place);
  };
  return {at(0.02), at(0.98)};
}

constexpr Rgb kWhite{255, 255, 255}, kBlack{0, 0, 0};

}  // namespace

std::vector<std::uint8_t> basin_picture(const EnsembleResult& result, const StartGrid& grid,
                                        const BasinColours& colours) {
  const auto [low, high] = shading_range(result);
  const auto colour_of = [&](std::size_t i) {
    if (result.outcome[i] == Outcome::kDiverged) return colours.diverged;
    if (result.outcome[i] != Outcome::kConverged) return colours.wandering;
    const auto minimum = static_cast<std::size_t>(std::max(0, result.minimum[i]));
    const auto round = static_cast<double>(minimum / colours.minima.size() % 4);
    const Rgb own = mixed(colours.minima[minimum % colours.minima.size()], kBlack, 0.15 * round);
    const double late =
        high > low ? std::clamp((std::log1p(result.steps[i]) - low) / (high - low), 0.0, 1.0) : 0.5;
    return late < 0.5 ? mixed(own, kWhite, 0.6 * (1.0 - 2.0 * late))
                      : mixed(own, kBlack, 0.4 * (2.0 * late - 1.0));
  };
  std::vector<std::uint8_t> out;
  out.reserve(3 * result.steps.size());
  for (std::int64_t row = grid.rows - 1; row >= 0; --row)
    for (std::int64_t column = 0; column < grid.columns; ++column) {
      const Rgb colour = colour_of(static_cast<std::size_t>(row * grid.columns + column));
      out.insert(out.end(), colour.begin(), colour.end());
    }
  return out;
}

}  // namespace thalweg
