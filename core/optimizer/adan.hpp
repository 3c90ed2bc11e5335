// Adan: Adam with a moment for the change of the gradient, which stands in for Nesterov's look ahead:
//   δ = g − g₋₁ (0 at first);  m ← β₁m + (1−β₁)g;  v ← β₂v + (1−β₂)δ;  n ← β₃n + (1−β₃)(g + β₂δ)²;
//   θ ← (θ − η (m̂ + β₂v̂)/(√n̂ + ε)) / (1 + ηλ).
//
// X. Xie et al., "Adan: adaptive Nesterov momentum algorithm for faster optimizing deep models", 2022,
// Algorithm 1. The paper writes 1−β for our β (0.02, 0.08, 0.01 are 0.98, 0.92, 0.99 here) and has no bias
// correction; these are those of the authors' code.
#pragma once

#include <cmath>

#include "core/optimizer/adam_moments.hpp"

namespace thalweg {

struct Adan {
  static constexpr int kSlots = 4;  // m, v, n, g₋₁

  struct Hyper {
    double beta1, beta2, beta3;
    double eps;
    double weight_decay;
  };
  struct Progress {
    double beta1 = 0.0, beta2 = 0.0, beta3 = 0.0;
    double power1 = 0.0, power2 = 0.0, power3 = 0.0;
  };
  template <class T>
  struct Step {
    T beta1, beta2, beta3;
    T one_minus_beta1, one_minus_beta2, one_minus_beta3;
    T from_m;  ///< η √(1−β₃ᵗ)/(1−β₁ᵗ)
    T from_v;  ///< η β₂ √(1−β₃ᵗ)/(1−β₂ᵗ)
    T eps;     ///< ε √(1−β₃ᵗ)
    T shrink;  ///< 1/(1 + ηλ)
    T full;    ///< η √(1−β₃ᵗ)
    bool begins;
  };

  static constexpr const char* kTraining = "lr=0.001";

  static Descriptor describe() {
    Parameter decay = decoupled_decay_parameter();
    decay.help = "Shrinks every coordinate by the factor 1/(1 + ηλ) after the step, whatever its gradient.";
    return {.id = "adan",
            .label = "Adan",
            .summary = "Adam with a memory of how the gradient changes, in place of Nesterov's look ahead.",
            .formula =
                "v ← β₂v + (1−β₂)δ,  n ← β₃n + (1−β₃)(g + β₂δ)²,  θ ← θ − η (m̂ + β₂v̂)/(√n̂ + ε),  δ = g − g₋₁",
            .reference = "Xie et al. 2022, Algorithm 1",
            .conventions =
                "The paper writes 1−β for our β, and has no bias correction; this one is that of the "
                "authors' code. The decay divides: θ/(1 + ηλ).",
            .parameters = {learning_rate_parameter(0.01, 1e-4, 1.0),
                           decay_rate_parameter("beta1", "β₁", "first moment", 0.98,
                                                "Memory of the mean gradient: about 1/(1−β₁) updates."),
                           decay_rate_parameter("beta2", "β₂", "gradient change", 0.92,
                                                "Memory of the gradient's change: about 1/(1−β₂) updates."),
                           decay_rate_parameter("beta3", "β₃", "second moment", 0.99,
                                                "Memory of the mean square: about 1/(1−β₃) updates."),
                           epsilon_parameter(1e-8), decay}};
  }

  static TorchCall torch(const Spec& spec, bool) {
    TorchCall call{
        "Adan",
        {torch_argument("lr", spec.number("lr")),
         {"betas", "(" + python_number(spec.number("beta1")) + ", " + python_number(spec.number("beta2")) +
                       ", " + python_number(spec.number("beta3")) + ")"},
         torch_argument("eps", spec.number("eps")),
         torch_argument("weight_decay", spec.number("weight_decay"), 0.0)}};
    call.definition = element_class(
        "Adan", "Xie et al. 2022, Algorithm 1.", "betas=(0.98, 0.92, 0.99), eps=1e-8, weight_decay=0",
        "betas=betas, eps=eps, weight_decay=weight_decay", {"m", "v", "n"},
        {"b1, b2, b3 = group[\"betas\"]", "change = g - s.get(\"g\", g)", "s[\"g\"] = g.clone()",
         "s[\"m\"] = b1 * s[\"m\"] + (1 - b1) * g", "s[\"v\"] = b2 * s[\"v\"] + (1 - b2) * change",
         "s[\"n\"] = b3 * s[\"n\"] + (1 - b3) * (g + b2 * change) ** 2",
         "mean = s[\"m\"] / (1 - b1**t) + b2 * s[\"v\"] / (1 - b2**t)",
         "p -= lr * mean / ((s[\"n\"] / (1 - b3**t)).sqrt() + group[\"eps\"])",
         "p /= 1 + lr * group[\"weight_decay\"]"});
    return call;
  }

  static Hyper hyper(const Spec& spec) {
    return {.beta1 = spec.number("beta1"),
            .beta2 = spec.number("beta2"),
            .beta3 = spec.number("beta3"),
            .eps = spec.number("eps"),
            .weight_decay = spec.number("weight_decay")};
  }

  static std::vector<StateQuantity> quantities(const Hyper&) {
    return {{"m", "mean gradient"},     {"m̂", "mean gradient, corrected", false, true},
            {"v", "gradient change"},   {"v̂", "gradient change, corrected", false, true},
            {"n", "mean square", true}, {"n̂", "mean square, corrected", true, true}};
  }

  static void look(const Hyper&, const Progress& progress, const Step<double>&, const double* slots,
                   double* out) {
    const double left[] = {1.0 - progress.power1, 1.0 - progress.power2, 1.0 - progress.power3};
    for (int k = 0; k < 3; ++k) {
      out[2 * k] = slots[k];
      out[2 * k + 1] = slots[k] / left[k];
    }
  }

  template <class T>
  static Step<T> prepare(const Hyper& hyper, double learning_rate, std::int64_t t, Progress& progress) {
    progress.power1 = next_power(progress.power1, progress.beta1, hyper.beta1, t);
    progress.power2 = next_power(progress.power2, progress.beta2, hyper.beta2, t);
    progress.power3 = next_power(progress.power3, progress.beta3, hyper.beta3, t);
    progress.beta1 = hyper.beta1;
    progress.beta2 = hyper.beta2;
    progress.beta3 = hyper.beta3;
    const double root = std::sqrt(1.0 - progress.power3);
    return {.beta1 = T(hyper.beta1),
            .beta2 = T(hyper.beta2),
            .beta3 = T(hyper.beta3),
            .one_minus_beta1 = T(1.0 - hyper.beta1),
            .one_minus_beta2 = T(1.0 - hyper.beta2),
            .one_minus_beta3 = T(1.0 - hyper.beta3),
            .from_m = T(learning_rate * root / (1.0 - progress.power1)),
            .from_v = T(learning_rate * hyper.beta2 * root / (1.0 - progress.power2)),
            .eps = T(hyper.eps * root),
            .shrink = T(1.0 / (1.0 + learning_rate * hyper.weight_decay)),
            .full = T(learning_rate * root),
            .begins = t == 1};
  }

  template <class T>
  THALWEG_HD static void update(T& theta, T gradient, T* slots, const Step<T>& step) {
    using std::sqrt;
    const T change = step.begins ? T(0) : gradient - slots[3];
    const T ahead = gradient + step.beta2 * change;
    slots[0] = step.beta1 * slots[0] + step.one_minus_beta1 * gradient;
    slots[1] = step.beta2 * slots[1] + step.one_minus_beta2 * change;
    slots[2] = step.beta3 * slots[2] + step.one_minus_beta3 * ahead * ahead;
    slots[3] = gradient;
    theta = step.shrink *
            (theta - (step.from_m * slots[0] + step.from_v * slots[1]) / (sqrt(slots[2]) + step.eps));
  }

  template <class T>
  THALWEG_HD static T effective_rate(const T* slots, const Step<T>& step) {
    using std::sqrt;
    return step.full / (sqrt(slots[2]) + step.eps);
  }
};

}  // namespace thalweg
