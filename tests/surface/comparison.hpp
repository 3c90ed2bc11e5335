// What the tests of surfaces share: a comparison that NaN fails, reproducible random points, and
// derivatives by extrapolated differences as a reference that knows nothing of jets.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <random>
#include <vector>

#include "core/surface/surface.hpp"

namespace thalweg::test {

/// |actual - expected| <= tolerance; NaN and infinities fail.
inline testing::AssertionResult close(double actual, double expected, double tolerance) {
  if (std::abs(actual - expected) <= tolerance) return testing::AssertionSuccess();
  return testing::AssertionFailure() << actual << " is not within " << tolerance << " of " << expected
                                     << " (off by " << actual - expected << ")";
}

/// |actual - expected| <= relative * max(1, |expected|).
inline testing::AssertionResult close_relative(double actual, double expected, double relative) {
  return close(actual, expected, relative * std::max(1.0, std::abs(expected)));
}

/// Equal, or both NaN.
inline bool identical(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

inline std::vector<double> random_point(const Surface& surface, std::mt19937_64& random) {
  std::vector<double> x;
  for (const Interval& side : surface.domain())
    x.push_back(std::uniform_real_distribution<double>(side.lower, side.upper)(random));
  return x;
}

inline double widest(const Surface& surface) {
  double out = 0.0;
  for (const Interval& side : surface.domain()) out = std::max(out, side.upper - side.lower);
  return out;
}

struct Estimate {
  double value = std::numeric_limits<double>::quiet_NaN();
  double error = std::numeric_limits<double>::infinity();
};

/// The limit of difference(h) for h -> 0, where difference has an expansion in h²: Richardson's
/// extrapolation with the step and order of the least error (Ridders 1982).
inline Estimate extrapolate(const std::function<double(double)>& difference, double h) {
  constexpr int kLevels = 12;
  constexpr double kShrink = 1.5;
  double table[kLevels][kLevels];
  Estimate best;
  for (int i = 0; i < kLevels; ++i, h /= kShrink) {
    table[0][i] = difference(h);
    double factor = kShrink * kShrink;
    for (int j = 1; j <= i; ++j, factor *= kShrink * kShrink) {
      table[j][i] = (table[j - 1][i] * factor - table[j - 1][i - 1]) / (factor - 1.0);
      const double error =
          std::max(std::abs(table[j][i] - table[j - 1][i]), std::abs(table[j][i] - table[j - 1][i - 1]));
      if (error < best.error) best = {table[j][i], error};
    }
  }
  return best;
}

/// ∂f/∂x_i from values only.
inline Estimate slope(const Surface& surface, const std::vector<double>& x, std::size_t i, double h0) {
  return extrapolate(
      [&](double h) {
        std::vector<double> right = x;
        std::vector<double> left = x;
        right[i] += h;
        left[i] -= h;
        return (surface.value(right.data()) - surface.value(left.data())) / (right[i] - left[i]);
      },
      h0);
}

/// ∂²f/∂x_i∂x_j from values only.
inline Estimate curvature(const Surface& surface, const std::vector<double>& x, std::size_t i, std::size_t j,
                          double h0) {
  const auto at = [&](double di, double dj) {
    std::vector<double> p = x;
    p[i] += di;
    p[j] += dj;
    return surface.value(p.data());
  };
  return extrapolate(
      [&](double h) {
        if (i == j) return (at(h, 0) - 2.0 * at(0, 0) + at(-h, 0)) / (h * h);
        return (at(h, h) - at(h, -h) - at(-h, h) + at(-h, -h)) / (4.0 * h * h);
      },
      h0);
}

}  // namespace thalweg::test
