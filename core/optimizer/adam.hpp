// Adam, without weight decay (adam_l2.hpp and adamw.hpp have the two kinds of it):
//   m ← β₁m + (1−β₁)g;  v ← β₂v + (1−β₂)g²;  m̂ = m/(1−β₁ᵗ), v̂ = v/(1−β₂ᵗ);  θ ← θ − ηm̂/(√v̂ + ε).
//
// D. P. Kingma, J. Ba, "Adam: a method for stochastic optimization", ICLR 2015, Algorithm 1.
// ε is outside the root and after the bias correction, as in Algorithm 1 and in PyTorch (not the
// "ε̂" variant at the end of the paper's section 2).
#pragma once

#include "core/optimizer/adam_moments.hpp"

namespace thalweg {

struct Adam : AdamFamily<AdamDecay::kNone> {
  static Descriptor describe() {
    return {
        .id = "adam",
        .label = "Adam",
        .summary = "Momentum divided by the root of a running mean of the squared gradient.",
        .formula = "m ← β₁m + (1−β₁)g,  v ← β₂v + (1−β₂)g²,  θ ← θ − η m̂ / (√v̂ + ε)",
        .reference = "Kingma & Ba 2015, Algorithm 1; PyTorch Adam",
        .conventions =
            "ε is outside the root and after the bias correction, as in Algorithm 1 and in PyTorch. Without "
            "bias correction the first steps are up to 6.57 times as long (β₁ = 0.9, β₂ = 0.999).",
        .parameters = {learning_rate_parameter(0.02, 1e-4, 1.0), beta1_parameter(), beta2_parameter(),
                       epsilon_parameter(1e-8), bias_correction_parameter()}};
  }

  static TorchCall torch(const Spec& spec, bool) { return adam_torch("torch.optim.Adam", spec); }

  template <class T>
  THALWEG_HD static void update(T& theta, T gradient, T* slots, const Step<T>& step) {
    update_moments(gradient, slots[0], slots[1], step);
    theta -= adam_move(slots[0], slots[1], step);
  }
};

}  // namespace thalweg
