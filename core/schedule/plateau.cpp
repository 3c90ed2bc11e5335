// The one schedule with a memory: the rate is reduced when the loss has stopped falling.
#include <algorithm>
#include <cmath>
#include <limits>

#include "core/schedule/parts.hpp"

namespace thalweg::schedule_parts {
namespace {

/// PyTorch's ReduceLROnPlateau, with its order of events.
class Plateau final : public ScheduleFollower {
 public:
  explicit Plateau(const Spec& spec)
      : own_peak_(spec.number_or("peak", 0.0)),
        factor_(spec.number("factor")),
        min_(spec.number("min")),
        eps_(spec.number("eps")),
        threshold_(spec.number("threshold")),
        patience_(spec.number("patience")),
        cooldown_(spec.number("cooldown")),
        smallest_(spec.text("mode") == "min"),
        relative_(spec.text("threshold_mode") == "rel"),
        best_(smallest_ ? kInfinity : -kInfinity) {}

  double rate(double base) const override {
    const double peak = own_peak_ > 0.0 ? own_peak_ : base;
    if (peak != of_peak_ || reductions_ < of_reductions_) {
      of_peak_ = rate_ = peak;
      of_reductions_ = 0.0;
    }
    for (; of_reductions_ < reductions_; of_reductions_ += 1.0) {
      const double next = std::max(rate_ * factor_, min_);
      if (!(rate_ - next > eps_)) {
        of_reductions_ = reductions_;  // as small as it gets
        break;
      }
      rate_ = next;
    }
    return rate_;
  }

  void observe(std::int64_t, double metric) override {
    if (is_better(metric)) {
      best_ = metric;
      bad_ = 0.0;
    } else {
      bad_ += 1.0;
    }
    if (cooling_ > 0.0) {
      cooling_ -= 1.0;
      bad_ = 0.0;
    }
    if (bad_ > patience_) {
      reductions_ += 1.0;
      cooling_ = cooldown_;
      bad_ = 0.0;
    }
  }

  std::vector<double> save() const override { return {best_, bad_, cooling_, reductions_}; }

  bool load(std::span<const double> state) override {
    const auto is_count = [](double x, double most) { return x >= 0.0 && x <= most && x == std::floor(x); };
    if (state.size() != 4 || std::isnan(state[0]) || !is_count(state[1], patience_) ||
        !is_count(state[2], cooldown_) || !is_count(state[3], 1e15))
      return false;
    best_ = state[0];
    bad_ = state[1];
    cooling_ = state[2];
    reductions_ = state[3];
    return true;
  }

 private:
  static constexpr double kInfinity = std::numeric_limits<double>::infinity();

  bool is_better(double metric) const {
    if (smallest_) return metric < (relative_ ? best_ * (1.0 - threshold_) : best_ - threshold_);
    return metric > (relative_ ? best_ * (threshold_ + 1.0) : best_ + threshold_);
  }

  double own_peak_;  ///< 0: auto
  double factor_, min_, eps_, threshold_, patience_, cooldown_;
  bool smallest_, relative_;

  double best_;
  double bad_ = 0.0;         ///< observations in a row that were no better
  double cooling_ = 0.0;     ///< observations of the cool-down that are left
  double reductions_ = 0.0;  ///< how often the rate was reduced

  // rate() of the last peak and number of reductions that it was asked for.
  mutable double of_peak_ = std::numeric_limits<double>::quiet_NaN();
  mutable double of_reductions_ = 0.0;
  mutable double rate_ = 0.0;
};

double plateau_at(const Spec& spec, std::int64_t, double base) { return spec.number_or("peak", base); }

TorchSchedule plateau_torch(const Spec& spec, std::int64_t) {
  TorchSchedule out{
      scheduler("ReduceLROnPlateau", {{"mode", python_string(spec.text("mode")), spec.text("mode") == "min"},
                                      {"factor", number_in(spec, "factor")},
                                      {"patience", number_in(spec, "patience")},
                                      {"threshold", number_in(spec, "threshold")},
                                      {"threshold_mode", python_string(spec.text("threshold_mode")),
                                       spec.text("threshold_mode") == "rel"},
                                      torch_argument("cooldown", spec.number("cooldown"), 0.0),
                                      torch_argument("min_lr", spec.number("min"), 0.0),
                                      torch_argument("eps", spec.number("eps"), 1e-8)}),
      {"return peak  # while no loss has been seen"}};
  out.by_loss = true;
  return out;
}

}  // namespace

ScheduleDescriptor plateau() {
  Parameter factor = real_parameter("factor", "f", "factor", 0.1, 0.0, 1.0,
                                    "What the learning rate is multiplied by when the loss no longer falls.");
  factor.min_open = factor.max_open = true;
  factor.soft_min = 0.05;
  factor.soft_max = 0.9;
  const auto count = [](std::string key, std::string symbol, std::string label, double value,
                        std::string help) {
    Parameter out =
        count_parameter(std::move(key), std::move(symbol), std::move(label), value, 0, std::move(help));
    out.max = 1e9;
    out.soft_min = 0.0;
    out.soft_max = 100.0;
    out.scale = Scale::kLinear;
    out.unit = "";
    return out;
  };
  Parameter threshold =
      real_parameter("threshold", "ε", "threshold", 1e-4, 0.0, 1e6,
                     "By how much a loss must be lower than the lowest so far to count as lower.");
  threshold.soft_min = 1e-6;
  threshold.soft_max = 0.1;
  threshold.scale = Scale::kLog;
  Parameter eps =
      real_parameter("eps", "δ", "least change", 1e-8, 0.0, 1e6, "A smaller reduction is not made.");
  eps.soft_min = 1e-12;
  eps.soft_max = 1e-3;
  eps.scale = Scale::kLog;
  Parameter lowest = min_parameter("The learning rate is never reduced below this.");
  lowest.label = "lowest learning rate";
  ScheduleDescriptor out = with_grips(
      {{.id = "plateau",
        .label = "Reduce on plateau",
        .summary = "Drops by a factor when the loss has not fallen for a while.",
        .formula = "η ← max(f η, ηₘᵢₙ) after more than p observations in a row that were no better",
        .reference = "PyTorch ReduceLROnPlateau; He et al. 2016 (ResNet), section 3.4, divide so by 10",
        .parameters =
            {peak_parameter(), std::move(lowest), std::move(factor),
             count("patience", "p", "patience", 10,
                   "So many observations in a row may be no better: of the loss after each step on a "
                   "surface, of the validation loss after each epoch in training."),
             std::move(threshold),
             choice_parameter("threshold_mode", "kind of threshold", {"rel", "abs"},
                              "rel: lower by this share of the lowest so far; abs: by this amount."),
             count("cooldown", "c", "cool-down", 0,
                   "So many observations after a reduction do not count as bad ones."),
             std::move(eps),
             choice_parameter("mode", "better is", {"min", "max"},
                              "min: a lower value is better, as of a loss; max: a higher one.")}},
       plateau_at,
       plateau_torch},
      [](const Spec& spec, double base) { return std::vector{peak_grip(spec, base)}; });
  out.follow = [](const Spec& spec) { return std::make_unique<Plateau>(spec); };
  return out;
}

}  // namespace thalweg::schedule_parts
