// What a Hessian-vector product has beside its matrix products (core/nn/cpu_hessian.hpp says what is
// computed, cpu_hessian_kernels.hpp by which formulas). R of something is its derivative along the vector v.
// Sums are in one fixed order, in single precision as on the CPU.
#pragma once

#include <cmath>
#include <cstdint>

#include "core/nn/functions.hpp"
#include "gpu/kernels/norms.hpp"
#include "gpu/kernels/product.hpp"

namespace thalweg::gpu {

THALWEG_DEVICE inline float curvature_of(LayerKind kind, float x) {
  switch (kind) {
    case LayerKind::kGelu:
      return activation_curvature<LayerKind::kGelu>(x);
    case LayerKind::kSilu:
      return activation_curvature<LayerKind::kSilu>(x);
    case LayerKind::kTanh:
      return activation_curvature<LayerKind::kTanh>(x);
    case LayerKind::kSigmoid:
      return activation_curvature<LayerKind::kSigmoid>(x);
    default:
      return 0.0f;
  }
}

// --- Operands of SmallProduct: A B, or A B + C D in one product with twice the sum, as the derivative of a
// product is. The second of each pair may be null where the sum ends before it.

/// [A C]
struct PairLeft {
  static constexpr bool kAlongSum = true;
  const float* a;
  const float* c;
  int inner;  ///< columns of each
  THALWEG_DEVICE float at(int i, int k) const {
    return k < inner ? a[std::int64_t{i} * inner + k] : c[std::int64_t{i} * inner + k - inner];
  }
};
/// [Aᵀ Cᵀ] of an A and a C that lie inner x width, and below it ones and zeros, whose products are sums of
/// columns.
struct PairLeftTransposed {
  static constexpr bool kAlongSum = false;
  const float* a;
  const float* c;
  int width;
  int inner;
  THALWEG_DEVICE float at(int i, int k) const {
    if (i == width) return k < inner ? 1.0f : 0.0f;
    return k < inner ? a[std::int64_t{k} * width + i] : c[std::int64_t{k - inner} * width + i];
  }
};
/// [B; D]
struct PairRight {
  static constexpr bool kAlongSum = false;
  const float* b;
  const float* d;
  int width;
  int inner;  ///< rows of each
  THALWEG_DEVICE float at(int k, int j) const {
    return k < inner ? b[std::int64_t{k} * width + j] : d[std::int64_t{k - inner} * width + j];
  }
};
/// [Bᵀ; Dᵀ] of a B and a D that lie width x inner
struct PairRightTransposed {
  static constexpr bool kAlongSum = true;
  const float* b;
  const float* d;
  int inner;
  THALWEG_DEVICE float at(int k, int j) const {
    return k < inner ? b[std::int64_t{j} * inner + k] : d[std::int64_t{j} * inner + k - inner];
  }
};

// --- What is done to their sums.

/// R of a linear layer's outputs, and on through an activation.
struct WriteMove {
  const float* bias;             ///< v's
  float* z = nullptr;            ///< before the activation; null: nobody needs it
  const float* slope = nullptr;  ///< null: there is no activation
  float* y = nullptr;
  int width = 0;
  THALWEG_DEVICE void operator()(int i, int j, float sum) const {
    const std::int64_t at = std::int64_t{i} * width + j;
    const float value = sum + bias[j];
    if (z) z[at] = value;
    y[at] = slope ? slope[at] * value : value;
  }
};

/// R of the gradient by a linear layer's inputs, and on through the activation before it.
struct WriteBent {
  float* d;
  int width = 0;
  const float* slope = nullptr;  ///< null: there is no activation
  const float* bend = nullptr;   ///< null: 0
  const float* r = nullptr;      ///< R of what goes into the activation
  THALWEG_DEVICE void operator()(int i, int j, float sum) const {
    const std::int64_t at = std::int64_t{i} * width + j;
    float value = sum;
    if (slope) value *= slope[at];
    if (bend) value += bend[at] * r[at];
    d[at] = value;
  }
};

/// R of the gradient by weights (rows below `inputs`) and bias (the row after them).
struct WriteSum {
  float* weight;
  float* bias;
  int inputs = 0;
  int width = 0;
  bool more = false;  ///< adds to what is there
  THALWEG_DEVICE void operator()(int i, int j, float sum) const {
    float* const at = (i < inputs ? weight + std::int64_t{i} * width : bias) + j;
    *at = more ? *at + sum : sum;
  }
};

// --- Activations and losses.

/// slope = f'(x), bend = f''(x) d (unless null), and then d ← d f'(x).
struct ActivationDerivatives {
  LayerKind kind;
  float setting;
  const float* x;
  float* d;
  float* slope;
  float* bend;
  std::int64_t count;
  THALWEG_DEVICE void operator()(Block block) const {
    for (std::int64_t i = grid_thread(block); i < count; i += grid_threads(block)) {
      const float s = slope_of(kind, x[i], setting);
      slope[i] = s;
      if (bend) bend[i] = curvature_of(kind, x[i]) * d[i];
      d[i] *= s;
    }
  }
};

/// out = a · b
struct Multiply {
  const float* a;
  const float* b;
  float* out;
  std::int64_t count;
  THALWEG_DEVICE void operator()(Block block) const {
    for (std::int64_t i = grid_thread(block); i < count; i += grid_threads(block)) out[i] = a[i] * b[i];
  }
};

/// out = factor · x
struct Multiple {
  const float* x;
  float factor;
  float* out;
  std::int64_t count;
  THALWEG_DEVICE void operator()(Block block) const {
    for (std::int64_t i = grid_thread(block); i < count; i += grid_threads(block)) out[i] = factor * x[i];
  }
};

/// d ← slope · d + bend · r
struct Bend {
  const float* slope;
  const float* bend;  ///< null: 0
  const float* r;
  float* d;
  std::int64_t count;
  THALWEG_DEVICE void operator()(Block block) const {
    for (std::int64_t i = grid_thread(block); i < count; i += grid_threads(block))
      d[i] = slope[i] * d[i] + (bend ? bend[i] * r[i] : 0.0f);
  }
};

/// For kernels in which a warp has a row: eight rows a block.
inline Grid grid_of_rows(int rows) { return {.x = (rows + 7) / 8, .threads = 8 * kWarp}; }
THALWEG_DEVICE inline int row_of(const Block& block) {
  return block.x() * (block.threads() / kWarp) + block.thread() / kWarp;
}

/// p = softmax of each row.
struct Softmax {
  static constexpr bool kCooperates = true;
  const float* logits;
  float* p;
  int rows, width;
  THALWEG_DEVICE void operator()(Block block) const {
    const int row = row_of(block), lane = block.thread() % kWarp;
    if (row >= rows) return;
    const float* const from = logits + std::int64_t{row} * width;
    float* const to = p + std::int64_t{row} * width;
    float highest = from[0], sum = 0.0f;
    for (int k = 1; k < width; ++k) highest = from[k] > highest ? from[k] : highest;
    for (int k = lane; k < width; k += kWarp) sum += std::exp(from[k] - highest);
    sum = warp_sum(block, sum);
    for (int k = lane; k < width; k += kWarp) to[k] = std::exp(from[k] - highest) / sum;
  }
};

/// d = scale · (p ⊙ r − p (p·r)), row by row: the Hessian of a cross-entropy by its logits, times r.
struct SoftmaxHessian {
  static constexpr bool kCooperates = true;
  const float* p;
  const float* r;
  float scale;
  float* d;
  int rows, width;
  THALWEG_DEVICE void operator()(Block block) const {
    const int row = row_of(block), lane = block.thread() % kWarp;
    if (row >= rows) return;
    const std::int64_t at = std::int64_t{row} * width;
    float mean = 0.0f;
    for (int k = lane; k < width; k += kWarp) mean += p[at + k] * r[at + k];
    mean = warp_sum(block, mean);
    for (int k = lane; k < width; k += kWarp) d[at + k] = scale * p[at + k] * (r[at + k] - mean);
  }
};

// --- Normalisation: n = (x − mean) · inverse, y = γ n + β. `groups` numbers of a row share a mean and an
// inverse in layer, group and RMS normalisation, and a warp has each; in batch normalisation with running
// statistics each unit has its own, which do not move.

/// What a normalising layer's kernels have in common.
struct NormShape {
  int rows = 0, width = 0, groups = 1;
  bool batch = false;    ///< batch normalisation
  bool centred = false;  ///< a mean is taken off: not of RMS normalisation

  /// Warps that are needed: one for each group of a row, or, of batch normalisation, for each row.
  int segments() const { return rows * groups; }
};

/// n and the inverses.
struct NormalValues {
  static constexpr bool kCooperates = true;
  NormShape shape;
  const float* x;
  const float* running;  ///< of batch normalisation: means, then variances
  float eps;
  float* normal;
  float* inverse;

  THALWEG_DEVICE void operator()(Block block) const {
    const int i = row_of(block), lane = block.thread() % kWarp;
    if (i >= shape.rows * shape.groups) return;
    const int size = shape.width / shape.groups;
    const float* const from = x + std::int64_t{i} * size;
    float* const to = normal + std::int64_t{i} * size;
    if (shape.batch) {
      for (int j = lane; j < size; j += kWarp) {
        const float factor = 1.0f / std::sqrt(running[size + j] + eps);
        if (i == 0) inverse[j] = factor;
        to[j] = (from[j] - running[j]) * factor;
      }
      return;
    }
    const auto count = static_cast<float>(size);
    float mean = 0.0f, squares = 0.0f;
    if (shape.centred) {
      for (int j = lane; j < size; j += kWarp) mean += from[j];
      mean = warp_sum(block, mean) / count;
    }
    for (int j = lane; j < size; j += kWarp) squares += (from[j] - mean) * (from[j] - mean);
    const float factor = 1.0f / std::sqrt(warp_sum(block, squares) / count + eps);
    if (lane == 0) inverse[i] = factor;
    for (int j = lane; j < size; j += kWarp) to[j] = (from[j] - mean) * factor;
  }
};

/// R of n and of y, and, but for batch normalisation, the mean of n · Rx ("projection").
struct NormMove {
  static constexpr bool kCooperates = true;
  NormShape shape;
  const float* gamma;
  const float* normal;
  const float* inverse;
  const float* v_gamma;
  const float* v_beta;  ///< null where the layer has none
  const float* rx;      ///< null: 0
  float* moved_normal;
  float* projection;
  float* ry;

  THALWEG_DEVICE void operator()(Block block) const {
    const int i = row_of(block), lane = block.thread() % kWarp;
    if (i >= shape.rows * shape.groups) return;
    const int size = shape.width / shape.groups, first = i % shape.groups * size;
    const std::int64_t at = std::int64_t{i} * size;
    const auto count = static_cast<float>(size);
    float mean = 0.0f, along = 0.0f;
    if (rx && !shape.batch) {
      for (int j = lane; j < size; j += kWarp) {
        mean += rx[at + j];
        along += normal[at + j] * rx[at + j];
      }
      mean = shape.centred ? warp_sum(block, mean) / count : 0.0f;
      along = warp_sum(block, along) / count;
    }
    if (!shape.batch && lane == 0) projection[i] = along;
    for (int j = lane; j < size; j += kWarp) {
      const float n = normal[at + j], factor = inverse[shape.batch ? j : i];
      const float rn = rx ? factor * (rx[at + j] - mean - n * along) : 0.0f;
      moved_normal[at + j] = rn;
      ry[at + j] = v_gamma[first + j] * n + gamma[first + j] * rn + (v_beta ? v_beta[first + j] : 0.0f);
    }
  }
};

/// d, the gradient by y, becomes that by x; or, where things move, R of the one becomes R of the other. With
/// g = δγ, a = mean g, b = mean(n g) the gradient is inverse · (g − a − n b); of batch normalisation inverse
/// · g.
struct NormBack {
  static constexpr bool kCooperates = true;
  NormShape shape;
  const float* gamma;
  const float* normal;
  const float* inverse;
  float* d;
  const float* delta = nullptr;  ///< the gradient by y, where d is its R; null: nothing moves
  const float* v_gamma = nullptr;
  const float* moved_normal = nullptr;
  const float* projection = nullptr;

  THALWEG_DEVICE void operator()(Block block) const {
    const int i = row_of(block), lane = block.thread() % kWarp;
    if (i >= shape.rows * shape.groups) return;
    const int size = shape.width / shape.groups, first = i % shape.groups * size;
    const std::int64_t at = std::int64_t{i} * size;
    const auto count = static_cast<float>(size);
    const auto still = [&](int j) { return delta ? delta[at + j] * gamma[first + j] : 0.0f; };
    const auto moving = [&](int j) {
      return d[at + j] * gamma[first + j] + (delta ? delta[at + j] * v_gamma[first + j] : 0.0f);
    };
    if (shape.batch) {
      for (int j = lane; j < size; j += kWarp) d[at + j] = inverse[j] * moving(j);
      return;
    }
    float a = 0.0f, ra = 0.0f, b = 0.0f, rb = 0.0f;
    for (int j = lane; j < size; j += kWarp) {
      const float n = normal[at + j], g = still(j), rg = moving(j);
      a += g;
      ra += rg;
      b += n * g;
      rb += n * rg + (delta ? moved_normal[at + j] * g : 0.0f);
    }
    a = shape.centred ? warp_sum(block, a) / count : 0.0f;
    ra = shape.centred ? warp_sum(block, ra) / count : 0.0f;
    b = warp_sum(block, b) / count;
    rb = warp_sum(block, rb) / count;
    const float factor = inverse[i];
    const float moved_factor = delta ? -factor * factor * projection[i] : 0.0f;
    for (int j = lane; j < size; j += kWarp) {
      const float n = normal[at + j], g = still(j);
      const float rn = delta ? moved_normal[at + j] : 0.0f;
      d[at + j] = factor * (moving(j) - ra - rn * b - n * rb) + moved_factor * (g - a - n * b);
    }
  }
};

/// Σ d and Σ (d n + δ Rn) over the rows of a matrix, slice by slice: what moves of the gradients by shifts
/// and scales.
struct MovedSums {
  static constexpr bool kCooperates = true;
  static constexpr int kSlice = 256;
  const float* d;
  int rows, width;
  float* sums;                    ///< slices x width; null: nobody asks
  float* scales = nullptr;        ///< likewise, with what it takes:
  const float* normal = nullptr;  ///< n
  const float* delta = nullptr;   ///< δ; null: Rn is 0
  const float* moved = nullptr;   ///< Rn
  bool more = false;              ///< adds to what is there

  static int slices(int rows) { return (rows + kSlice - 1) / kSlice; }
  static Grid grid(int rows, int width) {
    Grid out = ColumnBlock::grid(width, 2);
    out.y = slices(rows);
    return out;
  }
  THALWEG_DEVICE void operator()(Block block) const {
    const int j = ColumnBlock::column(block), share = ColumnBlock::share(block);
    const int first = block.y() * kSlice, last = first + kSlice < rows ? first + kSlice : rows;
    float sum = 0.0f, scale = 0.0f;
    for (int r = first + share; j < width && r < last; r += ColumnBlock::kShares) {
      const std::int64_t at = std::int64_t{r} * width + j;
      sum += d[at];
      if (scales) scale += d[at] * normal[at] + (delta ? delta[at] * moved[at] : 0.0f);
    }
    sum = ColumnBlock::sum(block, sum, 0);
    scale = ColumnBlock::sum(block, scale, 1);
    if (j >= width || share != 0) return;
    const std::int64_t at = std::int64_t{block.y()} * width + j;
    if (sums) sums[at] = more ? sums[at] + sum : sum;
    if (scales) scales[at] = more ? scales[at] + scale : scale;
  }
};

}  // namespace thalweg::gpu
