// Nesterov's momentum in PyTorch's form:
//   g ← g + λθ;  v ← μv + g (at the first update v = g);  θ ← θ − η(g + μv).
//
// Y. Nesterov, "A method for solving the convex programming problem with convergence rate O(1/k²)",
// 1983; in the form of Sutskever et al., ICML 2013, eqs. (3)-(4), rewritten for the look-ahead point
// as in Bengio et al., "Advances in optimizing recurrent networks", 2013, eq. (7): θ here is the point
// at which the gradient is taken, one μv ahead of Nesterov's own iterate. On a quadratic it therefore
// may reach a tolerance a step earlier or later than textbook NAG. While η changes the two differ as
// PyTorch's and the classical momentum do.
#pragma once

#include "core/optimizer/torch_classes.hpp"
#include "core/optimizer/velocity.hpp"

namespace thalweg {

struct Nesterov : VelocityFamily {
  template <class T>
  struct Step {
    T learning_rate;
    T momentum;
    T weight_decay;
  };

  static constexpr const char* kTraining = "lr=0.01";

  static Descriptor describe() {
    return {
        .id = "nesterov",
        .label = "Nesterov",
        .summary = "Momentum that takes the gradient where the velocity is about to carry it.",
        .formula = "v ← μv + g,  θ ← θ − η(g + μv),  g = ∇f(θ) + λθ",
        .reference = "Nesterov 1983; Sutskever et al. 2013, eqs. (3)-(4); PyTorch SGD with nesterov=True",
        .conventions =
            "PyTorch's form: θ is the point at which the gradient is taken, one μv ahead of Nesterov's own "
            "iterate, so that a tolerance may be reached a step earlier or later than by the textbook's.",
        .parameters = {learning_rate_parameter(0.0002, 1e-5, 1.0), momentum_parameter(0.9), l2_parameter()}};
  }

  static TorchCall torch(const Spec& spec, bool velocity_stops) {
    TorchCall call{
        "torch.optim.SGD",
        {torch_argument("lr", spec.number("lr")), torch_argument("momentum", spec.number("momentum"), 0.0),
         torch_argument("weight_decay", spec.number("weight_decay"), 0.0)}};
    if (velocity_stops) {
      call.callee = "Nesterov";
      call.definition =
          velocity_class("Nesterov", "torch.optim.SGD with nesterov=True, which can't have momentum=0.",
                         "v.mul_(mu).add_(g)", "p.sub_(lr * (g + mu * v))");
    } else if (spec.number("momentum") !=
               0.0) {  // without momentum it is plain descent, and SGD refuses the flag
      call.arguments.push_back({"nesterov", "True"});
    }
    return call;
  }

  static std::vector<StateQuantity> quantities(const Hyper&) { return {{"v", "velocity"}}; }

  template <class T>
  static Step<T> prepare(const Hyper& hyper, double learning_rate, std::int64_t, Progress&) {
    return {T(learning_rate), T(hyper.momentum), T(hyper.weight_decay)};
  }

  template <class T>
  THALWEG_HD static void update(T& theta, T gradient, T* slots, const Step<T>& step) {
    const T g = gradient + step.weight_decay * theta;
    slots[0] = step.momentum * slots[0] + g;
    theta -= step.learning_rate * (g + step.momentum * slots[0]);
  }

  template <class T>
  THALWEG_HD static T effective_rate(const T*, const Step<T>& step) {
    return step.learning_rate;
  }
};

}  // namespace thalweg
