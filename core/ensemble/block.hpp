// Particles of the CPU, a block at a time: few enough that what a step touches stays in the first-level
// cache, where gradient, update and tests are loops of their own over columns of floats. So each formula and
// each rule is compiled once for each instruction set, and not each pair. Private to core/ensemble.
#pragma once

#include <array>
#include <cstdint>

#include "core/ensemble/element.hpp"
#include "core/optimizer/updater.hpp"

namespace thalweg::ensemble {

inline constexpr int kBlock = 768;
/// Loops run over whole groups; lanes of the last that hold no particle are copies of lane 0.
inline constexpr int kGroup = 16;

struct Block {
  enum Column {
    kX,
    kY,
    kSlopeX,
    kSlopeY,
    // Of rules that average: what was found. Else these are not used.
    kFoundX,
    kFoundY,
    // Where there are several minima (watch.hpp).
    kNearX,
    kNearY,
    kFree,
    kLastX,
    kLastY,
    kSlots,  ///< slot k of axis a: kSlots + 2k + a
    kColumns = kSlots + 2 * cpu::kMostSlots
  };

  alignas(64) float columns[kColumns][kBlock];
  alignas(64) Ending ending[kBlock];
  /// Number of the particle.
  alignas(64) std::int32_t particle[kBlock];
  int count = 0;
  std::int64_t steps = 0;  ///< made by all of them

  float* at(int column) { return columns[column]; }
  float* slot(int k, int axis) { return columns[kSlots + 2 * k + axis]; }
  /// Lanes that loops go over.
  int lanes() const { return (count + kGroup - 1) / kGroup * kGroup; }

  void copy_lane(int to, const Block& from, int lane) {
    for (int c = 0; c < kColumns; ++c) columns[c][to] = from.columns[c][lane];
    particle[to] = from.particle[lane];
  }
  void fill_group() {
    for (int i = count; i < lanes(); ++i) copy_lane(i, *this, 0);
  }
  /// The last one takes the place of `lane`.
  void remove(int lane) { copy_lane(lane, *this, --count); }
};

}  // namespace thalweg::ensemble
