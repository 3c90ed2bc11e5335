// The settings with the smallest spectral radius on a quadratic whose curvatures lie in [α, β], and the rates
// that books give for them. κ = β/α.
//
//   gradient descent   η = 2/(α+β)                                ρ = (κ−1)/(κ+1)
//   heavy ball         η = 4/(√α+√β)²,  μ = ((√κ−1)/(√κ+1))²      ρ = (√κ−1)/(√κ+1)
//   Nesterov           η = 4/(3β+α),    μ = (√(3κ+1)−2)/(√(3κ+1)+2)   ρ = 1 − 2/√(3κ+1)
//   Nesterov, usual    η = 1/β,         μ = (√κ−1)/(√κ+1)         ρ = 1 − 1/√κ
//
// Polyak 1964, section 2 (heavy ball); Lessard, Recht & Packard 2016, Table 1 (Nesterov); Nesterov,
// "Introductory lectures on convex optimization", 2004, section 2.2 (usual).
#pragma once

#include <optional>
#include <string>

#include "core/rates/linear_rule.hpp"

namespace thalweg {

/// The ends of a spectrum; 0 < alpha ≤ beta.
struct CurvatureRange {
  double alpha = 1.0;
  double beta = 1.0;

  double condition() const { return beta / alpha; }
  bool operator==(const CurvatureRange&) const = default;
};

struct OptimalSettings {
  double learning_rate = 0.0;
  double momentum = 0.0;
  double radius = 0.0;
};

OptimalSettings optimal_gradient_descent(const CurvatureRange& range);
OptimalSettings optimal_heavy_ball(const CurvatureRange& range);
OptimalSettings optimal_nesterov(const CurvatureRange& range);
OptimalSettings usual_nesterov(const CurvatureRange& range);

/// For an optimizer as it stands (form, dampening and weight decay count): the best η and μ, in its own
/// terms. None where linear_rule() has none, or where no setting of η makes a step (dampening 1).
std::optional<OptimalSettings> optimal_settings(const Spec& optimizer, const CurvatureRange& range);

/// The best of one setting while the others stay: `key` is "lr" or "momentum".
/// @param learning_rate  in force where `key` is "momentum"
std::optional<OptimalSettings> optimal_alone(const Spec& optimizer, const std::string& key,
                                             double learning_rate, const CurvatureRange& range);

/// The radius at both ends of the range, the larger: that of everything between, since it has no second rise
/// along ηλ for the rules of linear_rule().
double radius_over(const LinearRule& rule, double learning_rate, const CurvatureRange& range);

}  // namespace thalweg
