// What rules share whose one number for each element is a velocity, or a mean gradient.
#pragma once

#include <cstdint>

#include "core/optimizer/hyperparameters.hpp"
#include "core/optimizer/rule.hpp"

namespace thalweg {

/// Rules derive from it; their settings are `momentum` and `weight_decay`.
struct VelocityFamily {
  static constexpr int kSlots = 1;

  struct Hyper {
    double momentum;
    double weight_decay;
  };
  struct Progress {};

  static Hyper hyper(const Spec& spec) {
    return {.momentum = spec.number("momentum"), .weight_decay = spec.number("weight_decay")};
  }

  template <class AnyStep>
  static void look(const Hyper&, const Progress&, const AnyStep&, const double* slots, double* out) {
    out[0] = slots[0];
  }
};

}  // namespace thalweg
