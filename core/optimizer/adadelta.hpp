// Adadelta, as in PyTorch:
//   g ← g + λθ;  s ← ρs + (1−ρ)g²;  d = √(u + ε)/√(s + ε) · g;  u ← ρu + (1−ρ)d²;  θ ← θ − ηd.
//
// M. D. Zeiler, "ADADELTA: an adaptive learning rate method", 2012, Algorithm 1, which has no η (η = 1). ε is
// under the roots, as in the paper. It sets the pace of the first updates: u starts at 0, so the first is
// about η√ε/√(1−ρ) long.
#pragma once

#include <cmath>

#include "core/optimizer/hyperparameters.hpp"
#include "core/optimizer/rule.hpp"

namespace thalweg {

struct Adadelta {
  static constexpr int kSlots = 2;  // s, u

  struct Hyper {
    double rho;
    double eps;
    double weight_decay;
  };
  struct Progress {};
  template <class T>
  struct Step {
    T learning_rate;
    T rho;
    T one_minus_rho;
    T eps;
    T weight_decay;
  };

  static constexpr const char* kTraining = "lr=1";

  static Descriptor describe() {
    Parameter eps = epsilon_parameter(1e-6);
    eps.help = "Added under both roots: it sets how long the first updates are.";
    return {.id = "adadelta",
            .label = "Adadelta",
            .summary =
                "Steps as long as the recent steps, in the units of the parameters: needs no learning rate.",
            .formula = "s ← ρs + (1−ρ)g²,  d = √(u+ε)/√(s+ε) g,  u ← ρu + (1−ρ)d²,  θ ← θ − ηd",
            .reference = "Zeiler 2012, Algorithm 1; PyTorch Adadelta",
            .conventions =
                "The paper has no learning rate (η = 1). ε is under both roots, as there: since the mean of "
                "squared steps begins at 0, ε alone sets the length of the first step.",
            .parameters = {
                learning_rate_parameter(0.3, 0.01, 100.0),
                decay_rate_parameter("rho", "ρ", "decay", 0.9,
                                     "Memory of the mean squared gradient and step: about 1/(1−ρ) updates."),
                eps, l2_parameter()}};
  }

  static TorchCall torch(const Spec& spec, bool) {
    return {"torch.optim.Adadelta",
            {torch_argument("lr", spec.number("lr")), torch_argument("rho", spec.number("rho")),
             torch_argument("eps", spec.number("eps")),
             torch_argument("weight_decay", spec.number("weight_decay"), 0.0)}};
  }

  static Hyper hyper(const Spec& spec) {
    return {
        .rho = spec.number("rho"), .eps = spec.number("eps"), .weight_decay = spec.number("weight_decay")};
  }

  static std::vector<StateQuantity> quantities(const Hyper&) {
    return {{"s", "mean squared gradient", true}, {"u", "mean squared step", true}};
  }

  static void look(const Hyper&, const Progress&, const Step<double>&, const double* slots, double* out) {
    out[0] = slots[0];
    out[1] = slots[1];
  }

  template <class T>
  static Step<T> prepare(const Hyper& hyper, double learning_rate, std::int64_t, Progress&) {
    return {.learning_rate = T(learning_rate),
            .rho = T(hyper.rho),
            .one_minus_rho = T(1.0 - hyper.rho),
            .eps = T(hyper.eps),
            .weight_decay = T(hyper.weight_decay)};
  }

  template <class T>
  THALWEG_HD static void update(T& theta, T gradient, T* slots, const Step<T>& step) {
    using std::sqrt;
    const T g = gradient + step.weight_decay * theta;
    slots[0] = step.rho * slots[0] + step.one_minus_rho * g * g;
    const T d = sqrt(slots[1] + step.eps) / sqrt(slots[0] + step.eps) * g;
    slots[1] = step.rho * slots[1] + step.one_minus_rho * d * d;
    theta -= step.learning_rate * d;
  }

  template <class T>
  THALWEG_HD static T effective_rate(const T* slots, const Step<T>& step) {
    using std::sqrt;
    return step.learning_rate * sqrt(slots[1] + step.eps) / sqrt(slots[0] + step.eps);
  }
};

}  // namespace thalweg
