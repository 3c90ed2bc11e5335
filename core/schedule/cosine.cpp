// Half a cosine period: alone, after a warm-up, and again and again (SGDR).
#include <algorithm>
#include <cmath>

#include "core/schedule/parts.hpp"

namespace thalweg::schedule_parts {
namespace {

// Cosine annealing ---------------------------------------------------------------------------------

double cosine_at(const Spec& spec, std::int64_t t, double base) {
  const double total = spec.number("total");
  const double min = spec.number("min");
  const double peak = spec.number_or("peak", base);
  const double step = static_cast<double>(t);
  if (step < total) return cosine_between(peak, min, step / total);
  if (spec.text("after") == "stay") return min;
  // A whole period is 2T: the remainder keeps the digits of late steps.
  return cosine_between(peak, min, std::fmod(step, 2.0 * total) / total);
}

TorchSchedule cosine_torch(const Spec& spec, std::int64_t steps) {
  const double total = spec.number("total"), min = spec.number("min");
  const bool stays = spec.text("after") == "stay";
  TorchSchedule out;
  if (stays) out.formula = {"if t >= " + python_number(total) + ":", "    return " + python_number(min)};
  out.formula.push_back("return " + cosine_expression(min, 0.0, total));
  // After T_max CosineAnnealingLR climbs again, and having passed nearly 0 it has lost its digits.
  if (static_cast<double>(steps) <= total + 1.0)
    out.scheduler = scheduler("CosineAnnealingLR",
                              {{"T_max", python_number(total)}, torch_argument("eta_min", min, 0.0)});
  return out;
}

std::vector<Grip> cosine_grips(const Spec& spec, double base) {
  return {peak_grip(spec, base), end_grip(spec, "end", "total", "min")};
}

// After a warm-up -----------------------------------------------------------------------------------

double cosine_warmup_at(const Spec& spec, std::int64_t t, double base) {
  const double total = spec.number("total");
  const double warmup = spec.number("warmup");
  const double min = spec.number("min");
  const double peak = spec.number_or("peak", base);
  const double step = static_cast<double>(t);
  if (step >= total) return min;  // first: the warm-up may be the longer of the two
  if (step < warmup) return peak * climb(spec, step, warmup);
  return cosine_between(peak, min, (step - warmup) / (total - warmup));
}

TorchSchedule cosine_warmup_torch(const Spec& spec, std::int64_t) {
  const double total = spec.number("total"), warmup = spec.number("warmup"), min = spec.number("min");
  TorchSchedule out;
  out.formula = {"if t >= " + python_number(total) + ":", "    return " + python_number(min)};
  if (warmup > 0.0)
    out.formula.insert(out.formula.end(),
                       {"if t < " + python_number(warmup) + ":",
                        "    return peak * " + climb_count(spec) + " / " + python_number(warmup)});
  if (total > warmup) out.formula.push_back("return " + cosine_expression(min, warmup, total));
  return out;
}

std::vector<Grip> cosine_warmup_grips(const Spec& spec, double base) {
  const double total = spec.number("total");
  return {
      {{"end of warm-up", std::min(spec.number("warmup"), total), spec.number_or("peak", base), true, true},
       [=](Spec& out, double step, double value) {
         put(out, "warmup", std::min(step, total));
         put(out, "peak", value);
       }},
      {{"end", total, spec.number("min"), true, true}, [=](Spec& out, double step, double value) {
         put(out, "total", std::max(step, spec.number("warmup")));
         put(out, "min", value);
       }}};
}

// Warm restarts -------------------------------------------------------------------------------------

/// Which cycle update t is in, and where in it.
struct Cycle {
  double number = 0.0;  ///< 0 for the first
  double begin = 0.0;   ///< its first update
  double length = 1.0;
};

Cycle cycle_of(const Spec& spec, double t) {
  const double first = spec.number("T_0"), factor = spec.number("T_mult");
  Cycle out{0.0, 0.0, first};
  if (factor == 1.0) {
    out.number = std::floor(t / first);
    out.begin = out.number * first;
    return out;
  }
  // Lengths at least double: there are at most forty before 1e12.
  while (t >= out.begin + out.length) {
    out.begin += out.length;
    out.length *= factor;
    out.number += 1.0;
  }
  return out;
}

double sgdr_at(const Spec& spec, std::int64_t t, double base) {
  const double step = static_cast<double>(t), min = spec.number("min");
  const Cycle cycle = cycle_of(spec, step);
  const double top =
      min + (spec.number_or("peak", base) - min) * std::pow(spec.number("gamma"), cycle.number);
  return cosine_between(top, min, (step - cycle.begin) / cycle.length);
}

TorchSchedule sgdr_torch(const Spec& spec, std::int64_t) {
  const double min = spec.number("min"), gamma = spec.number("gamma");
  const std::string first = number_in(spec, "T_0"), factor = number_in(spec, "T_mult"),
                    low = python_number(min);
  TorchSchedule out;
  const std::string down = gamma == 1.0 ? "" : python_number(gamma) + " ** cycle * ";
  if (spec.number("T_mult") == 1.0)
    out.formula = {"cycle, t = divmod(t, " + first + ")", "length = " + first};
  else
    out.formula = {"cycle, length = 0, " + first,
                   "while t >= length:", "    cycle, t, length = cycle + 1, t - length, length * " + factor};
  out.formula.push_back("return " + low + " + (peak - " + low + ") * " + down +
                        "math.cos(math.pi / 2 * t / length) ** 2");
  if (gamma == 1.0)
    out.scheduler =
        scheduler("CosineAnnealingWarmRestarts",
                  {{"T_0", first}, {"T_mult", factor, factor == "1"}, torch_argument("eta_min", min, 0.0)});
  return out;
}

std::vector<Grip> sgdr_grips(const Spec& spec, double base) {
  const double first = spec.number("T_0"), factor = spec.number("T_mult"), min = spec.number("min");
  const double peak = spec.number_or("peak", base), gamma = spec.number("gamma");
  const double way = peak - min;
  return {peak_grip(spec, base),
          {{"lowest rate", first - 1.0, cosine_between(peak, min, (first - 1.0) / first), false, true},
           [=](Spec& out, double, double value) {
             // What min has to be for the last update of the cycle to have this rate.
             const double share = cosine_between(1.0, 0.0, (first - 1.0) / first);
             put(out, "min", share < 1.0 ? (value - peak * share) / (1.0 - share) : value);
           }},
          {{"first restart", first, min + way * gamma, true, true},
           [=](Spec& out, double step, double value) {
             put(out, "T_0", step);
             put(out, "gamma", (value - min) / way);
           }},
          {{"second restart", first * (1.0 + factor), min + way * gamma * gamma, true, false},
           [=](Spec& out, double step, double) { put(out, "T_mult", step / first - 1.0); }}};
}

}  // namespace

ScheduleDescriptor cosine() {
  return with_grips(
      {{.id = "cosine",
        .label = "Cosine annealing",
        .summary = "Half a cosine period from the peak down to the minimum, then level.",
        .formula = "η(t) = ηₘᵢₙ + ½(ηₘₐₓ − ηₘᵢₙ)(1 + cos(πt/T))",
        .reference = "Loshchilov & Hutter 2017 (SGDR), eq. (5), without restarts; PyTorch CosineAnnealingLR",
        .parameters = {peak_parameter(), min_parameter(), total_parameter(),
                       choice_parameter("after", "afterwards", {"stay", "climb"},
                                        "After the end: stay there, or climb again as PyTorch's scheduler "
                                        "does, up and down with the period 2T.")}},
       cosine_at,
       cosine_torch},
      cosine_grips);
}

ScheduleDescriptor cosine_warmup() {
  return with_grips(
      {{.id = "cosine_warmup",
        .label = "Warm-up and cosine",
        .summary = "A straight climb from 0 to the peak, then half a cosine period down to the minimum.",
        .formula = "η(t) = ηₘₐₓ t/w for t < w, then ηₘᵢₙ + ½(ηₘₐₓ − ηₘᵢₙ)(1 + cos(π(t − w)/(T − w)))",
        .reference = "Goyal et al. 2017, section 2.2 (warm-up); Loshchilov & Hutter 2017, eq. (5)",
        .parameters = {peak_parameter(), min_parameter(),
                       count_parameter("warmup", "w", "warm-up", 100, 0,
                                       "Number of updates until the peak is reached."),
                       total_parameter(), convention_parameter()}},
       cosine_warmup_at,
       cosine_warmup_torch},
      cosine_warmup_grips);
}

ScheduleDescriptor sgdr() {
  Parameter factor{.key = "T_mult",
                   .symbol = "Tₘ",
                   .label = "growth of cycles",
                   .kind = Kind::kInteger,
                   .default_value = 2.0,
                   .min = 1.0,
                   .max = 100.0,
                   .soft_min = 1.0,
                   .soft_max = 4.0,
                   .help = "Each cycle is so many times as long as the one before.",
                   .live = true};
  Parameter fall =
      gamma_parameter(1.0, 0.1, Scale::kLinear,
                      "What the height of the peak over the minimum is multiplied by at each restart.");
  fall.label = "peaks' factor";
  fall.max = 1.0;
  return with_grips(
      {{.id = "sgdr",
        .label = "Cosine with warm restarts (SGDR)",
        .summary = "Half a cosine period, and back to the peak: cycles of growing length.",
        .formula =
            "η(t) = ηₘᵢₙ + ½(ηₘₐₓ − ηₘᵢₙ) γⁱ (1 + cos(π τ/Tᵢ)), Tᵢ = T₀ Tₘⁱ, τ updates since the restart",
        .reference = "Loshchilov & Hutter 2017 (SGDR), eq. (5); PyTorch CosineAnnealingWarmRestarts (γ = 1)",
        .parameters = {peak_parameter(), min_parameter("What each cycle falls to."),
                       count_parameter("T_0", "T₀", "first cycle", 100, 1,
                                       "Number of updates until the first restart."),
                       std::move(factor), std::move(fall)}},
       sgdr_at,
       sgdr_torch},
      sgdr_grips);
}

}  // namespace thalweg::schedule_parts
