// What a step of an ensemble with Adam on a surface of two variables takes at least: two square roots and two
// divisions, and nothing around them. For benchmarks.
#pragma once

#include <cstdint>

#include "core/optimizer/vectorise.hpp"

namespace thalweg::ensemble {

/// Does that for so many particles and steps, in blocks, on the calling thread. Returns a sum of what came
/// out.
float roots_and_quotients(cpu::Isa isa, std::int64_t particles, std::int64_t steps);

}  // namespace thalweg::ensemble
