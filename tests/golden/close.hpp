// The comparator of the numeric tests: a tolerance in the units of the numbers, and no way through for
// NaN or infinity, on either side. Its own failing cases are in tests/golden/golden_test.cpp.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <iomanip>

namespace thalweg::test {

inline bool is_close(double actual, double expected, double tolerance) {
  return std::isfinite(actual) && std::isfinite(expected) && std::abs(actual - expected) <= tolerance;
}

/// |actual − expected| ≤ tolerance, both finite.
inline ::testing::AssertionResult close(double actual, double expected, double tolerance) {
  if (is_close(actual, expected, tolerance)) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure()
         << std::setprecision(17) << actual << " is not " << expected << " within " << std::setprecision(3)
         << tolerance << " (off by " << actual - expected << ")";
}

}  // namespace thalweg::test
