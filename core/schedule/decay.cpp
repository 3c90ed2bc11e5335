// Rates that stay, and rates that fall by a rule of their own: constant, in steps, exponential, linear,
// polynomial, inverse in time. PyTorch's conventions, with two differences that suit a plot: after `total` a
// schedule stays at its last value, and every value is computed from the step alone, never from the value
// before it.
#include <algorithm>
#include <cmath>

#include "core/schedule/parts.hpp"

namespace thalweg::schedule_parts {
namespace {

double peak_of(const Spec& spec, double base) { return spec.number_or("peak", base); }

// In PyTorch: its schedulers go from value to value, which costs digits where they multiply by what is nearly
// 0. Those that would lose more than rounding, or leave our path after the end, are not called.

// Constant ----------------------------------------------------------------------------------------

double constant_at(const Spec& spec, std::int64_t, double base) { return peak_of(spec, base); }

TorchSchedule constant_torch(const Spec&, std::int64_t) { return {{}, {"return peak"}}; }

double constant_start_at(const Spec& spec, std::int64_t t, double base) {
  return peak_of(spec, base) * (static_cast<double>(t) < spec.number("total") ? spec.number("factor") : 1.0);
}

TorchSchedule constant_start_torch(const Spec& spec, std::int64_t) {
  const std::string factor = number_in(spec, "factor"), total = number_in(spec, "total");
  TorchSchedule out{{}, {"return peak * " + factor + " if t < " + total + " else peak"}};
  // ConstantLR multiplies by 1 / factor at the end.
  if (spec.number("factor") >= 0.01 && spec.number("factor") <= 1.0)
    out.scheduler = scheduler("ConstantLR", {{"factor", factor}, {"total_iters", total}});
  return out;
}

std::vector<Grip> constant_start_grips(const Spec& spec, double base) {
  const double peak = peak_of(spec, base);
  return {{{"first rate", 0.0, peak * spec.number("factor"), false, true},
           [=](Spec& out, double, double value) { put(out, "factor", value / peak); }},
          {{"peak", spec.number("total"), peak, true, true}, [=](Spec& out, double step, double value) {
             put(out, "total", step);
             put(out, "peak", value);
             put(out, "factor", peak * spec.number("factor") / out.number_or("peak", base));
           }}};
}

// Steps -------------------------------------------------------------------------------------------

double step_at(const Spec& spec, std::int64_t t, double base) {
  const double drops = std::floor(static_cast<double>(t) / spec.number("step_size"));
  return peak_of(spec, base) * std::pow(spec.number("gamma"), drops);
}

TorchSchedule step_torch(const Spec& spec, std::int64_t) {
  return {
      scheduler("StepLR", {{"step_size", number_in(spec, "step_size")}, {"gamma", number_in(spec, "gamma")}}),
      {"return peak * " + number_in(spec, "gamma") + " ** (t // " + number_in(spec, "step_size") + ")"}};
}

std::vector<Grip> step_grips(const Spec& spec, double base) {
  const double peak = peak_of(spec, base);
  return {peak_grip(spec, base),
          {{"first drop", spec.number("step_size"), peak * spec.number("gamma"), true, true},
           [=](Spec& out, double step, double value) {
             put(out, "step_size", step);
             put(out, "gamma", value / peak);
           }}};
}

double multi_step_at(const Spec& spec, std::int64_t t, double base) {
  const std::vector<double>& milestones = spec.list("milestones");
  const auto passed = std::count_if(milestones.begin(), milestones.end(),
                                    [&](double milestone) { return milestone <= static_cast<double>(t); });
  return peak_of(spec, base) * std::pow(spec.number("gamma"), static_cast<double>(passed));
}

TorchSchedule multi_step_torch(const Spec& spec, std::int64_t) {
  const std::string milestones = python_list(spec.list("milestones")), gamma = number_in(spec, "gamma");
  // MultiStepLR does not see a milestone at 0.
  const bool from_first = spec.list("milestones").front() < 1.0;
  TorchSchedule out{{}, {"return peak * " + gamma + " ** sum(m <= t for m in " + milestones + ")"}};
  if (!from_first) out.scheduler = scheduler("MultiStepLR", {{"milestones", milestones}, {"gamma", gamma}});
  return out;
}

std::optional<Error> check_milestones(const Spec& spec) {
  const std::vector<double>& milestones = spec.list("milestones");
  for (std::size_t i = 0; i < milestones.size(); ++i) {
    if (milestones[i] != std::floor(milestones[i]))
      return bad_input("must be whole numbers, not " + format_number(milestones[i]),
                       "multi_step: milestones");
    if (i > 0 && milestones[i] <= milestones[i - 1])
      return bad_input(
          "must ascend; " + format_number(milestones[i]) + " comes after " + format_number(milestones[i - 1]),
          "multi_step: milestones");
  }
  return std::nullopt;
}

std::vector<Grip> multi_step_grips(const Spec& spec, double base) {
  const double peak = peak_of(spec, base);
  const std::vector<double>& milestones = spec.list("milestones");
  std::vector<Grip> out = {peak_grip(spec, base)};
  for (std::size_t i = 0; i < milestones.size(); ++i) {
    const double drops = static_cast<double>(i + 1);
    out.push_back({{"drop " + std::to_string(i + 1), milestones[i],
                    peak * std::pow(spec.number("gamma"), drops), true, true},
                   [=](Spec& moved, double step, double value) {
                     auto list = moved.list("milestones");
                     const double low = i > 0 ? list[i - 1] + 1.0 : 0.0;
                     const double high = i + 1 < list.size() ? list[i + 1] - 1.0 : 1e12;
                     list[i] = std::clamp(std::round(step), low, std::max(low, high));
                     *moved.find("milestones") = std::move(list);
                     put(moved, "gamma", std::pow(value / peak, 1.0 / drops));
                   }});
  }
  return out;
}

// Exponential -------------------------------------------------------------------------------------

double exponential_at(const Spec& spec, std::int64_t t, double base) {
  return peak_of(spec, base) * std::pow(spec.number("gamma"), static_cast<double>(t));
}

TorchSchedule exponential_torch(const Spec& spec, std::int64_t) {
  return {scheduler("ExponentialLR", {{"gamma", number_in(spec, "gamma")}}),
          {"return peak * " + number_in(spec, "gamma") + " ** t"}};
}

std::vector<Grip> exponential_grips(const Spec& spec, double base) {
  std::vector<Grip> out = {peak_grip(spec, base)};
  const double gamma = spec.number("gamma");
  if (gamma == 1.0) return out;
  const double factor = gamma < 1.0 ? 0.5 : 2.0;
  const double step = std::log(factor) / std::log(gamma);
  out.push_back({{gamma < 1.0 ? "half" : "double", step, peak_of(spec, base) * factor, true, false},
                 [=](Spec& moved, double to, double) {
                   put(moved, "gamma", std::pow(factor, 1.0 / std::max(to, 1e-3)));
                 }});
  return out;
}

// Linear and polynomial -----------------------------------------------------------------------------

double linear_at(const Spec& spec, std::int64_t t, double base) {
  const double total = spec.number("total");
  const double first = spec.number("start_factor");
  const double last = spec.number("end_factor");
  const double step = static_cast<double>(t);
  const double factor = step >= total ? last : first + (last - first) * (step / total);
  return peak_of(spec, base) * factor;
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

/// An end whose factor is 1 is the peak: it is this that a drag moves, and the other end stays.
void move_end(Spec& out, double base, const char* key, const char* other, double value) {
  const double peak = peak_of(out, base);
  if (out.number(key) != 1.0) return put(out, key, value / peak);
  const double stays = peak * out.number(other);
  put(out, "peak", value);
  put(out, other, stays / peak_of(out, base));
}

std::vector<Grip> linear_grips(const Spec& spec, double base) {
  const double peak = peak_of(spec, base);
  return {
      {{"first rate", 0.0, peak * spec.number("start_factor"), false, true},
       [=](Spec& out, double, double value) { move_end(out, base, "start_factor", "end_factor", value); }},
      {{"end", spec.number("total"), peak * spec.number("end_factor"), true, true},
       [=](Spec& out, double step, double value) {
         put(out, "total", step);
         move_end(out, base, "end_factor", "start_factor", value);
       }}};
}

double polynomial_at(const Spec& spec, std::int64_t t, double base) {
  const double total = spec.number("total"), min = spec.number("min");
  const double step = static_cast<double>(t);
  if (step >= total) return min;
  return min + (peak_of(spec, base) - min) * std::pow((total - step) / total, spec.number("power"));
}

TorchSchedule polynomial_torch(const Spec& spec, std::int64_t) {
  const std::string min = number_in(spec, "min"), total = number_in(spec, "total"),
                    power = number_in(spec, "power");
  const std::string shape = "(1 - min(t / " + total + ", 1)) ** " + power;
  const bool to_zero = spec.number("min") == 0.0;
  TorchSchedule out{
      {}, {to_zero ? "return peak * " + shape : "return " + min + " + (peak - " + min + ") * " + shape}};
  if (spec.number("power") == 0.0)
    out.formula = {"return peak if t < " + total + " else " + min};
  else if (to_zero)
    out.scheduler = scheduler("PolynomialLR", {{"total_iters", total}, {"power", power}});
  return out;
}

std::vector<Grip> polynomial_grips(const Spec& spec, double base) {
  const double peak = peak_of(spec, base), min = spec.number("min"), half = spec.number("total") / 2.0;
  return {peak_grip(spec, base),
          {{"bend", half, min + (peak - min) * std::pow(0.5, spec.number("power")), false, true},
           [=](Spec& out, double, double value) {
             const double share = (value - min) / (peak - min);
             put(out, "power", share > 0.0 ? -std::log2(share) : 100.0);
           }},
          end_grip(spec, "end", "total", "min")};
}

// Inverse time -------------------------------------------------------------------------------------

double inverse_time_at(const Spec& spec, std::int64_t t, double base) {
  return peak_of(spec, base) *
         std::pow(1.0 + spec.number("decay") * static_cast<double>(t), -spec.number("power"));
}

TorchSchedule inverse_time_torch(const Spec& spec, std::int64_t) {
  const std::string root = "(1 + " + number_in(spec, "decay") + " * t)";
  if (spec.number("power") == 1.0) return {{}, {"return peak / " + root}};
  return {{}, {"return peak * " + root + " ** -" + number_in(spec, "power")}};
}

std::vector<Grip> inverse_time_grips(const Spec& spec, double base) {
  std::vector<Grip> out = {peak_grip(spec, base)};
  const double decay = spec.number("decay"), power = spec.number("power");
  if (decay == 0.0 || power == 0.0) return out;
  const double ratio = std::pow(2.0, 1.0 / power) - 1.0;
  if (!std::isfinite(ratio / decay)) return out;
  out.push_back(
      {{"half", ratio / decay, peak_of(spec, base) / 2.0, true, false},
       [=](Spec& moved, double step, double) { put(moved, "decay", ratio / std::max(step, 1e-9)); }});
  return out;
}

}  // namespace

ScheduleDescriptor constant() {
  return with_grips({{.id = "constant",
                      .label = "Constant",
                      .summary = "The same learning rate at every update.",
                      .formula = "η(t) = ηₘₐₓ",
                      .reference = "Robbins & Monro 1951 give the conditions that it does not meet",
                      .parameters = {peak_parameter()}},
                     constant_at,
                     constant_torch},
                    [](const Spec& spec, double base) { return std::vector{peak_grip(spec, base)}; });
}

ScheduleDescriptor constant_start() {
  return with_grips(
      {{.id = "constant_start",
        .label = "Constant, reduced at first",
        .summary = "A part of the peak for some updates, then the peak: the coarsest warm-up.",
        .formula = "η(t) = a ηₘₐₓ for t < T, then ηₘₐₓ",
        .reference = "PyTorch ConstantLR; He et al. 2016 (ResNet), section 4.2, warm up so at 0.01",
        .parameters = {peak_parameter(),
                       factor_parameter("factor", "a", "first factor", 1.0 / 3.0,
                                        "The learning rate of the first updates as a multiple of the peak."),
                       count_parameter("total", "T", "length", 100, 0,
                                       "Number of updates before the peak.")}},
       constant_start_at,
       constant_start_torch},
      constant_start_grips);
}

ScheduleDescriptor step() {
  return with_grips(
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
      step_grips);
}

ScheduleDescriptor multi_step() {
  Parameter milestones{.key = "milestones",
                       .symbol = "mᵢ",
                       .label = "drops at",
                       .kind = Kind::kRealList,
                       .default_value = std::vector<double>{300, 600, 900},
                       .min = 0.0,
                       .max = 1e12,
                       .soft_min = 1.0,
                       .soft_max = 1e5,
                       .scale = Scale::kLog,
                       .unit = "steps",
                       .help = "The updates at which the learning rate drops, in ascending order.",
                       .live = true};
  ScheduleDescriptor out =
      with_grips({{.id = "multi_step",
                   .label = "Step decay at milestones",
                   .summary = "Drops by a factor at chosen updates.",
                   .formula = "η(t) = ηₘₐₓ γ^|{i : mᵢ ≤ t}|",
                   .reference = "PyTorch MultiStepLR; Zagoruyko & Komodakis 2016 (Wide ResNet), section 3",
                   .parameters = {peak_parameter(), std::move(milestones),
                                  gamma_parameter(0.1, 0.01, Scale::kLinear,
                                                  "What the learning rate is multiplied by at each drop.")}},
                  multi_step_at,
                  multi_step_torch},
                 multi_step_grips);
  out.check = check_milestones;
  return out;
}

ScheduleDescriptor exponential() {
  return with_grips(
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
      exponential_grips);
}

ScheduleDescriptor linear() {
  return with_grips({{.id = "linear",
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
                    linear_grips);
}

ScheduleDescriptor polynomial() {
  Parameter power = real_parameter("power", "p", "power", 2.0, 0.0, 100.0,
                                   "1 is a straight line; the larger, the sooner it falls.");
  power.soft_max = 5.0;
  return with_grips({{.id = "polynomial",
                      .label = "Polynomial decay",
                      .summary = "A power of the way that is left, down to the minimum, then level.",
                      .formula = "η(t) = ηₘᵢₙ + (ηₘₐₓ − ηₘᵢₙ)(1 − min(t/T, 1))ᵖ",
                      .reference = "Chen et al. 2018 (DeepLab), section 4.1; PyTorch PolynomialLR (ηₘᵢₙ = 0)",
                      .parameters = {peak_parameter(), min_parameter(), total_parameter(), std::move(power)}},
                     polynomial_at,
                     polynomial_torch},
                    polynomial_grips);
}

ScheduleDescriptor inverse_time() {
  Parameter decay = real_parameter("decay", "k", "decay rate", 0.01, 0.0, 1e6,
                                   "How fast it falls: after 1/k updates the root is 2.");
  decay.soft_min = 1e-5;
  decay.soft_max = 1.0;
  decay.scale = Scale::kLog;
  Parameter power = real_parameter("power", "p", "power", 1.0, 0.0, 10.0,
                                   "1 for the classical rate 1/t, ½ for 1/√t, ¾ as averaging wants it.");
  power.soft_max = 2.0;
  return with_grips(
      {{.id = "inverse_time",
        .label = "Inverse time",
        .summary = "Falls as one over the step, ever more slowly: what stochastic gradients need "
                   "to converge.",
        .formula = "η(t) = ηₘₐₓ (1 + k t)⁻ᵖ",
        .reference = "Robbins & Monro 1951; Bottou 2012, Stochastic Gradient Descent Tricks, "
                     "section 5.2; the rate of PyTorch's ASGD",
        .parameters = {peak_parameter(), std::move(decay), std::move(power)}},
       inverse_time_at,
       inverse_time_torch},
      inverse_time_grips);
}

}  // namespace thalweg::schedule_parts
