#include "core/ensemble/picture.hpp"

#include <algorithm>
#include <cmath>

namespace thalweg {
namespace {

Rgb mixed(const Rgb& a, const Rgb& b, double share_of_b) {
  Rgb out;
  for (std::size_t c = 0; c < 3; ++c)
    out[c] = static_cast<std::uint8_t>(std::lround((1.0 - share_of_b) * a[c] + share_of_b * b[c]));
  return out;
}

constexpr Rgb kWhite{255, 255, 255}, kBlack{0, 0, 0};

}  // namespace

std::vector<std::uint8_t> basin_picture(const EnsembleResult& result, const StartGrid& grid,
                                        const BasinColours& colours) {
  std::int32_t least = INT32_MAX, most = 0;
  for (std::size_t i = 0; i < result.steps.size(); ++i)
    if (result.outcome[i] == Outcome::kConverged) {
      least = std::min(least, result.steps[i]);
      most = std::max(most, result.steps[i]);
    }
  const double low = std::log1p(least), range = std::log1p(most) - low;
  const auto colour_of = [&](std::size_t i) {
    if (result.outcome[i] == Outcome::kDiverged) return colours.diverged;
    if (result.outcome[i] != Outcome::kConverged) return colours.wandering;
    const auto minimum = static_cast<std::size_t>(std::max(0, result.minimum[i]));
    const std::size_t round = minimum / colours.minima.size();
    const Rgb own = mixed(colours.minima[minimum % colours.minima.size()], kBlack,
                          std::min(0.5, 0.15 * static_cast<double>(round)));
    const double late = range > 0.0 ? (std::log1p(result.steps[i]) - low) / range : 0.0;
    return late < 0.5 ? mixed(own, kWhite, 0.7 * (1.0 - 2.0 * late))
                      : mixed(own, kBlack, 0.6 * (2.0 * late - 1.0));
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
