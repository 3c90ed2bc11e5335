// Schedule-Free learning: gradients are taken between the iterate z of the base optimizer and the average x
// of all z, and x is what it has found. No schedule of the rate is needed, but for a warm-up:
//   y = (1−β)z + βx;  z ← z − γₜ d(y);  x ← (1 − cₜ)x + cₜz,  cₜ = wₜ/Σw,  wₜ = t^r (max γ)^p.
// d(y) is g(y) + λy for SGD, and g(y)/(√v̂ + ε) + λy for AdamW, v ← β₂v + (1−β₂)g², v̂ = v/(1−β₂ᵗ).
//
// A. Defazio, X. Yang, H. Mehta, K. Mishchenko, A. Khaled, A. Cutkosky, "The road less scheduled", NeurIPS
// 2024, Algorithm 1 (AdamW) and equations (3)-(5). As the authors' code does: parameters hold y, z is kept, x
// is found from both, x = z + (y − z)/β; y moves by y ← (1−cₜ)y + cₜz + γₜ(β(1−cₜ) − 1)d before z does; γₜ is
// η·min(1, t/warm-up); weights are those of the largest rate so far to the power p (2); decay is at y. As in
// version 1.3 of that code, bias correction divides v by 1−β₂ᵗ, where the paper multiplies the rate by
// √(1−β₂ᵗ), which differs in what ε means and in the weights wₜ of the first steps.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "core/optimizer/adam_moments.hpp"

namespace thalweg {

struct ScheduleFreeHyper {
  double beta;
  double weight_decay;
  double warmup;
  double r;
  double power;
};
struct ScheduleFreeProgress {
  double weight_sum = 0.0;
  double largest = 0.0;  ///< rate so far
};
template <class T>
struct ScheduleFreeStep {
  T rate;   ///< γₜ
  T share;  ///< cₜ
  T ahead;  ///< γₜ(β(1−cₜ) − 1)
  T decay;
  bool begins;
};

inline ScheduleFreeHyper schedule_free_hyper(const Spec& spec, const char* beta) {
  return {.beta = spec.number(beta),
          .weight_decay = spec.number("weight_decay"),
          .warmup = spec.number("warmup_steps"),
          .r = spec.number("r"),
          .power = spec.number("weight_lr_power")};
}

/// β of y: strictly between 0 and 1, since x is found from y and z, and fixed, since it gives y its meaning.
inline Parameter interpolation_parameter(std::string key, std::string symbol) {
  Parameter out = decay_rate_parameter(std::move(key), std::move(symbol), "interpolation", 0.9,
                                       "Where gradients are taken: 1 − β of the way from the average to the "
                                       "iterate.");
  out.min_open = true;
  out.soft_min = 0.5;
  out.live = false;
  return out;
}

inline std::vector<Parameter> averaging_parameters() {
  return {Parameter{.key = "warmup_steps",
                    .symbol = "W",
                    .label = "warm-up",
                    .kind = Kind::kInteger,
                    .default_value = 0.0,
                    .min = 0.0,
                    .max = 1e9,
                    .soft_min = 0.0,
                    .soft_max = 1000.0,
                    .unit = "steps",
                    .help = "The rate rises in so many equal steps to η; 0: it is η from the start."},
          Parameter{.key = "r",
                    .symbol = "r",
                    .label = "power of the step",
                    .default_value = 0.0,
                    .min = 0.0,
                    .max = 100.0,
                    .soft_min = 0.0,
                    .soft_max = 3.0,
                    .help = "Step t counts tʳ times in the average: larger forgets the beginning sooner.",
                    .live = true},
          Parameter{.key = "weight_lr_power",
                    .symbol = "p",
                    .label = "power of the rate",
                    .default_value = 2.0,
                    .min = 0.0,
                    .max = 10.0,
                    .soft_min = 0.0,
                    .soft_max = 4.0,
                    .help = "A step counts by its rate to this power: steps of the warm-up count less.",
                    .live = true}};
}

template <class T>
ScheduleFreeStep<T> prepare_schedule_free(const ScheduleFreeHyper& hyper, double learning_rate,
                                          std::int64_t t, ScheduleFreeProgress& progress) {
  const auto now = static_cast<double>(t);
  if (t == 1) progress = {};
  const double rate = now <= hyper.warmup ? learning_rate * now / hyper.warmup : learning_rate;
  progress.largest = std::max(progress.largest, rate);
  const double weight = std::pow(now, hyper.r) * std::pow(progress.largest, hyper.power);
  progress.weight_sum += weight;
  const double share = progress.weight_sum == 0.0 ? 0.0 : weight / progress.weight_sum;
  return {.rate = T(rate),
          .share = T(share),
          .ahead = T(rate * (hyper.beta * (1.0 - share) - 1.0)),
          .decay = T(hyper.weight_decay),
          .begins = t == 1};
}

template <class T>
THALWEG_HD inline void schedule_free_update(T& y, T direction, T& z, const ScheduleFreeStep<T>& step) {
  if (step.begins) z = y;
  y = y + step.share * (z - y) + step.ahead * direction;
  z -= step.rate * direction;
}

template <class T>
THALWEG_HD inline T schedule_free_average(T y, T z, double beta) {
  return static_cast<T>(z + (y - z) / static_cast<T>(beta));
}

/// Python of both: `direction` makes d of g.
inline std::string schedule_free_class(const std::string& name, const std::string& options,
                                       const std::string& names, const std::vector<std::string>& slots,
                                       const std::string& beta, const std::vector<std::string>& direction) {
  std::vector<std::string> body = {
      "if t == 1:",
      "    s[\"z\"], s[\"largest\"], s[\"sum\"] = p.clone(), 0.0, 0.0",
      "beta = " + beta,
      "rate = lr * min(1, t / max(1, group[\"warmup_steps\"]))",
      "s[\"largest\"] = max(s[\"largest\"], rate)",
      "weight = t ** group[\"r\"] * s[\"largest\"] ** group[\"weight_lr_power\"]",
      "s[\"sum\"] += weight",
      "share = weight / s[\"sum\"] if s[\"sum\"] else 0.0"};
  body.insert(body.end(), direction.begin(), direction.end());
  body.insert(body.end(),
              {"d = d + group[\"weight_decay\"] * p",
               "p += share * (s[\"z\"] - p) + rate * (beta * (1 - share) - 1) * d", "s[\"z\"] -= rate * d"});
  return element_class(name, "Defazio et al. 2024, Algorithm 1; parameters hold y, average(p) is x.",
                       options + ", weight_decay=0, warmup_steps=0, r=0.0, weight_lr_power=2.0",
                       names +
                           ", weight_decay=weight_decay, warmup_steps=warmup_steps, r=r, "
                           "weight_lr_power=weight_lr_power",
                       slots, body) +
         "\n    def average(self, p):\n        z = self.state[p].get(\"z\", p)\n        beta = "
         "self.param_groups[0]" +
         beta.substr(std::string("group").size()) + "\n        return z + (p - z) / beta\n";
}

inline void add_averaging_arguments(TorchCall& call, const Spec& spec) {
  call.arguments.push_back(torch_argument("weight_decay", spec.number("weight_decay"), 0.0));
  call.arguments.push_back(torch_argument("warmup_steps", spec.number("warmup_steps"), 0.0));
  call.arguments.push_back(torch_argument("r", spec.number("r"), 0.0));
  call.arguments.push_back(torch_argument("weight_lr_power", spec.number("weight_lr_power"), 2.0));
  call.found = "optimizer.average(p)";
}

struct ScheduleFreeSgd {
  static constexpr const char* kTraining = "lr=0.5";
  static constexpr int kSlots = 1;  // z
  using Hyper = ScheduleFreeHyper;
  using Progress = ScheduleFreeProgress;
  template <class T>
  using Step = ScheduleFreeStep<T>;

  static Descriptor describe() {
    std::vector<Parameter> parameters = {learning_rate_parameter(0.002, 1e-5, 10.0),
                                         interpolation_parameter("momentum", "β"), l2_parameter()};
    parameters.back().help = "Adds λy to the gradient, which pulls every coordinate towards 0.";
    for (Parameter& parameter : averaging_parameters()) parameters.push_back(std::move(parameter));
    return {.id = "schedule_free_sgd",
            .label = "Schedule-Free SGD",
            .summary = "Gradients between an iterate and its running average, in place of a schedule.",
            .formula = "y = (1−β)z + βx,  z ← z − γ(g(y) + λy),  x ← (1−c)x + cz",
            .reference = "Defazio et al. 2024, equations (3)-(5)",
            .conventions =
                "As the authors' code: parameters hold y, steps count in the average by the largest rate so "
                "far squared, and decay is at y.",
            .parameters = std::move(parameters)};
  }

  static TorchCall torch(const Spec& spec, bool) {
    TorchCall call{
        "ScheduleFreeSGD",
        {torch_argument("lr", spec.number("lr")), torch_argument("momentum", spec.number("momentum"))}};
    add_averaging_arguments(call, spec);
    call.definition = schedule_free_class("ScheduleFreeSGD", "momentum=0.9", "momentum=momentum", {},
                                          "group[\"momentum\"]", {"d = g"});
    return call;
  }

  static Hyper hyper(const Spec& spec) { return schedule_free_hyper(spec, "momentum"); }
  template <class T>
  static void shift(T by, T* slots, const Hyper&) {
    slots[0] += by;
  }
  static bool keeps_state(const Hyper& before, const Hyper& after) { return before.beta == after.beta; }

  template <class T>
  static Step<T> prepare(const Hyper& hyper, double learning_rate, std::int64_t t, Progress& progress) {
    return prepare_schedule_free<T>(hyper, learning_rate, t, progress);
  }

  template <class T>
  THALWEG_HD static void update(T& theta, T gradient, T* slots, const Step<T>& step) {
    schedule_free_update(theta, gradient + step.decay * theta, slots[0], step);
  }

  template <class T>
  THALWEG_HD static T effective_rate(const T*, const Step<T>& step) {
    return step.rate;
  }

  template <class T>
  THALWEG_HD static T average(T theta, const T* slots, const Hyper& hyper) {
    return schedule_free_average(theta, slots[0], hyper.beta);
  }
};

struct ScheduleFreeAdamW {
  static constexpr const char* kTraining = "lr=0.0025";
  static constexpr int kSlots = 2;  // z, v
  struct Hyper {
    ScheduleFreeHyper free;
    double beta2;
    double eps;
  };
  struct Progress {
    ScheduleFreeProgress free;
    double beta2 = 0.0;
    double power2 = 0.0;
  };
  template <class T>
  struct Step {
    ScheduleFreeStep<T> free;
    T beta2;
    T one_minus_beta2;
    T root;  ///< √(1 − β₂ᵗ)
    T eps;   ///< ε √(1 − β₂ᵗ)
  };

  static Descriptor describe() {
    std::vector<Parameter> parameters = {learning_rate_parameter(0.02, 1e-4, 1.0),
                                         interpolation_parameter("beta1", "β₁"), beta2_parameter(),
                                         epsilon_parameter(1e-8), decoupled_decay_parameter()};
    parameters.back().help = "Adds λy to the scaled gradient, which pulls every coordinate towards 0.";
    for (Parameter& parameter : averaging_parameters()) parameters.push_back(std::move(parameter));
    return {.id = "schedule_free_adamw",
            .label = "Schedule-Free AdamW",
            .summary = "Adam's scaling, with gradients between an iterate and its running average.",
            .formula = "y = (1−β₁)z + β₁x,  z ← z − γ(g(y)/(√v̂ + ε) + λy),  x ← (1−c)x + cz",
            .reference = "Defazio et al. 2024, Algorithm 1",
            .conventions =
                "As the authors' code: parameters hold y, v is divided by 1−β₂ᵗ (in the paper the rate is "
                "scaled), and decay is at y.",
            .parameters = std::move(parameters)};
  }

  static TorchCall torch(const Spec& spec, bool) {
    TorchCall call{"ScheduleFreeAdamW",
                   {torch_argument("lr", spec.number("lr")),
                    {"betas", "(" + python_number(spec.number("beta1")) + ", " +
                                  python_number(spec.number("beta2")) + ")"},
                    torch_argument("eps", spec.number("eps"))}};
    add_averaging_arguments(call, spec);
    call.definition =
        schedule_free_class("ScheduleFreeAdamW", "betas=(0.9, 0.999), eps=1e-8", "betas=betas, eps=eps",
                            {"v"}, "group[\"betas\"][0]",
                            {"b2 = group[\"betas\"][1]", "s[\"v\"] = b2 * s[\"v\"] + (1 - b2) * g**2",
                             "d = g / ((s[\"v\"] / (1 - b2**t)).sqrt() + group[\"eps\"])"});
    return call;
  }

  static Hyper hyper(const Spec& spec) {
    return {
        .free = schedule_free_hyper(spec, "beta1"), .beta2 = spec.number("beta2"), .eps = spec.number("eps")};
  }
  template <class T>
  static void shift(T by, T* slots, const Hyper&) {
    slots[0] += by;
  }
  static bool keeps_state(const Hyper& before, const Hyper& after) {
    return before.free.beta == after.free.beta;
  }

  template <class T>
  static Step<T> prepare(const Hyper& hyper, double learning_rate, std::int64_t t, Progress& progress) {
    progress.power2 = next_power(progress.power2, progress.beta2, hyper.beta2, t);
    progress.beta2 = hyper.beta2;
    const double root = std::sqrt(1.0 - progress.power2);
    return {.free = prepare_schedule_free<T>(hyper.free, learning_rate, t, progress.free),
            .beta2 = T(hyper.beta2),
            .one_minus_beta2 = T(1.0 - hyper.beta2),
            .root = T(root),
            .eps = T(hyper.eps * root)};
  }

  template <class T>
  THALWEG_HD static void update(T& theta, T gradient, T* slots, const Step<T>& step) {
    using std::sqrt;
    slots[1] = step.beta2 * slots[1] + step.one_minus_beta2 * gradient * gradient;
    const T direction = step.root * gradient / (sqrt(slots[1]) + step.eps) + step.free.decay * theta;
    schedule_free_update(theta, direction, slots[0], step.free);
  }

  template <class T>
  THALWEG_HD static T effective_rate(const T* slots, const Step<T>& step) {
    using std::sqrt;
    return step.free.rate * step.root / (sqrt(slots[1]) + step.eps);
  }

  template <class T>
  THALWEG_HD static T average(T theta, const T* slots, const Hyper& hyper) {
    return schedule_free_average(theta, slots[0], hyper.free.beta);
  }
};

}  // namespace thalweg
