#include "core/curvature/stability.hpp"

#include <cmath>
#include <type_traits>

#include "core/optimizer/rules.hpp"
#include "core/rates/linear_rule.hpp"

namespace thalweg {
namespace {

bool usable(double learning_rate) { return std::isfinite(learning_rate) && learning_rate >= 0.0; }

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
  const auto rule = linear_rule(optimizer);
  if (!usable(learning_rate) || !rule) return {};
  return stability_limit(*rule) / learning_rate - rule->weight_decay;
}

std::optional<double> preconditioned_threshold(const Spec& optimizer, double learning_rate) {
  const auto rule = frozen_rule(optimizer);
  if (!usable(learning_rate) || !rule) return {};
  return stability_limit(*rule) / learning_rate;
}

std::optional<std::vector<float>> preconditioner(const Spec& optimizer, const EngineState& state) {
  if (!preconditioned_threshold(optimizer, 1.0)) return {};
  std::optional<std::vector<float>> out;
  visit_rule(optimizer.id, [&]<class R>(std::type_identity<R>) { out = divisors<R>(optimizer, state); });
  return out;
}

}  // namespace thalweg
