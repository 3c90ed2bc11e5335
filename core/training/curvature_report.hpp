// The curvature of the loss at one place: both ends of the Hessian's spectrum, its trace and, if wanted, its
// density, next to what the learning rate allows.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "core/curvature/lanczos.hpp"
#include "core/curvature/power_iteration.hpp"
#include "core/curvature/trace.hpp"
#include "core/spec/spec.hpp"

namespace thalweg {

/// samples, eigenvalues, trace_probes, tolerance, density: see the help of its parameters.
const Descriptor& curvature_descriptor();

struct CurvatureReport {
  std::int64_t samples = 0;
  double loss = 0.0;  ///< mean over them, in evaluation mode
  double gradient_norm = 0.0;
  PowerResult sharpness;  ///< λmax by power iteration, from a random start
  LanczosResult spectrum;
  TraceEstimate trace;
  std::optional<SpectralDensity> density;
  /// The largest λ at which `optimizer` is stable at its rate; none for rules that scale each direction.
  std::optional<double> stability_limit;
  bool stopped = false;  ///< the numbers are what was there when the caller stopped it
};

/// Of the mean loss over these training samples, in evaluation mode. Errors: no samples, no finite numbers,
/// and the engine's.
/// @param optimizer, learning_rate  in force
/// @param settings                  of curvature_descriptor(); its samples are not looked at
Result<CurvatureReport> measure_curvature(TrainingEngine& engine, std::span<const std::uint32_t> samples,
                                          const Spec& optimizer, double learning_rate, const Spec& settings,
                                          std::uint64_t seed, const std::function<bool()>& stop = {});

}  // namespace thalweg
