// The formula of a built-in surface as its own type, for loops that are compiled for one: ensembles, on the
// CPU and on a device. A new surface has its formula in this list.
#pragma once

#include <tuple>
#include <utility>

#include "core/surface/formula_surface.hpp"
#include "core/surface/formulas.hpp"
#include "core/surface/quadratic.hpp"

namespace thalweg {

using Formulas =
    std::tuple<formulas::Rosenbrock, formulas::TurnedQuadratic, formulas::Beale, formulas::Booth,
               formulas::Matyas, formulas::Logistic, formulas::Himmelblau, formulas::GoldsteinPrice,
               formulas::McCormick, formulas::ThreeHumpCamel, formulas::SixHumpCamel,
               formulas::StyblinskiTang, formulas::Rastrigin, formulas::Ackley, formulas::Griewank,
               formulas::Levy13, formulas::Easom, formulas::Saddle, formulas::BoundedSaddle,
               formulas::MonkeySaddle, formulas::Plateau, formulas::SharpFlat, formulas::Parabola,
               formulas::ShiftedParabola, formulas::Quartic, formulas::TiltedDoubleWell, formulas::Washboard,
               formulas::Huber, formulas::SharpFlat1d>;

/// 1 or 2: the variables of a formula.
template <class Formula>
inline constexpr int kVariablesOf = FormulaSurface<Formula>::kDim;

/// Calls `visitor(formula)` with the formula of `surface`, its constants in it. Returns false, without a
/// call, if the surface has none of the list: one that was typed in, or a quadratic of three dimensions or
/// more.
template <class Visitor>
bool visit_formula(const Surface& surface, Visitor&& visitor) {
  if (const auto* quadratic = dynamic_cast<const Quadratic*>(&surface)) {
    const std::vector<double>& curvatures = quadratic->eigenvalues();
    if (curvatures.size() == 1) return visitor(formulas::Parabola{curvatures[0]}), true;
    if (curvatures.size() != 2) return false;
    return visitor(formulas::TurnedQuadratic(curvatures[0], curvatures[1], 0.0)), true;
  }
  const auto visit = [&]<class Formula>(std::type_identity<Formula>) {
    const auto* found = dynamic_cast<const FormulaSurface<Formula>*>(&surface);
    if (found) visitor(found->formula());
    return found != nullptr;
  };
  return [&]<class... Formula>(std::type_identity<std::tuple<Formula...>>) {
    return (visit(std::type_identity<Formula>{}) || ...);
  }(std::type_identity<Formulas>{});
}

}  // namespace thalweg
