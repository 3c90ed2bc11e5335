// Gradient descent with momentum, in the four forms that are all called "momentum".
// With g ← g + λθ first (L2 weight decay, as in PyTorch):
//
//   pytorch    v ← μv + (1−d)g,  θ ← θ − ηv      d = dampening; at the first update v = g, whatever d
//   classical  v ← μv − ηg,      θ ← θ + v
//   polyak     θ ← θ − ηg + μ(θ − θ₋₁)           θ₋₁ is the position one update earlier; at first θ₋₁ = θ
//   ema        v ← μv + (1−μ)g,  θ ← θ − ηv      v starts at 0, with no bias correction
//
// pytorch, classical and polyak trace the same path while η and μ stay as they are. When η changes
// they part: PyTorch's velocity is in units of the gradient, so all of it feels the new η at once,
// while the classical velocity carries the old η in it. Polyak's heavy ball is the classical form
// written without a velocity. ema is pytorch with η smaller by the factor 1−μ.
//
// B. T. Polyak, "Some methods of speeding up the convergence of iteration methods", 1964, eq. (9)
// (heavy ball); Sutskever et al., "On the importance of initialization and momentum in deep
// learning", ICML 2013, eqs. (1)-(2) (classical).
//
// At μ = 0 PyTorch leaves its buffer alone; here v is then g, so that a slider moved down to 0 and
// up again meets no stale velocity. With μ fixed there is no difference.
#pragma once

#include <string>

#include "core/optimizer/hyperparameters.hpp"
#include "core/optimizer/rule.hpp"
#include "core/optimizer/torch_classes.hpp"

namespace thalweg {

struct Momentum {
  static constexpr int kSlots = 1;  // v, or in polyak's form the previous position

  enum class Form { kPytorch, kClassical, kPolyak, kEma };

  struct Hyper {
    Form form;
    double momentum;
    double dampening;
    double weight_decay;
  };
  struct Progress {};
  /// v ← keep·v + gain·g, θ ← θ + move·v; polyak: θ ← θ + gain·g + keep·(θ − θ₋₁).
  template <class T>
  struct Step {
    T keep;
    T gain;
    T move;
    T weight_decay;
    bool polyak;
    T learning_rate;  ///< for effective_rate alone
  };

  static constexpr const char* kTraining = "lr=0.01";

  static Descriptor describe() {
    return {
        .id = "momentum",
        .label = "Momentum",
        .summary = "A heavy ball: past gradients add up to a velocity that decays by μ.",
        .formula = "v ← μv + (1−d)(g + λθ),  θ ← θ − ηv",
        .reference = "Polyak 1964, eq. (9); Sutskever et al. 2013, eqs. (1)-(2); PyTorch SGD",
        .conventions =
            "`pytorch`: the velocity is in units of the gradient, so that all of it feels a changed learning "
            "rate at once; its first step takes v = g, whatever the dampening. `classical` (Sutskever et al. "
            "2013) and `polyak` (the heavy ball, written without a velocity) carry the old rate on. `ema` is "
            "`pytorch` with a rate smaller by the factor 1−μ, its mean not corrected for the start at 0. "
            "With μ = 0 PyTorch leaves its velocity as it was; here it is then g.",
        .parameters = {
            learning_rate_parameter(0.0002, 1e-5, 1.0), momentum_parameter(0.9),
            Parameter{.key = "dampening",
                      .symbol = "d",
                      .label = "dampening",
                      .default_value = 0.0,
                      .min = 0.0,
                      .max = 1.0,
                      .soft_min = 0.0,
                      .soft_max = 1.0,
                      .help = "Share of each new gradient kept out of the velocity; PyTorch's form only.",
                      .live = true},
            l2_parameter(),
            Parameter{.key = "form",
                      .symbol = "",
                      .label = "form",
                      .kind = Kind::kChoice,
                      .default_value = std::string("pytorch"),
                      .help = "How the velocity is written: the forms differ when η changes, and ema "
                              "also by a factor 1−μ in the step.",
                      .choices = {"pytorch", "classical", "polyak", "ema"}}}};
  }

  static TorchCall torch(const Spec& spec, bool velocity_stops) {
    const std::string& form = spec.text("form");
    TorchCall call{
        "torch.optim.SGD",
        {torch_argument("lr", spec.number("lr")), torch_argument("momentum", spec.number("momentum")),
         torch_argument("weight_decay", spec.number("weight_decay"), 0.0)}};
    if (form == "classical") {
      call.callee = "ClassicalMomentum";
      call.definition =
          velocity_class(call.callee,
                         "v ← μv − ηg, θ ← θ + v. torch.optim.SGD keeps η out of v: the two part when η "
                         "changes.",
                         "v.mul_(mu).sub_(lr * g)", "p.add_(v)");
    } else if (form == "polyak") {
      call.callee = "HeavyBall";
      call.definition =
          velocity_class(call.callee, "θ ← θ − ηg + μ(θ − θ₋₁), Polyak's heavy ball; v is θ − θ₋₁.",
                         "v.mul_(mu).sub_(lr * g)", "p.add_(v)");
    } else if (form == "ema") {
      call.callee = "AveragedGradient";
      call.definition = velocity_class(call.callee, "v ← μv + (1−μ)g from v = 0, θ ← θ − ηv.",
                                       "v.mul_(mu).add_((1 - mu) * g)", "p.sub_(lr * v)");
    } else {
      call.arguments.insert(call.arguments.begin() + 2,
                            torch_argument("dampening", spec.number("dampening"), 0.0));
      if (velocity_stops) {
        call.callee = "Momentum";
        call.definition = kStoppingMomentum;
      }
    }
    return call;
  }

  static Hyper hyper(const Spec& spec) {
    const std::string& name = spec.text("form");
    const Form form = name == "classical" ? Form::kClassical
                      : name == "polyak"  ? Form::kPolyak
                      : name == "ema"     ? Form::kEma
                                          : Form::kPytorch;
    return {.form = form,
            .momentum = spec.number("momentum"),
            .dampening = spec.number("dampening"),
            .weight_decay = spec.number("weight_decay")};
  }

  template <class T>
  static void shift(T by, T* slots, const Hyper& hyper) {
    if (hyper.form == Form::kPolyak) slots[0] += by;
  }

  static bool keeps_state(const Hyper& before, const Hyper& after) { return before.form == after.form; }

  static std::vector<StateQuantity> quantities(const Hyper& hyper) {
    // Polyak's form has the position before in its place.
    if (hyper.form == Form::kPolyak) return {{"θ₋₁", "position before"}};
    return {{"v", "velocity"}};
  }

  static void look(const Hyper&, const Progress&, const Step<double>&, const double* slots, double* out) {
    out[0] = slots[0];
  }

  template <class T>
  static Step<T> prepare(const Hyper& hyper, double learning_rate, std::int64_t t, Progress&) {
    const double mu = hyper.momentum;
    const double decay = hyper.weight_decay;
    const T rate = T(learning_rate);
    switch (hyper.form) {
      case Form::kClassical:
        return {T(mu), -rate, T(1), T(decay), false, rate};
      case Form::kPolyak:
        // The slot holds no position yet at the first update, so its difference must not count.
        return {T(t == 1 ? 0.0 : mu), -rate, T(1), T(decay), true, rate};
      case Form::kEma:
        return {T(mu), T(1.0 - mu), -rate, T(decay), false, rate};
      case Form::kPytorch:
        break;
    }
    const double gain = t == 1 || mu == 0.0 ? 1.0 : 1.0 - hyper.dampening;
    return {T(mu), T(gain), -rate, T(decay), false, rate};
  }

  template <class T>
  THALWEG_HD static void update(T& theta, T gradient, T* slots, const Step<T>& step) {
    const T g = gradient + step.weight_decay * theta;
    if (step.polyak) {
      const T before = theta;
      theta += step.gain * g + step.keep * (theta - slots[0]);
      slots[0] = before;
    } else {
      slots[0] = step.keep * slots[0] + step.gain * g;
      theta += step.move * slots[0];
    }
  }

  template <class T>
  THALWEG_HD static T effective_rate(const T*, const Step<T>& step) {
    return step.learning_rate;
  }
};

}  // namespace thalweg
