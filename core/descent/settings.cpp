#include "core/descent/settings.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/optimizer/optimizer.hpp"
#include "core/schedule/schedule.hpp"
#include "core/surface/surface.hpp"

namespace thalweg {

const Descriptor& gradient_descriptor() {
  static const Descriptor descriptor{
      .id = "gradient",
      .label = "Gradient",
      .summary = "Noise, direction and clipping between the surface and the optimizer.",
      .formula = "g ← clip(±(∇f + σ/√B · ξ)),  ξ ~ N(0, I),  − to maximize",
      .reference = "Noise: Bottou, Curtis, Nocedal (2018), SIAM Review 60(2), section 4. "
                   "Clipping: Pascanu, Mikolov, Bengio (2013), ICML, section 3.2",
      .parameters = {
          {.key = "noise", .symbol = "σ", .label = "noise", .default_value = 0.0, .min = 0.0, .max = 1e12,
           .soft_min = 0.0, .soft_max = 10.0,
           .help = "Standard deviation of the Gaussian noise added to each component of the gradient of one sample.",
           .live = true},
          {.key = "batch", .symbol = "B", .label = "batch size", .kind = Kind::kInteger, .default_value = 1.0,
           .min = 1.0, .max = 1e9, .soft_min = 1.0, .soft_max = 1024.0, .scale = Scale::kLog,
           .help = "Samples averaged in each gradient: the variance of the noise is σ²/B.", .live = true},
          {.key = "clip", .symbol = "c", .label = "clip norm", .default_value = Value{}, .min = 0.0, .max = 1e12,
           .min_open = true, .soft_min = 0.01, .soft_max = 1000.0, .scale = Scale::kLog,
           .help = "A gradient longer than c is scaled down to length c (as PyTorch's clip_grad_norm_).",
           .live = true, .off_word = "off"},
          {.key = "clip_value", .symbol = "c∞", .label = "clip value", .default_value = Value{}, .min = 0.0,
           .max = 1e12, .min_open = true, .soft_min = 0.01, .soft_max = 1000.0, .scale = Scale::kLog,
           .help = "Each component of the gradient is limited to [−c∞, c∞] (as PyTorch's clip_grad_value_).",
           .live = true, .off_word = "off"},
          {.key = "maximize", .symbol = "", .label = "maximize", .kind = Kind::kBoolean, .default_value = 0.0,
           .help = "Goes up f instead of down: the optimizer minimises −f (as maximize=True of torch.optim). Loss and "
                   "gradient norm that are shown stay those of f, weight decay still pulls towards 0, and a "
                   "schedule by plateau wants mode=max."},
      }};
  return descriptor;
}

const Descriptor& run_descriptor() {
  static const Descriptor descriptor{
      .id = "run",
      .label = "Run",
      .summary = "How long a run goes on, and the seed of its random numbers.",
      .formula = "",
      .reference = "",
      .parameters = {
          {.key = "steps", .symbol = "T", .label = "steps", .kind = Kind::kInteger, .default_value = 2000.0,
           .min = 0.0, .max = 1e7, .soft_min = 10.0, .soft_max = 1e5, .scale = Scale::kLog,
           .help = "Most updates that a run may make."},
          {.key = "tol", .symbol = "", .label = "tolerance", .default_value = Value{}, .min = 0.0, .max = 1e12,
           .min_open = true, .soft_min = 1e-12, .soft_max = 1.0, .scale = Scale::kLog,
           .help = "A run has converged when it is closer than this to a known minimum; on a surface without "
                   "one, and where f is maximized, when the gradient norm is below it.",
           .off_word = "off"},
          {.key = "seed", .symbol = "", .label = "seed", .kind = Kind::kInteger, .default_value = 0.0, .min = 0.0,
           .max = 9007199254740991.0, .soft_min = 0.0, .soft_max = 100.0,
           .help = "Chooses the gradient noise. All optimizers of a run see the same noise."},
      }};
  return descriptor;
}

bool maximizes(const LiveSpec& gradient) { return gradient.spec.flag("maximize"); }

std::string unfit(const OptimizerDescriptor& optimizer, const Surface& surface, bool maximize) {
  if (!optimizer.not_on_surfaces.empty()) return optimizer.not_on_surfaces;
  if (optimizer.needs_squares && !surface.sums_squares())
    return "needs a loss that is a sum of squares, and this surface is not written as one";
  if (optimizer.needs_squares && maximize) return "needs a loss that is a sum of squares, and −f is none";
  return {};
}

std::optional<Error> check(const DescentSettings& settings, const Surface& surface) {
  if (static_cast<int>(settings.start.size()) != surface.dim())
    return bad_input("has " + std::to_string(settings.start.size()) + " coordinates, the surface has " +
                         std::to_string(surface.dim()),
                     "start");
  for (const double coordinate : settings.start)
    if (!std::isfinite(coordinate) || std::abs(coordinate) > kFarthestStart)
      return bad_input("every coordinate must be a number of at most 1e12", "start");
  const OptimizerDescriptor* optimizer = find_optimizer(settings.optimizer.spec.id);
  if (!optimizer) return bad_input("there is no optimizer '" + settings.optimizer.spec.id + "'");
  if (auto error = check(settings.gradient, gradient_descriptor())) return error;
  const bool maximize = maximizes(settings.gradient);
  if (const std::string why = unfit(*optimizer, surface, maximize); !why.empty())
    return Error{ErrorCode::kUnsupported,
                 "'" + optimizer->id + "' can't go " + (maximize ? "up" : "down") + " '" + settings.surface.id +
                     "': it " + why,
                 "optimizer"};
  if (auto error = check(settings.optimizer, *optimizer)) return error;
  if (auto error = check(settings.run, run_descriptor())) return error;
  std::vector<double> batches = {settings.gradient.spec.number("batch")};
  for (const Change& change : settings.gradient.changes)
    if (change.key == "batch") batches.push_back(std::get<double>(change.value));
  return check_schedules(settings.schedule, settings.drives, settings.optimizer, *optimizer,
                         *gradient_descriptor().find("batch"), batches,
                         static_cast<std::int64_t>(settings.run.number("steps")));
}

std::int64_t first_difference(const DescentSettings& a, const DescentSettings& b) {
  DescentSettings same = b;
  same.optimizer = a.optimizer;
  same.gradient = a.gradient;
  *same.run.find("steps") = *a.run.find("steps");
  if (same != a) return 0;
  return std::min(first_difference(a.optimizer, b.optimizer), first_difference(a.gradient, b.gradient));
}

}  // namespace thalweg
