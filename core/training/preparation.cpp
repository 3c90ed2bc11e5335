#include "core/training/preparation.hpp"

#include <algorithm>
#include <cmath>

namespace thalweg {

Batches::Batches(std::vector<std::uint32_t> samples, std::int64_t size, std::int64_t left_out,
                 std::uint64_t seed)
    : samples_(std::move(samples)),
      order_(samples_.size()),
      size_(size),
      used_(static_cast<std::int64_t>(samples_.size()) - left_out),
      per_epoch_((used_ + size - 1) / size),
      seed_(seed) {}

std::span<const std::uint32_t> Batches::at(std::int64_t step) {
  const std::int64_t epoch = step / per_epoch_;
  if (epoch != epoch_) {
    batch_order(seed_, epoch, order_);
    for (std::uint32_t& place : order_) place = samples_[place];
    epoch_ = epoch;
  }
  const std::int64_t first = step % per_epoch_ * size_;
  return std::span<const std::uint32_t>(order_).subspan(
      static_cast<std::size_t>(first), static_cast<std::size_t>(std::min(size_, used_ - first)));
}

Result<Preparation> prepare(const TrainingSettings& settings, std::shared_ptr<const Dataset> data,
                            std::unique_ptr<TrainingEngine> engine) {
  if (auto error = check(settings)) return *error;
  if (auto error = engine->load(data)) return *error;
  const Spec& training = settings.training.spec;
  const auto seed = static_cast<std::uint64_t>(training.number("seed"));
  if (auto error = engine->build(network_settings(settings), seed)) return *error;
  const double share = training.number("validation");
  const auto kept_back =
      static_cast<std::int64_t>(std::llround(share * static_cast<double>(data->train.count)));
  Split split = thalweg::split(*data, kept_back, seed);
  if (split.train.empty()) return bad_input("leaves no sample to train on", "training: validation");
  if (share > 0.0 && split.validation.empty())
    return bad_input("keeps back not a single one of " + std::to_string(data->train.count) + " samples",
                     "training: validation");
  const auto micro = static_cast<std::int64_t>(training.number("batch"));
  const bool needs_two = engine->plan().needs_two_samples;
  if (needs_two && (micro < 2 || split.train.size() < 2))
    return bad_input("must be at least 2: batch normalisation needs the variance of a batch", "batch");
  // A part of one sample has no variance: where the last would be one, each epoch leaves a sample out.
  const std::int64_t left_out =
      needs_two && static_cast<std::int64_t>(split.train.size()) % micro == 1 ? 1 : 0;
  const auto size = micro * static_cast<std::int64_t>(training.number("accumulate"));
  Batches batches(split.train, size, left_out, seed);
  return Preparation{std::move(data), std::move(engine), std::move(split), std::move(batches)};
}

}  // namespace thalweg
