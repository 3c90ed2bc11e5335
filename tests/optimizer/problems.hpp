// Gradients of the test problems, written out by hand: these tests do not use the surface library.
#pragma once

#include <cmath>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/optimizer/optimizer.hpp"
#include "core/optimizer/rules.hpp"

namespace thalweg::test {

/// (1 − x)² + 100 (y − x²)².
inline void rosenbrock_gradient(const double* p, double* g) {
  const double valley = p[1] - p[0] * p[0];
  g[0] = -2.0 * (1.0 - p[0]) - 400.0 * p[0] * valley;
  g[1] = 200.0 * valley;
}

/// ½(4u² + 6uv + 7v²) with u = x − ½, v = y + ¼: the "quadratic" of make_golden.py.
inline void quadratic_gradient(const double* p, double* g) {
  const double u = p[0] - 0.5;
  const double v = p[1] + 0.25;
  g[0] = 4.0 * u + 3.0 * v;
  g[1] = 3.0 * u + 7.0 * v;
}

/// A separable bowl of any dimension with curvatures 1, 1.5, 2, ... and a little roughness, so that no
/// two elements see the same gradients.
inline void bowl_gradient(const double* p, double* g, int dim) {
  for (int i = 0; i < dim; ++i) g[i] = (1.0 + 0.5 * i) * p[i] + 0.3 * std::sin(3.0 * p[i]);
}

/// The element-wise ones; the others have tests of their own (method_*_test.cpp).
inline std::vector<OptimizerDescriptor> element_wise() {
  std::vector<OptimizerDescriptor> out;
  for (const OptimizerDescriptor& descriptor : optimizers())
    if (rule_index(descriptor.id) >= 0) out.push_back(descriptor);
  return out;
}

inline Spec spec_of(const std::string& text) {
  auto spec = parse_spec(text, optimizer_family());
  if (!spec) throw std::runtime_error(spec.error().text());
  return *spec;
}

inline std::unique_ptr<Stepper> stepper_of(const std::string& text, int dim) {
  return make_stepper(spec_of(text), dim);
}

}  // namespace thalweg::test
