// The schedules, one function each, and their list. PyTorch's conventions, with two differences that
// suit a plot: after `total` a schedule stays at its last value (CosineAnnealingLR climbs again), and
// every value is computed from the step alone, never from the value before it.
#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include "core/schedule/schedule.hpp"

namespace thalweg {
namespace {

// Parameters --------------------------------------------------------------------------------------

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

Parameter min_parameter() {
  return {.key = "min",
          .symbol = "ηₘᵢₙ",
          .label = "final learning rate",
          .default_value = 0.0,
          .min = 0.0,
          .max = 1e6,
          .soft_min = 1e-8,
          .soft_max = 1.0,
          .scale = Scale::kLog,
          .help = "The learning rate at the end, kept from then on.",
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
  return {.key = std::move(key),
          .symbol = std::move(symbol),
          .label = std::move(label),
          .default_value = default_value,
          .min = 0.0,
          .max = 1e6,
          .soft_min = 0.0,
          .soft_max = 1.0,
          .help = std::move(help),
          .live = true};
}

/// γ of step and exponential decay. Growing rates (γ > 1) are for learning-rate range tests.
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

// Functions: t is the index of the update, 0 for the first --------------------------------------------

/// Half a cosine period from peak at x = 0 to min at x = 1. ½(1 + cos πx) is written cos²(πx/2),
/// which keeps its digits where the cosine is near −1.
double cosine_between(double peak, double min, double x) {
  const double c = std::cos(0.5 * std::numbers::pi * x);
  return min + (peak - min) * c * c;
}

double constant_at(const Spec& spec, std::int64_t, double base) { return spec.number_or("peak", base); }

double step_at(const Spec& spec, std::int64_t t, double base) {
  const double drops = std::floor(static_cast<double>(t) / spec.number("step_size"));
  return spec.number_or("peak", base) * std::pow(spec.number("gamma"), drops);
}

double exponential_at(const Spec& spec, std::int64_t t, double base) {
  return spec.number_or("peak", base) * std::pow(spec.number("gamma"), static_cast<double>(t));
}

double linear_at(const Spec& spec, std::int64_t t, double base) {
  const double total = spec.number("total");
  const double first = spec.number("start_factor");
  const double last = spec.number("end_factor");
  const double step = static_cast<double>(t);
  const double factor = step >= total ? last : first + (last - first) * (step / total);
  return spec.number_or("peak", base) * factor;
}

double cosine_at(const Spec& spec, std::int64_t t, double base) {
  const double total = spec.number("total");
  const double min = spec.number("min");
  const double step = static_cast<double>(t);
  return step >= total ? min : cosine_between(spec.number_or("peak", base), min, step / total);
}

double cosine_warmup_at(const Spec& spec, std::int64_t t, double base) {
  const double total = spec.number("total");
  const double warmup = spec.number("warmup");
  const double min = spec.number("min");
  const double peak = spec.number_or("peak", base);
  const double step = static_cast<double>(t);
  if (step >= total) return min;  // first: the warm-up may be the longer of the two
  if (step < warmup) return peak * ((step + (spec.text("convention") == "from_one" ? 1.0 : 0.0)) / warmup);
  return cosine_between(peak, min, (step - warmup) / (total - warmup));
}

// In PyTorch: its schedulers go from value to value, which costs digits where they multiply by what is nearly
// 0. Those that would lose more than rounding, or leave our path after the end, are not called.

TorchCall scheduler(const char* name, std::vector<TorchCall::Argument> arguments) {
  return {std::string("torch.optim.lr_scheduler.") + name, std::move(arguments)};
}

std::string number_in(const Spec& spec, std::string_view key) { return python_number(spec.number(key)); }

TorchSchedule constant_torch(const Spec&, std::int64_t) { return {{}, {"return peak"}}; }

TorchSchedule step_torch(const Spec& spec, std::int64_t) {
  return {
      scheduler("StepLR", {{"step_size", number_in(spec, "step_size")}, {"gamma", number_in(spec, "gamma")}}),
      {"return peak * " + number_in(spec, "gamma") + " ** (t // " + number_in(spec, "step_size") + ")"}};
}

TorchSchedule exponential_torch(const Spec& spec, std::int64_t) {
  return {scheduler("ExponentialLR", {{"gamma", number_in(spec, "gamma")}}),
          {"return peak * " + number_in(spec, "gamma") + " ** t"}};
}

TorchSchedule linear_torch(const Spec& spec, std::int64_t) {
  const double first = spec.number("start_factor"), last = spec.number("end_factor");
  const std::string a = python_number(first), b = python_number(last), total = number_in(spec, "total");
  TorchSchedule out{{}, {"return peak * (" + a + " + (" + b + " - " + a + ") * min(t / " + total + ", 1))"}};
  if (first == 1.0 && last == 0.0) out.formula = {"return peak * (1 - min(t / " + total + ", 1))"};
  const bool keeps_digits = last >= 0.01 || (last == 0.0 && first == 1.0);
  if (first > 0.0 && first <= 1.0 && last <= 1.0 && keeps_digits)
    out.scheduler = scheduler("LinearLR", {{"start_factor", a}, {"end_factor", b}, {"total_iters", total}});
  return out;
}

/// Half a cosine period as Python: from `peak` at t = `from` to `min` at t = `total`.
std::string cosine_line(double min, double from, double total) {
  const std::string low = python_number(min), way = python_number(total - from);
  const std::string shape = "math.cos(math.pi / 2 * " +
                            (from == 0.0 ? std::string("t") : "(t - " + python_number(from) + ")") + " / " +
                            way + ") ** 2";
  return min == 0.0 ? "return peak * " + shape : "return " + low + " + (peak - " + low + ") * " + shape;
}

TorchSchedule cosine_torch(const Spec& spec, std::int64_t steps) {
  const double total = spec.number("total"), min = spec.number("min");
  TorchSchedule out{{},
                    {"if t >= " + python_number(total) + ":", "    return " + python_number(min),
                     cosine_line(min, 0.0, total)}};
  // After T_max CosineAnnealingLR climbs again.
  if (static_cast<double>(steps) <= total + 1.0)
    out.scheduler = scheduler("CosineAnnealingLR",
                              {{"T_max", python_number(total)}, torch_argument("eta_min", min, 0.0)});
  return out;
}

TorchSchedule cosine_warmup_torch(const Spec& spec, std::int64_t) {
  const double total = spec.number("total"), warmup = spec.number("warmup"), min = spec.number("min");
  const std::string t = spec.text("convention") == "from_one" ? "(t + 1)" : "t";
  TorchSchedule out;
  out.formula = {"if t >= " + python_number(total) + ":", "    return " + python_number(min)};
  if (warmup > 0.0)
    out.formula.insert(out.formula.end(), {"if t < " + python_number(warmup) + ":",
                                           "    return peak * " + t + " / " + python_number(warmup)});
  if (total > warmup) out.formula.push_back(cosine_line(min, warmup, total));
  return out;
}

// The list ----------------------------------------------------------------------------------------

std::vector<ScheduleDescriptor> make_schedules() {
  return {
      {{.id = "constant",
        .label = "Constant",
        .summary = "The same learning rate at every update.",
        .formula = "η(t) = ηₘₐₓ",
        .reference = "Robbins & Monro 1951 give the conditions that it does not meet",
        .parameters = {peak_parameter()}},
       constant_at,
       constant_torch},
      {{.id = "step",
        .label = "Step decay",
        .summary = "Drops by a factor after every so many updates.",
        .formula = "η(t) = ηₘₐₓ γ^⌊t/s⌋",
        .reference = "PyTorch StepLR; used in He et al. 2016 (ResNet), section 3.4",
        .parameters = {peak_parameter(),
                       count_parameter("step_size", "s", "updates between drops", 300, 1,
                                       "Number of updates from one drop to the next."),
                       gamma_parameter(0.1, 0.01, Scale::kLinear,
                                       "What the learning rate is multiplied by at each drop.")}},
       step_at,
       step_torch},
      {{.id = "exponential",
        .label = "Exponential decay",
        .summary = "Shrinks by the same factor at every update.",
        .formula = "η(t) = ηₘₐₓ γᵗ",
        .reference = "PyTorch ExponentialLR",
        .parameters = {peak_parameter(),
                       gamma_parameter(0.997, 0.9, Scale::kLogOneMinus,
                                       "What the learning rate is multiplied by at each update.")}},
       exponential_at,
       exponential_torch},
      {{.id = "linear",
        .label = "Linear",
        .summary = "A straight line from one multiple of the peak to another, then level.",
        .formula = "η(t) = ηₘₐₓ (a + (b − a) min(t/T, 1))",
        .reference = "PyTorch LinearLR (which starts at a = ⅓ and ends at b = 1)",
        .parameters = {peak_parameter(),
                       factor_parameter("start_factor", "a", "start factor", 1.0,
                                        "The first learning rate as a multiple of the peak."),
                       factor_parameter("end_factor", "b", "end factor", 0.0,
                                        "The last learning rate as a multiple of the peak."),
                       total_parameter()}},
       linear_at,
       linear_torch},
      {{.id = "cosine",
        .label = "Cosine annealing",
        .summary = "Half a cosine period from the peak down to the minimum, then level.",
        .formula = "η(t) = ηₘᵢₙ + ½(ηₘₐₓ − ηₘᵢₙ)(1 + cos(πt/T))",
        .reference = "Loshchilov & Hutter 2017 (SGDR), eq. (5), without restarts; PyTorch CosineAnnealingLR",
        .parameters = {peak_parameter(), min_parameter(), total_parameter()}},
       cosine_at,
       cosine_torch},
      {{.id = "cosine_warmup",
        .label = "Warm-up and cosine",
        .summary = "A straight climb from 0 to the peak, then half a cosine period down to the minimum.",
        .formula = "η(t) = ηₘₐₓ t/w for t < w, then ηₘᵢₙ + ½(ηₘₐₓ − ηₘᵢₙ)(1 + cos(π(t − w)/(T − w)))",
        .reference = "Goyal et al. 2017, section 2.2 (warm-up); Loshchilov & Hutter 2017, eq. (5)",
        .parameters = {peak_parameter(), min_parameter(),
                       count_parameter("warmup", "w", "warm-up", 100, 0,
                                       "Number of updates until the peak is reached."),
                       total_parameter(),
                       Parameter{.key = "convention",
                                 .symbol = "",
                                 .label = "warm-up convention",
                                 .kind = Kind::kChoice,
                                 .default_value = std::string("from_zero"),
                                 .help =
                                     "from_zero: t/w, the first update has rate 0; from_one: (t+1)/w, the "
                                     "last of the climb has the peak.",
                                 .live = true,
                                 .choices = {"from_zero", "from_one"}}}},
       cosine_warmup_at,
       cosine_warmup_torch},
  };
}

}  // namespace

const std::vector<ScheduleDescriptor>& schedules() {
  static const std::vector<ScheduleDescriptor> list = make_schedules();
  return list;
}

const ScheduleDescriptor* find_schedule(std::string_view id) {
  const auto& list = schedules();
  const auto it = std::find_if(list.begin(), list.end(), [&](const auto& entry) { return entry.id == id; });
  return it == list.end() ? nullptr : &*it;
}

const Family& schedule_family() {
  static const Family family = [] {
    Family out{"schedule", {}};
    for (const auto& entry : schedules()) out.members.push_back(&entry);
    return out;
  }();
  return family;
}

}  // namespace thalweg
