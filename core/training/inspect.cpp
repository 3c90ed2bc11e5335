#include "core/training/inspect.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace thalweg {

std::vector<double> probabilities(std::span<const float> logits) {
  std::vector<double> out(logits.begin(), logits.end());
  if (out.empty()) return out;
  const double highest = *std::max_element(out.begin(), out.end());
  double sum = 0.0;
  for (double& p : out) sum += p = std::exp(p - highest);
  for (double& p : out) p /= sum;
  return out;
}

Result<Inspection> inspect(TrainingEngine& engine, const Dataset& data, DataPart part,
                           std::optional<std::span<const std::uint32_t>> indices, std::size_t most,
                           Weights weights) {
  if (data.classes < 1) return bad_input("a regression has no classes to look at", "inspection");
  const Samples& samples = part == DataPart::kTrain ? data.train : data.test;
  const auto outputs = engine.outputs(samples, indices, weights);
  if (!outputs) return outputs.error();
  const auto classes = static_cast<std::size_t>(data.classes);
  Inspection out;
  out.count = indices ? static_cast<std::int64_t>(indices->size()) : samples.count;
  out.classes = data.classes;
  out.confusion.assign(classes * classes, 0);
  out.reliability.resize(kReliabilityBins);
  std::int64_t correct = 0;
  for (std::int64_t i = 0; i < out.count; ++i) {
    const auto row = static_cast<std::size_t>(i);
    const std::uint32_t sample = indices ? (*indices)[row] : static_cast<std::uint32_t>(i);
    const std::span<const float> logits(outputs->data() + row * classes, classes);
    if (!std::all_of(logits.begin(), logits.end(), [](float z) { return std::isfinite(z); })) {
      ++out.not_finite;
      continue;
    }
    const std::vector<double> p = probabilities(logits);
    const std::size_t label = samples.labels[sample];
    const auto predicted = static_cast<std::size_t>(std::max_element(p.begin(), p.end()) - p.begin());
    ++out.confusion[label * classes + predicted];
    const double confidence = p[predicted];
    // (low, high]: a confidence of 1 belongs to the last bin.
    const auto bin = static_cast<std::size_t>(
        std::clamp(std::ceil(confidence * kReliabilityBins) - 1.0, 0.0, kReliabilityBins - 1.0));
    ReliabilityBin& held = out.reliability[bin];
    ++held.count;
    held.confidence += confidence;
    if (predicted == label) {
      held.accuracy += 1.0;
      ++correct;
      continue;
    }
    out.mistakes.push_back({.sample = sample,
                            .label = static_cast<int>(label),
                            .predicted = static_cast<int>(predicted),
                            .confidence = confidence,
                            .loss = std::log(1.0 / confidence) + (static_cast<double>(logits[predicted]) -
                                                                  static_cast<double>(logits[label]))});
  }
  const double seen = static_cast<double>(out.count - out.not_finite);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  out.accuracy = seen > 0 ? static_cast<double>(correct) / seen : nan;
  out.calibration_error = seen > 0 ? 0.0 : nan;
  for (std::size_t b = 0; b < out.reliability.size(); ++b) {
    ReliabilityBin& bin = out.reliability[b];
    bin.low = static_cast<double>(b) / kReliabilityBins;
    bin.high = static_cast<double>(b + 1) / kReliabilityBins;
    const auto n = static_cast<double>(bin.count);
    bin.confidence = bin.count > 0 ? bin.confidence / n : nan;
    bin.accuracy = bin.count > 0 ? bin.accuracy / n : nan;
    if (bin.count > 0) out.calibration_error += n / seen * std::abs(bin.accuracy - bin.confidence);
  }
  const auto worse = [](const Mistake& a, const Mistake& b) {
    return a.loss != b.loss ? a.loss > b.loss : a.sample < b.sample;
  };
  const auto kept = std::min(most, out.mistakes.size());
  std::partial_sort(out.mistakes.begin(), out.mistakes.begin() + static_cast<std::ptrdiff_t>(kept),
                    out.mistakes.end(), worse);
  out.mistakes.resize(kept);
  return out;
}

}  // namespace thalweg
