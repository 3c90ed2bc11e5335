// A look into a network: what it says to samples, next to their labels.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/data/dataset.hpp"
#include "core/nn/engine.hpp"

namespace thalweg {

/// A sample whose class was not the one predicted.
struct Mistake {
  std::uint32_t sample = 0;
  int label = 0;
  int predicted = 0;
  double confidence = 0.0;  ///< probability given to the predicted class
  double loss = 0.0;        ///< −log of the probability given to the label
};

/// The samples whose confidence lies in (low, high].
struct ReliabilityBin {
  double low = 0.0;
  double high = 1.0;
  double confidence = 0.0;  ///< mean over the bin; NaN if it is empty
  double accuracy = 0.0;    ///< likewise
  std::int64_t count = 0;
};

struct Inspection {
  std::int64_t count = 0;
  int classes = 0;
  std::vector<std::int64_t> confusion;      ///< classes x classes: row the label, column the prediction
  std::vector<Mistake> mistakes;            ///< the worst first, by their loss
  std::vector<ReliabilityBin> reliability;  ///< 15 equal bins
  /// Expected calibration error: Σ count/n · |accuracy − confidence| (Guo et al. 2017, equation 3).
  double calibration_error = 0.0;
  double accuracy = 0.0;
  std::int64_t not_finite = 0;  ///< samples with an output that is no number; in none of the above
};

inline constexpr int kReliabilityBins = 15;

/// Probabilities of one row of logits (softmax).
std::vector<double> probabilities(std::span<const float> logits);

/// Over the samples of a part in `indices`, or all of them. Refuses a regression.
/// @param most  how many mistakes are kept
Result<Inspection> inspect(TrainingEngine& engine, const Dataset& data, DataPart part,
                           std::optional<std::span<const std::uint32_t>> indices = {}, std::size_t most = 64,
                           Weights weights = Weights::kCurrent);

}  // namespace thalweg
