// The sign, for rules that follow it.
#pragma once

#include "core/spec/platform.hpp"

namespace thalweg {

/// −1, 0 or 1. NaN and infinity give NaN: a rule that takes the sign of a gradient must not hide that it has
/// blown up.
template <class T>
THALWEG_HD inline T sign_of(T x) {
  const T unit = x > T(0) ? T(1) : x < T(0) ? T(-1) : T(0);
  return unit + (x - x);
}

}  // namespace thalweg
