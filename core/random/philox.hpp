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
enum class RandomStream : std::uint32_t { kGradientNoise = 1 };

/// Two independent standard normal numbers for element pair `pair` of step `step` (Box-Muller, 53-bit
/// uniform numbers; the first is never zero, so the logarithm is finite).
inline std::array<double, 2> normal_pair(std::uint64_t seed, RandomStream stream, std::uint64_t step,
                                         std::uint32_t pair) {
  const PhiloxBlock words = philox({static_cast<std::uint32_t>(step), static_cast<std::uint32_t>(step >> 32), pair,
                                    static_cast<std::uint32_t>(stream)},
                                   {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)});
  const auto uniform = [](std::uint32_t high, std::uint32_t low) {
    const std::uint64_t bits = ((std::uint64_t{high} << 32) | low) >> 11;
    return (static_cast<double>(bits) + 0.5) * 0x1p-53;
  };
  const double radius = std::sqrt(-2.0 * std::log(uniform(words[0], words[1])));
  const double angle = 6.283185307179586476925 * uniform(words[2], words[3]);
  return {radius * std::cos(angle), radius * std::sin(angle)};
}

}  // namespace thalweg
