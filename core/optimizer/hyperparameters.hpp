// The parameters that several rules share, so that each is worded, bounded and scaled once.
//
// Where a parameter with a logarithmic slider may also be 0 (weight decay, ε), 0 lies beyond the
// slider's left end: a slider shows it there, and its left end stands for 0.
#pragma once

#include <string>

#include "core/spec/parameter.hpp"
#include "core/spec/spec.hpp"

namespace thalweg {

/// η. The default differs from rule to rule: a step that suits a 2D surface.
Parameter learning_rate_parameter(double default_value, double soft_min, double soft_max);

/// A decay rate in [0, 1) with a slider in log (1 - x): β₁, β₂, α, μ.
Parameter decay_rate_parameter(std::string key, std::string symbol, std::string label, double default_value,
                               std::string help);

/// μ of the rules that keep a velocity.
Parameter momentum_parameter(double default_value);

/// λ as an L2 penalty ½λ‖θ‖² added to the loss: g + λθ takes the place of the gradient.
Parameter l2_parameter(double default_value = 0.0);

/// λ as a shrinking of the parameters beside the step, whatever the gradient (decoupled weight decay).
Parameter decoupled_decay_parameter(double default_value = 0.0);

/// λ of a rule that has both kinds of decay, and which of them it is.
Parameter either_decay_parameter();
Parameter decoupled_parameter();
bool is_decoupled(const Spec& spec);

/// ε, added to the root and not under it.
Parameter epsilon_parameter(double default_value);

/// Whether Adam's moments, which start at 0, are scaled up to be means.
Parameter bias_correction_parameter();

/// β₁ and β₂ of Adam and its relatives.
Parameter beta1_parameter();
Parameter beta2_parameter();

}  // namespace thalweg
