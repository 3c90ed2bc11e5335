// Which samples, and in what order. Everything here is a pure function of its arguments (Philox), the
// same on every machine. split() and batch_order() are declared in dataset.hpp.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/data/dataset.hpp"
#include "core/random/philox.hpp"

namespace thalweg {

/// Fisher-Yates: every order is equally likely (up to the 2⁻³² or so of uniform_below). `stream` and
/// `round` choose the random numbers.
void shuffle(std::span<std::uint32_t> items, std::uint64_t seed, RandomStream stream, std::uint64_t round);

/// `take` of the samples, in ascending order, with every class in the proportion it has in all of them
/// (largest remainder). Without labels, any of them. 0 <= take <= samples.count.
std::vector<std::uint32_t> stratified(const Samples& samples, int classes, std::int64_t take,
                                      std::uint64_t seed, RandomStream stream);

/// Keeps the samples of these numbers (ascending) and lets the memory of the others go.
void keep_only(Samples& samples, int features, std::span<const std::uint32_t> indices);

}  // namespace thalweg
