#include "core/nn/cpu_kernels.hpp"

#include <algorithm>

#include "core/nn/functions.hpp"
#include "core/nn/rounding.hpp"
#include "core/optimizer/vectorise.hpp"

namespace thalweg::cpu {
namespace {

template <class In>
void normalise(const In* in_, std::int64_t count, float scale, float shift, float* out_) {
  vectorised([=] {
    const In* __restrict in = in_;
    float* __restrict out = out_;
    for (std::int64_t i = 0; i < count; ++i) out[i] = scale * static_cast<float>(in[i]) + shift;
  });
}

}  // namespace

void normalise_bytes(const std::uint8_t* in, std::int64_t count, float scale, float shift, float* out) {
  normalise(in, count, scale, shift, out);
}
void normalise_floats(const float* in, std::int64_t count, float scale, float shift, float* out) {
  normalise(in, count, scale, shift, out);
}

void add_bias(float* z_, int rows, int width, const float* bias_) {
  vectorised([=] {
    const float* __restrict bias = bias_;
    for (int r = 0; r < rows; ++r) {
      float* __restrict z = z_ + row_start(r, width);
      for (int j = 0; j < width; ++j) z[j] += bias[j];
    }
  });
}

void bias_activation(LayerKind kind, float slope, float* z_, float* y_, int rows, int width,
                     const float* bias_) {
  visit_activation(kind, [&]<LayerKind k>() {
    if (z_ == y_) {
      vectorised([=] {
        const float* __restrict bias = bias_;
        for (int r = 0; r < rows; ++r) {
          float* __restrict z = z_ + row_start(r, width);
          if (bias)
            for (int j = 0; j < width; ++j) z[j] = activation<k>(z[j] + bias[j], slope);
          else
            for (int j = 0; j < width; ++j) z[j] = activation<k>(z[j], slope);
        }
      });
      return;
    }
    if (bias_) add_bias(z_, rows, width, bias_);
    vectorised([=] {
      const float* __restrict z = z_;
      float* __restrict y = y_;
      const std::int64_t count = row_start(rows, width);
      for (std::int64_t i = 0; i < count; ++i) y[i] = activation<k>(z[i], slope);
    });
  });
}

void activation_gradient(LayerKind kind, float slope, const float* x_, float* d_, std::int64_t count) {
  visit_activation(kind, [&]<LayerKind k>() {
    vectorised([=] {
      const float* __restrict x = x_;
      float* __restrict d = d_;
      for (std::int64_t i = 0; i < count; ++i) d[i] *= activation_slope<k>(x[i], slope);
    });
  });
}

void add(const float* a, const float* b, float* out, std::int64_t count) {
  vectorised([=] {
#pragma GCC ivdep
    for (std::int64_t i = 0; i < count; ++i) out[i] = a[i] + b[i];
  });
}

void column_sums(const float* d_, int rows, int width, float* out_) {
  vectorised([=] {
    float* __restrict out = out_;
    for (int j = 0; j < width; ++j) out[j] = 0.0f;
    for (int r = 0; r < rows; ++r) {
      const float* __restrict d = d_ + row_start(r, width);
      for (int j = 0; j < width; ++j) out[j] += d[j];
    }
  });
}

namespace {

/// What dropout multiplies elements 64·group .. 64·group + 63 by: dropout_kept for sixteen blocks at once,
/// in a form that compilers turn into vectors.
inline void dropout_factors(std::uint64_t seed, std::uint64_t step, int index, std::uint32_t threshold,
                            float scale, std::uint32_t group, float* __restrict out) {
  std::uint32_t c0[kLanes], c1[kLanes], c2[kLanes], c3[kLanes];
  for (int l = 0; l < kLanes; ++l) {
    c0[l] = static_cast<std::uint32_t>(step);
    c1[l] = static_cast<std::uint32_t>(step >> 32) ^ (static_cast<std::uint32_t>(index) << 16);
    c2[l] = group * kLanes + static_cast<std::uint32_t>(l);
    c3[l] = static_cast<std::uint32_t>(RandomStream::kDropout);
  }
  auto key0 = static_cast<std::uint32_t>(seed), key1 = static_cast<std::uint32_t>(seed >> 32);
  for (int round = 0; round < 10; ++round) {
    for (int l = 0; l < kLanes; ++l) {
      const std::uint64_t a = std::uint64_t{0xD2511F53} * c0[l];
      const std::uint64_t b = std::uint64_t{0xCD9E8D57} * c2[l];
      c0[l] = static_cast<std::uint32_t>(b >> 32) ^ c1[l] ^ key0;
      c1[l] = static_cast<std::uint32_t>(b);
      c2[l] = static_cast<std::uint32_t>(a >> 32) ^ c3[l] ^ key1;
      c3[l] = static_cast<std::uint32_t>(a);
    }
    key0 += 0x9E3779B9;
    key1 += 0xBB67AE85;
  }
  for (int l = 0; l < kLanes; ++l) {
    out[4 * l] = c0[l] >= threshold ? scale : 0.0f;
    out[4 * l + 1] = c1[l] >= threshold ? scale : 0.0f;
    out[4 * l + 2] = c2[l] >= threshold ? scale : 0.0f;
    out[4 * l + 3] = c3[l] >= threshold ? scale : 0.0f;
  }
}

}  // namespace

void dropout(std::uint64_t seed, std::uint64_t step, int index, double p, std::int64_t first, float* x_,
             std::int64_t count) {
  constexpr int kGroup = 4 * kLanes;
  const auto kept_scale = static_cast<float>(1.0 / (1.0 - p));
  const auto threshold = static_cast<std::uint32_t>(p * 4294967296.0);  // p < 1
  vectorised([=] {
    const std::int64_t end = first + count;
    for (std::int64_t begin = first / kGroup * kGroup; begin < end; begin += kGroup) {
      float factors[kGroup];
      dropout_factors(seed, step, index, threshold, kept_scale, static_cast<std::uint32_t>(begin / kGroup),
                      factors);
      float* __restrict x = x_;
      if (begin >= first && begin + kGroup <= end) {
        for (int j = 0; j < kGroup; ++j) x[begin - first + j] *= factors[j];
      } else {
        const std::int64_t last = std::min(end, begin + kGroup);
        for (std::int64_t e = std::max(begin, first); e < last; ++e) x[e - first] *= factors[e - begin];
      }
    }
  });
}

void round_to(Precision precision, const float* x, float* out, std::int64_t count) {
  if (precision == Precision::kFp16)
    vectorised([=] {
#pragma GCC ivdep
      for (std::int64_t i = 0; i < count; ++i) out[i] = round_to_fp16(x[i]);
    });
  if (precision == Precision::kBf16)
    vectorised([=] {
#pragma GCC ivdep
      for (std::int64_t i = 0; i < count; ++i) out[i] = round_to_bf16(x[i]);
    });
}

void scale(float* x, float factor, std::int64_t count) {
  vectorised([=] {
    for (std::int64_t i = 0; i < count; ++i) x[i] *= factor;
  });
}

void follow(float* a_, const float* x_, float share, std::int64_t count) {
  vectorised([=] {
    float* __restrict a = a_;
    const float* __restrict x = x_;
    for (std::int64_t i = 0; i < count; ++i) a[i] += share * (x[i] - a[i]);
  });
}

double sum_of_squares(const float* g_, std::int64_t count) {
  // Squares in single precision, twice as many at a time, and their blocks in double; unless there may be
  // some that single precision cannot hold.
  constexpr std::int64_t kBlock = 1024;
  double total = 0.0;
  vectorised([=, &total] {
    const float* __restrict g = g_;
    for (std::int64_t first = 0; first < count; first += kBlock) {
      const float* __restrict block = g + first;
      total += static_cast<double>(lane_sum(static_cast<int>(std::min(kBlock, count - first)),
                                            [&](int i) { return block[i] * block[i]; }));
    }
  });
  if (total > 1e-28 && total < 1e37) return total;
  vectorised([=, &total] {
    const float* __restrict g = g_;
    total = lane_sum_double(
        count, [&](std::int64_t i) { return static_cast<double>(g[i]) * static_cast<double>(g[i]); });
  });
  return total;
}

double squared_distance(const float* a_, const float* b_, std::int64_t count) {
  double total = 0.0;
  vectorised([=, &total] {
    const float* __restrict a = a_;
    const float* __restrict b = b_;
    total = lane_sum_double(count, [&](std::int64_t i) {
      const auto d = static_cast<double>(a[i] - b[i]);
      return d * d;
    });
  });
  return total;
}

}  // namespace thalweg::cpu
