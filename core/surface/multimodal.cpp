// Surfaces with several minima, from four to hundreds. Where the minima have no closed form, or move
// with the parameters, Newton's method finds them when the surface is made.
#include <numbers>

#include "core/surface/descriptors.hpp"
#include "core/surface/formulas.hpp"

namespace thalweg {
namespace {

/// For functions whose first publication is hard to come by.
const char* const kSurvey =
    "M. Jamil & X.-S. Yang, A literature survey of benchmark functions for global optimization problems, "
    "Int. J. Math. Model. Numer. Optim. 4 (2013) 150–194";

}  // namespace

SurfaceDescriptor himmelblau_surface() {
  return {{.id = "himmelblau",
           .label = "Himmelblau",
           .summary = "Four equal minima: where a run ends depends on where it starts and how it steps.",
           .formula = "(x² + y − 11)² + (x + y² − 7)²",
           .reference = "D. M. Himmelblau, Applied Nonlinear Programming (McGraw-Hill 1972)",
           .parameters = {}},
          2,
          [](const Spec&) {
            return with_searched_minima(formulas::Himmelblau{}, {{-5.0, 5.0}, {-5.0, 5.0}}, {-0.5, -1.5});
          }};
}

SurfaceDescriptor goldstein_price_surface() {
  return {
      {.id = "goldstein_price",
       .label = "Goldstein–Price",
       .summary = "Values from 3 to a million: without clipping or a tiny rate, plain descent explodes.",
       .formula = "[1 + (x+y+1)² (19 − 14x + 3x² − 14y + 6xy + 3y²)] · "
                  "[30 + (2x−3y)² (18 − 32x + 12x² + 48y − 36xy + 27y²)]",
       .reference = "A. A. Goldstein & J. F. Price, On descent from local minima, Math. Comput. 25 (1971) "
                    "569–574",
       .parameters = {}},
      2,
      [](const Spec&) {
        return with_searched_minima(formulas::GoldsteinPrice{}, {{-2.0, 2.0}, {-2.0, 2.0}}, {-1.5, 0.5});
      }};
}

SurfaceDescriptor mccormick_surface() {
  return {
      {.id = "mccormick",
       .label = "McCormick",
       .summary = "A wavy slope: outside the domain it falls for ever, so the minimum is one of the domain.",
       .formula = "sin(x + y) + (x − y)² − 1.5x + 2.5y + 1",
       .reference = kSurvey,
       .parameters = {}},
      2,
      [](const Spec&) {
        return with_searched_minima(formulas::McCormick{}, {{-1.5, 4.0}, {-3.0, 4.0}}, {-1.0, 3.0});
      }};
}

SurfaceDescriptor three_hump_camel_surface() {
  return {{.id = "three_hump_camel",
           .label = "Three-hump camel",
           .summary = "One deep basin between two shallow ones: momentum decides which one a run ends in.",
           .formula = "2x² − 1.05x⁴ + x⁶/6 + xy + y²",
           .reference = kSurvey,
           .parameters = {}},
          2,
          [](const Spec&) {
            return with_searched_minima(formulas::ThreeHumpCamel{}, {{-2.5, 2.5}, {-2.5, 2.5}}, {2.3, 1.2});
          }};
}

SurfaceDescriptor six_hump_camel_surface() {
  return {{.id = "six_hump_camel",
           .label = "Six-hump camel",
           .summary = "Six minima in three pairs, all small: a map of basins in miniature.",
           .formula = "(4 − 2.1x² + x⁴/3) x² + xy + (4y² − 4) y²",
           .reference = "L. C. W. Dixon & G. P. Szegő, The global optimization problem: an introduction, in "
                        "Towards Global Optimisation 2 (North-Holland 1978) 1–15",
           .parameters = {}},
          2,
          [](const Spec&) {
            return with_searched_minima(formulas::SixHumpCamel{}, {{-2.0, 2.0}, {-1.5, 1.5}}, {-1.9, 1.2});
          }};
}

SurfaceDescriptor styblinski_tang_surface() {
  return {
      {.id = "styblinski_tang",
       .label = "Styblinski–Tang",
       .summary = "Four basins of different depth: only one of them is the global minimum.",
       .formula = "½ (x⁴ − 16x² + 5x + y⁴ − 16y² + 5y)",
       .reference = "M. A. Styblinski & T.-S. Tang, Experiments in nonconvex optimization: stochastic "
                    "approximation with function smoothing and simulated annealing, Neural Netw. 3 (1990) "
                    "467–483",
       .parameters = {}},
      2,
      [](const Spec&) {
        return with_searched_minima(formulas::StyblinskiTang{}, {{-5.0, 5.0}, {-5.0, 5.0}}, {4.5, 1.0});
      }};
}

SurfaceDescriptor rastrigin_surface() {
  return {{.id = "rastrigin",
           .label = "Rastrigin",
           .summary = "A bowl under an egg box: every local minimum traps plain descent.",
           .formula = "2A + x² + y² − A cos 2πx − A cos 2πy",
           .reference = "L. A. Rastrigin, Systems of Extremal Control (Nauka 1974); H. Mühlenbein, M. "
                        "Schomisch & J. Born, Parallel Comput. 17 (1991) 619–632",
           .parameters = {{.key = "A",
                           .symbol = "A",
                           .label = "depth of the waves",
                           .default_value = 10.0,
                           .min = 0.0,
                           .soft_min = 0.0,
                           .soft_max = 20.0,
                           .help = "0 leaves the bowl x² + y²; from about 2 on the whole domain is full of "
                                   "traps."}}},
          2,
          [](const Spec& spec) {
            return with_searched_minima(formulas::Rastrigin{spec.number("A")}, {{-5.12, 5.12}, {-5.12, 5.12}},
                                        {3.4, -2.6}, {.cells = 128});
          }};
}

SurfaceDescriptor ackley_surface() {
  return {{.id = "ackley",
           .label = "Ackley",
           .summary = "A flat outskirt full of dimples around one deep funnel with a kink at its bottom.",
           .formula = "a (1 − exp(−b √(½(x² + y²)))) + e − exp(½(cos cx + cos cy))",
           .reference = "D. H. Ackley, A Connectionist Machine for Genetic Hillclimbing (Kluwer 1987)",
           .parameters = {{.key = "a",
                           .symbol = "a",
                           .label = "depth of the funnel",
                           .default_value = 20.0,
                           .min = 0.0,
                           .min_open = true,
                           .soft_min = 1.0,
                           .soft_max = 40.0,
                           .help = "How far the funnel falls from the outskirts to its bottom."},
                          {.key = "b",
                           .symbol = "b",
                           .label = "steepness of the funnel",
                           .default_value = 0.2,
                           .min = 0.0,
                           .min_open = true,
                           .soft_min = 0.05,
                           .soft_max = 1.0,
                           .help = "How quickly the funnel falls; large values leave a flat outskirt."},
                          {.key = "c",
                           .symbol = "c",
                           .label = "frequency of the dimples",
                           .default_value = 2.0 * std::numbers::pi,
                           .min = 0.0,
                           .max = 8.0 * std::numbers::pi,
                           .soft_min = 0.0,
                           .soft_max = 4.0 * std::numbers::pi,
                           .help = "Angular frequency of the dimples along each axis; 0 removes them."}}},
          2,
          [](const Spec& spec) -> MadeSurface {
            auto surface = std::make_shared<FormulaSurface<formulas::Ackley>>(
                formulas::Ackley{spec.number("a"), spec.number("b"), spec.number("c")},
                std::vector<Interval>{{-5.0, 5.0}, {-5.0, 5.0}}, std::vector<double>{3.6, -2.4});
            auto minima = find_minima(*surface, {.cells = 160, .most_seeds = 2048});
            // The bottom of the funnel is a kink, at which Newton's method need not arrive.
            minima.push_back({{0.0, 0.0}, 0.0, true});
            rank_minima(minima);
            surface->set_minima(std::move(minima));
            return std::shared_ptr<const Surface>(std::move(surface));
          }};
}

SurfaceDescriptor griewank_surface() {
  return {
      {.id = "griewank",
       .label = "Griewank",
       .summary = "Regular ripples on a very wide bowl: from afar convex, from near a field of traps.",
       .formula = "1 + (x² + y²)/4000 − cos x · cos(y/√2)",
       .reference = "A. O. Griewank, Generalized descent for global optimization, J. Optim. Theory Appl. 34 "
                    "(1981) 11–39",
       .parameters = {}},
      2,
      [](const Spec&) {
        return with_searched_minima(formulas::Griewank{}, {{-10.0, 10.0}, {-10.0, 10.0}}, {-7.5, 5.5});
      }};
}

SurfaceDescriptor levy13_surface() {
  return {
      {.id = "levy13",
       .label = "Lévy no. 13",
       .summary = "Ripples that grow with the distance from the minimum: the last steps are the easy ones.",
       .formula = "sin²(3πx) + (x − 1)² (1 + sin²(3πy)) + (y − 1)² (1 + sin²(2πy))",
       .reference = "A. V. Levy & A. Montalvo, The tunneling algorithm for the global minimization of "
                    "functions, SIAM J. Sci. Stat. Comput. 6 (1985) 15–29; M. Molga & C. Smutnicki, Test "
                    "functions for optimization needs (2005)",
       .parameters = {}},
      2,
      [](const Spec&) {
        return with_searched_minima(formulas::Levy13{}, {{-5.0, 5.0}, {-5.0, 5.0}}, {-2.6, -1.8},
                                    {.cells = 240, .most_seeds = 2048});
      }};
}

}  // namespace thalweg
