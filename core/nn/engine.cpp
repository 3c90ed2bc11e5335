#include "core/nn/engine.hpp"

#include <utility>

namespace thalweg {

std::optional<Error> TrainingEngine::begin(std::span<const std::uint32_t> batch, const StepRates& rates,
                                           const StepWish& wish) {
  if (escaped_) return {};
  StepDetail detail;
  const auto result = step(batch, rates, wish.gradient_norm ? &detail : nullptr);
  if (!result) return result.error();
  begun_.push_back(*result);
  escaped_ = !(result->loss <= wish.escape);
  return {};
}

std::vector<StepResult> TrainingEngine::finish() {
  escaped_ = false;
  return std::exchange(begun_, {});
}

}  // namespace thalweg
