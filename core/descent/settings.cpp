#include "core/descent/settings.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/optimizer/optimizer.hpp"
#include "core/schedule/schedule.hpp"
#include "core/surface/surface.hpp"

namespace thalweg {
namespace {

constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

std::vector<Change>::const_iterator first_after(const std::vector<Change>& changes, std::int64_t step) {
  return std::upper_bound(changes.begin(), changes.end(), step,
                          [](std::int64_t at, const Change& change) { return at < change.step; });
}

std::optional<Error> check_live(const LiveSpec& live, const Descriptor& descriptor) {
  if (auto error = check(live.spec, descriptor)) return error;
  if (live.changes.size() > kMostChanges)
    return bad_input("at most " + std::to_string(kMostChanges) + " changes are possible", descriptor.id);
  std::int64_t last = 0;
  for (const Change& change : live.changes) {
    const Parameter* parameter = descriptor.find(change.key);
    if (!parameter) return bad_input("has no parameter '" + change.key + "'", descriptor.id);
    if (!parameter->live) return bad_input("can't change while a run goes on", descriptor.id + ": " + change.key);
    if (change.step < 0) return bad_input("a change can't be before step 0", descriptor.id);
    if (change.step < last) return bad_input("changes are not in the order of their steps", descriptor.id);
    last = change.step;
    if (auto error = check(*parameter, change.value)) return error;
  }
  return std::nullopt;
}

}  // namespace

Spec LiveSpec::at(std::int64_t step) const {
  Spec out = spec;
  for (const Change& change : changes) {
    if (change.step > step) break;
    if (Value* value = out.find(change.key)) *value = change.value;
  }
  return out;
}

std::int64_t LiveSpec::next_change(std::int64_t step) const {
  const auto next = first_after(changes, step);
  return next == changes.end() ? kNever : next->step;
}

void LiveSpec::proceed(Spec& now, std::int64_t from, std::int64_t to) const {
  for (auto change = first_after(changes, from); change != changes.end() && change->step <= to; ++change)
    if (Value* value = now.find(change->key)) *value = change->value;
}

void LiveSpec::change(std::int64_t step, const std::string& key, Value value) {
  std::erase_if(changes, [&](const Change& c) { return c.step > step || (c.step == step && c.key == key); });
  if (changes.size() >= kMostChanges) {
    const auto last = std::find_if(changes.rbegin(), changes.rend(), [&](const Change& c) { return c.key == key; });
    changes.erase(last == changes.rend() ? changes.end() - 1 : last.base() - 1);
  }
  changes.push_back({step, key, std::move(value)});
}

void LiveSpec::set(const std::string& key, Value value) {
  std::erase_if(changes, [&](const Change& c) { return c.key == key; });
  if (Value* held = spec.find(key)) *held = std::move(value);
}

std::int64_t first_difference(const LiveSpec& a, const LiveSpec& b) {
  if (a.spec != b.spec) return 0;
  const std::size_t shared = std::min(a.changes.size(), b.changes.size());
  for (std::size_t i = 0; i < shared; ++i)
    if (a.changes[i] != b.changes[i]) return std::min(a.changes[i].step, b.changes[i].step);
  if (a.changes.size() > shared) return a.changes[shared].step;
  if (b.changes.size() > shared) return b.changes[shared].step;
  return kNever;
}

const Descriptor& gradient_descriptor() {
  static const Descriptor descriptor{
      .id = "gradient",
      .label = "Gradient",
      .summary = "Noise and clipping between the surface and the optimizer.",
      .formula = "g ← clip(∇f + σ/√B · ξ),  ξ ~ N(0, I)",
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
                   "one, when the gradient norm is below it.",
           .off_word = "off"},
          {.key = "seed", .symbol = "", .label = "seed", .kind = Kind::kInteger, .default_value = 0.0, .min = 0.0,
           .max = 9007199254740991.0, .soft_min = 0.0, .soft_max = 100.0,
           .help = "Chooses the gradient noise. All optimizers of a run see the same noise."},
      }};
  return descriptor;
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
  if (auto error = check_live(settings.optimizer, *optimizer)) return error;
  if (auto error = check_live(settings.gradient, gradient_descriptor())) return error;
  const ScheduleDescriptor* schedule = find_schedule(settings.schedule.id);
  if (!schedule) return bad_input("there is no schedule '" + settings.schedule.id + "'");
  if (auto error = check(settings.schedule, *schedule)) return error;
  return check(settings.run, run_descriptor());
}

}  // namespace thalweg
