#include "core/optimizer/hyperparameters.hpp"

#include <utility>

namespace thalweg {

Parameter learning_rate_parameter(double default_value, double soft_min, double soft_max) {
  return {.key = "lr",
          .symbol = "η",
          .label = "learning rate",
          .default_value = default_value,
          .min = 0.0,
          .max = 1e6,
          .min_open = true,
          .soft_min = soft_min,
          .soft_max = soft_max,
          .scale = Scale::kLog,
          .help = "How far one update goes; too large and it overshoots, too small and it crawls.",
          .live = true};
}

Parameter decay_rate_parameter(std::string key, std::string symbol, std::string label, double default_value,
                               std::string help) {
  return {.key = std::move(key),
          .symbol = std::move(symbol),
          .label = std::move(label),
          .default_value = default_value,
          .min = 0.0,
          .max = 1.0,
          .max_open = true,
          .soft_min = 0.0,
          .soft_max = 0.9999,
          .scale = Scale::kLogOneMinus,
          .help = std::move(help),
          .live = true};
}

Parameter momentum_parameter(double default_value) {
  return decay_rate_parameter("momentum", "μ", "momentum", default_value,
                              "How much of the velocity is kept from one update to the next: a memory of "
                              "about 1/(1−μ) updates.");
}

Parameter l2_parameter(double default_value) {
  return {.key = "weight_decay",
          .symbol = "λ",
          .label = "weight decay (L2)",
          .default_value = default_value,
          .min = 0.0,
          .max = 1e3,
          .soft_min = 1e-6,
          .soft_max = 1.0,
          .scale = Scale::kLog,
          .help = "Adds λθ to the gradient, which pulls every coordinate towards 0.",
          .live = true};
}

Parameter decoupled_decay_parameter(double default_value) {
  Parameter out = l2_parameter(default_value);
  out.label = "weight decay";
  out.help = "Shrinks every coordinate by the factor 1 − ηλ before the step, whatever its gradient.";
  return out;
}

Parameter either_decay_parameter() {
  Parameter out = l2_parameter();
  out.label = "weight decay";
  out.help = "Pulls every coordinate towards 0, as an L2 penalty or, decoupled, beside the step.";
  return out;
}

Parameter decoupled_parameter() {
  return {.key = "decoupled_weight_decay",
          .symbol = "",
          .label = "decoupled decay",
          .kind = Kind::kBoolean,
          .default_value = 0.0,
          .help =
              "Off: λθ is added to the gradient, and moments and division scale it, too. On: every coordinate "
              "shrinks by the factor 1 − ηλ before the step, as in AdamW."};
}

bool is_decoupled(const Spec& spec) { return spec.flag("decoupled_weight_decay"); }

Parameter epsilon_parameter(double default_value) {
  return {.key = "eps",
          .symbol = "ε",
          .label = "epsilon",
          .default_value = default_value,
          .min = 0.0,
          .max = 1e3,
          .soft_min = 1e-12,
          .soft_max = 1.0,
          .scale = Scale::kLog,
          .help = "Added to the root in the denominator, so that tiny gradients are not blown up.",
          .live = true};
}

Parameter bias_correction_parameter() {
  return {.key = "bias_correction",
          .symbol = "",
          .label = "bias correction",
          .kind = Kind::kBoolean,
          .default_value = 1.0,
          .help =
              "The moments start at 0; dividing them by 1 − βᵗ makes means of them. Without it the first "
              "step is (1−β₁)/√(1−β₂) times as long: 3.2 times at the defaults."};
}

Parameter beta1_parameter() {
  return decay_rate_parameter("beta1", "β₁", "first moment", 0.9,
                              "Memory of the mean gradient: about 1/(1−β₁) updates.");
}

Parameter beta2_parameter() {
  return decay_rate_parameter("beta2", "β₂", "second moment", 0.999,
                              "Memory of the mean squared gradient: about 1/(1−β₂) updates.");
}

}  // namespace thalweg
