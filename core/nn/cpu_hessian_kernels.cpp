#include "core/nn/cpu_hessian_kernels.hpp"

#include <cmath>

#include "core/nn/functions.hpp"
#include "core/optimizer/vectorise.hpp"

namespace thalweg::cpu {
namespace {

/// A row of a normalising layer is `groups` segments, each with its own statistics.
struct Segments {
  explicit Segments(const PlannedLayer& layer, int rows)
      : size(layer.inputs / layer.groups),
        groups(layer.groups),
        count(rows * layer.groups),
        centred(layer.kind != LayerKind::kRmsNorm) {}

  int first_unit(int segment) const { return segment % groups * size; }

  int size;
  int groups;
  int count;
  bool centred;  ///< the mean is taken off
};

void batch_norm_values(const PlannedLayer& layer, const float* x_, int rows, const float* running_,
                       float* normal_, float* inverse_) {
  const int width = layer.inputs;
  const auto eps = static_cast<float>(layer.setting);
  vectorised([=] {
    const float* __restrict mean = running_;
    const float* __restrict variance = running_ + width;
    float* __restrict inverse = inverse_;
    for (int j = 0; j < width; ++j) inverse[j] = 1.0f / std::sqrt(variance[j] + eps);
    for (int r = 0; r < rows; ++r) {
      const float* __restrict x = x_ + row_start(r, width);
      float* __restrict n = normal_ + row_start(r, width);
      for (int j = 0; j < width; ++j) n[j] = (x[j] - mean[j]) * inverse[j];
    }
  });
}

void batch_norm_forward(const NormValues& values, const NormMoves& moves, int rows, int width,
                        const float* rx_, float* ry_) {
  vectorised([=] {
    const float* __restrict gamma = values.gamma;
    const float* __restrict inverse = values.inverse;
    const float* __restrict vgamma = moves.gamma;
    const float* __restrict vbeta = moves.beta;
    for (int r = 0; r < rows; ++r) {
      const float* __restrict n = values.normal + row_start(r, width);
      const float* __restrict rx = rx_ + row_start(r, width);
      float* __restrict rn = moves.normal + row_start(r, width);
      float* __restrict ry = ry_ + row_start(r, width);
      for (int j = 0; j < width; ++j) {
        rn[j] = inverse[j] * rx[j];
        ry[j] = vgamma[j] * n[j] + gamma[j] * rn[j] + vbeta[j];
      }
    }
  });
}

void batch_norm_backward(const NormValues& values, const NormMoves& moves, int rows, int width, float* d_) {
  vectorised([=] {
    const float* __restrict gamma = values.gamma;
    const float* __restrict inverse = values.inverse;
    const float* __restrict vgamma = moves.gamma;
    for (int r = 0; r < rows; ++r) {
      const float* __restrict delta = values.delta + row_start(r, width);
      float* __restrict d = d_ + row_start(r, width);
      for (int j = 0; j < width; ++j) d[j] = inverse[j] * (d[j] * gamma[j] + delta[j] * vgamma[j]);
    }
  });
}

/// One segment of Rδx. With g = δγ, a = mean g, b = mean(n g) the gradient is inverse · (g − a − n b); n, g
/// and inverse move, R inverse = −inverse² · projection.
inline void segment_backward(int size, bool centred, float inverse, float projection,
                             const float* __restrict gamma, const float* __restrict vgamma,
                             const float* __restrict n, const float* __restrict rn,
                             const float* __restrict delta, float* __restrict d) {
  const auto count = static_cast<float>(size);
  const auto rg = [&](int j) { return d[j] * gamma[j] + delta[j] * vgamma[j]; };
  const auto g = [&](int j) { return delta[j] * gamma[j]; };
  const float a = centred ? lane_sum(size, g) / count : 0.0f;
  const float ra = centred ? lane_sum(size, rg) / count : 0.0f;
  const float b = lane_sum(size, [&](int j) { return n[j] * g(j); }) / count;
  const float rb = lane_sum(size, [&](int j) { return rn[j] * g(j) + n[j] * rg(j); }) / count;
  const float rinverse = -inverse * inverse * projection;
  for (int j = 0; j < size; ++j)
    d[j] = inverse * (rg(j) - ra - rn[j] * b - n[j] * rb) + rinverse * (g(j) - a - n[j] * b);
}

}  // namespace

void activation_derivatives(const PlannedLayer& layer, const float* x_, const float* d_, float* slope_,
                            float* bend_, std::int64_t count) {
  const auto setting = static_cast<float>(layer.setting);
  visit_activation(layer.kind, [&]<LayerKind kind>() {
    vectorised([=] {
      const float* __restrict x = x_;
      const float* __restrict d = d_;
      float* __restrict slope = slope_;
      float* __restrict bend = bend_;
      for (std::int64_t i = 0; i < count; ++i) slope[i] = activation_slope<kind>(x[i], setting);
      if (bend)
        for (std::int64_t i = 0; i < count; ++i) bend[i] = activation_curvature<kind>(x[i]) * d[i];
    });
  });
}

void multiply(const float* a_, const float* b_, float* out, std::int64_t count) {
  vectorised([=] {
    const float* a = a_;
    const float* __restrict b = b_;
#pragma GCC ivdep
    for (std::int64_t i = 0; i < count; ++i) out[i] = a[i] * b[i];
  });
}

void bent_gradient(const float* slope_, const float* bend_, const float* r_, float* d_, std::int64_t count) {
  vectorised([=] {
    const float* __restrict slope = slope_;
    const float* __restrict bend = bend_;
    const float* __restrict r = r_;
    float* __restrict d = d_;
    for (std::int64_t i = 0; i < count; ++i) d[i] = slope[i] * d[i] + bend[i] * r[i];
  });
}

void add_column_sums(const float* d_, int rows, int width, float* out_) {
  vectorised([=] {
    float* __restrict out = out_;
    for (int r = 0; r < rows; ++r) {
      const float* __restrict d = d_ + row_start(r, width);
      for (int j = 0; j < width; ++j) out[j] += d[j];
    }
  });
}

void normal_values(const PlannedLayer& layer, const float* x_, int rows, const float* running, float* normal_,
                   float* inverse_) {
  if (layer.kind == LayerKind::kBatchNorm) {
    batch_norm_values(layer, x_, rows, running, normal_, inverse_);
    return;
  }
  const Segments segments(layer, rows);
  const auto eps = static_cast<float>(layer.setting);
  vectorised([=] {
    const int size = segments.size;
    const auto count = static_cast<float>(size);
    for (int s = 0; s < segments.count; ++s) {
      const float* __restrict x = x_ + row_start(s, size);
      float* __restrict n = normal_ + row_start(s, size);
      const float mean = segments.centred ? lane_sum(size, [&](int j) { return x[j]; }) / count : 0.0f;
      const float square = lane_sum(size, [&](int j) { return (x[j] - mean) * (x[j] - mean); }) / count;
      const float inverse = 1.0f / std::sqrt(square + eps);
      inverse_[s] = inverse;
      for (int j = 0; j < size; ++j) n[j] = (x[j] - mean) * inverse;
    }
  });
}

void norm_gradient(const PlannedLayer& layer, const NormValues& values, int rows, float* d_) {
  if (layer.kind == LayerKind::kBatchNorm) {
    for (int r = 0; r < rows; ++r)
      for (int j = 0; j < layer.inputs; ++j)
        d_[row_start(r, layer.inputs) + j] *= values.gamma[j] * values.inverse[j];
    return;
  }
  const Segments segments(layer, rows);
  vectorised([=] {
    const int size = segments.size;
    const auto count = static_cast<float>(size);
    for (int s = 0; s < segments.count; ++s) {
      const float* __restrict gamma = values.gamma + segments.first_unit(s);
      const float* __restrict n = values.normal + row_start(s, size);
      float* __restrict d = d_ + row_start(s, size);
      const auto g = [&](int j) { return d[j] * gamma[j]; };
      const float a = segments.centred ? lane_sum(size, g) / count : 0.0f;
      const float b = lane_sum(size, [&](int j) { return n[j] * g(j); }) / count;
      const float inverse = values.inverse[s];
      for (int j = 0; j < size; ++j) d[j] = inverse * (g(j) - a - n[j] * b);
    }
  });
}

void norm_forward(const PlannedLayer& layer, const NormValues& values, const NormMoves& moves, int rows,
                  const float* rx_, float* ry_) {
  const int width = layer.inputs;
  if (!rx_) {
    for (int r = 0; r < rows; ++r)
      for (int j = 0; j < width; ++j) {
        const std::int64_t e = row_start(r, width) + j;
        ry_[e] = moves.gamma[j] * values.normal[e] + (moves.beta ? moves.beta[j] : 0.0f);
      }
    return;
  }
  if (layer.kind == LayerKind::kBatchNorm) {
    batch_norm_forward(values, moves, rows, width, rx_, ry_);
    return;
  }
  const Segments segments(layer, rows);
  vectorised([=] {
    const int size = segments.size;
    const auto count = static_cast<float>(size);
    for (int s = 0; s < segments.count; ++s) {
      const int first = segments.first_unit(s);
      const float* __restrict gamma = values.gamma + first;
      const float* __restrict vgamma = moves.gamma + first;
      const float* __restrict n = values.normal + row_start(s, size);
      const float* __restrict rx = rx_ + row_start(s, size);
      float* __restrict rn = moves.normal + row_start(s, size);
      float* __restrict ry = ry_ + row_start(s, size);
      const float mean = segments.centred ? lane_sum(size, [&](int j) { return rx[j]; }) / count : 0.0f;
      const float projection = lane_sum(size, [&](int j) { return n[j] * rx[j]; }) / count;
      const float inverse = values.inverse[s];
      moves.projection[s] = projection;
      for (int j = 0; j < size; ++j) {
        rn[j] = inverse * (rx[j] - mean - n[j] * projection);
        ry[j] = vgamma[j] * n[j] + gamma[j] * rn[j];
      }
      if (!moves.beta) continue;
      const float* __restrict vbeta = moves.beta + first;
      for (int j = 0; j < size; ++j) ry[j] += vbeta[j];
    }
  });
}

void add_norm_parameters(const PlannedLayer& layer, const NormValues& values, int rows, const float* d_,
                         float* dgamma_, float* dbeta) {
  const int width = layer.inputs;
  vectorised([=] {
    float* __restrict dgamma = dgamma_;
    for (int r = 0; r < rows; ++r) {
      const float* __restrict n = values.normal + row_start(r, width);
      const float* __restrict d = d_ + row_start(r, width);
      for (int j = 0; j < width; ++j) dgamma[j] += d[j] * n[j];
    }
  });
  if (dbeta) add_column_sums(d_, rows, width, dbeta);
}

void norm_backward(const PlannedLayer& layer, const NormValues& values, const NormMoves& moves, int rows,
                   float* d_, float* dgamma_, float* dbeta) {
  const int width = layer.inputs;
  vectorised([=] {
    float* __restrict dgamma = dgamma_;
    for (int r = 0; r < rows; ++r) {
      const float* __restrict n = values.normal + row_start(r, width);
      const float* __restrict rn = moves.normal + row_start(r, width);
      const float* __restrict delta = values.delta + row_start(r, width);
      const float* __restrict d = d_ + row_start(r, width);
      for (int j = 0; j < width; ++j) dgamma[j] += d[j] * n[j] + delta[j] * rn[j];
    }
  });
  if (dbeta) add_column_sums(d_, rows, width, dbeta);
  if (layer.kind == LayerKind::kBatchNorm) {
    batch_norm_backward(values, moves, rows, width, d_);
    return;
  }
  const Segments segments(layer, rows);
  vectorised([=] {
    const int size = segments.size;
    for (int s = 0; s < segments.count; ++s) {
      const int first = segments.first_unit(s);
      const std::int64_t at = row_start(s, size);
      segment_backward(size, segments.centred, values.inverse[s], moves.projection[s], values.gamma + first,
                       moves.gamma + first, values.normal + at, moves.normal + at, values.delta + at,
                       d_ + at);
    }
  });
}

void softmax(float* logits, int rows, int width) {
  for (int r = 0; r < rows; ++r) {
    float* row = logits + row_start(r, width);
    float highest = row[0], sum = 0.0f;
    for (int k = 1; k < width; ++k) highest = row[k] > highest ? row[k] : highest;
    for (int k = 0; k < width; ++k) sum += row[k] = std::exp(row[k] - highest);
    for (int k = 0; k < width; ++k) row[k] /= sum;
  }
}

void softmax_hessian(const float* p_, const float* r_, float scale, int rows, int width, float* d_) {
  vectorised([=] {
    for (int i = 0; i < rows; ++i) {
      const float* __restrict p = p_ + row_start(i, width);
      const float* __restrict r = r_ + row_start(i, width);
      float* __restrict d = d_ + row_start(i, width);
      const float mean = lane_sum(width, [&](int k) { return p[k] * r[k]; });
      for (int k = 0; k < width; ++k) d[k] = scale * p[k] * (r[k] - mean);
    }
  });
}

}  // namespace thalweg::cpu
