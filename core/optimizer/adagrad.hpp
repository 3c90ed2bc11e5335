// AdaGrad, diagonal, as in PyTorch:
//   g ← g + λθ;  s ← s + g²;  θ ← θ − η/(1 + (t−1)·lr_decay) · g/(√s + ε).
//
// J. Duchi, E. Hazan, Y. Singer, "Adaptive subgradient methods for online learning and stochastic
// optimization", JMLR 12, 2011, Figure 1 (there δ is ε). ε is outside the root; s starts at
// initial_accumulator_value; weight decay is L2. The first step has length η in every coordinate.
#pragma once

#include <cmath>

#include "core/optimizer/hyperparameters.hpp"
#include "core/optimizer/rule.hpp"

namespace thalweg {

struct Adagrad {
  static constexpr int kSlots = 1;  // s

  struct Hyper {
    double lr_decay;
    double initial_accumulator_value;
    double eps;
    double weight_decay;
  };
  struct Progress {};
  template <class T>
  struct Step {
    T learning_rate;
    T eps;
    T weight_decay;
  };

  static constexpr const char* kTraining = "lr=0.02";

  static Descriptor describe() {
    return {
        .id = "adagrad",
        .label = "AdaGrad",
        .summary = "Divides each coordinate's step by the root of all its squared gradients so far.",
        .formula = "s ← s + g²,  θ ← θ − ηₜ g / (√s + ε),  ηₜ = η / (1 + (t−1)κ),  g = ∇f(θ) + λθ",
        .reference = "Duchi, Hazan, Singer 2011 (JMLR 12), Figure 1; PyTorch Adagrad",
        .conventions =
            "ε is outside the root. Weight decay is L2. The paper has no decay of the learning rate; "
            "`lr_decay` is PyTorch's.",
        .parameters = {learning_rate_parameter(0.5, 1e-3, 10.0),
                       Parameter{.key = "lr_decay",
                                 .symbol = "κ",
                                 .label = "learning-rate decay",
                                 .default_value = 0.0,
                                 .min = 0.0,
                                 .max = 1e3,
                                 .soft_min = 1e-6,
                                 .soft_max = 1.0,
                                 .scale = Scale::kLog,
                                 .help = "Also shrinks the rate as 1/(1 + (t−1)κ), on top of the division.",
                                 .live = true},
                       Parameter{.key = "initial_accumulator_value",
                                 .symbol = "s₀",
                                 .label = "initial accumulator",
                                 .default_value = 0.0,
                                 .min = 0.0,
                                 .max = 1e12,
                                 .soft_min = 1e-6,
                                 .soft_max = 1e3,
                                 .scale = Scale::kLog,
                                 .help = "What the sum of squared gradients starts at; more makes the "
                                         "first steps smaller."},
                       epsilon_parameter(1e-10), l2_parameter()}};
  }

  static TorchCall torch(const Spec& spec, bool) {
    return {
        "torch.optim.Adagrad",
        {torch_argument("lr", spec.number("lr")), torch_argument("lr_decay", spec.number("lr_decay"), 0.0),
         torch_argument("initial_accumulator_value", spec.number("initial_accumulator_value"), 0.0),
         torch_argument("eps", spec.number("eps")),
         torch_argument("weight_decay", spec.number("weight_decay"), 0.0)}};
  }

  static Hyper hyper(const Spec& spec) {
    return {.lr_decay = spec.number("lr_decay"),
            .initial_accumulator_value = spec.number("initial_accumulator_value"),
            .eps = spec.number("eps"),
            .weight_decay = spec.number("weight_decay")};
  }

  template <class T>
  static void init(const Hyper& hyper, T* slots) {
    slots[0] = T(hyper.initial_accumulator_value);
  }

  static std::vector<StateQuantity> quantities(const Hyper&) {
    return {{"s", "sum of squared gradients", true}};
  }

  static void look(const Hyper&, const Progress&, const Step<double>&, const double* slots, double* out) {
    out[0] = slots[0];
  }

  template <class T>
  static Step<T> prepare(const Hyper& hyper, double learning_rate, std::int64_t t, Progress&) {
    const double rate = learning_rate / (1.0 + static_cast<double>(t - 1) * hyper.lr_decay);
    return {T(rate), T(hyper.eps), T(hyper.weight_decay)};
  }

  template <class T>
  THALWEG_HD static void update(T& theta, T gradient, T* slots, const Step<T>& step) {
    using std::sqrt;
    const T g = gradient + step.weight_decay * theta;
    slots[0] += g * g;
    theta -= step.learning_rate * g / (sqrt(slots[0]) + step.eps);
  }

  template <class T>
  THALWEG_HD static T effective_rate(const T* slots, const Step<T>& step) {
    using std::sqrt;
    return step.learning_rate / (sqrt(slots[0]) + step.eps);
  }
};

}  // namespace thalweg
