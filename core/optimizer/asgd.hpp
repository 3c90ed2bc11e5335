// Averaged stochastic gradient descent, as torch.optim.ASGD:
//   g ← g + λθ;  θ ← (1 − λ₀ηₜ)θ − ηₜg;  a ← a + μₜ(θ − a);
//   ηₜ₊₁ = η/(1 + λ₀ηt)^α;  μₜ₊₁ = 1/max(1, t − t₀);  η₁ = η, μ₁ = 1.
//
// B. T. Polyak, A. B. Juditsky, "Acceleration of stochastic approximation by averaging", SIAM J. Control and
// Optimization 1992; the decaying rate is that of L. Bottou's SGD, as in W. Xu, "Towards optimal one pass
// large scale learning with averaged stochastic gradient descent", 2011. The average begins t₀ steps into the
// run and is the last iterate before. Gradients are taken at θ, and PyTorch leaves θ in the parameters; the
// average is in its state as "ax". As in PyTorch ηₜ₊₁ comes from the learning rate in force at step t: a
// change of the rate is felt one step later.
#pragma once

#include <algorithm>
#include <cmath>

#include "core/optimizer/hyperparameters.hpp"
#include "core/optimizer/rule.hpp"

namespace thalweg {

struct Asgd {
  static constexpr const char* kTraining = "lr=0.1";
  static constexpr int kSlots = 1;  // a

  struct Hyper {
    double lambd;
    double alpha;
    double t0;
    double weight_decay;
    bool last;  ///< what it has found is the last iterate
  };
  /// Of the next step.
  struct Progress {
    double rate = 0.0;
    double share = 1.0;
  };
  template <class T>
  struct Step {
    T rate;
    T shrink;  ///< 1 − λ₀ηₜ
    T share;   ///< μₜ
    T weight_decay;
  };

  static Descriptor describe() {
    return {
        .id = "asgd",
        .label = "ASGD",
        .summary = "Gradient descent that ends up at the mean of the points it has passed.",
        .formula = "θ ← (1 − λ₀ηₜ)θ − ηₜ(g + λθ),  a ← a + (θ − a)/max(1, t − t₀),  ηₜ = η/(1 + λ₀η(t−1))^α",
        .reference = "Polyak & Juditsky 1992; PyTorch ASGD",
        .conventions =
            "As torch.optim.ASGD, whose rate of a step comes from the settings of the one before; PyTorch "
            "leaves the last iterate in the parameters and the average in its state.",
        .parameters = {
            learning_rate_parameter(0.001, 1e-5, 1.0),
            Parameter{.key = "lambd",
                      .symbol = "λ₀",
                      .label = "rate decay",
                      .default_value = 1e-4,
                      .min = 0.0,
                      .max = 1e3,
                      .soft_min = 1e-6,
                      .soft_max = 1.0,
                      .scale = Scale::kLog,
                      .help = "How soon the rate falls, and a pull towards 0 that goes with it.",
                      .live = true},
            Parameter{.key = "alpha",
                      .symbol = "α",
                      .label = "power of decay",
                      .default_value = 0.75,
                      .min = 0.0,
                      .max = 10.0,
                      .soft_min = 0.0,
                      .soft_max = 1.0,
                      .help = "The rate falls as t to the power −α; between ½ and 1 the average is the best.",
                      .live = true},
            Parameter{
                .key = "t0",
                .symbol = "t₀",
                .label = "averaging begins",
                .default_value = 1e6,
                .min = 0.0,
                .max = 1e15,
                .soft_min = 1.0,
                .soft_max = 1e6,
                .scale = Scale::kLog,
                .unit = "steps",
                .help = "The first step that is averaged over; before, the average is the last iterate.",
                .live = true},
            l2_parameter(),
            Parameter{.key = "found",
                      .symbol = "",
                      .label = "what it has found",
                      .kind = Kind::kChoice,
                      .default_value = std::string("average"),
                      .help =
                          "What is recorded and evaluated: the average, or the last iterate, where gradients "
                          "are taken and which PyTorch leaves in the parameters.",
                      .choices = {"average", "last"}}}};
  }

  static TorchCall torch(const Spec& spec, bool) {
    TorchCall call{
        "torch.optim.ASGD",
        {torch_argument("lr", spec.number("lr")), torch_argument("lambd", spec.number("lambd"), 1e-4),
         torch_argument("alpha", spec.number("alpha"), 0.75), torch_argument("t0", spec.number("t0"), 1e6),
         torch_argument("weight_decay", spec.number("weight_decay"), 0.0)}};
    if (spec.text("found") == "average") call.found = "optimizer.state[p].get(\"ax\", p)";
    return call;
  }

  static Hyper hyper(const Spec& spec) {
    return {.lambd = spec.number("lambd"),
            .alpha = spec.number("alpha"),
            .t0 = spec.number("t0"),
            .weight_decay = spec.number("weight_decay"),
            .last = spec.text("found") == "last"};
  }

  template <class T>
  static Step<T> prepare(const Hyper& hyper, double learning_rate, std::int64_t t, Progress& progress) {
    const double rate = t == 1 ? learning_rate : progress.rate;
    const Step<T> out{.rate = T(rate),
                      .shrink = T(1.0 - hyper.lambd * rate),
                      .share = T(t == 1 ? 1.0 : progress.share),
                      .weight_decay = T(hyper.weight_decay)};
    const auto now = static_cast<double>(t);
    progress.rate = learning_rate / std::pow(1.0 + hyper.lambd * learning_rate * now, hyper.alpha);
    progress.share = 1.0 / std::max(1.0, now - hyper.t0);
    return out;
  }

  template <class T>
  THALWEG_HD static void update(T& theta, T gradient, T* slots, const Step<T>& step) {
    const T g = gradient + step.weight_decay * theta;
    theta = step.shrink * theta - step.rate * g;
    slots[0] = step.share == T(1) ? theta : slots[0] + step.share * (theta - slots[0]);
  }

  template <class T>
  THALWEG_HD static T effective_rate(const T*, const Step<T>& step) {
    return step.rate;
  }

  template <class T>
  THALWEG_HD static T average(T theta, const T* slots, const Hyper& hyper) {
    return hyper.last ? theta : slots[0];
  }
};

}  // namespace thalweg
