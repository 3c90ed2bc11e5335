// Counter-based random numbers: Philox4x32-10 (Salmon, Moraes, Dror, Shaw, "Parallel random numbers:
// as easy as 1, 2, 3", SC 2011). A number is a pure function of key and counter, so a run can be
// rewound, forked or split over threads and devices and still draw the same numbers.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>

#include "core/spec/platform.hpp"

namespace thalweg {

using PhiloxBlock = std::array<std::uint32_t, 4>;

/// The four words for this counter under this key.
THALWEG_HD inline PhiloxBlock philox(PhiloxBlock counter, std::array<std::uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t a = std::uint64_t{0xD2511F53} * counter[0];
    const std::uint64_t b = std::uint64_t{0xCD9E8D57} * counter[2];
    counter = {static_cast<std::uint32_t>(b >> 32) ^ counter[1] ^ key[0], static_cast<std::uint32_t>(b),
               static_cast<std::uint32_t>(a >> 32) ^ counter[3] ^ key[1], static_cast<std::uint32_t>(a)};
    key[0] += 0x9E3779B9;
    key[1] += 0xBB67AE85;
  }
  return counter;
}

/// What a random number is for: the same seed gives unrelated numbers to different purposes.
/// Stored in no file, but a number that changes its meaning changes every run of that seed.
enum class RandomStream : std::uint32_t {
  kGradientNoise = 1,
  kWorkerNoise = 2,    ///< of several workers; the pairs of one come after those of the one before
  kPerturbation = 3,   ///< directions that an optimizer tries; the step is its own count
  kBatchOrder = 16,    ///< the order of samples in an epoch
  kSplit = 17,         ///< which training samples become validation samples
  kSubset = 18,        ///< which samples of a file are kept
  kDataRule = 19,      ///< what a generated data set hides: weights, centres
  kTrainSamples = 20,  ///< generated samples; the step is the sample's number
  kTestSamples = 21,
  kWeights = 32,       ///< initial weights; the step is the tensor's number
  kDropout = 33,       ///< dropout masks
  kCurvature = 48,     ///< random vectors of the curvature methods; the step is the vector's number
  kProbeSamples = 49,  ///< which samples a probe looks at; the step is that of the measurement
};

/// A uniform number in (0, 1) with 53 bits; never 0, so its logarithm is finite, and never 1.
THALWEG_HD inline double unit_uniform(std::uint32_t high, std::uint32_t low) {
  const std::uint64_t bits = ((std::uint64_t{high} << 32) | low) >> 11;
  const double value = (static_cast<double>(bits) + 0.5) * 0x1p-53;
  return value < 1.0 ? value : 1.0 - 0x1p-53;
}

/// An integer in [0, bound): the upper half of a 64-bit word times `bound`. The probabilities are off by
/// less than bound / 2⁶⁴ of themselves, far below what can be observed, and without rejection each number
/// takes exactly two words, so that it can be drawn out of order.
THALWEG_HD inline std::uint32_t uniform_below(std::uint32_t bound, std::uint32_t high, std::uint32_t low) {
  const std::uint64_t carry = (std::uint64_t{low} * bound) >> 32;
  return static_cast<std::uint32_t>((std::uint64_t{high} * bound + carry) >> 32);
}

/// The four words for number pair `pair` of step `step`.
THALWEG_HD inline PhiloxBlock random_words(std::uint64_t seed, RandomStream stream, std::uint64_t step,
                                           std::uint32_t pair) {
  return philox({static_cast<std::uint32_t>(step), static_cast<std::uint32_t>(step >> 32), pair,
                 static_cast<std::uint32_t>(stream)},
                {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)});
}

/// Two independent uniform numbers in (0, 1).
THALWEG_HD inline std::array<double, 2> uniform_pair(std::uint64_t seed, RandomStream stream,
                                                     std::uint64_t step, std::uint32_t pair) {
  const PhiloxBlock words = random_words(seed, stream, step, pair);
  return {unit_uniform(words[0], words[1]), unit_uniform(words[2], words[3])};
}

/// Two independent standard normal numbers for element pair `pair` of step `step` (Box-Muller).
inline std::array<double, 2> normal_pair(std::uint64_t seed, RandomStream stream, std::uint64_t step,
                                         std::uint32_t pair) {
  const auto [first, second] = uniform_pair(seed, stream, step, pair);
  const double radius = std::sqrt(-2.0 * std::log(first));
  const double angle = 6.283185307179586476925 * second;
  return {radius * std::cos(angle), radius * std::sin(angle)};
}

}  // namespace thalweg
