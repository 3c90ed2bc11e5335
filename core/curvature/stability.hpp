// How much curvature a learning rate allows: the line drawn beside λmax.
//
// On the quadratic ½λθ² an update rule with constant settings is a linear recurrence in θ and its state.
// It dies out while all roots of its characteristic polynomial lie inside the unit circle; the first to leave
// does so at −1, and the λ at which it does is the threshold (J. M. Cohen et al., "Gradient descent on
// neural networks typically occurs at the edge of stability", ICLR 2021). core/rates has the polynomials.
#pragma once

#include <optional>
#include <vector>

#include "core/nn/engine.hpp"
#include "core/spec/spec.hpp"

namespace thalweg {

/// The largest stable curvature λ for an optimizer with a fixed step, at learning rate η (weight decay w,
/// momentum μ, dampening d):
///
///   gd                           2/η − w
///   momentum, pytorch            2(1+μ) / (η(1−d)) − w      d = 1, μ > 0: infinite; μ = 0: d does not count
///   momentum, classical, polyak  2(1+μ)/η − w
///   momentum, ema                2(1+μ) / (η(1−μ)) − w
///   nesterov                     2(1+μ) / (η(1+2μ)) − w
///
/// `w` acts as so much curvature more in every direction. At η = 0 the threshold is infinite. Below 0
/// if weight decay alone is too much. None for the adaptive rules, which scale each direction by itself:
/// see preconditioned_threshold(); and none if η is negative or not finite.
std::optional<double> stability_threshold(const Spec& optimizer, double learning_rate);

/// The largest stable eigenvalue of D^(−½) H D^(−½) for a rule that divides by a slowly changing diagonal D
/// (preconditioner() gives D, preconditioned() in operator.hpp the operator):
///
///   adam and most of its relatives  2(1+β₁) / (η(1−β₁))      38/η at β₁ = 0.9 (Cohen et al. 2022)
///   nadam                           2(1+β₁) / (η(1−β₁)(1+2β₁))
///   adan                            where a root of its cubic reaches the unit circle
///   rmsprop                         2(1+μ)/η
///   adagrad, adadelta               2/η
///
/// Weight decay is left out: divided by D it has no single strength. None for the other rules.
std::optional<double> preconditioned_threshold(const Spec& optimizer, double learning_rate);

/// D of such a rule as it stands: what the last update divided by, √v̂ + ε for Adam; AdaGrad's own decay of
/// the rate is in it. `state` is that of an engine with this optimizer. None for the other rules, before the
/// first update, or if the state is not one of this rule.
std::optional<std::vector<float>> preconditioner(const Spec& optimizer, const EngineState& state);

}  // namespace thalweg
