// Lion: the sign of a momentum, with decoupled weight decay:
//   c = β₁m + (1−β₁)g;  θ ← θ − η(sign(c) + λθ);  m ← β₂m + (1−β₂)g.
//
// X. Chen et al., "Symbolic discovery of optimization algorithms", NeurIPS 2023, Algorithm 2. Every
// coordinate moves by η: rates are 3 to 10 times smaller than Adam's, and λ as much larger (section 5 there).
#pragma once

#include "core/optimizer/hyperparameters.hpp"
#include "core/optimizer/rule.hpp"
#include "core/optimizer/sign.hpp"
#include "core/optimizer/torch_classes.hpp"

namespace thalweg {

struct Lion {
  static constexpr int kSlots = 1;  // m

  struct Hyper {
    double beta1;
    double beta2;
    double weight_decay;
  };
  struct Progress {};
  template <class T>
  struct Step {
    T rate;
    T beta1;
    T one_minus_beta1;
    T beta2;
    T one_minus_beta2;
    T shrink;  ///< 1 − ηλ
  };

  static constexpr const char* kTraining = "lr=0.0002";

  static Descriptor describe() {
    return {
        .id = "lion",
        .label = "Lion",
        .summary =
            "Every coordinate moves by η, in the direction that a mixture of gradient and momentum points.",
        .formula = "θ ← θ − η (sign(β₁m + (1−β₁)g) + λθ),  m ← β₂m + (1−β₂)g",
        .reference = "Chen et al. 2023, Algorithm 2",
        .conventions =
            "Rates are 3 to 10 times smaller than Adam's and decays as much larger (section 5 of the paper). "
            "Weight decay is decoupled.",
        .parameters = {learning_rate_parameter(0.002, 1e-5, 0.1),
                       decay_rate_parameter("beta1", "β₁", "interpolation", 0.9,
                                            "Share of the momentum in the direction of the update."),
                       decay_rate_parameter("beta2", "β₂", "momentum", 0.99,
                                            "Memory of the momentum: about 1/(1−β₂) updates."),
                       decoupled_decay_parameter()}};
  }

  static TorchCall torch(const Spec& spec, bool) {
    TorchCall call{"Lion",
                   {torch_argument("lr", spec.number("lr")),
                    {"betas", "(" + python_number(spec.number("beta1")) + ", " +
                                  python_number(spec.number("beta2")) + ")"},
                    torch_argument("weight_decay", spec.number("weight_decay"), 0.0)}};
    call.definition = element_class(
        "Lion", "Chen et al. 2023, Algorithm 2.", "betas=(0.9, 0.99), weight_decay=0",
        "betas=betas, weight_decay=weight_decay", {"m"},
        {"b1, b2 = group[\"betas\"]", "p *= 1 - lr * group[\"weight_decay\"]",
         "p -= lr * (b1 * s[\"m\"] + (1 - b1) * g).sign()", "s[\"m\"] = b2 * s[\"m\"] + (1 - b2) * g"});
    return call;
  }

  static Hyper hyper(const Spec& spec) {
    return {.beta1 = spec.number("beta1"),
            .beta2 = spec.number("beta2"),
            .weight_decay = spec.number("weight_decay")};
  }

  static std::vector<StateQuantity> quantities(const Hyper&) { return {{"m", "momentum"}}; }

  static void look(const Hyper&, const Progress&, const Step<double>&, const double* slots, double* out) {
    out[0] = slots[0];
  }

  template <class T>
  static Step<T> prepare(const Hyper& hyper, double learning_rate, std::int64_t, Progress&) {
    return {.rate = T(learning_rate),
            .beta1 = T(hyper.beta1),
            .one_minus_beta1 = T(1.0 - hyper.beta1),
            .beta2 = T(hyper.beta2),
            .one_minus_beta2 = T(1.0 - hyper.beta2),
            .shrink = T(1.0 - learning_rate * hyper.weight_decay)};
  }

  template <class T>
  THALWEG_HD static void update(T& theta, T gradient, T* slots, const Step<T>& step) {
    const T direction = step.beta1 * slots[0] + step.one_minus_beta1 * gradient;
    theta = step.shrink * theta - step.rate * sign_of(direction);
    slots[0] = step.beta2 * slots[0] + step.one_minus_beta2 * gradient;
  }
};

}  // namespace thalweg
