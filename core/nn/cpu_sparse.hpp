// The first linear layer on images that are mostly background. Normalised inputs are x = s p + t with
// the same s and t for every pixel, and p is 0 for most of them (81 % in MNIST), so that
//   x W = s (p W) + t (1ᵀ W)   and   xᵀ D = s (pᵀ D) + t (1 ᵀ D)
// need only the others: a third of the time of dense products there.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "core/data/dataset.hpp"

namespace thalweg::cpu {

/// The nonzero pixels of all samples, one after the other.
struct SparseSamples {
  std::vector<std::uint32_t> start;   ///< where each sample begins, and the end of the last
  std::vector<std::uint16_t> column;  ///< which pixel
  std::vector<std::uint8_t> value;
};

/// Nothing unless products with these samples are quicker without their zeros.
std::optional<SparseSamples> sparse(const Samples& samples, std::int64_t features);

/// Both parts of a data set, where it is worth it.
struct SparseDataset {
  std::optional<SparseSamples> train, test;

  /// Null unless `samples` is one of the parts of `data`, which this was made from, and worth it.
  const SparseSamples* of(const Dataset& data, const Samples& samples) const;
};

/// Made once for each data set, however many networks train on it. Null where products with its first
/// layer are not quicker without zeros. Any thread.
std::shared_ptr<const SparseDataset> sparse(const std::shared_ptr<const Dataset>& data);

/// The nonzero pixels of a batch; the samples must stay. One thread at a time; `threads` are for the
/// loops inside. Results depend on neither their number nor the instruction set.
class SparseBatch {
 public:
  /// Pixels p of `rows` samples: those in `chosen`, or from `first` on. `scale` and `shift` are s and t.
  void gather(const SparseSamples& samples, int features, const std::uint32_t* chosen, std::int64_t first,
              int rows, float scale, float shift);

  /// y (rows x width) = x W, with W features x width.
  void product(const float* weight, int width, float* y, int threads);

  /// out (features x width) = xᵀ d, with d rows x width. The batch is turned round once for each gather().
  void transposed_product(const float* d, int width, float* out, int threads);

 private:
  struct Row {
    const std::uint16_t* column;
    const std::uint8_t* value;
    int count;
  };
  struct Entry {
    std::int32_t row;
    float value;  ///< s p
  };
  void transpose();

  int features_ = 0;
  float scale_ = 1.0f, shift_ = 0.0f;
  std::vector<Row> rows_;             ///< of the batch, where they lie in SparseSamples
  std::size_t held_ = 0;              ///< nonzero pixels of the batch
  bool turned_ = false;               ///< transposed_ is of this batch
  std::vector<Entry> transposed_;     ///< pixel by pixel
  std::vector<std::uint32_t> start_;  ///< where each pixel begins in it, and the end of the last
  std::vector<float> sums_;           ///< of columns, times t
};

}  // namespace thalweg::cpu
