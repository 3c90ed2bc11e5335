#include "core/ensemble/bound.hpp"

#include <algorithm>
#include <memory>

#include "core/ensemble/block.hpp"

namespace thalweg::ensemble {

float roots_and_quotients(cpu::Isa isa, std::int64_t particles, std::int64_t steps) {
  const auto block = std::make_unique<Block>();
  float sum = 0.0f;
  for (std::int64_t left = particles; left > 0; left -= kBlock) {
    const int count = static_cast<int>(std::min<std::int64_t>(left, kBlock));
    for (int column : {Block::kX, Block::kY, Block::kSlopeX, Block::kSlopeY})
      std::fill_n(block->at(column), kBlock, 2.0f);
    for (std::int64_t step = 0; step < steps; ++step)
      cpu::vectorised(isa, [=, at = block.get()] {
        for (int axis = 0; axis < 2; ++axis) {
          float* __restrict x = at->at(Block::kX + axis);
          const float* __restrict slope = at->at(Block::kSlopeX + axis);
          for (int i = 0; i < count; ++i) x[i] = slope[i] / (std::sqrt(x[i]) + 1e-8f);
        }
      });
    sum += block->at(Block::kX)[0];
  }
  return sum;
}

}  // namespace thalweg::ensemble
