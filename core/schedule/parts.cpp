#include "core/schedule/parts.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <numbers>

namespace thalweg::schedule_parts {

Parameter peak_parameter() {
  return {.key = "peak",
          .symbol = "ηₘₐₓ",
          .label = "peak learning rate",
          .default_value = {},
          .min = 0.0,
          .max = 1e6,
          .min_open = true,
          .soft_min = 1e-5,
          .soft_max = 1.0,
          .scale = Scale::kLog,
          .help = "The highest learning rate of the schedule; auto takes the optimizer's own.",
          .live = true,
          .off_word = "auto"};
}

Parameter min_parameter(std::string help) {
  return {.key = "min",
          .symbol = "ηₘᵢₙ",
          .label = "final learning rate",
          .default_value = 0.0,
          .min = 0.0,
          .max = 1e6,
          .soft_min = 1e-8,
          .soft_max = 1.0,
          .scale = Scale::kLog,
          .help = std::move(help),
          .live = true};
}

Parameter count_parameter(std::string key, std::string symbol, std::string label, double default_value,
                          double min, std::string help) {
  return {.key = std::move(key),
          .symbol = std::move(symbol),
          .label = std::move(label),
          .kind = Kind::kInteger,
          .default_value = default_value,
          .min = min,
          .max = 1e12,
          .soft_min = std::max(min, 1.0),
          .soft_max = 1e5,
          .scale = Scale::kLog,
          .unit = "steps",
          .help = std::move(help),
          .live = true};
}

Parameter total_parameter() {
  return count_parameter("total", "T", "length", 1000, 1,
                         "Number of updates until the schedule has reached its end.");
}

Parameter factor_parameter(std::string key, std::string symbol, std::string label, double default_value,
                           std::string help) {
  Parameter out = real_parameter(std::move(key), std::move(symbol), std::move(label), default_value, 0.0, 1e6,
                                 std::move(help));
  out.soft_max = 1.0;
  return out;
}

Parameter gamma_parameter(double default_value, double soft_min, Scale scale, std::string help) {
  return {.key = "gamma",
          .symbol = "γ",
          .label = "decay factor",
          .default_value = default_value,
          .min = 0.0,
          .max = 10.0,
          .min_open = true,
          .soft_min = soft_min,
          .soft_max = scale == Scale::kLogOneMinus ? 0.99999 : 1.0,
          .scale = scale,
          .help = std::move(help),
          .live = true};
}

Parameter real_parameter(std::string key, std::string symbol, std::string label, double default_value,
                         double min, double max, std::string help) {
  return {.key = std::move(key),
          .symbol = std::move(symbol),
          .label = std::move(label),
          .default_value = default_value,
          .min = min,
          .max = max,
          .soft_min = min,
          .soft_max = max,
          .help = std::move(help),
          .live = true};
}

Parameter choice_parameter(std::string key, std::string label, std::vector<std::string> choices,
                           std::string help) {
  Parameter out{.key = std::move(key),
                .symbol = "",
                .label = std::move(label),
                .kind = Kind::kChoice,
                .default_value = choices.front(),
                .help = std::move(help),
                .live = true};
  out.choices = std::move(choices);
  return out;
}

Parameter switch_parameter(std::string key, std::string label, bool on, std::string help) {
  return {.key = std::move(key),
          .symbol = "",
          .label = std::move(label),
          .kind = Kind::kBoolean,
          .default_value = on ? 1.0 : 0.0,
          .help = std::move(help),
          .live = true};
}

Parameter convention_parameter() {
  return choice_parameter("convention", "warm-up convention", {"from_zero", "from_one"},
                          "from_zero: t/w, the first update has rate 0; from_one: (t+1)/w, the "
                          "last of the climb has the peak.");
}

std::vector<Parameter> momentum_parameters(double base, double max) {
  const auto momentum = [](std::string key, std::string symbol, std::string label, double value,
                           std::string help) {
    Parameter out =
        real_parameter(std::move(key), std::move(symbol), std::move(label), value, 0.0, 1.0, std::move(help));
    out.max_open = true;
    out.soft_min = 0.5;
    out.soft_max = 0.99;
    out.scale = Scale::kLogOneMinus;
    return out;
  };
  return {
      switch_parameter("cycle_momentum", "coupled momentum", true,
                       "Moves the momentum (β₁ of Adam and its kin) against the learning rate."),
      momentum("base_momentum", "μₘᵢₙ", "lowest momentum", base, "The momentum where the rate is highest."),
      momentum("max_momentum", "μₘₐₓ", "highest momentum", max, "The momentum where the rate is lowest.")};
}

// ½(1 + cos πx) is written cos²(πx/2), which keeps its digits where the cosine is near −1.
double cosine_between(double peak, double min, double x) {
  const double c = std::cos(0.5 * std::numbers::pi * x);
  return min + (peak - min) * c * c;
}

double climb(const Spec& spec, double t, double warmup) {
  return (t + (spec.text("convention") == "from_one" ? 1.0 : 0.0)) / warmup;
}

ScheduleDescriptor with_grips(ScheduleDescriptor descriptor, Grips grips) {
  descriptor.handles = [grips](const Spec& spec, double base) {
    std::vector<ScheduleHandle> out;
    for (Grip& grip : grips(spec, base)) out.push_back(std::move(grip.handle));
    return out;
  };
  descriptor.drag = [grips](const Spec& spec, std::size_t handle, double step, double value, double base) {
    Spec out = spec;
    const std::vector<Grip> all = grips(spec, base);
    if (handle < all.size() && std::isfinite(step) && std::isfinite(value))
      all[handle].move(out, std::max(step, 0.0), std::max(value, 0.0));
    return out;
  };
  return descriptor;
}

void put(Spec& spec, const char* key, double value) {
  const Parameter& parameter = *find_schedule(spec.id)->find(key);
  if (std::isnan(value)) return;
  const double gap = 1e-12;
  const double low =
      parameter.min_open ? parameter.min + gap * std::max(1.0, std::abs(parameter.min)) : parameter.min;
  const double high =
      parameter.max_open ? parameter.max - gap * std::max(1.0, std::abs(parameter.max)) : parameter.max;
  value = std::clamp(value, low, high);
  if (parameter.kind == Kind::kInteger)
    value = std::clamp(std::round(value), std::ceil(low), std::floor(high));
  *spec.find(key) = value;
}

Grip peak_grip(const Spec& spec, double base, double step) {
  return {{"peak", step, spec.number_or("peak", base), false, true},
          [](Spec& out, double, double value) { put(out, "peak", value); }};
}

Grip end_grip(const Spec& spec, const char* label, const char* step_key, const char* value_key) {
  return {{label, spec.number(step_key), spec.number(value_key), true, true},
          [=](Spec& out, double step, double value) {
            put(out, step_key, step);
            put(out, value_key, value);
          }};
}

TorchCall scheduler(const char* name, std::vector<TorchCall::Argument> arguments) {
  return {std::string("torch.optim.lr_scheduler.") + name, std::move(arguments)};
}

std::string number_in(const Spec& spec, std::string_view key) { return python_number(spec.number(key)); }

std::string real_in(const Spec& spec, std::string_view key) {
  const std::string text = number_in(spec, key);
  return text.find_first_not_of("-0123456789") == std::string::npos ? text + ".0" : text;
}

std::string cosine_expression(double min, double from, double to) {
  const std::string low = python_number(min), way = python_number(to - from);
  const std::string shape = "math.cos(math.pi / 2 * " +
                            (from == 0.0 ? std::string("t") : "(t - " + python_number(from) + ")") + " / " +
                            way + ") ** 2";
  return min == 0.0 ? "peak * " + shape : low + " + (peak - " + low + ") * " + shape;
}

std::string climb_count(const Spec& spec) { return spec.text("convention") == "from_one" ? "(t + 1)" : "t"; }

}  // namespace thalweg::schedule_parts
