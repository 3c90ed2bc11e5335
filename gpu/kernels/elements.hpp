// Kernels that go through numbers one by one.
#pragma once

#include "gpu/kernels/product.hpp"

namespace thalweg::gpu {

/// write(row, column, number): what comes after a product (product.hpp), where cuBLAS has made it.
template <class Write>
struct AfterProduct {
  const float* sums;
  int rows;
  int width;
  Write write;
  THALWEG_DEVICE void operator()(Block block) const {
    const std::int64_t count = std::int64_t{rows} * width;
    for (std::int64_t i = grid_thread(block); i < count; i += grid_threads(block))
      write(static_cast<int>(i / width), static_cast<int>(i % width), sums[i]);
  }
};

/// y = activation(x), rounded; in place where both are the same.
struct Activate {
  LayerKind kind;
  float slope;
  const float* x;
  float* y;
  std::int64_t count;
  Precision precision;
  THALWEG_DEVICE void operator()(Block block) const {
    for (std::int64_t i = grid_thread(block); i < count; i += grid_threads(block))
      y[i] = rounded(precision, activate(kind, x[i], slope));
  }
};

/// d ← d · activation′(x), rounded.
struct ActivateBack {
  LayerKind kind;
  float slope;
  const float* x;
  float* d;
  std::int64_t count;
  Precision precision;
  THALWEG_DEVICE void operator()(Block block) const {
    for (std::int64_t i = grid_thread(block); i < count; i += grid_threads(block))
      d[i] = rounded(precision, d[i] * slope_of(kind, x[i], slope));
  }
};

/// x ← x · mask, rounded.
struct Drop {
  DropoutMask mask;
  float* x;
  std::int64_t count;
  Precision precision;
  THALWEG_DEVICE void operator()(Block block) const {
    for (std::int64_t i = grid_thread(block); i < count; i += grid_threads(block))
      x[i] = rounded(precision, x[i] * mask.factor(i));
  }
};

/// out = a + b, rounded; out may be either.
struct Add {
  const float* a;
  const float* b;
  float* out;
  std::int64_t count;
  Precision precision = Precision::kFp32;
  THALWEG_DEVICE void operator()(Block block) const {
    for (std::int64_t i = grid_thread(block); i < count; i += grid_threads(block))
      out[i] = rounded(precision, a[i] + b[i]);
  }
};

/// out = x rounded.
struct Round {
  Precision precision;
  const float* x;
  float* out;
  std::int64_t count;
  THALWEG_DEVICE void operator()(Block block) const {
    for (std::int64_t i = grid_thread(block); i < count; i += grid_threads(block))
      out[i] = rounded(precision, x[i]);
  }
};

/// x ← factor · x
struct Scale {
  float* x;
  float factor;
  std::int64_t count;
  THALWEG_DEVICE void operator()(Block block) const {
    for (std::int64_t i = grid_thread(block); i < count; i += grid_threads(block)) x[i] *= factor;
  }
};

}  // namespace thalweg::gpu
