// What a training step has beside its network: the loss, norms of the gradient, the update. How a step is
// told what to do and tells what came of it: through memory of the device, so that the same recorded work
// makes every step.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>

#include "core/nn/functions.hpp"
#include "core/optimizer/rule.hpp"
#include "gpu/kernels/input.hpp"

namespace thalweg::gpu {

/// No rule's constants are larger.
inline constexpr std::size_t kMostConstants = 128;

/// What one step is told; written by the host.
struct StepOrder {
  std::uint64_t step = 0;      ///< whose dropout masks
  double clip_norm = 0.0;      ///< 0: off
  double escape = 0.0;         ///< with a mean loss that is not at most this, steps after it are not made
  std::int64_t sequence = 0;   ///< of the steps under way
  double loss_scale = 1.0;     ///< of fp16
  float average_share = 0.0f;  ///< 1 − d of the average; 0: none is kept
  float gradient_scale =
      1.0f;  ///< loss_scale / samples of the batch: what a sample's gradient is multiplied by
  alignas(16) std::byte constants[kMostConstants] = {};  ///< the rule's Step<float>
};

/// What came of it.
struct StepReport {
  double loss = 0.0;     ///< sum over the samples
  double squares = 0.0;  ///< of the gradient, before clipping; NaN unless it was measured
  std::int32_t correct = 0;
  std::int32_t made = 0;  ///< 0: an earlier loss had escaped
};

/// Σ losses and right predictions of the rows of one pass, and, unless `delta` is null, the gradient by the
/// outputs. One block: the rows of a pass are few.
struct Loss {
  static constexpr bool kCooperates = true;
  static constexpr int kThreads = 256;

  const float* outputs;
  float* delta;  ///< null: the loss alone
  int rows, width;
  DevicePass pass;
  bool cross_entropy_loss;
  float smoothing;
  const StepOrder* order;  ///< null: `scale` counts
  float scale;
  bool more;  ///< adds to the report
  Precision precision;
  bool last;             ///< part of a training step's batch: its loss may have escaped
  std::int64_t samples;  ///< of the whole batch
  StepReport* report;
  std::int64_t* escaped;  ///< sequence of the first step whose loss escaped, or beyond all; null: nobody asks

  static Grid grid() { return {.x = 1, .threads = kThreads, .shared = sizeof(double) * kThreads / kWarp}; }

  THALWEG_DEVICE void operator()(Block block) const {
    const float factor = order ? order->gradient_scale : scale;
    double loss = 0.0, correct = 0.0;
    for (int r = block.thread(); r < rows; r += kThreads) {
      const float* const row = outputs + std::int64_t{r} * width;
      float* const d = delta ? delta + std::int64_t{r} * width : nullptr;
      const std::int64_t sample = pass.sample(r);
      const int label = pass.samples.labels ? pass.samples.labels[sample] : -1;
      const auto target = [&](int k) {
        return label < 0 ? pass.samples.targets[sample] : k == label ? 1.0f : 0.0f;
      };
      loss += static_cast<double>(cross_entropy_loss ? cross_entropy(row, width, label, smoothing, factor, d)
                                                     : squared_error(row, width, target, factor, d));
      if (label >= 0 && prediction(row, width) == label) correct += 1.0;
      if (d && precision != Precision::kFp32)
        for (int k = 0; k < width; ++k) d[k] = rounded(precision, d[k]);
    }
    double* const scratch = block.shared<double>();
    loss = block_sum(block, loss, scratch);
    block.sync();
    correct = block_sum(block, correct, scratch);
    if (block.thread() != 0) return;
    if (more) {
      loss += report->loss;
      correct += report->correct;
    } else {
      report->made = !escaped || order->sequence <= *escaped ? 1 : 0;
      report->squares = NAN;
    }
    report->loss = loss;
    report->correct = static_cast<std::int32_t>(correct);
    if (last && escaped && order->sequence < *escaped &&
        !(loss / static_cast<double>(samples) <= order->escape))
      *escaped = order->sequence;
  }
};

/// Elements [first, first + size) of one tensor, whose sums one block makes.
struct Chunk {
  std::int64_t first = 0;
  std::int64_t size = 0;
};
/// Σ x² of each chunk, or Σ (x − before)².
struct ChunkSquares {
  static constexpr bool kCooperates = true;
  const Chunk* chunks;
  const float* x;
  const float* before;  ///< null: squares of x
  double* sums;         ///< one for each chunk

  static Grid grid(std::size_t chunks) {
    return {.x = static_cast<int>(chunks), .threads = 256, .shared = sizeof(double) * 8};
  }
  THALWEG_DEVICE void operator()(Block block) const {
    const Chunk chunk = chunks[block.x()];
    double sum = 0.0;
    for (std::int64_t at = chunk.first + block.thread(); at < chunk.first + chunk.size;
         at += block.threads()) {
      const double d = static_cast<double>(before ? x[at] - before[at] : x[at]);
      sum += d * d;
    }
    sum = block_sum(block, sum, block.shared<double>());
    if (block.thread() == 0) sums[block.x()] = sum;
  }
};

/// The sums of chunks as those of tensors, and of all of them. One block: a warp for each tensor in turn.
struct TensorSquares {
  static constexpr bool kCooperates = true;
  const double* sums;
  const std::int32_t* first_chunk;  ///< of each tensor, and one more
  int count;                        ///< of tensors
  double* tensors;                  ///< in their order
  double* total;                    ///< null: nobody asks

  static Grid grid() { return {.x = 1, .threads = 256}; }
  THALWEG_DEVICE void operator()(Block block) const {
    const int lane = block.thread() % kWarp;
    for (int t = block.thread() / kWarp; t < count; t += block.threads() / kWarp) {
      double sum = 0.0;
      for (int i = first_chunk[t] + lane; i < first_chunk[t + 1]; i += kWarp) sum += sums[i];
      sum = warp_sum(block, sum);
      if (lane == 0) tensors[t] = sum;
    }
    block.sync();
    if (!total || block.thread() != 0) return;
    double all = 0.0;
    for (int t = 0; t < count; ++t) all += tensors[t];
    *total = all;
  }
};

/// The rule on all parameters, with the gradient clipped to the order's length; the average follows.
template <UpdateRule R>
struct Update {
  float* theta;
  const float* gradient;
  float* slots;  ///< slot by slot
  std::int64_t count;
  const StepOrder* order;
  const StepReport* report;  ///< whose `squares` clipping goes by
  const std::int64_t* escaped;
  bool clips;      ///< squares were measured
  float* average;  ///< of the parameters, then of the buffers; null: none is kept
  const float* buffers;
  std::int64_t buffer_count;

  THALWEG_DEVICE void operator()(Block block) const {
    if (order->sequence > *escaped) return;
    const float scale = clips ? clipping_factor(order->clip_norm, std::sqrt(report->squares)) : 1.0f;
    const auto step = *reinterpret_cast<const typename R::template Step<float>*>(order->constants);
    const float share = order->average_share;
    for (std::int64_t i = grid_thread(block); i < count; i += grid_threads(block)) {
      float s[R::kSlots + 1] = {};
      for (int k = 0; k < R::kSlots; ++k) s[k] = slots[k * count + i];
      float value = theta[i];
      R::update(value, scale * gradient[i], s, step);
      theta[i] = value;
      for (int k = 0; k < R::kSlots; ++k) slots[k * count + i] = s[k];
      if (average) average[i] += share * (value - average[i]);
    }
    if (!average) return;
    for (std::int64_t i = grid_thread(block); i < buffer_count; i += grid_threads(block))
      average[count + i] += share * (buffers[i] - average[count + i]);
  }
};

/// Takes the loss scale out of the gradient, and out of its squares.
struct Unscale {
  float* gradient;
  std::int64_t count;
  float factor;
  StepReport* report;
  THALWEG_DEVICE void operator()(Block block) const {
    for (std::int64_t i = grid_thread(block); i < count; i += grid_threads(block)) gradient[i] *= factor;
    if (grid_thread(block) == 0) report->squares *= static_cast<double>(factor) * static_cast<double>(factor);
  }
};

/// a ← a + share · (x − a)
struct Follow {
  float* average;
  const float* x;
  float share;
  std::int64_t count;
  THALWEG_DEVICE void operator()(Block block) const {
    for (std::int64_t i = grid_thread(block); i < count; i += grid_threads(block))
      average[i] += share * (x[i] - average[i]);
  }
};

/// What an averaging rule has found; theta itself of all others.
template <UpdateRule R>
struct Found {
  const float* theta;
  const float* slots;
  std::int64_t count;
  typename R::Hyper hyper;
  float* out;
  THALWEG_DEVICE void operator()(Block block) const {
    for (std::int64_t i = grid_thread(block); i < count; i += grid_threads(block)) {
      float s[R::kSlots + 1] = {};
      for (int k = 0; k < R::kSlots; ++k) s[k] = slots[k * count + i];
      if constexpr (HasAverage<R>)
        out[i] = R::average(theta[i], s, hyper);
      else
        out[i] = theta[i];
    }
  }
};

/// The factors that the last update put before the gradients of `looked` evenly spaced elements of a tensor.
template <UpdateRule R>
struct Rates {
  const float* slots;
  std::int64_t count, first, size;
  int looked;
  const StepOrder* order;
  float* out;
  THALWEG_DEVICE void operator()(Block block) const {
    const auto step = *reinterpret_cast<const typename R::template Step<float>*>(order->constants);
    for (std::int64_t n = grid_thread(block); n < looked; n += grid_threads(block)) {
      const std::int64_t i = first + n * size / looked;
      float s[R::kSlots + 1] = {};
      for (int k = 0; k < R::kSlots; ++k) s[k] = slots[k * count + i];
      if constexpr (HasEffectiveRate<R>) out[n] = R::effective_rate(s, step);
    }
  }
};

}  // namespace thalweg::gpu
