#include "core/nn/cpu_kernels.hpp"

#include <algorithm>

#include "core/nn/functions.hpp"
#include "core/nn/vectorise.hpp"

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

void dropout(std::uint64_t seed, std::uint64_t step, int index, double p, float* x, std::int64_t count) {
  const auto scale = static_cast<float>(1.0 / (1.0 - p));
  for (std::int64_t first = 0; first < count; first += 4) {
    const unsigned kept = dropout_kept(seed, step, index, static_cast<std::uint32_t>(first / 4), p);
    const std::int64_t last = std::min(count, first + 4);
    for (std::int64_t i = first; i < last; ++i) x[i] *= (kept >> (i - first)) & 1u ? scale : 0.0f;
  }
}

double sum_of_squares(const float* g_, std::int64_t count) {
  double total = 0.0;
  vectorised([=, &total] {
    const float* __restrict g = g_;
    double lanes[kLanes] = {};
    std::int64_t i = 0;
    for (; i + kLanes <= count; i += kLanes)
      for (int l = 0; l < kLanes; ++l)
        lanes[l] += static_cast<double>(g[i + l]) * static_cast<double>(g[i + l]);
    double sum = 0.0;
    for (int l = 0; l < kLanes; ++l) sum += lanes[l];
    for (; i < count; ++i) sum += static_cast<double>(g[i]) * static_cast<double>(g[i]);
    total = sum;
  });
  return total;
}

}  // namespace thalweg::cpu
