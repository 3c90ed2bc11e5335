// Update rules that are linear recurrences on a quadratic: their characteristic polynomials, roots, spectral
// radius and stability limit.
//
// On ½λθ² the gradient is λθ, and a rule with constant settings that is linear in the gradients it has seen
// obeys
//
//   P(S) θ_t = −η Q(S) g_t,   S θ_t = θ_{t+1},   so that with x = ηλ   χ(z) = P(z) + x Q(z)
//
//   gradient descent   P = z − 1              Q = 1
//   heavy ball         P = (z − 1)(z − μ)     Q = γz           γ = 1; PyTorch's 1 − d, ema's 1 − μ
//   Nesterov (PyTorch) P = (z − 1)(z − μ)     Q = (1 + μ)z − μ
//
// A gradient that is τ steps late multiplies P by z^τ. θ dies out as ρ^t, ρ the largest |z| with χ(z) = 0;
// a double root there makes it t ρ^t.
//
// B. T. Polyak, "Some methods of speeding up the convergence of iteration methods", 1964, section 2; G. Goh,
// "Why momentum really works", Distill 2017; L. Lessard, B. Recht, A. Packard, "Analysis and design of
// optimization algorithms via integral quadratic constraints", SIAM J. Optim. 26 (2016), section 2.2.
// Not here: rules that scale each coordinate by what they have seen (frozen() is what is left of them while
// their scale holds still), noise, changing settings.
#pragma once

#include <complex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/spec/spec.hpp"

namespace thalweg {

struct LinearRule {
  std::vector<double> free;    ///< P, from the constant upward; monic, of degree 1 or more
  std::vector<double> driven;  ///< Q, likewise; of lower degree than P
  /// λ of an L2 penalty: so much curvature more in every direction.
  double weight_decay = 0.0;

  int degree() const { return static_cast<int>(free.size()) - 1; }
};

LinearRule gradient_descent_rule();
/// `gain` stands before each gradient in the velocity.
LinearRule heavy_ball_rule(double momentum, double gain = 1.0);
LinearRule nesterov_rule(double momentum);
/// The rule with gradients that are `steps` updates old; steps ≥ 0.
LinearRule delayed(LinearRule rule, int steps);

/// The rule of an optimizer that is linear with these settings (gd, momentum, nesterov); none for others.
std::optional<LinearRule> linear_rule(const Spec& optimizer);

/// What an optimizer that divides each coordinate by a slowly changing D is while D stands still, on the
/// curvatures of D^(−½) H D^(−½): the numerator of Adam and most of its relatives is a heavy ball with
/// γ = 1 − β₁, NAdam's is Nesterov's, Adan's has a root more, RMSprop's is a heavy ball with γ = 1, AdaGrad
/// and AdaDelta descend plainly. Weight decay is left out. None for other rules.
std::optional<LinearRule> frozen_rule(const Spec& optimizer);

/// The momentum of an optimizer that has one: its key and the value in `optimizer`; none for the others.
struct MomentumSetting {
  std::string key;
  double value = 0.0;
};
std::optional<MomentumSetting> momentum_of(const Spec& optimizer);

/// The zeros of χ for x = ηλ, the largest first; as many as the degree.
std::vector<std::complex<double>> roots(const LinearRule& rule, double x);

/// The largest |z| of roots(). Infinite or NaN x gives infinity.
double spectral_radius(const LinearRule& rule, double x);

/// Over a whole spectrum: the radius at learning rate η, and which eigenvalue has it.
struct WorstDirection {
  double radius = 0.0;
  int index = 0;
};
WorstDirection worst_direction(const LinearRule& rule, double learning_rate,
                               std::span<const double> eigenvalues);

/// The x = ηλ > 0 at which the first root leaves the unit disc; infinite if none ever does, 0 if the rule is
/// unstable from the start. Gradient descent: 2; heavy ball: 2(1+μ)/γ; Nesterov: 2(1+μ)/(1+2μ); descent
/// delayed by τ: 2 sin(π/(2(2τ+1))).
double stability_limit(const LinearRule& rule);

}  // namespace thalweg
