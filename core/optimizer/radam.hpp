// RAdam, as in PyTorch: Adam that holds its adaptive rate back until its variance can be estimated:
//   g ← g + λθ, or θ ← (1−ηλ)θ;  m, v as Adam;  ρ∞ = 2/(1−β₂) − 1;  ρₜ = ρ∞ − 2tβ₂ᵗ/(1−β₂ᵗ);
//   ρₜ > 5:  r = √((ρₜ−4)(ρₜ−2)ρ∞ / ((ρ∞−4)(ρ∞−2)ρₜ)),  θ ← θ − η r m̂ √(1−β₂ᵗ)/(√v + ε);
//   else:    θ ← θ − η m̂.
//
// L. Liu et al., "On the variance of the adaptive learning rate and beyond", ICLR 2020, Algorithm 2, which
// begins at ρₜ > 4 and has no ε; PyTorch adds ε to √v before the bias correction. The first updates are not
// divided by anything: where gradients are large, η must be small for them.
#pragma once

#include <cmath>

#include "core/optimizer/adam_moments.hpp"

namespace thalweg {

struct RAdam : AdamFamily<AdamDecay::kL2> {
  template <class T>
  struct Step {
    AdamStep<T> adam;
    T plain;      ///< η/(1−β₁ᵗ): what stands before m while nothing is divided
    T rectified;  ///< η r √(1−β₂ᵗ)/(1−β₁ᵗ)
    T eps;
    T full;         ///< η r √(1−β₂ᵗ), or η
    bool adaptive;  ///< ρₜ > 5
  };

  static Descriptor describe() {
    return {.id = "radam",
            .label = "RAdam",
            .summary = "Adam with a warm-up that follows from the variance of its own rate.",
            .formula = "ρₜ > 5:  θ ← θ − η r m̂ √(1−β₂ᵗ)/(√v + ε),  else  θ ← θ − η m̂",
            .reference = "Liu et al. 2020, Algorithm 2; PyTorch RAdam",
            .conventions =
                "The adaptive rate begins at ρₜ > 5, as in PyTorch (the paper: 4); ε is added to √v before "
                "the bias correction. The first updates are divided by nothing. Weight decay is L2, or "
                "decoupled as in AdamW and in later versions of PyTorch.",
            .parameters = {learning_rate_parameter(0.006, 1e-4, 1.0), beta1_parameter(), beta2_parameter(),
                           epsilon_parameter(1e-8), either_decay_parameter(), decoupled_parameter()}};
  }

  static TorchCall torch(const Spec& spec, bool) {
    TorchCall call = adam_torch("torch.optim.RAdam", spec);
    call.arguments.push_back(torch_argument("weight_decay", spec.number("weight_decay"), 0.0));
    if (!is_decoupled(spec)) return call;
    call.callee = "RAdam";
    call.definition = element_class(
        "RAdam", "torch.optim.RAdam with decoupled_weight_decay=True, which later versions have.",
        "betas=(0.9, 0.999), eps=1e-8, weight_decay=0", "betas=betas, eps=eps, weight_decay=weight_decay",
        {"m", "v"},
        {"b1, b2 = group[\"betas\"]", "p *= 1 - lr * group[\"weight_decay\"]",
         "s[\"m\"] = b1 * s[\"m\"] + (1 - b1) * g", "s[\"v\"] = b2 * s[\"v\"] + (1 - b2) * g**2",
         "m, left, limit = s[\"m\"] / (1 - b1**t), 1 - b2**t, 2 / (1 - b2) - 1",
         "rho = limit - 2 * t * b2**t / left",
         "if rho > 5:", "    r = ((rho - 4) * (rho - 2) * limit / ((limit - 4) * (limit - 2) * rho)) ** 0.5",
         "    m = r * m * left**0.5 / (s[\"v\"].sqrt() + group[\"eps\"])", "p -= lr * m"});
    return call;
  }

  template <class T>
  static Step<T> prepare(const Hyper& hyper, double learning_rate, std::int64_t t, Progress& progress) {
    Step<T> out{.adam = prepare_adam<T>(hyper, learning_rate, t, progress)};
    const double limit = 2.0 / (1.0 - hyper.beta2) - 1.0;
    const double length = limit - 2.0 * static_cast<double>(t) * progress.power2 / (1.0 - progress.power2);
    out.adaptive = length > 5.0;
    const double corrected = learning_rate / (1.0 - progress.power1);
    const double rectification =
        out.adaptive
            ? std::sqrt((length - 4.0) * (length - 2.0) * limit / ((limit - 4.0) * (limit - 2.0) * length))
            : 1.0;
    const double root = std::sqrt(1.0 - progress.power2);
    out.plain = T(corrected);
    out.rectified = T(corrected * rectification * root);
    out.eps = T(hyper.eps);
    out.full = T(out.adaptive ? learning_rate * rectification * root : learning_rate);
    return out;
  }

  template <class T>
  THALWEG_HD static void update(T& theta, T gradient, T* slots, const Step<T>& step) {
    using std::sqrt;
    const T g = gradient + step.adam.l2 * theta;
    update_moments(g, slots[0], slots[1], step.adam);
    const T move =
        step.adaptive ? step.rectified * slots[0] / (sqrt(slots[1]) + step.eps) : step.plain * slots[0];
    theta = step.adam.shrink * theta - move;
  }

  template <class T>
  THALWEG_HD static T effective_rate(const T* slots, const Step<T>& step) {
    using std::sqrt;
    return step.adaptive ? step.full / (sqrt(slots[1]) + step.eps) : step.full;
  }
};

}  // namespace thalweg
