#include "core/training/preparation.hpp"

#include <algorithm>
#include <cmath>

#include "core/optimizer/optimizer.hpp"

namespace thalweg {

Batches::Batches(std::vector<std::uint32_t> samples, std::int64_t size, std::int64_t left_out,
                 std::uint64_t seed)
    : samples_(std::move(samples)),
      order_(samples_.size()),
      size_(size),
      used_(static_cast<std::int64_t>(samples_.size()) - left_out),
      per_epoch_((used_ + size - 1) / size),
      seed_(seed) {}

Batches::Batches(std::vector<std::uint32_t> samples, BatchSize size, std::int64_t least, std::uint64_t seed)
    : samples_(std::move(samples)),
      order_(samples_.size()),
      used_(static_cast<std::int64_t>(samples_.size())),
      size_of_(std::move(size)),
      least_(least),
      seed_(seed) {}

std::int64_t Batches::taken(std::int64_t step, std::int64_t left) const {
  return std::min(std::max(size_of_(step), least_), left);
}

std::int64_t Batches::begin_of(std::int64_t epoch) {
  if (!size_of_) return epoch * per_epoch_;
  while (std::ssize(begins_) <= epoch) {
    std::int64_t step = begins_.back();
    for (std::int64_t left = used_; left >= least_; ++step) left -= taken(step, left);
    begins_.push_back(step);
  }
  return begins_[static_cast<std::size_t>(epoch)];
}

std::int64_t Batches::epoch_of(std::int64_t step) {
  if (!size_of_) return step / per_epoch_;
  while (begins_.back() <= step) (void)begin_of(std::ssize(begins_));
  return std::upper_bound(begins_.begin(), begins_.end(), step) - begins_.begin() - 1;
}

bool Batches::is_whole(std::int64_t steps) { return begin_of(epoch_of(steps)) == steps; }

std::span<const std::uint32_t> Batches::at(std::int64_t step) {
  const std::int64_t epoch = epoch_of(step);
  const std::int64_t begin = begin_of(epoch);
  if (epoch != epoch_) {
    batch_order(seed_, epoch, order_);
    for (std::uint32_t& place : order_) place = samples_[place];
    epoch_ = epoch;
    firsts_ = {0};
    if (size_of_)
      for (std::int64_t t = begin; t < begin_of(epoch + 1); ++t)
        firsts_.push_back(firsts_.back() + taken(t, used_ - firsts_.back()));
  }
  const auto place = static_cast<std::size_t>(step - begin);
  const std::int64_t first = size_of_ ? firsts_[place] : (step - begin) * size_;
  const std::int64_t last = size_of_ ? firsts_[place + 1] : std::min(first + size_, used_);
  return std::span<const std::uint32_t>(order_).subspan(static_cast<std::size_t>(first),
                                                        static_cast<std::size_t>(last - first));
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
  const Driver driver(settings.schedule, settings.drives, *find_optimizer(settings.optimizer.spec.id));
  Batches batches = driver.moves_batch() ? Batches(
                                               split.train,
                                               [driver, own = training.number("batch")](std::int64_t step) {
                                                 return static_cast<std::int64_t>(driver.batch(step, own));
                                               },
                                               needs_two ? 2 : 1, seed)
                                         : Batches(split.train, size, left_out, seed);
  return Preparation{std::move(data), std::move(engine), std::move(split), std::move(batches)};
}

}  // namespace thalweg
