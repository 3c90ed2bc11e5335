#include "core/optimizer/gauss_newton.hpp"

namespace thalweg {

Descriptor GaussNewton::describe() {
  return {
      .id = "gauss_newton",
      .label = "Gauss-Newton (natural gradient)",
      .summary = "Newton's step with a curvature that is never negative; for softmax the natural gradient.",
      .formula = "θ ← θ − η (G + λI)⁻¹ g,  G = Jᵀ H_L J",
      .reference =
          "Levenberg 1944; Marquardt 1963; Schraudolph 2002; Martens 2010; the same as the natural "
          "gradient of Amari 1998 for cross-entropy and squared error: Martens 2020, section 9",
      .parameters = {
          learning_rate_parameter(1.0, 0.01, 2.0),
          {.key = "damping",
           .symbol = "λ",
           .label = "damping",
           .default_value = 0.1,
           .min = 0.0,
           .max = 1e9,
           .soft_min = 1e-6,
           .soft_max = 1e3,
           .scale = Scale::kLog,
           .help = "Added to every curvature at first: small is Gauss-Newton's step, large that of "
                   "gradient descent.",
           .live = true},
          {.key = "adaptation",
           .symbol = "ν",
           .label = "change of the damping",
           .default_value = 2.0,
           .min = 1.0,
           .max = 1e3,
           .soft_min = 1.0,
           .soft_max = 10.0,
           .help = "The damping shrinks by this factor where the quadratic foretells the loss well and "
                   "grows where it does not; 1 leaves it alone.",
           .live = true},
          {.key = "cg_iterations",
           .symbol = "",
           .label = "products per step",
           .kind = Kind::kInteger,
           .default_value = 10.0,
           .min = 1.0,
           .max = 1e4,
           .soft_min = 1.0,
           .soft_max = 100.0,
           .help = "On a network: how many products with G one step takes at most to solve for d."}}};
}

}  // namespace thalweg
