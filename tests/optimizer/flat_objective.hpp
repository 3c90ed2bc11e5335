// An objective that is asked for losses and gradients alone: to ask it for curvature fails the test.
#pragma once

#include <gtest/gtest.h>

#include "core/optimizer/objective.hpp"

namespace thalweg::test {

class FlatObjective : public Objective<double> {
 public:
  void hessian_product(const double*, const double*, double*) override { FAIL(); }
  void hessian_diagonal(const double*, DiagonalEstimate, double*) override { FAIL(); }
  bool hessian(const double*, double*) override { return false; }
  bool gauss_newton(const double*, double*) override { return false; }
  bool gauss_newton_product(const double*, const double*, double*) override { return false; }
  std::uint64_t seed() const override { return 0; }
};

}  // namespace thalweg::test
