// The maker of each built-in descriptor, for the list in surfaces.cpp, and what the makers share.
// Private to core/surface.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/spec/python.hpp"
#include "core/surface/formula_surface.hpp"
#include "core/surface/minima.hpp"
#include "core/surface/surface.hpp"

namespace thalweg {

using MadeSurface = Result<std::shared_ptr<const Surface>>;

/// A surface with minima in closed form; they must be minima for every value of the parameters.
template <class Formula>
MadeSurface with_minima(Formula formula, std::vector<Interval> domain, std::vector<double> start,
                        std::vector<MarkedPoint> minima) {
  auto surface =
      std::make_shared<FormulaSurface<Formula>>(std::move(formula), std::move(domain), std::move(start));
  surface->set_minima(std::move(minima));
  return std::shared_ptr<const Surface>(std::move(surface));
}

/// A surface whose minima are those that Newton's method finds from a grid over the domain.
template <class Formula>
MadeSurface with_searched_minima(Formula formula, std::vector<Interval> domain, std::vector<double> start,
                                 const MinimaSearch& search = {}) {
  auto surface =
      std::make_shared<FormulaSurface<Formula>>(std::move(formula), std::move(domain), std::move(start));
  surface->set_minima(find_minima(*surface, search));
  return std::shared_ptr<const Surface>(std::move(surface));
}

/// A surface whose minima are those that Newton's method reaches from the seeds.
template <class Formula>
MadeSurface with_polished_minima(Formula formula, std::vector<Interval> domain, std::vector<double> start,
                                 const std::vector<std::vector<double>>& seeds, double reach) {
  auto surface =
      std::make_shared<FormulaSurface<Formula>>(std::move(formula), std::move(domain), std::move(start));
  surface->set_minima(polish_minima(*surface, seeds, reach));
  return std::shared_ptr<const Surface>(std::move(surface));
}

// quadratic.cpp
SurfaceDescriptor quadratic_surface();

// valleys.cpp
SurfaceDescriptor rosenbrock_surface();
SurfaceDescriptor beale_surface();
SurfaceDescriptor booth_surface();
SurfaceDescriptor matyas_surface();
SurfaceDescriptor logistic_surface();

// multimodal.cpp
SurfaceDescriptor himmelblau_surface();
SurfaceDescriptor goldstein_price_surface();
SurfaceDescriptor mccormick_surface();
SurfaceDescriptor three_hump_camel_surface();
SurfaceDescriptor six_hump_camel_surface();
SurfaceDescriptor styblinski_tang_surface();
SurfaceDescriptor rastrigin_surface();
SurfaceDescriptor ackley_surface();
SurfaceDescriptor griewank_surface();
SurfaceDescriptor levy13_surface();

// landforms.cpp
SurfaceDescriptor easom_surface();
SurfaceDescriptor saddle_surface();
SurfaceDescriptor bounded_saddle_surface();
SurfaceDescriptor monkey_saddle_surface();
SurfaceDescriptor plateau_surface();
SurfaceDescriptor sharp_flat_surface();

// builtin_1d.cpp
SurfaceDescriptor parabola_surface();
SurfaceDescriptor shifted_parabola_surface();
SurfaceDescriptor quartic_surface();
SurfaceDescriptor tilted_double_well_surface();
SurfaceDescriptor washboard_surface();
SurfaceDescriptor huber_surface();
SurfaceDescriptor sharp_flat_1d_surface();

// expression_surface.cpp
SurfaceDescriptor expression_surface();

/// The parameters of sharp_flat, shared by its two forms.
std::vector<Parameter> sharp_flat_parameters();
/// SurfaceDescriptor::torch of the two.
std::vector<std::string> sharp_flat_torch(const Spec& spec, bool two_variables);

}  // namespace thalweg
