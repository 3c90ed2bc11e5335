// Schedules that count samples or tokens while the batch grows: how many have been seen after t updates is
// known in closed form.
//
// With a batch that grows in proportion to what has been seen, b(n) = b₀ + k n, k = (b₁ − b₀)/R, the next
// update begins at n + b(n) = (1 + k) n + b₀, so that n_t = b₀ ((1+k)ᵗ − 1)/k, b_t = b₀ (1+k)ᵗ. The first
// update at which n_t ≥ R has the full batch, as all that follow.
#include <algorithm>
#include <cmath>

#include "core/schedule/parts.hpp"

namespace thalweg::schedule_parts {
namespace {

class Ramp {
 public:
  Ramp(double first, double full, double length) : first_(first), full_(full) {
    if (length <= 0.0 || first == full) return;
    growth_ = (full - first) / length;
    if (growth_ <= -1.0) {  // one small update is already beyond the ramp
      updates_ = 1.0;
    } else {
      updates_ = std::ceil(std::log(full / first) / std::log1p(growth_));
      while (updates_ > 1.0 && on_ramp(updates_ - 1.0) >= length) updates_ -= 1.0;
      while (on_ramp(updates_) < length && updates_ < 1e15) updates_ += std::max(1.0, updates_ * 1e-15);
    }
    seen_ = on_ramp(updates_);
  }

  /// Updates with less than the full batch.
  double updates() const { return updates_; }
  double batch(double t) const {
    if (t >= updates_) return full_;
    return growth_ <= -1.0 ? first_ : first_ * std::exp(t * std::log1p(growth_));
  }
  /// How many were seen before update t.
  double seen(double t) const { return t < updates_ ? on_ramp(t) : seen_ + (t - updates_) * full_; }
  /// The update before which so many were seen; between two, a share.
  double update(double seen) const {
    if (seen >= seen_) return updates_ + (seen - seen_) / full_;
    if (growth_ <= -1.0) return seen / first_;
    return std::log1p(seen * growth_ / first_) / std::log1p(growth_);
  }

  /// The same in Python: sets n, what was seen before update t, and b, its batch.
  std::vector<std::string> python() const {
    const std::string full = python_number(full_);
    if (updates_ == 0.0) return {"n, b = t * " + full + ", " + full};
    const std::string first = python_number(first_), updates = python_number(updates_);
    std::vector<std::string> out = {"ramp = min(t, " + updates +
                                    ")  # updates with a batch that still grows"};
    if (growth_ <= -1.0)
      out.push_back("n = " + first + " * ramp");
    else
      out.push_back("n = " + first + " * math.expm1(ramp * math.log1p(" + python_number(growth_) + ")) / " +
                    python_number(growth_));
    out.push_back("n += (t - ramp) * " + full);
    out.push_back("b = " + full + " if t >= " + updates + " else " + first +
                  (growth_ <= -1.0 ? "" : " * math.exp(t * math.log1p(" + python_number(growth_) + "))"));
    return out;
  }

 private:
  double on_ramp(double t) const {
    if (growth_ <= -1.0) return t * first_;
    return first_ * std::expm1(t * std::log1p(growth_)) / growth_;
  }

  double first_, full_;
  double growth_ = 0.0;
  double updates_ = 0.0;
  double seen_ = 0.0;
};

/// A number of tokens or samples.
Parameter amount(std::string key, std::string symbol, std::string label, double value, double min,
                 double soft_max, std::string unit, std::string help) {
  Parameter out =
      real_parameter(std::move(key), std::move(symbol), std::move(label), value, min, 1e15, std::move(help));
  out.soft_min = std::max(min, 1.0);
  out.soft_max = soft_max;
  out.scale = Scale::kLog;
  out.unit = std::move(unit);
  return out;
}

// The rate by tokens --------------------------------------------------------------------------------

Ramp ramp_of_tokens(const Spec& spec) {
  return {spec.number("batch_start"), spec.number("batch"), spec.number("ramp")};
}

double tokens_at(const Spec& spec, std::int64_t t, double base) {
  const double peak = spec.number_or("peak", base), floor = peak * spec.number("end_factor");
  const double warmup = spec.number("warmup"), total = spec.number("total");
  const double seen = ramp_of_tokens(spec).seen(static_cast<double>(t));
  if (seen >= total) return floor;
  if (seen < warmup) return peak * (seen / warmup);
  return cosine_between(peak, floor, (seen - warmup) / (total - warmup));
}

TorchSchedule tokens_torch(const Spec& spec, std::int64_t) {
  const std::string warmup = number_in(spec, "warmup"), total = number_in(spec, "total"),
                    factor = number_in(spec, "end_factor");
  TorchSchedule out{{}, ramp_of_tokens(spec).python()};
  out.formula.insert(out.formula.end(), {"if n >= " + total + ":", "    return peak * " + factor});
  if (spec.number("warmup") > 0.0)
    out.formula.insert(out.formula.end(), {"if n < " + warmup + ":", "    return peak * n / " + warmup});
  if (spec.number("total") > spec.number("warmup"))
    out.formula.push_back("return peak * (" + factor + " + (1 - " + factor +
                          ") * math.cos(math.pi / 2 * (n - " + warmup + ") / (" + total + " - " + warmup +
                          ")) ** 2)");
  return out;
}

std::vector<Grip> tokens_grips(const Spec& spec, double base) {
  const Ramp ramp = ramp_of_tokens(spec);
  const double peak = spec.number_or("peak", base), total = spec.number("total"),
               warmup = spec.number("warmup");
  return {{{"end of warm-up", ramp.update(std::min(warmup, total)), peak, true, true},
           [=](Spec& out, double step, double value) {
             put(out, "warmup", std::min(ramp.seen(step), total));
             put(out, "peak", value);
           }},
          {{"end", ramp.update(total), peak * spec.number("end_factor"), true, true},
           [=](Spec& out, double step, double value) {
             put(out, "total", std::max(ramp.seen(step), warmup));
             put(out, "end_factor", value / peak);
           }}};
}

// The batch ------------------------------------------------------------------------------------------

Ramp ramp_of_batch(const Spec& spec, double base) {
  return {spec.number("start"), spec.number_or("peak", base), spec.number("ramp")};
}

double batch_at(const Spec& spec, std::int64_t t, double base) {
  return ramp_of_batch(spec, base).batch(static_cast<double>(t));
}

TorchSchedule batch_torch(const Spec& spec, std::int64_t) {
  const std::string start = number_in(spec, "start"), ramp = number_in(spec, "ramp");
  if (spec.number("ramp") == 0.0) return {{}, {"return peak"}};
  return {
      {},
      {"k = (peak - " + start + ") / " + ramp, "growth = min(t * math.log1p(k), 700) if k > -1 else math.inf",
       "n = " + start + " * (math.expm1(growth) / k if k else t)  # samples before update t",
       "return peak if n >= " + ramp + " else " + start + " * math.exp(growth)"}};
}

std::vector<Grip> batch_grips(const Spec& spec, double base) {
  const double first = spec.number("start"), full = spec.number_or("peak", base);
  const Ramp ramp = ramp_of_batch(spec, base);
  std::vector<Grip> out = {{{"first batch", 0.0, ramp.batch(0.0), false, true},
                            [](Spec& moved, double, double value) { put(moved, "start", value); }}};
  out.push_back(
      {{"full batch", ramp.updates(), full, true, true}, [=](Spec& moved, double step, double value) {
         put(moved, "peak", value);
         const double to = moved.number_or("peak", base);
         const double growth = std::expm1(std::log(to / first) / std::max(step, 1.0));
         put(moved, "ramp", growth == 0.0 ? first * step : (to - first) / growth);
       }});
  return out;
}

}  // namespace

ScheduleDescriptor tokens() {
  return with_grips(
      {{.id = "tokens",
        .label = "By tokens (GPT-3)",
        .summary =
            "Warm-up and cosine counted in tokens, while the batch grows: an early update is a small part "
            "of a late one.",
        .formula =
            "η(n) = ηₘₐₓ n/w, then ηₘₐₓ(f + ½(1 − f)(1 + cos(π(n − w)/(T − w)))), n tokens before update t; "
            "batch b(n) = b₀ + (b₁ − b₀) min(n/R, 1)",
        .reference = "Brown et al. 2020 (GPT-3), appendix B, whose numbers are the defaults (it says 4 to 12 "
                     "billion for R)",
        .parameters = {peak_parameter(),
                       factor_parameter("end_factor", "f", "end factor", 0.1,
                                        "The last learning rate as a multiple of the peak."),
                       amount("warmup", "w", "warm-up", 375e6, 0, 1e12, "tokens",
                              "Tokens until the peak is reached."),
                       amount("total", "T", "length", 260e9, 1, 1e13, "tokens",
                              "Tokens until the end of the cosine, kept from then on."),
                       amount("batch_start", "b₀", "first batch", 32e3, 1, 1e8, "tokens",
                              "Tokens of the first update."),
                       amount("batch", "b₁", "full batch", 3.2e6, 1, 1e8, "tokens",
                              "Tokens of an update from the end of the ramp on."),
                       amount("ramp", "R", "ramp", 12e9, 0, 1e12, "tokens",
                              "Tokens over which the batch grows; 0: it is full from the first update.")}},
       tokens_at,
       tokens_torch},
      tokens_grips);
}

ScheduleDescriptor batch_ramp() {
  Parameter full = peak_parameter();
  full.symbol = "b₁";
  full.label = "full batch";
  full.min = 1.0;
  full.min_open = false;
  full.max = 1e15;
  full.soft_min = 1.0;
  full.soft_max = 1e6;
  full.help = "The batch from the end of the ramp on; auto takes the run's own.";
  full.unit = "samples";
  Parameter ramp = amount("ramp", "R", "ramp", 1e5, 0, 1e9, "samples",
                          "Samples over which the batch grows; 0: it is full from the first update.");
  ScheduleDescriptor out = with_grips(
      {{.id = "batch_ramp",
        .label = "Batch ramp",
        .summary = "A batch that grows with the samples seen, in proportion, up to the full one.",
        .formula = "b(n) = b₀ + (b₁ − b₀) min(n/R, 1), n samples before update t: b_t = b₀(1 + (b₁ − b₀)/R)ᵗ",
        .reference =
            "Brown et al. 2020 (GPT-3), appendix B; Smith et al. 2018, Don't decay the learning rate, "
            "increase the batch size",
        .parameters = {std::move(full),
                       amount("start", "b₀", "first batch", 16, 1, 1e6, "samples",
                              "Samples of the first update."),
                       std::move(ramp)}},
       batch_at,
       batch_torch},
      batch_grips);
  out.role = ScheduleRole::kBatchSize;
  return out;
}

}  // namespace thalweg::schedule_parts
