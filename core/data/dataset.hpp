// A data set in memory: samples as they came, with what is needed to turn them into inputs.
// Immutable once loaded; any thread may read it.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/spec/spec.hpp"

namespace thalweg {

/// Samples and their labels, one after the other. Exactly one of `bytes` and `values` is filled:
/// images stay 8 bit (a pixel p stands for p / 255), generated data are floats.
struct Samples {
  std::int64_t count = 0;
  std::vector<std::uint8_t> bytes;   ///< count x features
  std::vector<float> values;         ///< count x features
  std::vector<std::uint8_t> labels;  ///< count, each below `classes`; empty for regression
  std::vector<float> targets;        ///< count, for regression; else empty
};

struct Dataset {
  std::string name;
  /// Channels, height, width. Of flat features each is a channel, with height and width 1, so that each
  /// has its own mean and deviation.
  std::array<int, 3> shape{1, 1, 1};
  int features = 0;  ///< the product of `shape`
  int classes = 0;   ///< 0: regression on one target
  std::vector<std::string> class_names;
  Samples train;
  Samples test;
  /// Standard normalisation: input = (value - mean[channel]) / deviation[channel], from the training
  /// samples or, for MNIST and its kin, the constants everyone uses.
  std::vector<float> mean;
  std::vector<float> deviation;
};

/// Where samples are taken from: indices into Dataset::train.
struct Split {
  std::vector<std::uint32_t> train;
  std::vector<std::uint32_t> validation;
};

struct DatasetDescriptor : Descriptor {
  /// Reads or generates it. `folder`: where the user says files are, or empty. Errors name file and
  /// byte; nothing half-loaded is returned.
  std::function<Result<std::shared_ptr<const Dataset>>(const Spec&, const std::string& folder)> load;
};

const std::vector<DatasetDescriptor>& datasets();
const DatasetDescriptor* find_dataset(std::string_view id);
const Family& dataset_family();

/// Takes `validation` samples (stratified by class) out of the training set, by seed. Both parts are in
/// ascending order. 0 <= validation <= train.count, else std::invalid_argument.
Split split(const Dataset& data, std::int64_t validation, std::uint64_t seed);

/// The order of samples in an epoch: a permutation of [0, count) that is a pure function of seed and
/// epoch, the same on every device (Philox; core/random/philox.hpp). `count` is order.size(); what stands
/// in `order` is overwritten, so that one buffer serves all epochs.
void batch_order(std::uint64_t seed, std::int64_t epoch, std::vector<std::uint32_t>& order);

}  // namespace thalweg
