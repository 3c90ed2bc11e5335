#include "core/training/curvature_report.hpp"

#include <cmath>

#include "core/curvature/stability.hpp"

namespace thalweg {

const Descriptor& curvature_descriptor() {
  static const Descriptor descriptor{
      .id = "curvature",
      .label = "Curvature",
      .summary = "How the Hessian of the loss is looked into.",
      .formula = "H = ∇²L",
      .reference = "B. A. Pearlmutter, Fast exact multiplication by the Hessian, Neural Computation 6, 1994",
      .parameters = {
          {.key = "samples",
           .symbol = "",
           .label = "samples",
           .kind = Kind::kInteger,
           .default_value = 1024.0,
           .min = 1.0,
           .max = 1e7,
           .soft_min = 64.0,
           .soft_max = 65'536.0,
           .scale = Scale::kLog,
           .help = "Training samples whose mean loss is looked at; chosen by the seed."},
          {.key = "eigenvalues",
           .symbol = "k",
           .label = "eigenvalues",
           .kind = Kind::kInteger,
           .default_value = 5.0,
           .min = 1.0,
           .max = 64.0,
           .soft_min = 1.0,
           .soft_max = 20.0,
           .help = "So many of the largest are found."},
          {.key = "trace_probes",
           .symbol = "",
           .label = "trace probes",
           .kind = Kind::kInteger,
           .default_value = 32.0,
           .min = 2.0,
           .max = 10'000.0,
           .soft_min = 4.0,
           .soft_max = 256.0,
           .scale = Scale::kLog,
           .help = "Random vectors of the trace's estimate."},
          {.key = "tolerance",
           .symbol = "",
           .label = "tolerance",
           .default_value = 1e-3,
           .min = 1e-6,
           .max = 0.5,
           .soft_min = 1e-5,
           .soft_max = 0.1,
           .scale = Scale::kLog,
           .help = "An eigenvalue is found when ‖Hv − λv‖ is at most so much of λ."},
          {.key = "density",
           .symbol = "",
           .label = "density",
           .kind = Kind::kInteger,
           .default_value = Value{},
           .min = 2.0,
           .max = 100'000.0,
           .soft_min = 64.0,
           .soft_max = 4096.0,
           .scale = Scale::kLog,
           .unit = "points",
           .help = "The density of all eigenvalues too, at so many points.",
           .off_word = "off"},
      }};
  return descriptor;
}

Result<CurvatureReport> measure_curvature(TrainingEngine& engine, std::span<const std::uint32_t> samples,
                                          const Spec& optimizer, double learning_rate, const Spec& settings,
                                          std::uint64_t seed, const std::function<bool()>& stop) {
  if (auto error = check(settings, curvature_descriptor())) return *error;
  const auto measured = engine.evaluate(DataPart::kTrain, samples, stop);
  if (!measured) return measured.error();
  std::vector<float> gradient(static_cast<std::size_t>(engine.plan().parameters));
  if (auto error = engine.loss_gradient(samples, gradient)) return *error;
  const auto hessian = engine.hessian(samples);
  if (!hessian) return hessian.error();
  const SymmetricOperator op = hessian_operator(**hessian, engine.plan().parameters);
  const double tolerance = settings.number("tolerance");
  const auto count = static_cast<int>(settings.number("eigenvalues"));

  CurvatureReport out;
  out.samples = static_cast<std::int64_t>(samples.size());
  out.loss = measured->loss;
  double squared = 0.0;
  for (const float g : gradient) squared += static_cast<double>(g) * static_cast<double>(g);
  out.gradient_norm = std::sqrt(squared);
  out.sharpness = largest_eigenvalue(
      op, {.tolerance = tolerance, .products = 1000, .seed = seed, .start = {}, .stop = stop});
  out.spectrum = lanczos(op, {.largest = count,
                              .smallest = 1,
                              .tolerance = tolerance,
                              .products = 100 + 10 * count,
                              .seed = seed,
                              .start = {},
                              .stop = stop});
  out.trace = hutchinson_trace(
      op, {.probes = static_cast<int>(settings.number("trace_probes")), .seed = seed, .stop = stop});
  if (!settings.is_off("density")) {
    DensitySettings density;
    density.points = static_cast<int>(settings.number("density"));
    density.seed = seed;
    density.stop = stop;
    out.density = spectral_density(op, density);
  }
  out.stability_limit = stability_threshold(optimizer, learning_rate);
  out.stopped = stop && stop();
  if (!out.stopped && !std::isfinite(out.sharpness.value))
    return bad_input("gives numbers that are not finite: the network has diverged", "curvature");
  return out;
}

}  // namespace thalweg
