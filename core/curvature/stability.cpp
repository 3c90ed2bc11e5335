#include "core/curvature/stability.hpp"

#include <cmath>
#include <type_traits>

#include "core/optimizer/rules.hpp"

namespace thalweg {
namespace {

bool usable(double learning_rate) { return std::isfinite(learning_rate) && learning_rate >= 0.0; }

/// The largest stable ηλ of the heavy ball v ← μv + gain·g, θ ← θ − ηv.
double heavy_ball(double momentum, double gain) { return 2.0 * (1.0 + momentum) / gain; }

double momentum_limit(const Spec& optimizer) {
  const double mu = optimizer.number("momentum");
  const std::string& form = optimizer.text("form");
  if (form == "ema") return heavy_ball(mu, 1.0 - mu);
  if (form == "pytorch" && mu > 0.0) return heavy_ball(mu, 1.0 - optimizer.number("dampening"));
  return heavy_ball(mu, 1.0);
}

/// What rule R divides by, which is η over the factor it puts before a gradient.
template <class R>
std::optional<std::vector<float>> divisors(const Spec& optimizer, const EngineState& state) {
  if constexpr (HasEffectiveRate<R>) {
    constexpr auto kSlots = static_cast<std::size_t>(R::kSlots);
    const std::size_t count = state.parameters.size();
    if (state.steps < 1 || state.slots.size() != kSlots * count) return {};
    typename R::Progress progress{};
    const auto step = R::template prepare<double>(R::hyper(optimizer), 1.0, state.steps, progress);
    std::vector<float> out(count);
    for (std::size_t i = 0; i < count; ++i) {
      double slots[kSlots + 1] = {};
      for (std::size_t k = 0; k < kSlots; ++k) slots[k] = static_cast<double>(state.slots[k * count + i]);
      out[i] = static_cast<float>(1.0 / R::effective_rate(slots, step));
    }
    return out;
  }
  return {};
}

}  // namespace

std::optional<double> stability_threshold(const Spec& optimizer, double learning_rate) {
  if (!usable(learning_rate)) return {};
  double limit = 0.0;
  if (optimizer.id == "gd") {
    limit = 2.0;
  } else if (optimizer.id == "momentum") {
    limit = momentum_limit(optimizer);
  } else if (optimizer.id == "nesterov") {
    const double mu = optimizer.number("momentum");
    limit = 2.0 * (1.0 + mu) / (1.0 + 2.0 * mu);
  } else {
    return {};
  }
  return limit / learning_rate - optimizer.number("weight_decay");
}

std::optional<double> preconditioned_threshold(const Spec& optimizer, double learning_rate) {
  if (!usable(learning_rate)) return {};
  const std::string& id = optimizer.id;
  if (id == "adam" || id == "adam_l2" || id == "adamw" || id == "amsgrad") {
    const double beta = optimizer.number("beta1");
    return heavy_ball(beta, 1.0 - beta) / learning_rate;
  }
  if (id == "rmsprop") return heavy_ball(optimizer.number("momentum"), 1.0) / learning_rate;
  if (id == "adagrad") return 2.0 / learning_rate;
  return {};
}

std::optional<std::vector<float>> preconditioner(const Spec& optimizer, const EngineState& state) {
  if (!preconditioned_threshold(optimizer, 1.0)) return {};
  std::optional<std::vector<float>> out;
  visit_rule(optimizer.id, [&]<class R>(std::type_identity<R>) { out = divisors<R>(optimizer, state); });
  return out;
}

}  // namespace thalweg
