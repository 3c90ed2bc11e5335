// AMSGrad: Adam whose denominator never shrinks, u ← max(u, v), θ ← θ − ηm̂/(√û + ε).
//
// S. J. Reddi, S. Kale, S. Kumar, "On the convergence of Adam and beyond", ICLR 2018, Algorithm 2.
// As in PyTorch (Adam with amsgrad=True) the maximum is taken of v before bias correction, which is
// applied to it afterwards; the paper has no bias correction. Weight decay is L2 (PyTorch: Adam), or
// decoupled (AdamW). ε as in Adam.
#pragma once

#include "core/optimizer/adam_moments.hpp"

namespace thalweg {

struct AmsGrad : AdamFamily<AdamDecay::kL2> {
  static constexpr int kSlots = 3;  // m, v, u

  static Descriptor describe() {
    return {
        .id = "amsgrad",
        .label = "AMSGrad",
        .summary = "Adam with the largest second moment so far in the denominator.",
        .formula = "m ← β₁m + (1−β₁)g,  v ← β₂v + (1−β₂)g²,  u ← max(u, v),  θ ← θ − η m̂ / (√û + ε)",
        .reference = "Reddi, Kale, Kumar 2018, Algorithm 2; PyTorch Adam and AdamW with amsgrad=True",
        .conventions =
            "The maximum is taken of v before its bias correction, as in PyTorch; the paper has no bias "
            "correction. Weight decay is L2 as in PyTorch's Adam, or decoupled as in its AdamW.",
        .parameters = {learning_rate_parameter(0.02, 1e-4, 1.0), beta1_parameter(), beta2_parameter(),
                       epsilon_parameter(1e-8), either_decay_parameter(), decoupled_parameter()}};
  }

  static TorchCall torch(const Spec& spec, bool) {
    TorchCall call = adam_torch(is_decoupled(spec) ? "torch.optim.AdamW" : "torch.optim.Adam", spec);
    call.arguments.push_back(torch_argument("weight_decay", spec.number("weight_decay")));
    call.arguments.push_back({"amsgrad", "True"});
    return call;
  }

  static std::vector<StateQuantity> quantities(const Hyper& hyper) {
    std::vector<StateQuantity> out = moment_quantities(hyper);
    out.push_back({"û", "largest second moment, corrected", true});
    return out;
  }

  static void look(const Hyper& hyper, const Progress& progress, const Step<double>&, const double* slots,
                   double* out) {
    look_at_moments(hyper, progress, slots, out);
    out[hyper.bias_correction ? 4 : 2] = slots[2] / (hyper.bias_correction ? 1.0 - progress.power2 : 1.0);
  }

  template <class T>
  THALWEG_HD static void update(T& theta, T gradient, T* slots, const Step<T>& step) {
    update_moments(gradient + step.l2 * theta, slots[0], slots[1], step);
    if (slots[1] > slots[2]) slots[2] = slots[1];  // a NaN is lost here but not in m
    theta = step.shrink * theta - adam_move(slots[0], slots[2], step);
  }

  template <class T>
  THALWEG_HD static T effective_rate(const T* slots, const Step<T>& step) {
    return adam_effective_rate(slots[2], step);
  }
};

}  // namespace thalweg
