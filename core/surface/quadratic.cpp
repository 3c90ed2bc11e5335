// The quadratic in any number of dimensions, turned by an angle in two.
#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "core/surface/descriptors.hpp"
#include "core/surface/formulas.hpp"
#include "core/surface/quadratic.hpp"

namespace thalweg {
namespace {

constexpr std::size_t kMostDimensions = 1000;

MadeSurface make_quadratic(const Spec& spec) {
  std::vector<double> eigenvalues = spec.list("eigenvalues");
  if (eigenvalues.size() > kMostDimensions)
    return bad_input("at most 1000 are allowed, not " + std::to_string(eigenvalues.size()),
                     "quadratic: eigenvalues");
  if (eigenvalues.size() != 2)
    return std::shared_ptr<const Surface>(std::make_shared<Quadratic>(eigenvalues));

  if (!spec.is_off("condition")) {
    const auto [smallest, largest] = std::minmax_element(eigenvalues.begin(), eigenvalues.end());
    if (*smallest <= 0.0)
      return bad_input("needs two positive eigenvalues; write condition=off", "quadratic: condition");
    *largest = *smallest * spec.number("condition");
  }
  const double degrees = spec.number("angle");
  if (std::remainder(degrees, 180.0) == 0.0)
    return std::shared_ptr<const Surface>(std::make_shared<Quadratic>(eigenvalues));
  const bool definite = eigenvalues[0] > 0.0 && eigenvalues[1] > 0.0;
  return with_minima(
      formulas::TurnedQuadratic(eigenvalues[0], eigenvalues[1], degrees * std::numbers::pi / 180.0),
      {{-2.0, 2.0}, {-2.0, 2.0}}, {-1.6, 1.2},
      definite ? std::vector<MarkedPoint>{{{0.0, 0.0}, 0.0, true}} : std::vector<MarkedPoint>{});
}

std::vector<std::string> quadratic_torch(const Spec& spec) {
  std::vector<double> eigenvalues = spec.list("eigenvalues");
  if (eigenvalues.size() == 2 && !spec.is_off("condition")) {
    const auto [smallest, largest] = std::minmax_element(eigenvalues.begin(), eigenvalues.end());
    *largest = *smallest * spec.number("condition");
  }
  const std::string curvatures = "curvatures = torch.tensor(" + python_list(eigenvalues) + ")";
  const double degrees = spec.number("angle");
  if (eigenvalues.size() != 2 || std::remainder(degrees, 180.0) == 0.0)
    return {curvatures, "return 0.5 * (curvatures * p**2).sum()"};
  return {curvatures, "angle = math.radians(" + python_number(degrees) + ")",
          "u = p[0] * math.cos(angle) + p[1] * math.sin(angle)",
          "v = p[1] * math.cos(angle) - p[0] * math.sin(angle)",
          "return 0.5 * (curvatures[0] * u**2 + curvatures[1] * v**2)"};
}

}  // namespace

SurfaceDescriptor quadratic_surface() {
  return {
      {.id = "quadratic",
       .label = "Quadratic bowl",
       .summary = "The model of every smooth minimum: the ratio of its curvatures sets the pace of descent.",
       .formula = "½ Σ λᵢ xᵢ²",
       .reference = "B. T. Polyak, Some methods of speeding up the convergence of iteration methods, USSR "
                    "Comput. Math. Math. Phys. 4 (1964) 1–17; G. Goh, Why momentum really works, Distill "
                    "(2017)",
       .parameters = {{.key = "eigenvalues",
                       .symbol = "λ",
                       .label = "curvatures",
                       .kind = Kind::kRealList,
                       .default_value = std::vector<double>{1.0, 10.0},
                       .soft_min = 0.1,
                       .soft_max = 100.0,
                       .scale = Scale::kLog,
                       .help = "One eigenvalue of the Hessian for each dimension, written 1/10/100."},
                      {.key = "angle",
                       .symbol = "θ",
                       .label = "angle",
                       .default_value = 0.0,
                       .soft_min = 0.0,
                       .soft_max = 90.0,
                       .unit = "°",
                       .help = "Turns the axes of a bowl in two dimensions, counter-clockwise."},
                      {.key = "condition",
                       .symbol = "κ",
                       .label = "condition number",
                       .default_value = Value{},
                       .min = 1.0,
                       .soft_min = 1.0,
                       .soft_max = 1000.0,
                       .scale = Scale::kLog,
                       .help = "In two dimensions: makes the larger eigenvalue this multiple of the smaller.",
                       .off_word = "off"}}},
      0,
      make_quadratic,
      [](const Spec& spec, std::string_view key) {
        return key == "eigenvalues" || spec.list("eigenvalues").size() == 2;
      },
      quadratic_torch};
}

}  // namespace thalweg
