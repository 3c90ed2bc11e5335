// Adam with an L2 penalty in the gradient: g ← g + λθ, then Adam. This is PyTorch's Adam with
// weight_decay, and it is not AdamW: the division by √v̂ scales the decay too, so that coordinates
// with large gradients are hardly decayed at all.
//
// D. P. Kingma, J. Ba, ICLR 2015, Algorithm 1; I. Loshchilov, F. Hutter, "Decoupled weight decay
// regularization", ICLR 2019, Algorithm 2, line 6 (there as the thing to avoid). ε as in Adam.
#pragma once

#include "core/optimizer/adam_moments.hpp"

namespace thalweg {

struct AdamL2 : AdamFamily<AdamDecay::kL2> {
  static constexpr const char* kTraining = "lr=0.001,weight_decay=0.0001";

  static Descriptor describe() {
    return {
        .id = "adam_l2",
        .label = "Adam with L2",
        .summary = "Adam on the loss plus ½λ‖θ‖²: the decay is divided by √v̂ like the gradient.",
        .formula = "g ← g + λθ,  m ← β₁m + (1−β₁)g,  v ← β₂v + (1−β₂)g²,  θ ← θ − η m̂ / (√v̂ + ε)",
        .reference = "Loshchilov & Hutter 2019, Algorithm 2 (L2); PyTorch Adam with weight_decay",
        .conventions =
            "PyTorch's Adam with `weight_decay`. It is not AdamW: the division by √v̂ scales the decay, too.",
        .parameters = {learning_rate_parameter(0.02, 1e-4, 1.0), beta1_parameter(), beta2_parameter(),
                       epsilon_parameter(1e-8), l2_parameter(0.01)}};
  }

  static TorchCall torch(const Spec& spec, bool) {
    TorchCall call = adam_torch("torch.optim.Adam", spec);
    call.arguments.push_back(torch_argument("weight_decay", spec.number("weight_decay")));
    return call;
  }

  template <class T>
  THALWEG_HD static void update(T& theta, T gradient, T* slots, const Step<T>& step) {
    update_moments(gradient + step.l2 * theta, slots[0], slots[1], step);
    theta -= adam_move(slots[0], slots[1], step);
  }
};

}  // namespace thalweg
