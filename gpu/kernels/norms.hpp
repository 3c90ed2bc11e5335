// The normalising layers. Sums are in one fixed order, in single precision as on the CPU.
#pragma once

#include <cmath>

#include "gpu/kernels/step.hpp"

namespace thalweg::gpu {

/// Sums over the rows of a matrix: a block has 32 columns and eight threads for each, which take every eighth
/// row.
struct ColumnBlock {
  static constexpr int kThreads = 256;
  static constexpr int kShares = kThreads / kWarp;

  static Grid grid(int columns, int sums) {
    return {.x = (columns + kWarp - 1) / kWarp,
            .threads = kThreads,
            .shared = sizeof(float) * static_cast<std::size_t>(kThreads) * static_cast<std::size_t>(sums)};
  }
  THALWEG_DEVICE static int column(const Block& block) { return block.x() * kWarp + block.thread() % kWarp; }
  THALWEG_DEVICE static int share(const Block& block) { return block.thread() / kWarp; }

  /// The sum of `value` over the threads of a column, in each of them.
  THALWEG_DEVICE static float sum(const Block& block, float value, int which = 0) {
    float* const place = block.shared<float>() + which * kThreads;
    block.sync();
    place[block.thread()] = value;
    block.sync();
    float out = 0.0f;
    for (int s = 0; s < kShares; ++s) out += place[s * kWarp + block.thread() % kWarp];
    return out;
  }
};

/// Σ over the rows of each column, rounded.
struct ColumnSums {
  static constexpr bool kCooperates = true;
  const float* d;
  int rows, width;
  float* out;
  Precision precision;
  bool more = false;  ///< adds to what is there
  THALWEG_DEVICE void operator()(Block block) const {
    const int j = ColumnBlock::column(block);
    float sum = 0.0f;
    for (int r = ColumnBlock::share(block); j < width && r < rows; r += ColumnBlock::kShares)
      sum += d[std::int64_t{r} * width + j];
    sum = ColumnBlock::sum(block, sum);
    if (j < width && ColumnBlock::share(block) == 0) out[j] = rounded(precision, more ? out[j] + sum : sum);
  }
};

/// Batch normalisation by the batch's own mean and variance, which move the running ones unless the step is
/// not to be made (step.hpp); see cpu_norms.cpp.
struct BatchNorm {
  static constexpr bool kCooperates = true;
  const float* x;
  float* y;
  int rows, width;
  const float* gamma;
  const float* beta;
  float* mean;
  float* inverse;
  float* running;  ///< means, then variances
  float eps, momentum;
  Precision precision;
  const StepOrder* order;  ///< null: they always move
  const std::int64_t* escaped;

  THALWEG_DEVICE void operator()(Block block) const {
    const int j = ColumnBlock::column(block), share = ColumnBlock::share(block);
    const bool inside = j < width;
    const auto count = static_cast<float>(rows);
    float part = 0.0f;
    for (int r = share; inside && r < rows; r += ColumnBlock::kShares) part += x[std::int64_t{r} * width + j];
    const float middle = ColumnBlock::sum(block, part) / count;
    part = 0.0f;
    for (int r = share; inside && r < rows; r += ColumnBlock::kShares) {
      const float d = x[std::int64_t{r} * width + j] - middle;
      part += d * d;
    }
    const float squares = ColumnBlock::sum(block, part);
    if (!inside) return;
    const float factor = 1.0f / std::sqrt(squares / count + eps);
    if (share == 0) {
      mean[j] = middle;
      inverse[j] = factor;
      if (!order || order->sequence <= *escaped) {
        running[j] = (1.0f - momentum) * running[j] + momentum * middle;
        running[width + j] = (1.0f - momentum) * running[width + j] + momentum * squares / (count - 1.0f);
      }
    }
    for (int r = share; r < rows; r += ColumnBlock::kShares) {
      const std::int64_t at = std::int64_t{r} * width + j;
      y[at] = rounded(precision, (x[at] - middle) * factor * gamma[j] + beta[j]);
    }
  }
};

/// Batch normalisation by the running mean and variance.
struct BatchNormRunning {
  const float* x;
  float* y;
  int rows, width;
  const float* gamma;
  const float* beta;
  float* mean;  ///< what was used, for the way back
  float* inverse;
  const float* running;
  float eps;
  Precision precision;

  THALWEG_DEVICE void operator()(Block block) const {
    const std::int64_t count = std::int64_t{rows} * width;
    for (std::int64_t i = grid_thread(block); i < count; i += grid_threads(block)) {
      const int j = static_cast<int>(i % width);
      const float factor = 1.0f / std::sqrt(running[width + j] + eps);
      if (i < width) {
        mean[j] = running[j];
        inverse[j] = factor;
      }
      y[i] = rounded(precision, (x[i] - running[j]) * factor * gamma[j] + beta[j]);
    }
  }
};

/// The way back through either: d becomes the gradient by x.
struct BatchNormBack {
  static constexpr bool kCooperates = true;
  const float* x;
  float* d;
  int rows, width;
  const float* gamma;
  const float* mean;
  const float* inverse;
  float* dgamma;
  float* dbeta;
  bool constant;  ///< the statistics were running ones, which do not move with x
  Precision precision;

  THALWEG_DEVICE void operator()(Block block) const {
    const int j = ColumnBlock::column(block), share = ColumnBlock::share(block);
    const bool inside = j < width;
    float sum = 0.0f, product = 0.0f;
    for (int r = share; inside && r < rows; r += ColumnBlock::kShares) {
      const std::int64_t at = std::int64_t{r} * width + j;
      sum += d[at];
      product += d[at] * ((x[at] - mean[j]) * inverse[j]);
    }
    sum = ColumnBlock::sum(block, sum, 0);
    product = ColumnBlock::sum(block, product, 1);
    if (!inside) return;
    if (share == 0) {
      dgamma[j] = product;
      dbeta[j] = sum;
    }
    const auto count = static_cast<float>(rows);
    for (int r = share; r < rows; r += ColumnBlock::kShares) {
      const std::int64_t at = std::int64_t{r} * width + j;
      const float normal = (x[at] - mean[j]) * inverse[j];
      const float g = constant ? d[at] : d[at] - (sum + normal * product) / count;
      d[at] = rounded(precision, gamma[j] * inverse[j] * g);
    }
  }
};

/// Layer and group normalisation: a warp has a group of a row. RMS normalisation: one group, and no mean.
struct GroupNorm {
  static constexpr bool kCooperates = true;
  const float* x;
  float* y;
  int rows, width, groups;
  const float* gamma;
  const float* beta;  ///< null of RMS normalisation
  float* mean;
  float* inverse;
  float eps;
  Precision precision;

  static Grid grid(int rows, int groups) { return {.x = (rows * groups + 7) / 8, .threads = 8 * kWarp}; }
  THALWEG_DEVICE void operator()(Block block) const {
    const int i = block.x() * (block.threads() / kWarp) + block.thread() / kWarp;
    if (i >= rows * groups) return;
    const int lane = block.thread() % kWarp, size = width / groups, first = i % groups * size;
    const float* const from = x + std::int64_t{i} * size;
    const auto count = static_cast<float>(size);
    float middle = 0.0f;
    if (beta) {
      for (int j = lane; j < size; j += kWarp) middle += from[j];
      middle = warp_sum(block, middle) / count;
    }
    float squares = 0.0f;
    for (int j = lane; j < size; j += kWarp) squares += (from[j] - middle) * (from[j] - middle);
    const float factor = 1.0f / std::sqrt(warp_sum(block, squares) / count + eps);
    if (lane == 0) {
      if (beta) mean[i] = middle;
      inverse[i] = factor;
    }
    for (int j = lane; j < size; j += kWarp) {
      const float value = (from[j] - middle) * factor * gamma[first + j];
      y[std::int64_t{i} * size + j] = rounded(precision, beta ? value + beta[first + j] : value);
    }
  }
};

/// dγ and dβ of the same; to be launched before GroupNormBack, which overwrites d.
struct GroupNormScales {
  static constexpr bool kCooperates = true;
  const float* x;
  const float* d;
  int rows, width, groups;
  const float* mean;  ///< null of RMS normalisation, as dbeta
  const float* inverse;
  float* dgamma;
  float* dbeta;

  THALWEG_DEVICE void operator()(Block block) const {
    const int j = ColumnBlock::column(block), share = ColumnBlock::share(block);
    const bool inside = j < width;
    const int group = inside ? j / (width / groups) : 0;
    float sum = 0.0f, product = 0.0f;
    for (int r = share; inside && r < rows; r += ColumnBlock::kShares) {
      const std::int64_t at = std::int64_t{r} * width + j;
      const int i = r * groups + group;
      sum += d[at];
      product += d[at] * ((x[at] - (mean ? mean[i] : 0.0f)) * inverse[i]);
    }
    sum = ColumnBlock::sum(block, sum, 0);
    product = ColumnBlock::sum(block, product, 1);
    if (!inside || share != 0) return;
    dgamma[j] = product;
    if (dbeta) dbeta[j] = sum;
  }
};

/// d becomes the gradient by x.
struct GroupNormBack {
  static constexpr bool kCooperates = true;
  const float* x;
  float* d;
  int rows, width, groups;
  const float* gamma;
  const float* mean;  ///< null of RMS normalisation
  const float* inverse;
  Precision precision;

  THALWEG_DEVICE void operator()(Block block) const {
    const int i = block.x() * (block.threads() / kWarp) + block.thread() / kWarp;
    if (i >= rows * groups) return;
    const int lane = block.thread() % kWarp, size = width / groups, first = i % groups * size;
    const float* const from = x + std::int64_t{i} * size;
    float* const own = d + std::int64_t{i} * size;
    const float middle = mean ? mean[i] : 0.0f, factor = inverse[i];
    float sum = 0.0f, product = 0.0f;
    for (int j = lane; j < size; j += kWarp) {
      const float g = own[j] * gamma[first + j];
      sum += g;
      product += g * ((from[j] - middle) * factor);
    }
    sum = mean ? warp_sum(block, sum) : 0.0f;
    product = warp_sum(block, product);
    const auto count = static_cast<float>(size);
    for (int j = lane; j < size; j += kWarp) {
      const float normal = (from[j] - middle) * factor;
      own[j] = rounded(precision, factor * (own[j] * gamma[first + j] - (sum + normal * product) / count));
    }
  }
};

}  // namespace thalweg::gpu
