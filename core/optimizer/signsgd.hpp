// signSGD, with momentum called Signum; with decoupled weight decay it is Tiger:
//   m ← μm + (1−μ)g;  θ ← θ − η(sign(m) + λθ).
//
// J. Bernstein et al., "signSGD: compressed optimisation for non-convex problems", ICML 2018, Algorithms 1
// (μ = 0) and 2 (Signum). Tiger (J. Su 2023) is Signum with μ = 0.965 and λ > 0.
#pragma once

#include "core/optimizer/sign.hpp"
#include "core/optimizer/torch_classes.hpp"
#include "core/optimizer/velocity.hpp"

namespace thalweg {

struct SignSgd : VelocityFamily {
  template <class T>
  struct Step {
    T rate;
    T momentum;
    T one_minus_momentum;
    T shrink;  ///< 1 − ηλ
  };

  static constexpr const char* kTraining = "lr=0.0002";

  static Descriptor describe() {
    return {.id = "signsgd",
            .label = "signSGD",
            .summary =
                "Every coordinate moves by η against the sign of its mean gradient (Signum; with weight "
                "decay Tiger).",
            .formula = "m ← μm + (1−μ)g,  θ ← θ − η (sign(m) + λθ)",
            .reference = "Bernstein et al. 2018, Algorithms 1 and 2; Tiger: Su 2023",
            .conventions =
                "Signum's momentum is a mean, not a sum: with a sign that makes no difference but at the "
                "start. Weight decay is decoupled (Tiger: μ = 0.965).",
            .parameters = {learning_rate_parameter(0.002, 1e-5, 0.1), momentum_parameter(0.9),
                           decoupled_decay_parameter()}};
  }

  static TorchCall torch(const Spec& spec, bool) {
    TorchCall call{
        "SignSGD",
        {torch_argument("lr", spec.number("lr")), torch_argument("momentum", spec.number("momentum")),
         torch_argument("weight_decay", spec.number("weight_decay"), 0.0)}};
    call.definition =
        element_class("SignSGD", "Bernstein et al. 2018, Algorithm 2 (Signum).",
                      "momentum=0.9, weight_decay=0", "momentum=momentum, weight_decay=weight_decay", {"m"},
                      {"mu = group[\"momentum\"]", "p *= 1 - lr * group[\"weight_decay\"]",
                       "s[\"m\"] = mu * s[\"m\"] + (1 - mu) * g", "p -= lr * s[\"m\"].sign()"});
    return call;
  }

  static std::vector<StateQuantity> quantities(const Hyper&) { return {{"m", "mean gradient"}}; }

  template <class T>
  static Step<T> prepare(const Hyper& hyper, double learning_rate, std::int64_t, Progress&) {
    return {.rate = T(learning_rate),
            .momentum = T(hyper.momentum),
            .one_minus_momentum = T(1.0 - hyper.momentum),
            .shrink = T(1.0 - learning_rate * hyper.weight_decay)};
  }

  template <class T>
  THALWEG_HD static void update(T& theta, T gradient, T* slots, const Step<T>& step) {
    slots[0] = step.momentum * slots[0] + step.one_minus_momentum * gradient;
    theta = step.shrink * theta - step.rate * sign_of(slots[0]);
  }
};

}  // namespace thalweg
