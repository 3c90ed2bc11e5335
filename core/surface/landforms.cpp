// Surfaces that show one feature of a landscape: saddles, a plateau, a needle in a plain, and a sharp
// beside a flat minimum.
#include <numbers>

#include "core/surface/descriptors.hpp"
#include "core/surface/formulas.hpp"

namespace thalweg {

SurfaceDescriptor easom_surface() {
  return {{.id = "easom",
           .label = "Easom",
           .summary = "A needle in a plain: away from (π, π) the gradient says nothing.",
           .formula = "−cos x · cos y · exp(−(x − π)² − (y − π)²)",
           .reference = "E. E. Easom, A survey of global optimization techniques, M. Eng. thesis, Univ. of "
                        "Louisville (1990)",
           .parameters = {}},
          2,
          [](const Spec&) {
            // Four shallow minima (−8·10⁻⁵) stand around the deep one; those beyond are below 10⁻⁹.
            constexpr double kLow = 1.305;
            constexpr double kHigh = 2.0 * std::numbers::pi - kLow;
            return with_polished_minima(formulas::Easom{}, {{-2.0, 8.0}, {-2.0, 8.0}}, {1.8, 4.4},
                                        {{std::numbers::pi, std::numbers::pi},
                                         {kLow, kLow},
                                         {kLow, kHigh},
                                         {kHigh, kLow},
                                         {kHigh, kHigh}},
                                        0.25);
          }};
}

SurfaceDescriptor saddle_surface() {
  return {
      {.id = "saddle",
       .label = "Saddle",
       .summary = "Downhill along y only: started on the x-axis, descent without noise stops at the pass.",
       .formula = "½ (x² − y²)",
       .reference = "Y. Dauphin et al., Identifying and attacking the saddle point problem in "
                    "high-dimensional non-convex optimization, NeurIPS 27 (2014)",
       .parameters = {}},
      2,
      [](const Spec&) {
        return with_minima(formulas::Saddle{}, {{-2.0, 2.0}, {-2.0, 2.0}}, {1.0, 1e-3}, {});
      }};
}

SurfaceDescriptor bounded_saddle_surface() {
  return {{.id = "bounded_saddle",
           .label = "Saddle with two valleys",
           .summary = "A saddle that leads somewhere: past the pass lie two minima, at (0, ±1).",
           .formula = "½x² − ½y² + ¼y⁴",
           .reference = "R. Ge, F. Huang, C. Jin & Y. Yuan, Escaping from saddle points, COLT (2015); Y. "
                        "Nesterov, Introductory Lectures on Convex Optimization (Kluwer 2004), example 1.2.2",
           .parameters = {}},
          2,
          [](const Spec&) {
            return with_minima(formulas::BoundedSaddle{}, {{-2.0, 2.0}, {-2.0, 2.0}}, {1.0, 1e-3},
                               {{{0.0, 1.0}, -0.25, true}, {{0.0, -1.0}, -0.25, true}});
          }};
}

SurfaceDescriptor monkey_saddle_surface() {
  return {
      {.id = "monkey_saddle",
       .label = "Monkey saddle",
       .summary = "A pass with three ways down, two legs and a tail: its Hessian is zero and tells nothing.",
       .formula = "x³ − 3xy²",
       .reference = "D. Hilbert & S. Cohn-Vossen, Geometry and the Imagination (Chelsea 1952)",
       .parameters = {}},
      2,
      [](const Spec&) {
        return with_minima(formulas::MonkeySaddle{}, {{-1.5, 1.5}, {-1.5, 1.5}}, {1.2, 1e-3}, {});
      }};
}

SurfaceDescriptor plateau_surface() {
  return {
      {.id = "plateau",
       .label = "Plateau",
       .summary = "A well in a plain: far from it gradients vanish and only rescaled steps move.",
       .formula = "1 − exp(−(x² + y²)/(2w²))",
       .reference = "I. Goodfellow, Y. Bengio & A. Courville, Deep Learning (MIT Press 2016), section 8.2.3",
       .parameters = {{.key = "width",
                       .symbol = "w",
                       .label = "width of the well",
                       .default_value = 1.0,
                       .min = 0.0,
                       .min_open = true,
                       .soft_min = 0.3,
                       .soft_max = 3.0,
                       .help = "Standard deviation of the Gaussian well."}}},
      2,
      [](const Spec& spec) {
        return with_minima(formulas::Plateau{spec.number("width")}, {{-5.0, 5.0}, {-5.0, 5.0}}, {-2.8, 1.6},
                           {{{0.0, 0.0}, 0.0, true}});
      }};
}

std::vector<Parameter> sharp_flat_parameters() {
  return {{.key = "sharp",
           .symbol = "λₛ",
           .label = "curvature of the sharp one",
           .default_value = 40.0,
           .min = 0.0,
           .min_open = true,
           .soft_min = 1.0,
           .soft_max = 200.0,
           .scale = Scale::kLog,
           .help = "Plain descent is unstable there for learning rates above 2/λₛ."},
          {.key = "flat",
           .symbol = "λ_f",
           .label = "curvature of the flat one",
           .default_value = 2.0,
           .min = 0.0,
           .min_open = true,
           .soft_min = 0.1,
           .soft_max = 20.0,
           .scale = Scale::kLog,
           .help = "Plain descent is unstable there for learning rates above 2/λ_f."},
          {.key = "gap",
           .symbol = "g",
           .label = "height of the flat one",
           .default_value = 0.5,
           .soft_min = -2.0,
           .soft_max = 4.0,
           .help = "How much higher the floor of the flat minimum lies; negative: lower."},
          {.key = "distance",
           .symbol = "d",
           .label = "distance",
           .default_value = 4.0,
           .min = 0.0,
           .min_open = true,
           .soft_min = 1.0,
           .soft_max = 6.0,
           .help = "Between the two minima, along x."}};
}

std::vector<std::string> sharp_flat_torch(const Spec& spec, bool two_variables) {
  const std::string half = python_number(0.5 * spec.number("distance"));
  const auto bowl = [&](const char* key, const char* sign) {
    const std::string square = std::string("(x ") + sign + " " + half + ") ** 2";
    return python_number(0.5 * spec.number(key)) + " * " +
           (two_variables ? "(" + square + " + y**2)" : square);
  };
  return {two_variables ? "x, y = p" : "(x,) = p", "sharp = " + bowl("sharp", "+"),
          "flat = " + bowl("flat", "-") + " + " + python_number(spec.number("gap")),
          "return -0.5 * torch.logaddexp(-2 * sharp, -2 * flat)  # the lower of the two, softly"};
}

SurfaceDescriptor sharp_flat_surface() {
  return {
      {.id = "sharp_flat",
       .label = "Sharp and flat minimum",
       .summary =
           "Two basins, one sharp and one flat: above 2/λₛ the learning rate alone picks the flat one.",
       .formula = "−τ log(exp(−s/τ) + exp(−t/τ)),  s = ½λₛ‖p + (d/2, 0)‖²,  t = ½λ_f‖p − (d/2, 0)‖² + g,  "
                  "τ = ½",
       .reference = "N. S. Keskar et al., On large-batch training for deep learning: generalization gap and "
                    "sharp minima, ICLR (2017); S. Hochreiter & J. Schmidhuber, Flat minima, Neural Comput. "
                    "9 (1997) 1–42",
       .parameters = sharp_flat_parameters()},
      2,
      [](const Spec& spec) {
        const double half = 0.5 * spec.number("distance");
        return with_polished_minima(
            formulas::SharpFlat{spec.number("sharp"), spec.number("flat"), spec.number("gap"), 2.0 * half},
            {{-5.0, 5.0}, {-4.0, 4.0}}, {-2.5, 0.7}, {{-half, 0.0}, {half, 0.0}}, half);
      },
      {},
      [](const Spec& spec) { return sharp_flat_torch(spec, true); }};
}

}  // namespace thalweg
