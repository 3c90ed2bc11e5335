// NAdam, as in PyTorch: Adam with Nesterov's look ahead and a momentum that warms up:
//   μₜ = β₁(1 − ½·0.96^{tψ});  g ← g + λθ, or θ ← (1−ηλ)θ;  m ← β₁m + (1−β₁)g;  v ← β₂v + (1−β₂)g²;  Πₜ =
//   μ₁⋯μₜ; θ ← θ − η [ (1−μₜ)/(1−Πₜ) g + μₜ₊₁/(1−Πₜ₊₁) m ] / (√v̂ + ε).
//
// T. Dozat, "Incorporating Nesterov momentum into Adam", ICLR workshop 2016, Algorithm 2 (with the schedule
// of the momentum from its section on it). ε outside the root and after the bias correction. As in PyTorch
// since 2.0: before, it multiplied Πₜ₊₁ by μₜ once too often.
#pragma once

#include <cmath>

#include "core/optimizer/adam_moments.hpp"

namespace thalweg {

struct NAdam {
  static constexpr int kSlots = 2;  // m, v
  struct Hyper {
    AdamHyper adam;
    double momentum_decay;
  };
  struct Progress {
    AdamProgress powers;
    double product = 1.0;  ///< Πₜ
  };
  template <class T>
  struct Step {
    AdamStep<T> adam;  ///< its rate is not used
    T from_gradient;   ///< η √(1−β₂ᵗ) (1−μₜ)/(1−Πₜ)
    T from_moment;     ///< η √(1−β₂ᵗ) μₜ₊₁/(1−Πₜ₊₁)
  };

  static constexpr const char* kTraining = "lr=0.001";

  static Descriptor describe() {
    return {
        .id = "nadam",
        .label = "NAdam",
        .summary = "Adam that looks ahead as Nesterov does, with a momentum that warms up.",
        .formula = "θ ← θ − η [ (1−μₜ)/(1−Πₜ) g + μₜ₊₁/(1−Πₜ₊₁) m ] / (√v̂ + ε),  μₜ = β₁(1 − ½ 0.96^{tψ})",
        .reference = "Dozat 2016, Algorithm 2; PyTorch NAdam",
        .conventions =
            "As PyTorch since 2.0; before, it multiplied Πₜ₊₁ by μₜ once too often. Weight decay is L2, or "
            "decoupled as in AdamW.",
        .parameters = {
            learning_rate_parameter(0.02, 1e-4, 1.0), beta1_parameter(), beta2_parameter(),
            epsilon_parameter(1e-8), either_decay_parameter(), decoupled_parameter(),
            Parameter{.key = "momentum_decay",
                      .symbol = "ψ",
                      .label = "momentum decay",
                      .default_value = 4e-3,
                      .min = 0.0,
                      .max = 1.0,
                      .soft_min = 1e-4,
                      .soft_max = 1.0,
                      .scale = Scale::kLog,
                      .help = "How fast the momentum rises from half of β₁ to β₁; 0: it stays at half.",
                      .live = true}}};
  }

  static TorchCall torch(const Spec& spec, bool) {
    TorchCall call = adam_torch("NAdam", spec);
    call.arguments.push_back(torch_argument("weight_decay", spec.number("weight_decay"), 0.0));
    call.arguments.push_back(torch_argument("momentum_decay", spec.number("momentum_decay")));
    if (is_decoupled(spec)) call.arguments.push_back({"decoupled_weight_decay", "True"});
    call.definition = element_class(
        "NAdam", "torch.optim.NAdam as it is since PyTorch 2.0, in the precision of the parameters.",
        "betas=(0.9, 0.999), eps=1e-8, weight_decay=0, momentum_decay=4e-3, decoupled_weight_decay=False",
        "betas=betas, eps=eps, weight_decay=weight_decay, momentum_decay=momentum_decay, "
        "decoupled_weight_decay=decoupled_weight_decay",
        {"m", "v"},
        {"b1, b2 = group[\"betas\"]", "if group[\"decoupled_weight_decay\"]:",
         "    p *= 1 - lr * group[\"weight_decay\"]", "else:", "    g = g + group[\"weight_decay\"] * p",
         "mu, ahead = (b1 * (1 - 0.5 * 0.96 ** (k * group[\"momentum_decay\"])) for k in (t, t + 1))",
         "s[\"product\"] = s.get(\"product\", 1.0) * mu", "s[\"m\"] = b1 * s[\"m\"] + (1 - b1) * g",
         "s[\"v\"] = b2 * s[\"v\"] + (1 - b2) * g**2",
         "look = (1 - mu) / (1 - s[\"product\"]) * g + ahead / (1 - s[\"product\"] * ahead) * s[\"m\"]",
         "p -= lr * look / ((s[\"v\"] / (1 - b2**t)).sqrt() + group[\"eps\"])"});
    return call;
  }

  static Hyper hyper(const Spec& spec) {
    return {adam_hyper(spec, AdamDecay::kL2), spec.number("momentum_decay")};
  }

  static std::vector<StateQuantity> quantities(const Hyper&) {
    return {
        {"m", "first moment"}, {"v", "second moment", true}, {"v̂", "second moment, corrected", true, true}};
  }

  static void look(const Hyper&, const Progress& progress, const Step<double>&, const double* slots,
                   double* out) {
    out[0] = slots[0];
    out[1] = slots[1];
    out[2] = slots[1] / (1.0 - progress.powers.power2);
  }

  template <class T>
  static Step<T> prepare(const Hyper& hyper, double learning_rate, std::int64_t t, Progress& progress) {
    const auto momentum = [&](std::int64_t step) {
      return hyper.adam.beta1 *
             (1.0 - 0.5 * std::pow(0.96, static_cast<double>(step) * hyper.momentum_decay));
    };
    const double now = momentum(t), next = momentum(t + 1);
    if (t == 1) progress.product = 1.0;
    progress.product *= now;
    if (progress.product < 1e-30) progress.product = 0.0;
    Step<T> out{.adam = prepare_adam<T>(hyper.adam, learning_rate, t, progress.powers)};
    const double root = std::sqrt(1.0 - progress.powers.power2);
    out.from_gradient = T(learning_rate * root * (1.0 - now) / (1.0 - progress.product));
    out.from_moment = T(learning_rate * root * next / (1.0 - progress.product * next));
    return out;
  }

  template <class T>
  THALWEG_HD static void update(T& theta, T gradient, T* slots, const Step<T>& step) {
    using std::sqrt;
    const T g = gradient + step.adam.l2 * theta;
    update_moments(g, slots[0], slots[1], step.adam);
    theta = step.adam.shrink * theta -
            (step.from_gradient * g + step.from_moment * slots[0]) / (sqrt(slots[1]) + step.adam.eps);
  }

  template <class T>
  THALWEG_HD static T effective_rate(const T* slots, const Step<T>& step) {
    return adam_effective_rate(slots[1], step.adam);
  }
};

}  // namespace thalweg
