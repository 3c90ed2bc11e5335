// What the theory says of a whole run: the distance at each step of a linear rule on a quadratic, from a
// start at rest, and the step at which it falls below a tolerance. Exact on a quadratic; elsewhere what the
// local quadratic would do.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/rates/linear_rule.hpp"
#include "core/rates/spectrum.hpp"

namespace thalweg {

/// One linear rule on a quadratic, direction by direction. One thread at a time.
class PredictedRun {
 public:
  /// @param offsets  start minus minimum along each eigenvector; as many as eigenvalues
  PredictedRun(const LinearRule& rule, double learning_rate, std::span<const double> eigenvalues,
               std::span<const double> offsets);

  /// ‖θ − θ*‖ now.
  double distance() const;
  void step();

 private:
  LinearRule rule_;
  double learning_rate_;
  std::vector<double> curvatures_;  ///< with weight decay
  // The last degree() positions and gradients of each direction, oldest first.
  std::vector<double> positions_, gradients_;
};

/// start − centre in the directions of a spectrum.
std::vector<double> offsets(const LocalSpectrum& spectrum, const std::vector<double>& start);

struct PredictedDistances {
  std::vector<double> distance;  ///< of steps 0, 1, 2...; ends early where it is no longer finite
  double largest = 0.0;          ///< the top of the transient
  std::int64_t largest_step = 0;
  std::optional<std::int64_t> reached;  ///< the first step with distance < tolerance
};

/// Steps 0 to `steps`. `tolerance` ≤ 0: none. `distance` holds at most `keep` of them.
PredictedDistances predict(const LinearRule& rule, double learning_rate, std::span<const double> eigenvalues,
                           std::span<const double> offsets, std::int64_t steps, double tolerance,
                           std::int64_t keep);

/// Steps that a factor ρ a step needs to shrink something by `factor` < 1: ln factor / ln ρ. Infinite at ρ
/// ≥ 1.
double steps_for(double rate, double factor);

}  // namespace thalweg
