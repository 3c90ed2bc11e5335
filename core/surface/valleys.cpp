// Surfaces with one minimum: bowls and bent, stretched or tilted valleys.
#include "core/surface/descriptors.hpp"
#include "core/surface/formulas.hpp"

namespace thalweg {

SurfaceDescriptor rosenbrock_surface() {
  return {{.id = "rosenbrock",
           .label = "Rosenbrock's banana",
           .summary = "A curved, nearly flat valley: finding it is easy, following it to the end is not.",
           .formula = "(a − x)² + b (y − x²)²",
           .reference = "H. H. Rosenbrock, An automatic method for finding the greatest or least value of a "
                        "function, Comput. J. 3 (1960) 175–184",
           .parameters = {{.key = "a",
                           .symbol = "a",
                           .label = "position",
                           .default_value = 1.0,
                           .soft_min = -1.5,
                           .soft_max = 1.5,
                           .help = "The minimum lies at (a, a²)."},
                          {.key = "b",
                           .symbol = "b",
                           .label = "steepness",
                           .default_value = 100.0,
                           .min = 0.0,
                           .min_open = true,
                           .soft_min = 1.0,
                           .soft_max = 1000.0,
                           .scale = Scale::kLog,
                           .help = "How steep the walls of the valley are against its floor."}}},
          2,
          [](const Spec& spec) {
            const double a = spec.number("a");
            return with_minima(formulas::Rosenbrock{a, spec.number("b")}, {{-2.0, 2.0}, {-1.0, 3.0}},
                               {-1.0, 2.0}, {{{a, a * a}, 0.0, true}});
          }};
}

SurfaceDescriptor beale_surface() {
  return {{.id = "beale",
           .label = "Beale",
           .summary = "Flat floor, sharp walls in the corners: gradients differ by orders of magnitude.",
           .formula = "(1.5 − x + xy)² + (2.25 − x + xy²)² + (2.625 − x + xy³)²",
           .reference = "E. M. L. Beale, On an iterative method for finding a local minimum of a function of "
                        "more than one variable, Princeton Univ. Tech. Rep. 25 (1958)",
           .parameters = {}},
          2,
          [](const Spec&) {
            return with_minima(formulas::Beale{}, {{-4.5, 4.5}, {-4.5, 4.5}}, {1.0, 1.0},
                               {{{3.0, 0.5}, 0.0, true}});
          }};
}

SurfaceDescriptor booth_surface() {
  return {{.id = "booth",
           .label = "Booth",
           .summary = "A tilted quadratic bowl of condition number 9: the axes of the bowl are not x and y.",
           .formula = "(x + 2y − 7)² + (2x + y − 5)²",
           .reference = "M. Jamil & X.-S. Yang, A literature survey of benchmark functions for global "
                        "optimization problems, Int. J. Math. Model. Numer. Optim. 4 (2013) 150–194",
           .parameters = {}},
          2,
          [](const Spec&) {
            return with_minima(formulas::Booth{}, {{-10.0, 10.0}, {-10.0, 10.0}}, {-8.0, -2.0},
                               {{{1.0, 3.0}, 0.0, true}});
          }};
}

SurfaceDescriptor matyas_surface() {
  return {{.id = "matyas",
           .label = "Matyas",
           .summary = "A shallow diagonal trough of condition number 25: slow along it, quick across.",
           .formula = "0.26 (x² + y²) − 0.48 xy",
           .reference = "J. Matyas, Random optimization, Automation and Remote Control 26 (1965) 246–253",
           .parameters = {}},
          2,
          [](const Spec&) {
            return with_minima(formulas::Matyas{}, {{-10.0, 10.0}, {-10.0, 10.0}}, {-8.0, 2.0},
                               {{{0.0, 0.0}, 0.0, true}});
          }};
}

SurfaceDescriptor logistic_surface() {
  SurfaceDescriptor out = {
      {.id = "logistic",
       .label = "Logistic regression",
       .summary = "A real training loss of two weights: convex, stretched because slope and offset are tied.",
       .formula = "(1/12) Σᵢ log(1 + exp(−tᵢ (x·uᵢ + y))) + ½λ (x² + y²),  tᵢ = ±1",
       .reference = "C. M. Bishop, Pattern Recognition and Machine Learning (2006), section 4.3.2; data "
                    "made up",
       .parameters = {{.key = "l2",
                       .symbol = "λ",
                       .label = "L2 penalty",
                       .default_value = 0.01,
                       .min = 0.0,
                       .soft_min = 0.0,
                       .soft_max = 1.0,
                       .help = "Weight of the quadratic penalty; it rounds the valley and draws the "
                               "minimum to the origin."}}},
      2,
      [](const Spec& spec) {
        return with_polished_minima(formulas::Logistic{spec.number("l2")}, {{-3.0, 6.0}, {-10.0, 5.0}},
                                    {-2.0, 3.0}, {{0.0, 0.0}}, 100.0);
      }};
  out.torch = [](const Spec& spec) {
    std::vector<double> places, signs;
    const auto samples = formulas::Logistic::samples();
    for (const auto& sample : samples.at) {
      places.push_back(sample.x);
      signs.push_back(sample.positive ? 1.0 : -1.0);
    }
    return std::vector<std::string>{
        "x, y = p", "u = torch.tensor(" + python_list(places) + ")",
        "t = torch.tensor(" + python_list(signs) + ")",
        "loss = -torch.nn.functional.logsigmoid(t * (x * u + y)).mean()  # log(1 + exp(-z)), without "
        "overflow",
        "return loss + " + python_number(0.5 * spec.number("l2")) + " * (x**2 + y**2)"};
  };
  return out;
}

}  // namespace thalweg
