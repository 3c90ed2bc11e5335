// What Adam and its relatives share: the two moments, their bias correction, the settings.
//
// Bias correction follows PyTorch: 1 − βᵗ with the β in force now, also when it has changed on the
// way. βᵗ is carried as a running product, since two calls of pow would cost more than the rest of
// a step in two dimensions; it is computed afresh when β changes.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/optimizer/hyperparameters.hpp"
#include "core/optimizer/rule.hpp"
#include "core/optimizer/torch_classes.hpp"

namespace thalweg {

enum class AdamDecay { kNone, kL2, kDecoupled };

struct AdamHyper {
  double beta1;
  double beta2;
  double eps;
  double weight_decay;
  bool bias_correction = true;
  AdamDecay decay = AdamDecay::kNone;  ///< what prepare_adam() makes of weight_decay
};

/// From the parameters beta1, beta2, eps, and weight_decay, bias_correction and `decay` where there are such.
/// @param decay  what it is without a parameter `decay`; kNone also of a rule that decays by itself
inline AdamHyper adam_hyper(const Spec& spec, AdamDecay decay) {
  if (spec.find("decoupled_weight_decay")) decay = is_decoupled(spec) ? AdamDecay::kDecoupled : AdamDecay::kL2;
  return {.beta1 = spec.number("beta1"),
          .beta2 = spec.number("beta2"),
          .eps = spec.number("eps"),
          .weight_decay = spec.find("weight_decay") ? spec.number("weight_decay") : 0.0,
          .bias_correction = !spec.find("bias_correction") || spec.flag("bias_correction"),
          .decay = decay};
}

/// torch.optim's class, or where there is no bias correction a class of our own.
inline TorchCall adam_torch(std::string callee, const Spec& spec) {
  TorchCall call{std::move(callee),
                 {torch_argument("lr", spec.number("lr")),
                  {"betas", "(" + python_number(spec.number("beta1")) + ", " +
                                python_number(spec.number("beta2")) + ")"},
                  torch_argument("eps", spec.number("eps"))}};
  if (!spec.find("bias_correction") || spec.flag("bias_correction")) return call;
  call.callee = "UncorrectedAdam";
  call.definition =
      element_class("UncorrectedAdam", "Adam, and AdamW, without the bias correction.",
                    "betas=(0.9, 0.999), eps=1e-8, weight_decay=0",
                    "betas=betas, eps=eps, weight_decay=weight_decay", {"m", "v"},
                    {"b1, b2 = group[\"betas\"]", "p *= 1 - lr * group[\"weight_decay\"]",
                     "s[\"m\"] = b1 * s[\"m\"] + (1 - b1) * g", "s[\"v\"] = b2 * s[\"v\"] + (1 - b2) * g**2",
                     "p -= lr * s[\"m\"] / (s[\"v\"].sqrt() + group[\"eps\"])"});
  return call;
}

/// βᵗ for both β, and the β it belongs to.
struct AdamProgress {
  double beta1 = 0.0;
  double beta2 = 0.0;
  double power1 = 0.0;
  double power2 = 0.0;
};

/// θ ← shrink·θ − rate·m / (√v + eps) with g ← g + l2·θ first. With c₁ = 1 − β₁ᵗ and c₂ = 1 − β₂ᵗ,
/// η (m/c₁) / (√(v/c₂) + ε) = (η√c₂/c₁) m / (√v + ε√c₂): the corrections cost nothing per element.
template <class T>
struct AdamStep {
  T beta1;
  T beta2;
  T one_minus_beta1;
  T one_minus_beta2;
  T rate;    ///< η √(1 − β₂ᵗ) / (1 − β₁ᵗ)
  T eps;     ///< ε √(1 − β₂ᵗ)
  T full;    ///< η √(1 − β₂ᵗ), for adam_effective_rate alone
  T l2;      ///< λ where it is added to the gradient, else 0
  T shrink;  ///< 1 − ηλ where decay is decoupled, else 1
};

/// βᵗ from its value one step earlier. Below 1e-30 it is 0: 1 − βᵗ has long been 1, and the product
/// must not decay into denormal numbers, which are slow.
inline double next_power(double power, double beta_before, double beta, std::int64_t t) {
  const double next = t > 1 && beta == beta_before ? power * beta : std::pow(beta, static_cast<double>(t));
  return next < 1e-30 ? 0.0 : next;
}

/// Brings the powers to step `t`.
inline void proceed(AdamProgress& progress, const AdamHyper& hyper, std::int64_t t) {
  progress.power1 = next_power(progress.power1, progress.beta1, hyper.beta1, t);
  progress.power2 = next_power(progress.power2, progress.beta2, hyper.beta2, t);
  progress.beta1 = hyper.beta1;
  progress.beta2 = hyper.beta2;
}

template <class T>
AdamStep<T> prepare_adam(const AdamHyper& hyper, double learning_rate, std::int64_t t,
                         AdamProgress& progress) {
  proceed(progress, hyper, t);
  const double root = hyper.bias_correction ? std::sqrt(1.0 - progress.power2) : 1.0;
  const double first = hyper.bias_correction ? 1.0 - progress.power1 : 1.0;
  return {.beta1 = T(hyper.beta1),
          .beta2 = T(hyper.beta2),
          .one_minus_beta1 = T(1.0 - hyper.beta1),
          .one_minus_beta2 = T(1.0 - hyper.beta2),
          .rate = T(learning_rate * root / first),
          .eps = T(hyper.eps * root),
          .full = T(learning_rate * root),
          .l2 = T(hyper.decay == AdamDecay::kL2 ? hyper.weight_decay : 0.0),
          .shrink = T(hyper.decay == AdamDecay::kDecoupled ? 1.0 - learning_rate * hyper.weight_decay : 1.0)};
}

/// m ← β₁m + (1−β₁)g;  v ← β₂v + (1−β₂)g².
template <class T>
THALWEG_HD inline void update_moments(T g, T& m, T& v, const AdamStep<T>& step) {
  m = step.beta1 * m + step.one_minus_beta1 * g;
  v = step.beta2 * v + step.one_minus_beta2 * g * g;
}

/// η m̂ / (√v̂ + ε): bias correction first, then ε, outside the root.
template <class T>
THALWEG_HD inline T adam_move(T m, T v, const AdamStep<T>& step) {
  using std::sqrt;
  return step.rate * m / (sqrt(v) + step.eps);
}

/// η / (√v̂ + ε), the factor before m̂.
template <class T>
THALWEG_HD inline T adam_effective_rate(T v, const AdamStep<T>& step) {
  using std::sqrt;
  return step.full / (sqrt(v) + step.eps);
}

/// Both moments for people to look at, with their corrections where there are such: m, m̂, v, v̂. `second` is
/// the symbol of the second, `label` what it is.
inline std::vector<StateQuantity> moment_quantities(const AdamHyper& hyper, const std::string& second = "v",
                                                    const std::string& label = "second moment") {
  if (!hyper.bias_correction) return {{"m", "first moment"}, {second, label, true}};
  return {{"m", "first moment"},
          {"m̂", "first moment, corrected", false, true},
          {second, label, true},
          {second + "\u0302", label + ", corrected", true, true}};
}

/// Their values, as many as moment_quantities() names.
inline void look_at_moments(const AdamHyper& hyper, const AdamProgress& progress, const double* slots,
                            double* out) {
  if (!hyper.bias_correction) {
    out[0] = slots[0];
    out[1] = slots[1];
    return;
  }
  out[0] = slots[0];
  out[1] = slots[0] / (1.0 - progress.power1);
  out[2] = slots[1];
  out[3] = slots[1] / (1.0 - progress.power2);
}

/// What Adam has in common with those relatives that keep m and v. A rule derives from it, adds what makes it
/// that rule, and hides what it does in its own way.
/// @tparam kDecay  where there is no parameter `decay`
template <AdamDecay kDecay>
struct AdamFamily {
  static constexpr int kSlots = 2;  // m, v
  using Hyper = AdamHyper;
  using Progress = AdamProgress;
  template <class T>
  using Step = AdamStep<T>;

  static constexpr const char* kTraining = "lr=0.001";

  static Hyper hyper(const Spec& spec) { return adam_hyper(spec, kDecay); }

  static std::vector<StateQuantity> quantities(const Hyper& hyper) { return moment_quantities(hyper); }

  template <class AnyStep>
  static void look(const Hyper& hyper, const Progress& progress, const AnyStep&, const double* slots,
                   double* out) {
    look_at_moments(hyper, progress, slots, out);
  }

  template <class T>
  static Step<T> prepare(const Hyper& hyper, double learning_rate, std::int64_t t, Progress& progress) {
    return prepare_adam<T>(hyper, learning_rate, t, progress);
  }

  template <class T>
  THALWEG_HD static T effective_rate(const T* slots, const Step<T>& step) {
    return adam_effective_rate(slots[1], step);
  }
};

}  // namespace thalweg
