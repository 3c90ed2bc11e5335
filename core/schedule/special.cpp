// Values over the steps that are no training schedules: the sweep of the learning-rate finder, and the
// dynamic loss scale of half precision.
#include <algorithm>
#include <cmath>

#include "core/schedule/parts.hpp"

namespace thalweg::schedule_parts {
namespace {

// The sweep -----------------------------------------------------------------------------------------

double sweep_share(const Spec& spec, double t) {
  const double way = spec.number("total") - 1.0;
  return t >= way ? 1.0 : t / way;
}

double sweep_at(const Spec& spec, std::int64_t t, double base) {
  const double peak = spec.number_or("peak", base), start = spec.number("start");
  const double x = sweep_share(spec, static_cast<double>(t));
  if (x >= 1.0) return peak;
  if (spec.text("spacing") == "linear") return start + (peak - start) * x;
  return start * std::pow(peak / start, x);
}

TorchSchedule sweep_torch(const Spec& spec, std::int64_t) {
  const std::string start = number_in(spec, "start"), way = python_number(spec.number("total") - 1.0);
  if (spec.number("total") == 1.0) return {{}, {"return peak"}};
  const std::string x = "min(t / " + way + ", 1)";
  if (spec.text("spacing") == "linear") return {{}, {"return " + start + " + (peak - " + start + ") * " + x}};
  return {{}, {"return " + start + " * (peak / " + start + ") ** " + x}};
}

std::vector<Grip> sweep_grips(const Spec& spec, double base) {
  return {{{"lowest rate", 0.0, sweep_at(spec, 0, base), false, true},
           [](Spec& out, double, double value) { put(out, "start", value); }},
          {{"highest rate", spec.number("total") - 1.0, spec.number_or("peak", base), true, true},
           [](Spec& out, double step, double value) {
             put(out, "total", step + 1.0);
             put(out, "peak", value);
           }}};
}

// The loss scale --------------------------------------------------------------------------------------

/// Scales are s₀ gʲ with whole j, since a backoff is g⁻ᵏ: the walk over j repeats itself.
struct Walk {
  double drop = 1.0;      ///< k: levels that an overflow takes away
  double interval = 1.0;  ///< good steps until the next level
  double good = 0.0;      ///< J: the highest level that does not overflow
  double falls = 0.0;     ///< updates at the start that overflow one after the other
  double first = 0.0;     ///< the level after those
};

Walk walk_of(const Spec& spec) {
  const double growth = spec.number("growth_factor"), init = spec.number("init_scale"),
               largest = spec.number("largest");
  Walk out{.drop = std::max(1.0, std::round(-std::log(spec.number("backoff_factor")) / std::log(growth))),
           .interval = spec.number("growth_interval")};
  out.good = std::floor(std::log(largest / init) / std::log(growth));
  while (init * std::pow(growth, out.good) > largest) out.good -= 1.0;
  while (init * std::pow(growth, out.good + 1.0) <= largest) out.good += 1.0;
  out.falls = std::max(0.0, std::ceil(-out.good / out.drop));
  out.first = -out.falls * out.drop;
  return out;
}

double level_at(const Walk& walk, double t) {
  if (t < walk.falls) return -walk.drop * t;
  t -= walk.falls;
  const double climb = (walk.good + 1.0 - walk.first) * walk.interval;
  if (t < climb) return walk.first + std::floor(t / walk.interval);
  t = std::fmod(t - climb, walk.drop * walk.interval + 1.0);
  return t == 0.0 ? walk.good + 1.0 : walk.good + 1.0 - walk.drop + std::floor((t - 1.0) / walk.interval);
}

double loss_scale_at(const Spec& spec, std::int64_t t, double) {
  return spec.number("init_scale") *
         std::pow(spec.number("growth_factor"), level_at(walk_of(spec), static_cast<double>(t)));
}

TorchSchedule loss_scale_torch(const Spec& spec, std::int64_t) {
  return {{},
          {"scale, good = " + number_in(spec, "init_scale") + ", 0", "for _ in range(t):",
           "    overflow = scale > " + number_in(spec, "largest"), "    good = 0 if overflow else good + 1",
           "    if overflow:", "        scale *= " + number_in(spec, "backoff_factor"),
           "    elif good == " + number_in(spec, "growth_interval") + ":",
           "        scale, good = scale * " + number_in(spec, "growth_factor") + ", 0", "return scale"}};
}

std::optional<Error> check_loss_scale(const Spec& spec) {
  const double levels = -std::log(spec.number("backoff_factor")) / std::log(spec.number("growth_factor"));
  if (std::abs(levels - std::round(levels)) <= 1e-9 * levels && std::round(levels) >= 1.0)
    return std::nullopt;
  return bad_input("must be one over a whole power of the growth factor, such as " +
                       format_number(1.0 / spec.number("growth_factor")) + ", not " +
                       format_number(spec.number("backoff_factor")),
                   "loss_scale: backoff_factor");
}

std::vector<Grip> loss_scale_grips(const Spec& spec, double) {
  const Walk walk = walk_of(spec);
  return {{{"first scale", 0.0, spec.number("init_scale"), false, true},
           [](Spec& out, double, double value) { put(out, "init_scale", value); }},
          {{"first growth", walk.falls + walk.interval,
            loss_scale_at(spec, static_cast<std::int64_t>(walk.falls + walk.interval), 0.0), true, false},
           [=](Spec& out, double step, double) { put(out, "growth_interval", step - walk.falls); }}};
}

}  // namespace

ScheduleDescriptor sweep() {
  Parameter start = min_parameter("The learning rate of the first update.");
  start.key = "start";
  start.label = "lowest learning rate";
  start.default_value = 1e-7;
  start.min_open = true;
  return with_grips(
      {{.id = "sweep",
        .label = "Sweep of the learning-rate finder",
        .summary = "From a tiny rate to a large one in equal ratios, to see where the loss falls and where "
                   "it blows up.",
        .formula = "η(t) = ηₘᵢₙ (ηₘₐₓ/ηₘᵢₙ)^(t/(T − 1))",
        .reference = "Smith 2017, Cyclical Learning Rates, section 3.3 (range test, linear); fast.ai's "
                     "finder (geometric)",
        .parameters = {peak_parameter(), std::move(start),
                       count_parameter("total", "T", "length", 1000, 1,
                                       "Number of updates; the last has the highest rate."),
                       choice_parameter("spacing", "spacing", {"geometric", "linear"},
                                        "Equal ratios from update to update, or equal differences.")}},
       sweep_at,
       sweep_torch},
      sweep_grips);
}

ScheduleDescriptor loss_scale() {
  const auto scale = [](std::string key, std::string symbol, std::string label, double value,
                        std::string help) {
    Parameter out = real_parameter(std::move(key), std::move(symbol), std::move(label), value, 1e-12, 1e38,
                                   std::move(help));
    out.soft_min = 1.0;
    out.soft_max = 1e9;
    out.scale = Scale::kLog;
    return out;
  };
  Parameter growth = real_parameter("growth_factor", "g", "growth factor", 2.0, 1.0, 1e6,
                                    "What the scale is multiplied by after so many good steps.");
  growth.min = 1.0001;
  growth.soft_min = 1.5;
  growth.soft_max = 8.0;
  Parameter backoff =
      real_parameter("backoff_factor", "b", "backoff factor", 0.5, 1e-30, 0.9999,
                     "What the scale is multiplied by when a gradient overflows; one over a whole "
                     "power of the growth factor.");
  backoff.soft_min = 0.125;
  backoff.soft_max = 0.5;
  ScheduleDescriptor out = with_grips(
      {{.id = "loss_scale",
        .label = "Dynamic loss scale",
        .summary = "What the loss is multiplied by in half precision: as much as its gradients bear.",
        .formula =
            "s ← g s after I good steps in a row, s ← b s where a gradient overflows, that is where s > sₘₐₓ",
        .reference = "Micikevicius et al. 2018, section 3.2; PyTorch GradScaler",
        .parameters =
            {scale("init_scale", "s₀", "first scale", 65536.0, "The scale of the first update."),
             std::move(growth), std::move(backoff),
             count_parameter("growth_interval", "I", "growth interval", 2000, 1,
                             "Good steps in a row before the scale grows."),
             scale("largest", "sₘₐₓ", "largest that fits", 1048576.0,
                   "The largest scale at which no gradient overflows; in training it shows itself.")}},
       loss_scale_at,
       loss_scale_torch},
      loss_scale_grips);
  out.role = ScheduleRole::kLossScale;
  out.check = check_loss_scale;
  return out;
}

}  // namespace thalweg::schedule_parts
