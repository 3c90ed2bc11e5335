// The spectral radius along one setting, and over rate and momentum together: what curves and maps show.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/rates/spectrum.hpp"

namespace thalweg {

struct RateSweep {
  std::vector<double> setting;  ///< ascending
  std::vector<double> radius;
  double best = 0.0;  ///< the setting with the smallest radius, and that
  double best_radius = 0.0;
};

/// Of "lr", from 0 to a fifth beyond the limit, or of "momentum", from 0 to just below 1; the other settings
/// are those of `optimizer`. None where there is no theory, no such setting or no minimum.
std::optional<RateSweep> sweep_setting(const Spec& optimizer, const std::string& key,
                                       const LocalSpectrum& spectrum, int points = 400);

/// The radius over log η (to the right) and μ (upward), at the centres of cells.
struct RateMapRequest {
  Spec optimizer;  ///< momentum or nesterov: what it has beside η and μ
  CurvatureRange range;
  double lowest_rate = 1e-4;  ///< η at the left edge
  double highest_rate = 1.0;  ///< and at the right one
  int width = 0;              ///< cells
  int height = 0;

  bool operator==(const RateMapRequest&) const = default;

  double rate_at(double unit) const;  ///< unit 0 to 1 from the left edge
  double unit_of_rate(double rate) const;
};

/// width × height, the lowest row (μ near 0) first. Empty where there is no theory.
std::vector<double> rate_map(const RateMapRequest& request);

/// The largest stable η for each of the map's rows and its lower and upper edge: pairs (μ, η).
struct RateMapPoint {
  double momentum = 0.0;
  double rate = 0.0;
};
std::vector<RateMapPoint> stability_boundary(const RateMapRequest& request);

/// The stretch of η that a map should show: from far below the best rate to beyond every limit, in whole
/// tenths of a decade, with `learning_rate` in it if that is not absurdly far away.
RateMapRequest rate_map_request(const Spec& optimizer, const CurvatureRange& range, double learning_rate);

}  // namespace thalweg
