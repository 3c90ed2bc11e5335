// A climb to the peak, and what may follow: nothing, a fall as one over the root of the step, or a long
// plateau with a decay at its end.
#include <algorithm>
#include <cmath>

#include "core/schedule/parts.hpp"

namespace thalweg::schedule_parts {
namespace {

Parameter warmup_parameter(double value) {
  return count_parameter("warmup", "w", "warm-up", value, 0, "Number of updates until the peak is reached.");
}

std::vector<std::string> climb_lines(const Spec& spec, const std::string& peak) {
  const double warmup = spec.number("warmup");
  if (warmup == 0.0) return {};
  return {"if t < " + python_number(warmup) + ":",
          "    return " + peak + " * " + climb_count(spec) + " / " + python_number(warmup)};
}

// Alone -------------------------------------------------------------------------------------------

double warmup_at(const Spec& spec, std::int64_t t, double base) {
  const double peak = spec.number_or("peak", base), warmup = spec.number("warmup");
  const double step = static_cast<double>(t);
  return step < warmup ? peak * climb(spec, step, warmup) : peak;
}

TorchSchedule warmup_torch(const Spec& spec, std::int64_t) {
  TorchSchedule out{{}, climb_lines(spec, "peak")};
  out.formula.emplace_back("return peak");
  const double warmup = spec.number("warmup");
  // LinearLR can't begin at 0; it goes from 1/w in w - 1 updates to what (t + 1)/w is then.
  if (spec.text("convention") == "from_one" && warmup >= 2.0 && warmup <= 1000.0)
    out.scheduler = scheduler("LinearLR", {{"start_factor", "1 / " + python_number(warmup)},
                                           {"total_iters", python_number(warmup - 1.0)}});
  return out;
}

std::vector<Grip> warmup_grips(const Spec& spec, double base) {
  return {{{"end of warm-up", spec.number("warmup"), spec.number_or("peak", base), true, true},
           [](Spec& out, double step, double value) {
             put(out, "warmup", step);
             put(out, "peak", value);
           }}};
}

// Inverse square root -------------------------------------------------------------------------------

/// What the peak is multiplied by: 1/√(d w) if the model's width is given, else 1.
double noam_scale(const Spec& spec) {
  return spec.is_off("d_model") ? 1.0 : 1.0 / std::sqrt(spec.number("d_model") * spec.number("warmup"));
}

double inverse_sqrt_at(const Spec& spec, std::int64_t t, double base) {
  const double warmup = spec.number("warmup"), step = static_cast<double>(t);
  const double peak = spec.number_or("peak", base) * noam_scale(spec);
  if (step < warmup) return peak * climb(spec, step, warmup);
  return peak / std::sqrt(std::max(climb(spec, step, warmup), 1.0));
}

TorchSchedule inverse_sqrt_torch(const Spec& spec, std::int64_t) {
  const std::string warmup = number_in(spec, "warmup"), t = climb_count(spec);
  TorchSchedule out;
  if (!spec.is_off("d_model"))
    out.formula.push_back("peak = peak / math.sqrt(" + number_in(spec, "d_model") + " * " + warmup + ")");
  for (std::string& line : climb_lines(spec, "peak")) out.formula.push_back(std::move(line));
  out.formula.push_back("return peak * math.sqrt(" + warmup + " / max(" + t + ", " + warmup + "))");
  return out;
}

std::vector<Grip> inverse_sqrt_grips(const Spec& spec, double base) {
  return {
      {{"end of warm-up", spec.number("warmup"), spec.number_or("peak", base) * noam_scale(spec), true, true},
       [](Spec& out, double step, double value) {
         put(out, "warmup", step);
         put(out, "peak", value / noam_scale(out));
       }}};
}

// Warm-up, stable, decay ----------------------------------------------------------------------------

/// From where to where it decays: never before the warm-up is over.
struct Decay {
  double begin = 0.0;
  double length = 0.0;
};

Decay decay_of(const Spec& spec) {
  const double total = spec.number("total");
  const double begin = std::max(total - spec.number("decay"), std::min(spec.number("warmup"), total));
  return {begin, total - begin};
}

double wsd_at(const Spec& spec, std::int64_t t, double base) {
  const double peak = spec.number_or("peak", base), min = spec.number("min"), warmup = spec.number("warmup");
  const double step = static_cast<double>(t);
  const Decay decay = decay_of(spec);
  if (step >= spec.number("total")) return min;
  if (step < warmup) return peak * climb(spec, step, warmup);
  if (step <= decay.begin) return peak;
  const double x = (step - decay.begin) / decay.length;
  const std::string& shape = spec.text("shape");
  if (shape == "cosine") return cosine_between(peak, min, x);
  return min + (peak - min) * (shape == "sqrt" ? 1.0 - std::sqrt(x) : 1.0 - x);
}

TorchSchedule wsd_torch(const Spec& spec, std::int64_t) {
  const Decay decay = decay_of(spec);
  const double min = spec.number("min");
  const std::string begin = python_number(decay.begin), low = python_number(min);
  TorchSchedule out{{}, {"if t >= " + number_in(spec, "total") + ":", "    return " + low}};
  for (std::string& line : climb_lines(spec, "peak")) out.formula.push_back(std::move(line));
  out.formula.insert(out.formula.end(), {"if t <= " + begin + ":", "    return peak"});
  if (decay.length == 0.0) return out;
  const std::string x = "(t - " + begin + ") / " + python_number(decay.length);
  const std::string& shape = spec.text("shape");
  out.formula.push_back(shape == "cosine"
                            ? "return " + cosine_expression(min, decay.begin, spec.number("total"))
                            : "return " + low + " + (peak - " + low + ") * (1 - " +
                                  (shape == "sqrt" ? "math.sqrt(" + x + "))" : x + ")"));
  return out;
}

std::vector<Grip> wsd_grips(const Spec& spec, double base) {
  const double peak = spec.number_or("peak", base), total = spec.number("total"),
               warmup = spec.number("warmup");
  const Decay decay = decay_of(spec);
  return {{{"end of warm-up", std::min(warmup, total), peak, true, true},
           [=](Spec& out, double step, double value) {
             put(out, "warmup", std::min(step, decay.begin));
             put(out, "peak", value);
           }},
          {{"start of decay", decay.begin, peak, true, true},
           [=](Spec& out, double step, double value) {
             put(out, "decay", total - std::max(step, std::min(warmup, total)));
             put(out, "peak", value);
           }},
          {{"end", total, spec.number("min"), true, true}, [=](Spec& out, double step, double value) {
             put(out, "total", std::max(step, warmup));
             put(out, "min", value);
           }}};
}

}  // namespace

ScheduleDescriptor warmup() {
  return with_grips({{.id = "warmup",
                      .label = "Warm-up",
                      .summary = "A straight climb to the peak, kept from then on.",
                      .formula = "η(t) = ηₘₐₓ min(t/w, 1), or ηₘₐₓ min((t+1)/w, 1)",
                      .reference = "Goyal et al. 2017, section 2.2; PyTorch LinearLR",
                      .parameters = {peak_parameter(), warmup_parameter(100), convention_parameter()}},
                     warmup_at,
                     warmup_torch},
                    warmup_grips);
}

ScheduleDescriptor inverse_sqrt() {
  Parameter length = warmup_parameter(400);
  length.min = 1.0;
  Parameter width{.key = "d_model",
                  .symbol = "d",
                  .label = "width of the model",
                  .kind = Kind::kInteger,
                  .default_value = {},
                  .min = 1.0,
                  .max = 1e9,
                  .soft_min = 64.0,
                  .soft_max = 4096.0,
                  .scale = Scale::kLog,
                  .help =
                      "With it the rates are multiplied by 1/√(d w), as in the paper: its formula has "
                      "ηₘₐₓ = 1 and from_one. Off: the peak is ηₘₐₓ.",
                  .live = true,
                  .off_word = "off"};
  return with_grips(
      {{.id = "inverse_sqrt",
        .label = "Inverse square root (Noam)",
        .summary = "A straight climb, then a fall as one over the root of the step: the first Transformer's.",
        .formula = "η(t) = ηₘₐₓ min(s/w, √(w/s)), s = t or t + 1",
        .reference = "Vaswani et al. 2017 (Attention is all you need), section 5.3, eq. (3)",
        .parameters = {peak_parameter(), std::move(length), std::move(width), convention_parameter()}},
       inverse_sqrt_at,
       inverse_sqrt_torch},
      inverse_sqrt_grips);
}

ScheduleDescriptor warmup_stable_decay() {
  return with_grips(
      {{.id = "wsd",
        .label = "Warm-up, stable, decay",
        .summary = "A climb, a long plateau, and a short fall at the end: the end can be put off.",
        .formula = "η(t) = ηₘₐₓ t/w, then ηₘₐₓ, then ηₘᵢₙ + (ηₘₐₓ − ηₘᵢₙ) f((t − T + d)/d) for t > T − d",
        .reference = "Hu et al. 2024 (MiniCPM), section 4.2; Hägele et al. 2024, section 3 (1 − √x)",
        .parameters = {peak_parameter(), min_parameter(), warmup_parameter(100),
                       count_parameter("decay", "d", "decay", 200, 0,
                                       "Number of updates of the fall at the end."),
                       total_parameter(),
                       choice_parameter("shape", "shape of the decay", {"linear", "sqrt", "cosine"},
                                        "f(x): linear 1 − x, sqrt 1 − √x, or half a cosine period."),
                       convention_parameter()}},
       wsd_at,
       wsd_torch},
      wsd_grips);
}

}  // namespace thalweg::schedule_parts
