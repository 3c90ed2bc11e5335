// Up and down in straight lines, again and again, with the momentum against it.
#include <algorithm>
#include <cmath>
#include <limits>

#include "core/schedule/parts.hpp"

namespace thalweg::schedule_parts {
namespace {

double down_of(const Spec& spec) { return spec.number_or("step_size_down", spec.number("step_size_up")); }

/// How high update t is over the minimum: 1 at the first peak.
double height(const Spec& spec, double t) {
  const double up = spec.number("step_size_up"), down = down_of(spec);
  const double cycle = std::floor(t / (up + down));
  const double place = t - cycle * (up + down);
  const double triangle = place <= up ? place / up : (up + down - place) / down;
  const std::string& mode = spec.text("mode");
  if (mode == "triangular2") return triangle * std::exp2(-cycle);
  if (mode == "exp_range") return triangle * std::pow(spec.number("gamma"), t);
  return triangle;
}

double cyclic_at(const Spec& spec, std::int64_t t, double base) {
  const double min = spec.number("min");
  return min + (spec.number_or("peak", base) - min) * height(spec, static_cast<double>(t));
}

double cyclic_momentum(const Spec& spec, std::int64_t t) {
  if (!spec.flag("cycle_momentum")) return std::numeric_limits<double>::quiet_NaN();
  const double low = spec.number("base_momentum"), high = spec.number("max_momentum");
  return high - (high - low) * height(spec, static_cast<double>(t));
}

TorchSchedule cyclic_torch(const Spec& spec, std::int64_t) {
  const std::string up = number_in(spec, "step_size_up"), down = python_number(down_of(spec)),
                    gamma = number_in(spec, "gamma"), min = number_in(spec, "min");
  const std::string& mode = spec.text("mode");
  const std::string shrink = mode == "triangular2" ? " * 2.0 ** -cycle"
                             : mode == "exp_range" ? " * " + gamma + " ** t"
                                                   : "";
  const std::vector<std::string> shape = {
      "cycle, place = divmod(t, " + up + " + " + down + ")",
      "height = min(place / " + up + ", (" + up + " + " + down + " - place) / " + down + ")" + shrink};
  TorchSchedule out{scheduler("CyclicLR", {{"base_lr", min},
                                           {"max_lr", "peak"},
                                           {"step_size_up", up},
                                           {"step_size_down", down, down == up},
                                           {"mode", python_string(mode), mode == "triangular"},
                                           {"gamma", gamma, mode != "exp_range"},
                                           {"cycle_momentum", spec.flag("cycle_momentum") ? "True" : "False"},
                                           {"base_momentum", number_in(spec, "base_momentum")},
                                           {"max_momentum", number_in(spec, "max_momentum")}}),
                    shape};
  out.formula.push_back("return " + min + " + (peak - " + min + ") * height");
  if (!spec.flag("cycle_momentum")) return out;
  out.momentum = shape;
  const std::string high = number_in(spec, "max_momentum");
  out.momentum.push_back("return " + high + " - (" + high + " - " + number_in(spec, "base_momentum") +
                         ") * height");
  return out;
}

std::vector<Grip> cyclic_grips(const Spec& spec, double base) {
  const double up = spec.number("step_size_up"), down = down_of(spec), min = spec.number("min");
  const double peak = spec.number_or("peak", base);
  const double top = height(spec, up), end = spec.number("min");
  return {{{"lowest rate", 0.0, min, false, true},
           [](Spec& out, double, double value) { put(out, "min", value); }},
          {{"peak", up, min + (peak - min) * top, true, true},
           [=](Spec& out, double step, double value) {
             put(out, "step_size_up", step);
             put(out, "peak",
                 top > 0.0 ? min + (value - min) / height(out, out.number("step_size_up")) : value);
           }},
          {{"end of cycle", up + down, end, true, false},
           [=](Spec& out, double step, double) { put(out, "step_size_down", step - up); }}};
}

}  // namespace

ScheduleDescriptor cyclic() {
  Parameter down = count_parameter("step_size_down", "s₂", "updates down", 100, 1,
                                   "Number of updates from the peak to the minimum; auto: as many as up.");
  down.default_value = Value{};
  down.off_word = "auto";
  Parameter gamma =
      gamma_parameter(0.999, 0.9, Scale::kLogOneMinus,
                      "exp_range: what the height over the minimum is multiplied by at each update.");
  gamma.max = 1.0;
  Parameter low = min_parameter("What each cycle begins and ends at.");
  low.label = "lowest learning rate";
  std::vector<Parameter> parameters = {
      peak_parameter(),
      std::move(low),
      count_parameter("step_size_up", "s₁", "updates up", 100, 1,
                      "Number of updates from the minimum to the peak."),
      std::move(down),
      choice_parameter("mode", "peaks", {"triangular", "triangular2", "exp_range"},
                       "All peaks as high, each half as high as the one before, or lower at every update."),
      std::move(gamma)};
  for (Parameter& parameter : momentum_parameters(0.8, 0.9)) parameters.push_back(std::move(parameter));
  ScheduleDescriptor out =
      with_grips({{.id = "cyclic",
                   .label = "Cyclic",
                   .summary = "Up and down in straight lines, again and again, with the momentum against it.",
                   .formula = "η(t) = ηₘᵢₙ + (ηₘₐₓ − ηₘᵢₙ) h(t), h a triangle times 1, 2⁻ᶜ or γᵗ; μ(t) = "
                              "μₘₐₓ − (μₘₐₓ − μₘᵢₙ) h(t)",
                   .reference = "Smith 2017, Cyclical Learning Rates, section 3.1; PyTorch CyclicLR",
                   .parameters = std::move(parameters)},
                  cyclic_at,
                  cyclic_torch},
                 cyclic_grips);
  out.momentum = cyclic_momentum;
  return out;
}

}  // namespace thalweg::schedule_parts
