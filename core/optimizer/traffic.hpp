// How long it takes to move through memory what an update must: the bound of element-wise rules.
#pragma once

#include <cstdint>

namespace thalweg {

/// Bytes that an update moves for each parameter in single precision: θ and the slots are read and written,
/// the gradient is read.
constexpr double bytes_per_parameter(int slots) { return 4.0 * (1 + 2 * (slots + 1)); }

/// Seconds that one pass with that traffic and next to no arithmetic takes, by `clock`: the least of
/// `rounds`.
double time_of_traffic(std::int64_t parameters, int slots, int rounds, double (*clock)());

}  // namespace thalweg
