// AdamW: Adam with decoupled weight decay, θ ← (1 − ηλ)θ, then Adam's step with the plain gradient.
//
// I. Loshchilov, F. Hutter, "Decoupled weight decay regularization", ICLR 2019, Algorithm 2, line 12.
// As in PyTorch the decay is multiplied by the learning rate in force (schedule included), where the
// paper has a schedule multiplier of its own, and it is applied before the step. ε as in Adam.
#pragma once

#include "core/optimizer/adam_moments.hpp"

namespace thalweg {

struct AdamW : AdamFamily<AdamDecay::kDecoupled> {
  static Descriptor describe() {
    return {.id = "adamw",
            .label = "AdamW",
            .summary = "Adam with weight decay taken out of the gradient and applied to θ directly.",
            .formula = "m ← β₁m + (1−β₁)g,  v ← β₂v + (1−β₂)g²,  θ ← (1−ηλ)θ − η m̂ / (√v̂ + ε)",
            .reference = "Loshchilov & Hutter 2019, Algorithm 2; PyTorch AdamW",
            .conventions =
                "The decay is multiplied by the learning rate in force, schedule included, and applied "
                "before the step, as in PyTorch; the paper has a schedule multiplier of its own.",
            .parameters = {learning_rate_parameter(0.02, 1e-4, 1.0), beta1_parameter(), beta2_parameter(),
                           epsilon_parameter(1e-8), decoupled_decay_parameter(0.01),
                           bias_correction_parameter()}};
  }

  static TorchCall torch(const Spec& spec, bool) {
    TorchCall call = adam_torch("torch.optim.AdamW", spec);
    call.arguments.push_back(torch_argument("weight_decay", spec.number("weight_decay")));
    return call;
  }

  template <class T>
  THALWEG_HD static void update(T& theta, T gradient, T* slots, const Step<T>& step) {
    update_moments(gradient, slots[0], slots[1], step);
    theta = step.shrink * theta - adam_move(slots[0], slots[1], step);
  }
};

}  // namespace thalweg
