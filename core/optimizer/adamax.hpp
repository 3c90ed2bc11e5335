// Adamax, as in PyTorch: Adam with a maximum in place of the mean of squares:
//   g ← g + λθ;  m ← β₁m + (1−β₁)g;  u ← max(β₂u, |g| + ε);  θ ← θ − η/(1−β₁ᵗ) · m/u.
//
// D. P. Kingma, J. Ba, "Adam: a method for stochastic optimization", ICLR 2015, Algorithm 2, which has no ε.
#pragma once

#include <cmath>

#include "core/optimizer/adam_moments.hpp"

namespace thalweg {

struct Adamax {
  static constexpr int kSlots = 2;  // m, u
  using Hyper = AdamHyper;
  using Progress = AdamProgress;
  template <class T>
  struct Step {
    T beta1;
    T one_minus_beta1;
    T beta2;
    T eps;
    T rate;  ///< η / (1 − β₁ᵗ)
    T weight_decay;
    T learning_rate;
  };

  static constexpr const char* kTraining = "lr=0.002";

  static Descriptor describe() {
    return {
        .id = "adamax",
        .label = "Adamax",
        .summary = "Adam with the largest recent gradient in place of the root of the mean square.",
        .formula = "m ← β₁m + (1−β₁)g,  u ← max(β₂u, |g|+ε),  θ ← θ − η/(1−β₁ᵗ) m/u",
        .reference = "Kingma & Ba 2015, Algorithm 2; PyTorch Adamax",
        .conventions =
            "The paper has no ε; as in PyTorch it is added to |g| within the maximum. Weight decay is L2.",
        .parameters = {
            learning_rate_parameter(0.05, 1e-4, 1.0), beta1_parameter(),
            decay_rate_parameter("beta2", "β₂", "infinity norm", 0.999,
                                 "How slowly the largest gradient is forgotten: about 1/(1−β₂) updates."),
            epsilon_parameter(1e-8), l2_parameter()}};
  }

  static TorchCall torch(const Spec& spec, bool) {
    TorchCall call = adam_torch("torch.optim.Adamax", spec);
    call.arguments.push_back(torch_argument("weight_decay", spec.number("weight_decay"), 0.0));
    return call;
  }

  static Hyper hyper(const Spec& spec) { return adam_hyper(spec, AdamDecay::kNone); }

  static std::vector<StateQuantity> quantities(const Hyper&) {
    return {{"m", "first moment"},
            {"m̂", "first moment, corrected", false, true},
            {"u", "largest gradient", true}};
  }

  static void look(const Hyper&, const Progress& progress, const Step<double>&, const double* slots,
                   double* out) {
    out[0] = slots[0];
    out[1] = slots[0] / (1.0 - progress.power1);
    out[2] = slots[1];
  }

  template <class T>
  static Step<T> prepare(const Hyper& hyper, double learning_rate, std::int64_t t, Progress& progress) {
    proceed(progress, hyper, t);
    return {.beta1 = T(hyper.beta1),
            .one_minus_beta1 = T(1.0 - hyper.beta1),
            .beta2 = T(hyper.beta2),
            .eps = T(hyper.eps),
            .rate = T(learning_rate / (1.0 - progress.power1)),
            .weight_decay = T(hyper.weight_decay),
            .learning_rate = T(learning_rate)};
  }

  template <class T>
  THALWEG_HD static void update(T& theta, T gradient, T* slots, const Step<T>& step) {
    const T g = gradient + step.weight_decay * theta;
    const T size = (g < T(0) ? -g : g) + step.eps;
    const T kept = step.beta2 * slots[1];
    slots[0] = step.beta1 * slots[0] + step.one_minus_beta1 * g;
    // NaN in either goes on: it is less than nothing.
    slots[1] = kept > size ? kept : kept <= size ? size : kept + size;
    theta -= step.rate * slots[0] / slots[1];
  }

  template <class T>
  THALWEG_HD static T effective_rate(const T* slots, const Step<T>& step) {
    return step.learning_rate / slots[1];
  }
};

}  // namespace thalweg
