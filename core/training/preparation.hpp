// What every kind of training begins with: a network built for its data, the samples split, and the
// batches in their order.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/data/dataset.hpp"
#include "core/training/settings.hpp"

namespace thalweg {

/// The batch of every update: each epoch a new permutation of the samples, cut into batches, of which the
/// last may be smaller. A pure function of its arguments; one epoch's order is kept at a time.
class Batches {
 public:
  /// @param samples   indices into Dataset::train
  /// @param size      samples of one update
  /// @param left_out  the last so many samples of each epoch's order are not used; fewer than there are
  Batches(std::vector<std::uint32_t> samples, std::int64_t size, std::int64_t left_out, std::uint64_t seed);

  std::int64_t per_epoch() const { return per_epoch_; }
  /// Of update number `step`, counted from 0. Valid until the next call.
  std::span<const std::uint32_t> at(std::int64_t step);

 private:
  std::vector<std::uint32_t> samples_;
  std::vector<std::uint32_t> order_;  ///< of epoch_
  std::int64_t size_ = 1;
  std::int64_t used_ = 1;  ///< samples of one epoch
  std::int64_t per_epoch_ = 1;
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
