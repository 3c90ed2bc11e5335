// RMSprop, as in PyTorch:
//   g ← g + λθ;  s ← αs + (1−α)g²;  [centered: ḡ ← αḡ + (1−α)g, s̃ = s − ḡ², else s̃ = s]
//   v ← μv + g/(√s̃ + ε);  θ ← θ − ηv.
//
// T. Tieleman, G. Hinton, "Lecture 6.5 - rmsprop", COURSERA, 2012; centered: A. Graves, "Generating
// sequences with recurrent neural networks", 2013, eqs. (38)-(45). ε is outside the root (Graves has
// it under the root). No bias correction: the first step has length η/√(1−α), ten times η with
// α = 0.99. Weight decay is L2. The velocity carries no η, as in PyTorch.
//
// Centered, s − ḡ² is a variance and never negative but by rounding (a constant gradient); then it
// counts as 0, where PyTorch 1.13 gives NaN.
#pragma once

#include <cmath>

#include "core/optimizer/hyperparameters.hpp"
#include "core/optimizer/rule.hpp"

namespace thalweg {

struct Rmsprop {
  static constexpr int kSlots = 3;  // s, v, ḡ

  struct Hyper {
    double alpha;
    double eps;
    double momentum;
    double weight_decay;
    bool centered;
  };
  struct Progress {};
  template <class T>
  struct Step {
    T learning_rate;
    T alpha;
    T one_minus_alpha;
    T eps;
    T momentum;
    T weight_decay;
    bool centered;
  };

  static constexpr const char* kTraining = "lr=0.001";

  static Descriptor describe() {
    return {
        .id = "rmsprop",
        .label = "RMSprop",
        .summary = "Divides each coordinate's step by the root of a running mean of its squared gradient.",
        .formula = "s ← αs + (1−α)g²,  v ← μv + g/(√s + ε),  θ ← θ − ηv,  g = ∇f(θ) + λθ",
        .reference =
            "Tieleman & Hinton 2012, lecture 6.5; Graves 2013, eqs. (38)-(45) (centered); "
            "PyTorch RMSprop",
        .conventions =
            "ε is outside the root (Graves has it under it). No bias correction: the first step is η/√(1−α) "
            "long. Centred, a variance that rounding made negative counts as 0, where PyTorch 1.13 gives "
            "NaN. Weight decay is L2; the velocity carries no η.",
        .parameters = {learning_rate_parameter(0.005, 1e-5, 1.0),
                       decay_rate_parameter("alpha", "α", "squared-gradient decay", 0.99,
                                            "Memory of the mean squared gradient: about 1/(1−α) updates."),
                       epsilon_parameter(1e-8), momentum_parameter(0.0), l2_parameter(),
                       Parameter{.key = "centered",
                                 .symbol = "",
                                 .label = "centered",
                                 .kind = Kind::kBoolean,
                                 .default_value = 0.0,
                                 .help = "Divides by the spread of the gradient instead of its size: the "
                                         "squared mean is taken off first."}}};
  }

  /// Where the momentum is 0 for a while PyTorch has no velocity to begin with, or a stale one.
  static constexpr const char* kStoppingClass = R"(class RMSprop(torch.optim.Optimizer):
    """torch.optim.RMSprop, but for a velocity that is kept up while the momentum is 0."""

    def __init__(self, params, lr, alpha, eps, momentum=0, weight_decay=0, centered=False):
        super().__init__(params, dict(lr=lr, alpha=alpha, eps=eps, momentum=momentum, weight_decay=weight_decay,
                                      centered=centered))

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            alpha = group["alpha"]
            for p in group["params"]:
                state = self.state[p]
                if not state:
                    state.update(s=torch.zeros_like(p), v=torch.zeros_like(p), mean=torch.zeros_like(p))
                g = p.grad + group["weight_decay"] * p
                state["s"] = alpha * state["s"] + (1 - alpha) * g**2
                state["mean"] = alpha * state["mean"] + (1 - alpha) * g
                spread = (state["s"] - state["mean"] ** 2).clamp(min=0) if group["centered"] else state["s"]
                state["v"] = group["momentum"] * state["v"] + g / (spread.sqrt() + group["eps"])
                p -= group["lr"] * state["v"]
)";

  static TorchCall torch(const Spec& spec, bool velocity_stops) {
    TorchCall call{
        "torch.optim.RMSprop",
        {torch_argument("lr", spec.number("lr")), torch_argument("alpha", spec.number("alpha")),
         torch_argument("eps", spec.number("eps")), torch_argument("momentum", spec.number("momentum"), 0.0),
         torch_argument("weight_decay", spec.number("weight_decay"), 0.0)}};
    if (spec.flag("centered")) call.arguments.push_back({"centered", "True"});
    if (velocity_stops) {
      call.callee = "RMSprop";
      call.definition = kStoppingClass;
    } else if (spec.flag("centered")) {
      call.notes = {"Where s − ḡ² rounds below 0 Thalweg takes 0; PyTorch 1.13 gives NaN."};
    }
    return call;
  }

  static Hyper hyper(const Spec& spec) {
    return {.alpha = spec.number("alpha"),
            .eps = spec.number("eps"),
            .momentum = spec.number("momentum"),
            .weight_decay = spec.number("weight_decay"),
            .centered = spec.flag("centered")};
  }

  static bool keeps_state(const Hyper& before, const Hyper& after) {
    return before.centered == after.centered;
  }

  static std::vector<StateQuantity> quantities(const Hyper& hyper) {
    std::vector<StateQuantity> out{{"s", "mean squared gradient", true}, {"v", "velocity"}};
    if (hyper.centered) out.insert(out.end(), {{"ḡ", "mean gradient"}, {"s − ḡ²", "variance", true}});
    return out;
  }

  static void look(const Hyper& hyper, const Progress&, const Step<double>& step, const double* slots,
                   double* out) {
    out[0] = slots[0];
    out[1] = slots[1];
    if (!hyper.centered) return;
    out[2] = slots[2];
    out[3] = spread(slots, step);
  }

  template <class T>
  static Step<T> prepare(const Hyper& hyper, double learning_rate, std::int64_t, Progress&) {
    return {.learning_rate = T(learning_rate),
            .alpha = T(hyper.alpha),
            .one_minus_alpha = T(1.0 - hyper.alpha),
            .eps = T(hyper.eps),
            .momentum = T(hyper.momentum),
            .weight_decay = T(hyper.weight_decay),
            .centered = hyper.centered};
  }

  template <class T>
  THALWEG_HD static void update(T& theta, T gradient, T* slots, const Step<T>& step) {
    using std::sqrt;
    const T g = gradient + step.weight_decay * theta;
    slots[0] = step.alpha * slots[0] + step.one_minus_alpha * g * g;
    if (step.centered) slots[2] = step.alpha * slots[2] + step.one_minus_alpha * g;
    slots[1] = step.momentum * slots[1] + g / (sqrt(spread(slots, step)) + step.eps);
    theta -= step.learning_rate * slots[1];
  }

  template <class T>
  THALWEG_HD static T effective_rate(const T* slots, const Step<T>& step) {
    using std::sqrt;
    return step.learning_rate / (sqrt(spread(slots, step)) + step.eps);
  }

 private:
  /// s̃
  template <class T>
  THALWEG_HD static T spread(const T* slots, const Step<T>& step) {
    if (!step.centered) return slots[0];
    const T variance = slots[0] - slots[2] * slots[2];
    return variance < T(0) ? T(0) : variance;  // false for NaN, which goes on
  }
};

}  // namespace thalweg
