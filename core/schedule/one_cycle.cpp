// One cycle up and down, with the momentum against it: as PyTorch's OneCycleLR, phase by phase.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "core/schedule/parts.hpp"

namespace thalweg::schedule_parts {
namespace {

// Heights are multiples of the peak.
struct Phase {
  double end = 0.0;  ///< the update at whose place it is over; not always a whole number
  double rate_from = 0.0, rate_to = 0.0;
  double momentum_from = 0.0, momentum_to = 0.0;
};

struct Phases {
  std::array<Phase, 3> list;
  std::size_t count = 2;
};

Phases phases_of(const Spec& spec) {
  const double total = spec.number("total"), rise = spec.number("pct_start") * total;
  const double first = 1.0 / spec.number("div_factor"), last = first / spec.number("final_div_factor");
  const double low = spec.number("base_momentum"), high = spec.number("max_momentum");
  const Phase up{rise - 1.0, first, 1.0, high, low};
  if (!spec.flag("three_phase")) return {{up, Phase{total - 1.0, 1.0, last, low, high}}, 2};
  return {{up, Phase{2.0 * rise - 2.0, 1.0, first, low, high}, Phase{total - 1.0, first, last, high, high}},
          3};
}

/// The phase of update t, and the share of its way.
std::pair<Phase, double> moment(const Spec& spec, double t) {
  const Phases phases = phases_of(spec);
  double begin = 0.0;
  std::size_t i = 0;
  while (i + 1 < phases.count && t > phases.list[i].end) begin = phases.list[i++].end;
  const Phase& phase = phases.list[i];
  // A phase of no length is over; after the last it stays.
  const double length = phase.end - begin;
  return {phase, length > 0.0 ? std::min((t - begin) / length, 1.0) : 1.0};
}

double between(const Spec& spec, double from, double to, double x) {
  if (x >= 1.0) return to;
  return spec.text("anneal_strategy") == "linear" ? from + (to - from) * x : cosine_between(from, to, x);
}

double one_cycle_at(const Spec& spec, std::int64_t t, double base) {
  const auto [phase, x] = moment(spec, static_cast<double>(t));
  return spec.number_or("peak", base) * between(spec, phase.rate_from, phase.rate_to, x);
}

double one_cycle_momentum(const Spec& spec, std::int64_t t) {
  if (!spec.flag("cycle_momentum")) return std::numeric_limits<double>::quiet_NaN();
  const auto [phase, x] = moment(spec, static_cast<double>(t));
  return between(spec, phase.momentum_from, phase.momentum_to, x);
}

/// The phases as a Python list of (end, from, to), and the walk through them.
std::vector<std::string> python_phases(const Spec& spec, bool momentum) {
  const Phases phases = phases_of(spec);
  std::string list;
  for (std::size_t i = 0; i < phases.count; ++i) {
    const Phase& phase = phases.list[i];
    list += (i > 0 ? ", (" : "(") + python_number(phase.end) + ", " +
            python_number(momentum ? phase.momentum_from : phase.rate_from) + ", " +
            python_number(momentum ? phase.momentum_to : phase.rate_to) + ")";
  }
  const bool linear = spec.text("anneal_strategy") == "linear";
  return {"begin = 0",
          "phases = [" + list + "]  # each: its end, from, to",
          "for end, first, last in phases:",
          "    if t <= end:",
          "        break",
          "    begin = end if end < phases[-1][0] else begin",
          "x = min((t - begin) / (end - begin), 1) if end > begin else 1",
          std::string("return ") + (momentum ? "" : "peak * (") + "last + (first - last) * " +
              (linear ? "(1 - x)" : "math.cos(math.pi / 2 * x) ** 2") + (momentum ? "" : ")")};
}

TorchSchedule one_cycle_torch(const Spec& spec, std::int64_t steps) {
  TorchSchedule out{{}, python_phases(spec, false)};
  const bool couples = spec.flag("cycle_momentum");
  if (couples) out.momentum = python_phases(spec, true);
  const double rise = spec.number("pct_start") * spec.number("total");
  // OneCycleLR counts no further than total_steps, and divides by the length of its phases.
  if (static_cast<double>(steps) > spec.number("total") || rise == 1.0 || spec.number("pct_start") == 1.0 ||
      spec.number("total") == 1.0)
    return out;
  out.scheduler = scheduler("OneCycleLR", {{"max_lr", "peak"},
                                           {"total_steps", number_in(spec, "total")},
                                           {"pct_start", real_in(spec, "pct_start")},
                                           {"anneal_strategy", python_string(spec.text("anneal_strategy")),
                                            spec.text("anneal_strategy") == "cos"},
                                           {"cycle_momentum", couples ? "True" : "False"},
                                           {"base_momentum", number_in(spec, "base_momentum")},
                                           {"max_momentum", number_in(spec, "max_momentum")},
                                           {"div_factor", number_in(spec, "div_factor")},
                                           {"final_div_factor", number_in(spec, "final_div_factor")},
                                           {"three_phase", "True", !spec.flag("three_phase")}});
  return out;
}

std::optional<Error> check_phases(const Spec& spec) {
  if (spec.flag("three_phase") && spec.number("pct_start") > 0.5)
    return bad_input("must be at most 0.5 with three_phase, whose fall is as long as its climb, not " +
                         format_number(spec.number("pct_start")),
                     "one_cycle: pct_start");
  return std::nullopt;
}

std::vector<Grip> one_cycle_grips(const Spec& spec, double base) {
  const double peak = spec.number_or("peak", base), total = spec.number("total");
  const double first = peak / spec.number("div_factor"), last = first / spec.number("final_div_factor");
  const double top = std::max(spec.number("pct_start") * total - 1.0, 0.0);
  const double most = spec.flag("three_phase") ? 0.5 : 1.0;
  // first and last are kept where they are when something else moves.
  const auto keep = [=](Spec& out, double new_peak, double new_first, double new_last) {
    put(out, "div_factor", new_peak / std::max(new_first, 1e-300));
    const double has = new_peak / out.number("div_factor");
    put(out, "final_div_factor", has / std::max(new_last, 1e-300));
  };
  std::vector<Grip> out = {
      {{"first rate", 0.0, first, false, true},
       [=](Spec& moved, double, double value) { keep(moved, peak, value, last); }},
      {{"peak", top, peak, true, true},
       [=](Spec& moved, double step, double value) {
         put(moved, "pct_start", std::min((step + 1.0) / total, most));
         put(moved, "peak", value);
         keep(moved, moved.number_or("peak", base), first, last);
       }},
      {{"end", total - 1.0, last, true, true}, [=](Spec& moved, double step, double value) {
         put(moved, "total", step + 1.0);
         put(moved, "pct_start", std::min((top + 1.0) / moved.number("total"), most));
         keep(moved, peak, first, value);
       }}};
  return out;
}

}  // namespace

ScheduleDescriptor one_cycle() {
  const auto divisor = [](std::string key, std::string symbol, std::string label, double value, double soft,
                          std::string help) {
    Parameter out = real_parameter(std::move(key), std::move(symbol), std::move(label), value, 1e-12, 1e12,
                                   std::move(help));
    out.soft_min = 1.0;
    out.soft_max = soft;
    out.scale = Scale::kLog;
    return out;
  };
  std::vector<Parameter> parameters = {
      peak_parameter(),
      total_parameter(),
      real_parameter("pct_start", "p", "share of the climb", 0.3, 0.0, 1.0,
                     "Share of all updates in which the rate climbs."),
      choice_parameter("anneal_strategy", "shape", {"cos", "linear"},
                       "Half cosine periods, or straight lines."),
      divisor("div_factor", "d₁", "peak over first rate", 25.0, 1000.0,
              "The first rate is the peak over this."),
      divisor("final_div_factor", "d₂", "first over last rate", 1e4, 1e6,
              "The last rate is the first over this."),
      switch_parameter(
          "three_phase", "three phases", false,
          "Up, down to the first rate in as many updates, then further down; else up and down.")};
  for (Parameter& parameter : momentum_parameters(0.85, 0.95)) parameters.push_back(std::move(parameter));
  ScheduleDescriptor out = with_grips(
      {{.id = "one_cycle",
        .label = "One cycle",
        .summary =
            "One climb to a high peak and a long fall far below the start, with the momentum against it.",
        .formula = "η: ηₘₐₓ/d₁ → ηₘₐₓ → ηₘₐₓ/(d₁d₂), μ: μₘₐₓ → μₘᵢₙ → μₘₐₓ; the peak at pT − 1",
        .reference = "Smith & Topin 2018 (Super-Convergence), section 3; PyTorch OneCycleLR",
        .parameters = std::move(parameters)},
       one_cycle_at,
       one_cycle_torch},
      one_cycle_grips);
  out.momentum = one_cycle_momentum;
  out.check = check_phases;
  return out;
}

}  // namespace thalweg::schedule_parts
