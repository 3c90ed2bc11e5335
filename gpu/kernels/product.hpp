// Products of small matrices, with what comes before and after them in the same kernel. A step of a small
// network is bound by launches and by the latency of memory, not by arithmetic: so a block takes a whole tile
// of both operands into shared memory with as many loads under way as there are threads, its warps share out
// the sum, and what is done to a sum (bias, activation, dropout, slope) is done before it is written.
//
// Sums are in one fixed order. Large products are cuBLAS's (device/products.hpp).
#pragma once

#include <cmath>
#include <cstdint>

#include "core/nn/functions.hpp"
#include "gpu/kernels/input.hpp"

namespace thalweg::gpu {

/// activation() and activation_slope() of core/nn/functions.hpp with the kind as a number.
THALWEG_DEVICE inline float activate(LayerKind kind, float x, float slope) {
  switch (kind) {
    case LayerKind::kRelu:
      return activation<LayerKind::kRelu>(x, slope);
    case LayerKind::kLeakyRelu:
      return activation<LayerKind::kLeakyRelu>(x, slope);
    case LayerKind::kGelu:
      return activation<LayerKind::kGelu>(x, slope);
    case LayerKind::kSilu:
      return activation<LayerKind::kSilu>(x, slope);
    case LayerKind::kTanh:
      return activation<LayerKind::kTanh>(x, slope);
    case LayerKind::kSigmoid:
      return activation<LayerKind::kSigmoid>(x, slope);
    default:
      return x;
  }
}
THALWEG_DEVICE inline float slope_of(LayerKind kind, float x, float slope) {
  switch (kind) {
    case LayerKind::kRelu:
      return activation_slope<LayerKind::kRelu>(x, slope);
    case LayerKind::kLeakyRelu:
      return activation_slope<LayerKind::kLeakyRelu>(x, slope);
    case LayerKind::kGelu:
      return activation_slope<LayerKind::kGelu>(x, slope);
    case LayerKind::kSilu:
      return activation_slope<LayerKind::kSilu>(x, slope);
    case LayerKind::kTanh:
      return activation_slope<LayerKind::kTanh>(x, slope);
    case LayerKind::kSigmoid:
      return activation_slope<LayerKind::kSigmoid>(x, slope);
    default:
      return 1.0f;
  }
}

/// What a dropout layer multiplies its elements by, in the step that `step` points at.
struct DropoutMask {
  double p = 0.0;  ///< 0: there is no such layer, or nothing is dropped
  int layer = 0;
  std::uint64_t seed = 0;
  const std::uint64_t* step = nullptr;
  std::int64_t first = 0;  ///< elements of the batch before this part of it

  THALWEG_DEVICE float factor(std::int64_t element) const {
    const std::int64_t at = first + element;
    const unsigned kept = dropout_kept(seed, *step, layer, static_cast<std::uint32_t>(at / 4), p);
    return (kept >> (at % 4)) & 1u ? static_cast<float>(1.0 / (1.0 - p)) : 0.0f;
  }
};

/// Left operands: element (i, k).
struct LeftInput {  ///< X
  static constexpr bool kAlongSum = true;
  Input x;
  THALWEG_DEVICE float at(int i, int k) const { return x.at(i, k); }
};
struct LeftInputTransposed {  ///< Xᵀ, and below it a row of ones, whose products are sums of columns
  static constexpr bool kAlongSum = false;
  Input x;
  THALWEG_DEVICE float at(int i, int k) const { return i < x.width ? x.at(k, i) : 1.0f; }
};
/// Right operands: element (k, j).
struct Right {  ///< B
  static constexpr bool kAlongSum = false;
  const float* b;
  int width;
  THALWEG_DEVICE float at(int k, int j) const { return b[std::int64_t{k} * width + j]; }
};
struct RightTransposed {  ///< Bᵀ of a B that lies j x k
  static constexpr bool kAlongSum = true;
  const float* b;
  int width;
  THALWEG_DEVICE float at(int k, int j) const { return b[std::int64_t{j} * width + k]; }
};

/// y = dropout(activation(sum + bias)). Before the activation, z is kept where its slope will be needed.
struct WriteLayer {
  const float* bias;
  LayerKind kind = LayerKind::kLinear;  ///< of the activation; kLinear: none
  float slope = 0.0f;
  float* z = nullptr;  ///< null: nobody needs it
  float* y = nullptr;
  int width = 0;
  DropoutMask dropout{};
  Precision precision = Precision::kFp32;

  THALWEG_DEVICE void operator()(int i, int j, float sum) const {
    const std::int64_t at = std::int64_t{i} * width + j;
    float value = rounded(precision, sum + bias[j]);
    if (z) z[at] = value;
    value = activate(kind, value, slope);
    if (dropout.p > 0.0) value *= dropout.factor(at);
    y[at] = value;
  }
};

/// The gradient by what came into a linear layer, and on through dropout and activation before it.
struct WriteDelta {
  float* d;
  int width = 0;
  LayerKind kind = LayerKind::kLinear;
  float slope = 0.0f;
  const float* x = nullptr;  ///< what went into the activation
  DropoutMask dropout{};
  Precision precision = Precision::kFp32;

  THALWEG_DEVICE void operator()(int i, int j, float sum) const {
    const std::int64_t at = std::int64_t{i} * width + j;
    float value = rounded(precision, sum);
    if (dropout.p > 0.0) value *= dropout.factor(at);
    if (x) value *= slope_of(kind, x[at], slope);
    d[at] = value;
  }
};

/// The gradient by weights (rows below `inputs`) and bias (the row after them).
struct WriteGradient {
  float* weight;
  float* bias;
  int inputs = 0;
  int width = 0;
  Precision precision = Precision::kFp32;

  THALWEG_DEVICE void operator()(int i, int j, float sum) const {
    float* const row = i < inputs ? weight + std::int64_t{i} * width : bias;
    row[j] = rounded(precision, sum);
  }
};

/// C = A B, m x n with sums over k, each element handed to `write`.
template <class A, class B, class Write>
struct SmallProduct {
  static constexpr bool kCooperates = true;
  static constexpr int kTile = 16;           ///< of rows and of columns
  static constexpr int kDeep = 256;          ///< of the sum, taken into shared memory at once
  static constexpr int kStride = kTile + 1;  ///< what lies along the sum goes to different banks
  static constexpr int kThreads = 256;
  static constexpr int kWarps = kThreads / kWarp;

  A a;
  B b;
  Write write;
  int m, n, k;

  static Grid grid(int m, int n) {
    return {.x = (n + kTile - 1) / kTile,
            .y = (m + kTile - 1) / kTile,
            .threads = kThreads,
            .shared = 2 * sizeof(float) * kDeep * kStride};
  }

  THALWEG_DEVICE void operator()(Block block) const { tile(block, block.y() * kTile, block.x() * kTile); }

  THALWEG_DEVICE void tile(Block block, int first_i, int first_j) const {
    float* const left = block.shared<float>();
    float* const right = left + kDeep * kStride;
    const int warp = block.thread() / kWarp, lane = block.thread() % kWarp;
    const int i = lane / 4 * 2, j = lane % 4 * 4;  // this lane's 2 x 4 elements of the tile
    float sums[2][4] = {};
    for (int first = 0; first < k; first += kDeep) {
      const int deep = k - first < kDeep ? k - first : kDeep;
      load<A::kAlongSum>(block, left, deep, m - first_i,
                         [&](int row, int l) { return a.at(first_i + row, first + l); });
      load<B::kAlongSum>(block, right, deep, n - first_j,
                         [&](int column, int l) { return b.at(first + l, first_j + column); });
      block.sync();
      for (int l = warp; l < deep; l += kWarps) {
        const float* const x = left + l * kStride + i;
        const float* const y = right + l * kStride + j;
        for (int p = 0; p < 2; ++p)
          for (int q = 0; q < 4; ++q) sums[p][q] = std::fma(x[p], y[q], sums[p][q]);
      }
      block.sync();
    }
    // Every warp has a share of each sum.
    for (int p = 0; p < 2; ++p)
      for (int q = 0; q < 4; ++q) left[(warp * kTile + i + p) * kTile + j + q] = sums[p][q];
    block.sync();
    const int row = block.thread() / kTile, column = block.thread() % kTile;
    if (first_i + row >= m || first_j + column >= n) return;
    float sum = 0.0f;
    for (int w = 0; w < kWarps; ++w) sum += left[(w * kTile + row) * kTile + column];
    write(first_i + row, first_j + column, sum);
  }

 private:
  /// Takes at(place, l) for `deep` l and kTile places into `out`; beyond `places` there are zeros.
  template <bool along_sum, class At>
  THALWEG_DEVICE static void load(const Block& block, float* out, int deep, int places, const At& at) {
    const int count = deep * kTile;
    for (int e = block.thread(); e < count; e += kThreads) {
      const int l = along_sum ? e % deep : e / kTile;
      const int place = along_sum ? e / deep : e % kTile;
      out[l * kStride + place] = place < places ? at(place, l) : 0.0f;
    }
  }
};

/// Two independent products in one launch.
template <class First, class Second>
struct BothProducts {
  static constexpr bool kCooperates = true;
  First first;
  Second second;
  int first_tiles;

  static Grid grid(const Grid& one, const Grid& two) {
    return {.x = one.x * one.y + two.x * two.y, .threads = one.threads, .shared = one.shared};
  }
  THALWEG_DEVICE void operator()(Block block) const {
    constexpr int kTile = First::kTile;
    const auto run = [&](const auto& product, int tile) {
      const int across = (product.n + kTile - 1) / kTile;
      product.tile(block, tile / across * kTile, tile % across * kTile);
    };
    if (block.x() < first_tiles)
      run(first, block.x());
    else
      run(second, block.x() - first_tiles);
  }
};

}  // namespace thalweg::gpu
