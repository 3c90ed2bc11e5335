#include "core/ensemble/watch.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace thalweg::ensemble {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

/// Finds the nearest minimum of each lane of a group, and how far each may move before it must be found
/// again.
inline void find_nearest(const float* x, const float* y, const Target& target, float* near_x, float* near_y,
                         float* free) {
  float best[kGroup], second[kGroup];
  std::fill_n(best, kGroup, kInfinity);
  std::fill_n(second, kGroup, kInfinity);
  for (int m = 0; m < target.count(); ++m) {
    const float mx = target.x[static_cast<std::size_t>(m)], my = target.y[static_cast<std::size_t>(m)];
    for (int i = 0; i < kGroup; ++i) {
      const float distance = squared_distance(x[i], y[i], mx, my);
      const bool nearer = distance < best[i];
      const float other = nearer ? best[i] : distance;
      second[i] = other < second[i] ? other : second[i];
      best[i] = nearer ? distance : best[i];
      near_x[i] = nearer ? mx : near_x[i];
      near_y[i] = nearer ? my : near_y[i];
    }
  }
  // A thousandth for the rounding: of at most kMostWatched subtractions 2^-12, and of distances and
  // tolerance.
  for (int i = 0; i < kGroup; ++i) free[i] = 0.999f * std::sqrt(second[i]) - 1.001f * target.tolerance;
}

}  // namespace

Target target_of(const Surface& surface, double tolerance) {
  Target out;
  for (const MarkedPoint& minimum : surface.minima()) {
    out.x.push_back(static_cast<float>(minimum.x[0]));
    out.y.push_back(surface.dim() > 1 ? static_cast<float>(minimum.x[1]) : 0.0f);
  }
  if (tolerance > 0.0) {
    out.tolerance = static_cast<float>(tolerance);
    out.tolerance2 = out.tolerance * out.tolerance;
  }
  return out;
}

int nearest_minimum(const Target& target, float x, float y) {
  int out = -1;
  float best = kInfinity;
  for (int m = 0; m < target.count(); ++m) {
    const float distance =
        squared_distance(x, y, target.x[static_cast<std::size_t>(m)], target.y[static_cast<std::size_t>(m)]);
    if (distance < best) {
      best = distance;
      out = m;
    }
  }
  return out;
}

void begin_watch(Block& block) {
  std::fill_n(block.at(Block::kFree), kBlock, -1.0f);
  std::fill_n(block.at(Block::kLastX), kBlock, 0.0f);
  std::fill_n(block.at(Block::kLastY), kBlock, 0.0f);
}

bool watch(cpu::Isa isa, Block& block, const float* x_, const float* y_, const Target& target) {
  const int count = block.lanes();
  Ending any = kGoesOn;
  Ending* const any_ = &any;
  cpu::vectorised(isa, [=, block = &block, target = &target] {
    const float* __restrict x = x_;
    const float* __restrict y = y_;
    float* __restrict last_x = block->at(Block::kLastX);
    float* __restrict last_y = block->at(Block::kLastY);
    float* __restrict free = block->at(Block::kFree);
    float* __restrict near_x = block->at(Block::kNearX);
    float* __restrict near_y = block->at(Block::kNearY);
    Ending* __restrict ending = block->ending;
    int lost = 0;
    for (int i = 0; i < count; ++i) {
      const float moved = std::fabs(x[i] - last_x[i]) + std::fabs(y[i] - last_y[i]);
      last_x[i] = x[i];
      last_y[i] = y[i];
      free[i] -= moved;
      lost |= free[i] > 0.0f ? 0 : 1;
    }
    if (lost != 0) {
      for (int g = 0; g < count; g += kGroup) {
        int here = 0;
        for (int i = g; i < g + kGroup; ++i) here |= free[i] > 0.0f ? 0 : 1;
        if (here != 0) find_nearest(x + g, y + g, *target, near_x + g, near_y + g, free + g);
      }
    }
    const float tolerance2 = target->tolerance2;
    Ending all = kGoesOn;
    for (int i = 0; i < count; ++i) {
      const Ending arrived =
          squared_distance(x[i], y[i], near_x[i], near_y[i]) < tolerance2 ? kArrived : kGoesOn;
      ending[i] |= arrived;
      all |= arrived;
    }
    *any_ = all;
  });
  return any != kGoesOn;
}

bool watch_slope(cpu::Isa isa, Block& block, const float* slope_x_, const float* slope_y_,
                 const Target& target) {
  const int count = block.lanes();
  Ending any = kGoesOn;
  Ending* const any_ = &any;
  cpu::vectorised(isa, [=, ending_ = block.ending, tolerance2 = target.tolerance2] {
    const float* __restrict slope_x = slope_x_;
    const float* __restrict slope_y = slope_y_;
    Ending* __restrict ending = ending_;
    Ending all = kGoesOn;
    for (int i = 0; i < count; ++i) {
      const Ending arrived =
          squared_distance(slope_x[i], slope_y[i], 0.0f, 0.0f) < tolerance2 ? kArrived : kGoesOn;
      ending[i] |= arrived;
      all |= arrived;
    }
    *any_ = all;
  });
  return any != kGoesOn;
}

}  // namespace thalweg::ensemble
