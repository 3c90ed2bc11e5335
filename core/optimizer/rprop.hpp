// Rprop, as in PyTorch: each coordinate has a step size of its own, which grows while the gradient keeps its
// sign and shrinks when it turns:
//   q = g·g₋₁;  Δ ← clamp(Δ·(η⁺ if q > 0, η⁻ if q < 0, else 1), Δmin, Δmax);  if q < 0: g ← 0;
//   θ ← θ − sign(g)·Δ.
//
// M. Riedmiller, H. Braun, "A direct adaptive method for faster backpropagation learning: the RPROP
// algorithm", ICNN 1993. This is the variant without weight backtracking that is called iRprop⁻ in C. Igel,
// M. Hüsken, "Improving the Rprop learning algorithm", 2000: where the sign turned, the coordinate rests for
// one update.
//
// The learning rate is the first Δ and nothing after it: schedules have no effect, as in PyTorch. Meant for
// whole-batch gradients: of noisy ones the sign turns by chance.
#pragma once

#include "core/optimizer/hyperparameters.hpp"
#include "core/optimizer/rule.hpp"
#include "core/optimizer/sign.hpp"

namespace thalweg {

struct Rprop {
  static constexpr int kSlots = 2;  // g₋₁, Δ

  struct Hyper {
    double eta_minus;
    double eta_plus;
    double step_min;
    double step_max;
  };
  struct Progress {};
  template <class T>
  struct Step {
    T first;  ///< Δ before the first update
    T eta_minus;
    T eta_plus;
    T step_min;
    T step_max;
    bool begins;
  };

  static constexpr const char* kTraining = "lr=0.001";
  static constexpr const char* kNotStochastic =
      "needs gradients of the whole batch: of noisy ones the sign turns by chance";

  static Descriptor describe() {
    Parameter rate = learning_rate_parameter(0.01, 1e-4, 1.0);
    rate.label = "first step size";
    rate.help = "Step size of every coordinate at the first update; the rule adapts it from there.";
    rate.live = false;
    const auto factor = [](const char* key, const char* symbol, double value, double min, double max,
                           const char* help) {
      return Parameter{.key = key,
                       .symbol = symbol,
                       .label = "factor",
                       .default_value = value,
                       .min = min,
                       .max = max,
                       .min_open = true,
                       .max_open = true,
                       .soft_min = min + 0.05,
                       .soft_max = max < 2.0 ? max - 0.05 : 2.0,
                       .help = help,
                       .live = true};
    };
    const auto bound = [](const char* key, const char* symbol, const char* label, double value,
                          const char* help) {
      return Parameter{.key = key,
                       .symbol = symbol,
                       .label = label,
                       .default_value = value,
                       .min = 0.0,
                       .max = 1e6,
                       .min_open = true,
                       .soft_min = 1e-8,
                       .soft_max = 50.0,
                       .scale = Scale::kLog,
                       .help = help,
                       .live = true};
    };
    return {
        .id = "rprop",
        .label = "Rprop",
        .summary = "Looks at the gradient's sign alone: each coordinate's step grows until the sign turns.",
        .formula = "Δ ← Δ·η⁺ or Δ·η⁻,  θ ← θ − sign(g) Δ",
        .reference = "Riedmiller & Braun 1993; Igel & Hüsken 2000 (iRprop−); PyTorch Rprop",
        .conventions =
            "iRprop⁻, without weight backtracking: where the sign turned, the coordinate rests for one "
            "update. The learning rate is the first step size and nothing after it, so that schedules have "
            "no effect, as in PyTorch. Meant for gradients of the whole batch.",
        .parameters = {rate,
                       factor("eta_minus", "η⁻", 0.5, 0.0, 1.0,
                              "What the step size is multiplied by where the gradient's sign has turned."),
                       factor("eta_plus", "η⁺", 1.2, 1.0, 1e3,
                              "What the step size is multiplied by where the gradient kept its sign."),
                       bound("step_min", "Δmin", "smallest step", 1e-6, "No step size falls below this."),
                       bound("step_max", "Δmax", "largest step", 50.0, "No step size grows beyond this.")}};
  }

  static TorchCall torch(const Spec& spec, bool) {
    const auto pair = [&](const char* first, const char* second) {
      return "(" + python_number(spec.number(first)) + ", " + python_number(spec.number(second)) + ")";
    };
    return {"torch.optim.Rprop",
            {torch_argument("lr", spec.number("lr")),
             {"etas", pair("eta_minus", "eta_plus")},
             {"step_sizes", pair("step_min", "step_max")}}};
  }

  static Hyper hyper(const Spec& spec) {
    return {.eta_minus = spec.number("eta_minus"),
            .eta_plus = spec.number("eta_plus"),
            .step_min = spec.number("step_min"),
            .step_max = spec.number("step_max")};
  }

  static std::vector<StateQuantity> quantities(const Hyper&) {
    return {{"Δ", "step size", true}, {"g₋₁", "gradient before"}};
  }

  static void look(const Hyper&, const Progress&, const Step<double>&, const double* slots, double* out) {
    out[0] = slots[1];
    out[1] = slots[0];
  }

  template <class T>
  static Step<T> prepare(const Hyper& hyper, double learning_rate, std::int64_t t, Progress&) {
    return {.first = T(learning_rate),
            .eta_minus = T(hyper.eta_minus),
            .eta_plus = T(hyper.eta_plus),
            .step_min = T(hyper.step_min),
            .step_max = T(hyper.step_max),
            .begins = t == 1};
  }

  template <class T>
  THALWEG_HD static void update(T& theta, T gradient, T* slots, const Step<T>& step) {
    const T q = gradient * slots[0];
    const T before = step.begins ? step.first : slots[1];
    T size = before * (q > T(0) ? step.eta_plus : q < T(0) ? step.eta_minus : T(1));
    // The lower bound first: torch.clamp lets the upper one win where the two cross. False for NaN, which
    // goes on.
    size = size < step.step_min ? step.step_min : size;
    size = size > step.step_max ? step.step_max : size;
    // 0, unless the gradient is not finite.
    const T g = q < T(0) ? gradient - gradient : gradient;
    theta -= sign_of(g) * size;
    slots[0] = g;
    slots[1] = size;
  }
};

}  // namespace thalweg
