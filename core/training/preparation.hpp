// What every kind of training begins with: a network built for its data, the samples split, and the
// batches in their order.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "core/data/dataset.hpp"
#include "core/training/settings.hpp"

namespace thalweg {

/// Samples of an update.
using BatchSize = std::function<std::int64_t(std::int64_t step)>;

/// The batch of every update: each epoch a new permutation of the samples, cut into batches, of which the
/// last may be smaller. A pure function of its arguments; one epoch's order is kept at a time.
class Batches {
 public:
  /// @param samples   indices into Dataset::train
  /// @param size      samples of every update
  /// @param left_out  the last so many samples of each epoch's order are not used; fewer than there are
  Batches(std::vector<std::uint32_t> samples, std::int64_t size, std::int64_t left_out, std::uint64_t seed);
  /// With batches that change on the way: each epoch has as many as see all its samples.
  /// @param least  no batch is smaller; what an epoch has left when it is fewer is left out
  Batches(std::vector<std::uint32_t> samples, BatchSize size, std::int64_t least, std::uint64_t seed);

  /// Updates of the first epoch, and of every one if the batches are all of a size.
  std::int64_t per_epoch() { return begin_of(1); }
  /// The first update of an epoch, counted from 0.
  std::int64_t begin_of(std::int64_t epoch);
  /// Whether `steps` updates are whole epochs.
  bool is_whole(std::int64_t steps);
  /// Of update number `step`, counted from 0. Valid until the next call.
  std::span<const std::uint32_t> at(std::int64_t step);

 private:
  std::vector<std::uint32_t> samples_;
  std::vector<std::uint32_t> order_;  ///< of epoch_
  std::int64_t epoch_of(std::int64_t step);
  /// Samples of update `step` if `left` of its epoch are not yet seen.
  std::int64_t taken(std::int64_t step, std::int64_t left) const;

  // All of one size:
  std::int64_t size_ = 1;
  std::int64_t used_ = 1;  ///< samples of one epoch
  std::int64_t per_epoch_ = 1;
  // Or of sizes that change:
  BatchSize size_of_;  ///< empty: of one size
  std::int64_t least_ = 1;
  std::vector<std::int64_t> begins_ = {0};  ///< the first updates of the epochs so far
  std::vector<std::int64_t> firsts_;        ///< where in their order the batches of epoch_ begin, and the last ends
  std::int64_t epoch_ = -1;
  std::uint64_t seed_ = 0;
};

struct Preparation {
  std::shared_ptr<const Dataset> data;
  std::unique_ptr<TrainingEngine> engine;
  Split split;
  Batches batches;
};

/// Checks the settings, loads `data`, which is what settings.data describes, and builds the network. Errors
/// are check()'s, the engine's, and those of a validation share that leaves too little on either side.
Result<Preparation> prepare(const TrainingSettings& settings, std::shared_ptr<const Dataset> data,
                            std::unique_ptr<TrainingEngine> engine);

}  // namespace thalweg
