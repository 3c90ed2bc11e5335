// Ensembles for tests, written shortly.
#pragma once

#include <gtest/gtest.h>

#include <cctype>
#include <string>
#include <vector>

#include "core/ensemble/ensemble.hpp"
#include "core/optimizer/rules.hpp"
#include "core/surface/built_in.hpp"

namespace thalweg::test {

inline EnsembleSettings ensemble_of(const std::string& surface, const std::string& optimizer, int columns,
                                    int rows, int steps, double tolerance = 0.0) {
  const auto s = parse_spec(surface, surface_family());
  const auto o = parse_spec(optimizer, optimizer_family());
  EXPECT_TRUE(s.ok()) << surface;
  EXPECT_TRUE(o.ok()) << optimizer;
  auto out = default_ensemble(*s, *o, columns, rows).value();
  *out.run.find("steps") = static_cast<double>(steps);
  if (tolerance > 0.0) *out.run.find("tol") = tolerance;
  return out;
}

inline std::shared_ptr<const Surface> surface_of(const EnsembleSettings& settings) {
  return make_surface(settings.surface).value();
}

/// All element-wise optimizers.
inline std::vector<std::string> rules() {
  std::vector<std::string> out;
  for (const auto& optimizer : optimizers())
    if (rule_index(optimizer.id) >= 0) out.push_back(optimizer.id);
  return out;
}

/// All built-in surfaces that have ensembles, and those forms of the quadratic that are formulas of their
/// own.
inline std::vector<std::string> built_in_surfaces() {
  std::vector<std::string> out{"quadratic:eigenvalues=3", "quadratic:angle=30"};
  for (const auto& surface : surfaces())
    if (surface.id != "expr") out.push_back(surface.id);
  return out;
}

/// A test's name from its spec string.
inline std::string name_of(const testing::TestParamInfo<std::string>& test) {
  std::string out = test.param;
  for (char& c : out)
    if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
  return out;
}

/// A grid that suits the surface.
inline EnsembleSettings small_ensemble(const std::string& surface, const std::string& optimizer, int side,
                                       int steps, double tolerance) {
  const auto built = make_surface(parse_spec(surface, surface_family()).value()).value();
  return built->dim() == 1 ? ensemble_of(surface, optimizer, side * side, 1, steps, tolerance)
                           : ensemble_of(surface, optimizer, side, side, steps, tolerance);
}

}  // namespace thalweg::test
