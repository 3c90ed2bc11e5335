// AdaBelief: Adam that divides by how far the gradient is from what was expected, not by its size:
//   m ← β₁m + (1−β₁)g;  s ← β₂s + (1−β₂)(g − m)² + ε;  θ ← θ − ηλθ;  θ ← θ − η m̂/(√ŝ + ε).
//
// J. Zhuang et al., "AdaBelief optimizer: adapting stepsizes by the belief in observed gradients", NeurIPS
// 2020, Algorithm 2: ε is added within s at every update and again outside the root. The default ε = 1e-16 is
// that of the authors' package since 0.2; weight decay is decoupled, as there.
#pragma once

#include <cmath>

#include "core/optimizer/adam_moments.hpp"

namespace thalweg {

/// s stands where Adam has v.
struct AdaBelief : AdamFamily<AdamDecay::kDecoupled> {
  template <class T>
  struct Step {
    AdamStep<T> adam;
    T eps;  ///< within s
  };

  static Descriptor describe() {
    Parameter eps = epsilon_parameter(1e-16);
    eps.soft_min = 1e-20;
    return {.id = "adabelief",
            .label = "AdaBelief",
            .summary = "Adam that strides where gradients are as expected and is careful where they are not.",
            .formula = "s ← β₂s + (1−β₂)(g−m)² + ε,  θ ← θ − η m̂ / (√ŝ + ε)",
            .reference = "Zhuang et al. 2020, Algorithm 2",
            .conventions =
                "ε is added within s at every update and again outside the root, as in the paper; its "
                "default is that of the authors' package. Weight decay is decoupled.",
            .parameters = {learning_rate_parameter(0.02, 1e-4, 1.0), beta1_parameter(), beta2_parameter(),
                           eps, decoupled_decay_parameter()}};
  }

  static TorchCall torch(const Spec& spec, bool) {
    TorchCall call = adam_torch("AdaBelief", spec);
    call.arguments.push_back(torch_argument("weight_decay", spec.number("weight_decay"), 0.0));
    call.definition = element_class(
        "AdaBelief", "Zhuang et al. 2020, Algorithm 2.", "betas=(0.9, 0.999), eps=1e-16, weight_decay=0",
        "betas=betas, eps=eps, weight_decay=weight_decay", {"m", "s"},
        {"b1, b2 = group[\"betas\"]", "p *= 1 - lr * group[\"weight_decay\"]",
         "s[\"m\"] = b1 * s[\"m\"] + (1 - b1) * g",
         "s[\"s\"] = b2 * s[\"s\"] + (1 - b2) * (g - s[\"m\"]) ** 2 + group[\"eps\"]",
         "root = (s[\"s\"] / (1 - b2**t)).sqrt() + group[\"eps\"]",
         "p -= lr * s[\"m\"] / (1 - b1**t) / root"});
    return call;
  }

  static std::vector<StateQuantity> quantities(const Hyper& hyper) {
    return moment_quantities(hyper, "s", "variance");
  }

  template <class T>
  static Step<T> prepare(const Hyper& hyper, double learning_rate, std::int64_t t, Progress& progress) {
    return {prepare_adam<T>(hyper, learning_rate, t, progress), T(hyper.eps)};
  }

  template <class T>
  THALWEG_HD static void update(T& theta, T gradient, T* slots, const Step<T>& step) {
    const AdamStep<T>& adam = step.adam;
    slots[0] = adam.beta1 * slots[0] + adam.one_minus_beta1 * gradient;
    const T surprise = gradient - slots[0];
    slots[1] = adam.beta2 * slots[1] + adam.one_minus_beta2 * surprise * surprise + step.eps;
    theta = adam.shrink * theta - adam_move(slots[0], slots[1], adam);
  }

  template <class T>
  THALWEG_HD static T effective_rate(const T* slots, const Step<T>& step) {
    return adam_effective_rate(slots[1], step.adam);
  }
};

}  // namespace thalweg
