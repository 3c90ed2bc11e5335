// One particle of an ensemble: what happens to it in one step, in float, for host and device. The loops of
// the CPU and the kernels of a device call these functions and no others, so that both make the same numbers.
// A device build must have contraction off (nvcc -fmad=false) and subnormal numbers taken as 0 (-ftz=true),
// as the loops of the CPU have (optimizer/flush.hpp).
#pragma once

#include <cfloat>
#include <cmath>
#include <cstdint>

#include "core/optimizer/rule.hpp"
#include "core/spec/platform.hpp"
#include "core/surface/built_in.hpp"

namespace thalweg::ensemble {

/// Loss and gradient. On a curve y is 0.
struct Slope {
  float loss = 0.0f;
  float x = 0.0f;
  float y = 0.0f;
};

/// By forward-mode differentiation of the formula in float.
template <class Formula>
THALWEG_HD inline Slope slope_of(const Formula& formula, float x, [[maybe_unused]] float y) {
  if constexpr (kVariablesOf<Formula> == 1) {
    const auto f = formula(Jet1<1, float>::variable(x, 0));
    return {f.v, f.g[0], 0.0f};
  } else {
    const auto f = formula(Jet1<2, float>::variable(x, 0), Jet1<2, float>::variable(y, 1));
    return {f.v, f.g[0], f.g[1]};
  }
}

/// Why a particle goes no further: bits, of which kBroken counts where both are set.
using Ending = std::int32_t;
inline constexpr Ending kGoesOn = 0;
inline constexpr Ending kBroken = 1;   ///< diverged
inline constexpr Ending kArrived = 2;  ///< converged

/// A coordinate beyond this is a divergence, as of a descent (descent.hpp, kEscaped).
inline constexpr float kFarthest = 1e15f;

/// Whether loss and gradient are numbers: their absolute values have a sum below the largest float. Written
/// so that a NaN fails.
THALWEG_HD inline bool finite(const Slope& slope) {
  return std::fabs(slope.loss) + std::fabs(slope.x) + std::fabs(slope.y) <= FLT_MAX;
}

THALWEG_HD inline bool within_reach(float x, float y) {
  return std::fabs(x) <= kFarthest && std::fabs(y) <= kFarthest;
}

THALWEG_HD inline float squared_distance(float x, float y, float to_x, float to_y) {
  const float dx = x - to_x;
  const float dy = y - to_y;
  return dx * dx + dy * dy;
}

/// A minimum and the square of the tolerance: -1 where no distance is near enough.
struct Aim {
  float x = 0.0f;
  float y = 0.0f;
  float tolerance2 = -1.0f;
};

/// Whether the particle that stands at (x, y), where the slope is `slope`, has diverged.
THALWEG_HD inline bool broken_at(const Slope& slope, float x, float y) {
  return !(finite(slope) && within_reach(x, y));
}

/// Whether the particle that stands at (x, y) has converged.
THALWEG_HD inline Ending arrived_at(float x, float y, const Aim& aim) {
  return squared_distance(x, y, aim.x, aim.y) < aim.tolerance2 ? kArrived : kGoesOn;
}

/// The numbers that a particle consists of.
template <UpdateRule Rule>
struct Particle {
  float x = 0.0f;
  float y = 0.0f;
  Slope slope;  ///< at (x, y)
  float slots_x[Rule::kSlots + 1] = {};
  float slots_y[Rule::kSlots + 1] = {};
};

/// Puts a particle at its start.
template <UpdateRule Rule, class Formula>
THALWEG_HD inline Particle<Rule> particle_at(const Formula& formula, const float* slots, float x, float y) {
  Particle<Rule> out;
  out.x = x;
  out.y = y;
  for (int k = 0; k < Rule::kSlots; ++k) out.slots_x[k] = out.slots_y[k] = slots[k];
  out.slope = slope_of(formula, x, y);
  return out;
}

/// Makes one update and looks at where it has led.
template <UpdateRule Rule, class Formula>
THALWEG_HD inline void advance(Particle<Rule>& particle, const Formula& formula,
                               const typename Rule::template Step<float>& step) {
  Rule::update(particle.x, particle.slope.x, particle.slots_x, step);
  if constexpr (kVariablesOf<Formula> == 2)
    Rule::update(particle.y, particle.slope.y, particle.slots_y, step);
  particle.slope = slope_of(formula, particle.x, particle.y);
}

/// What a particle has found after at least one step: where it stands, or the average of a rule that
/// averages.
template <UpdateRule Rule>
THALWEG_HD inline void found_by(const Particle<Rule>& particle, const typename Rule::Hyper& hyper,
                                int variables, float& x, float& y) {
  x = particle.x;
  y = particle.y;
  if constexpr (HasAverage<Rule>) {
    x = Rule::average(particle.x, particle.slots_x, hyper);
    if (variables == 2) y = Rule::average(particle.y, particle.slots_y, hyper);
  } else {
    (void)hyper, (void)variables;
  }
}

/// Where particle `i` of a grid of cells begins: in the middle of its cell, row by row from (x0, y0) on.
struct GridOfStarts {
  double x0 = 0.0, y0 = 0.0;
  double width = 0.0, height = 0.0;  ///< of a cell
  std::int64_t columns = 1;
};
THALWEG_HD inline void start_of(const GridOfStarts& grid, std::int64_t i, float& x, float& y) {
  x = static_cast<float>(grid.x0 + (static_cast<double>(i % grid.columns) + 0.5) * grid.width);
  y = static_cast<float>(grid.y0 + (static_cast<double>(i / grid.columns) + 0.5) * grid.height);
}

}  // namespace thalweg::ensemble
