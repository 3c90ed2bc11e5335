#include "core/nn/engine.hpp"

#include <utility>

namespace thalweg {

std::optional<Error> TrainingEngine::begin(std::span<const std::uint32_t> batch, const StepRates& rates,
                                           const StepWish& wish) {
  if (escaped_) return {};
  StepDetail detail;
  const auto result = step(batch, rates, wish.norms ? &detail : nullptr);
  if (!result) return result.error();
  FinishedStep made{.result = *result, .norms = {}};
  for (const TensorStatistics& tensor : detail.tensors) made.norms.push_back(tensor.gradient_norm);
  begun_.push_back(std::move(made));
  escaped_ = !(result->loss <= wish.escape);
  return {};
}

std::vector<FinishedStep> TrainingEngine::finish() {
  escaped_ = false;
  return std::exchange(begun_, {});
}

}  // namespace thalweg
