// Surfaces of one variable: the curves of a first lecture.
#include "core/surface/descriptors.hpp"
#include "core/surface/formulas.hpp"

namespace thalweg {

SurfaceDescriptor parabola_surface() {
  return {
      {.id = "parabola",
       .label = "Parabola",
       .summary = "One curvature a: descent halves, jumps or diverges as η passes 1/a and 2/a.",
       .formula = "½ a x²",
       .reference = "B. T. Polyak, Introduction to Optimization (Optimization Software 1987)",
       .parameters = {{.key = "a",
                       .symbol = "a",
                       .label = "curvature",
                       .default_value = 1.0,
                       .min = 0.0,
                       .min_open = true,
                       .soft_min = 0.1,
                       .soft_max = 100.0,
                       .scale = Scale::kLog,
                       .help = "The second derivative; descent is stable for η < 2/a."}}},
      1,
      [](const Spec& spec) {
        return with_minima(formulas::Parabola{spec.number("a")}, {{-3.0, 3.0}}, {2.5}, {{{0.0}, 0.0, true}});
      }};
}

SurfaceDescriptor shifted_parabola_surface() {
  return {
      {.id = "shifted_parabola",
       .label = "Shifted parabola",
       .summary = "The first example worked by hand: three steps towards c.",
       .formula = "(x − c)²",
       .reference = "S. Boyd & L. Vandenberghe, Convex Optimization (Cambridge 2004), section 9.3",
       .parameters = {{.key = "c",
                       .symbol = "c",
                       .label = "position of the minimum",
                       .default_value = 3.0,
                       .soft_min = -5.0,
                       .soft_max = 5.0,
                       .help = "Where the minimum lies."}}},
      1,
      [](const Spec& spec) {
        const double c = spec.number("c");
        return with_minima(formulas::ShiftedParabola{c}, {{c - 5.0, c + 5.0}}, {c - 3.0}, {{{c}, 0.0, true}});
      }};
}

SurfaceDescriptor quartic_surface() {
  return {
      {.id = "quartic",
       .label = "Double well",
       .summary = "Two equal minima around a hill whose top has zero gradient too.",
       .formula = "x⁴ − b x² + c",
       .reference = "S. H. Strogatz, Nonlinear Dynamics and Chaos (1994), sections 2.7 and 3.4",
       .parameters = {{.key = "b",
                       .symbol = "b",
                       .label = "height of the hill",
                       .default_value = 2.0,
                       .soft_min = -2.0,
                       .soft_max = 4.0,
                       .help =
                           "The minima lie at ±√(b/2), b²/4 below the top; with b ≤ 0 there is one, at 0."},
                      {.key = "c",
                       .symbol = "c",
                       .label = "offset",
                       .default_value = 0.0,
                       .soft_min = -2.0,
                       .soft_max = 4.0,
                       .help = "Added to the loss; it moves nothing."}}},
      1,
      [](const Spec& spec) {
        const double b = spec.number("b");
        const double c = spec.number("c");
        const double x = b > 0.0 ? std::sqrt(0.5 * b) : 0.0;
        std::vector<MarkedPoint> minima = {{{x}, c - 0.5 * b * x * x, true}};
        if (x > 0.0) minima.push_back({{-x}, minima[0].value, true});
        return with_minima(formulas::Quartic{b, c}, {{-2.2, 2.2}}, {2.0}, std::move(minima));
      }};
}

SurfaceDescriptor tilted_double_well_surface() {
  return {{.id = "tilted_double_well",
           .label = "Tilted double well",
           .summary = "A local and a global minimum: momentum carries a run over the hill between them.",
           .formula = "x⁴ − 2x² + t x",
           .reference =
               "S. H. Strogatz, Nonlinear Dynamics and Chaos (1994), section 3.6 (imperfect bifurcation)",
           .parameters = {{.key = "t",
                           .symbol = "t",
                           .label = "tilt",
                           .default_value = 0.3,
                           .soft_min = -2.0,
                           .soft_max = 2.0,
                           .help = "Beyond ±8/(3√3) ≈ 1.54 only one of the two minima is left."}}},
          1,
          [](const Spec& spec) {
            return with_searched_minima(formulas::TiltedDoubleWell{spec.number("t")}, {{-2.0, 2.0}}, {2.0});
          }};
}

SurfaceDescriptor washboard_surface() {
  return {
      {.id = "washboard",
       .label = "Washboard",
       .summary = "A bowl with ripples: small steps are caught in the first groove, large ones skip it.",
       .formula = "k x² − cos x",
       .reference = "a one-variable relative of Rastrigin's function (1974)",
       .parameters = {{.key = "k",
                       .symbol = "k",
                       .label = "steepness of the bowl",
                       .default_value = 0.05,
                       .min = 0.0,
                       .soft_min = 0.0,
                       .soft_max = 0.5,
                       .help =
                           "The larger, the fewer grooves; above about 0.11 only the one at 0 is left."}}},
      1,
      [](const Spec& spec) {
        return with_searched_minima(formulas::Washboard{spec.number("k")}, {{-8.0, 8.0}}, {7.0},
                                    {.cells = 256});
      }};
}

SurfaceDescriptor huber_surface() {
  return {
      {.id = "huber",
       .label = "Huber",
       .summary = "Quadratic inside, linear outside: with a small knee the slowest case of plain descent.",
       .formula = "½x² if |x| ≤ τ, else τ|x| − ½τ²",
       .reference = "P. J. Huber, Robust estimation of a location parameter, Ann. Math. Stat. 35 (1964) "
                    "73–101; Y. Drori & M. Teboulle, Math. Program. 145 (2014) 451–482 (worst case)",
       .parameters = {{.key = "tau",
                       .symbol = "τ",
                       .label = "knee",
                       .default_value = 0.5,
                       .min = 0.0,
                       .min_open = true,
                       .soft_min = 0.01,
                       .soft_max = 2.0,
                       .scale = Scale::kLog,
                       .help = "Where the parabola turns into a straight line; the gradient is at most τ."}}},
      1,
      [](const Spec& spec) {
        return with_minima(formulas::Huber{spec.number("tau")}, {{-2.0, 2.0}}, {1.0}, {{{0.0}, 0.0, true}});
      },
      {},
      [](const Spec& spec) {
        return std::vector<std::string>{"(x,) = p",
                                        "return torch.nn.functional.huber_loss(x, torch.zeros(()), delta=" +
                                            python_number(spec.number("tau")) + ")"};
      }};
}

SurfaceDescriptor sharp_flat_1d_surface() {
  return {{.id = "sharp_flat_1d",
           .label = "Sharp and flat minimum, one variable",
           .summary =
               "Two basins, one sharp and one flat: above 2/λₛ the learning rate alone picks the flat one.",
           .formula = "−τ log(exp(−s/τ) + exp(−t/τ)),  s = ½λₛ(x + d/2)²,  t = ½λ_f(x − d/2)² + g,  τ = ½",
           .reference = "S. Hochreiter & J. Schmidhuber, Flat minima, Neural Comput. 9 (1997) 1–42",
           .parameters = sharp_flat_parameters()},
          1,
          [](const Spec& spec) {
            const double half = 0.5 * spec.number("distance");
            return with_polished_minima(formulas::SharpFlat1d{{spec.number("sharp"), spec.number("flat"),
                                                               spec.number("gap"), 2.0 * half}},
                                        {{-5.0, 5.0}}, {-2.8}, {{-half}, {half}}, half);
          },
          {},
          [](const Spec& spec) { return sharp_flat_torch(spec, false); }};
}

}  // namespace thalweg
