// Gradient descent with a fixed step: g ← g + λθ;  θ ← θ − ηg.
//
// A. Cauchy, "Méthode générale pour la résolution des systèmes d'équations simultanées", 1847.
// Weight decay λ is L2, as in PyTorch's SGD. No line search.
#pragma once

#include "core/optimizer/hyperparameters.hpp"
#include "core/optimizer/rule.hpp"

namespace thalweg {

struct GradientDescent {
  static constexpr int kSlots = 0;

  struct Hyper {
    double weight_decay;
  };
  struct Progress {};
  template <class T>
  struct Step {
    T learning_rate;
    T weight_decay;
  };

  static constexpr const char* kTraining = "lr=0.1";

  static Descriptor describe() {
    return {.id = "gd",
            .label = "Gradient descent",
            .summary = "Steps straight downhill, by the learning rate times the slope.",
            .formula = "θ ← θ − η(g + λθ)",
            .reference = "Cauchy 1847; PyTorch SGD without momentum",
            .conventions = "Weight decay is L2, as in PyTorch's SGD. No line search.",
            .parameters = {learning_rate_parameter(0.001, 1e-5, 1.0), l2_parameter()}};
  }

  static TorchCall torch(const Spec& spec, bool) {
    return {"torch.optim.SGD",
            {torch_argument("lr", spec.number("lr")),
             torch_argument("weight_decay", spec.number("weight_decay"), 0.0)}};
  }

  static Hyper hyper(const Spec& spec) { return {.weight_decay = spec.number("weight_decay")}; }

  template <class T>
  static Step<T> prepare(const Hyper& hyper, double learning_rate, std::int64_t, Progress&) {
    return {T(learning_rate), T(hyper.weight_decay)};
  }

  template <class T>
  THALWEG_HD static void update(T& theta, T gradient, T*, const Step<T>& step) {
    theta -= step.learning_rate * (gradient + step.weight_decay * theta);
  }

  template <class T>
  THALWEG_HD static T effective_rate(const T*, const Step<T>& step) {
    return step.learning_rate;
  }
};

}  // namespace thalweg
