// The normalising layers of cpu_kernels.hpp.
#include <cmath>

#include "core/nn/cpu_kernels.hpp"
#include "core/optimizer/vectorise.hpp"

namespace thalweg::cpu {

namespace {

/// y = (x − mean) · inverse · γ + β, column by column.
inline void normalise_columns(const float* x_, float* y_, int rows, int width, const float* __restrict mean,
                              const float* __restrict inverse, const float* __restrict gamma,
                              const float* __restrict beta) {
  for (int r = 0; r < rows; ++r) {
    const float* __restrict x = x_ + row_start(r, width);
    float* __restrict y = y_ + row_start(r, width);
    for (int j = 0; j < width; ++j) y[j] = (x[j] - mean[j]) * inverse[j] * gamma[j] + beta[j];
  }
}

}  // namespace

void batch_norm(const PlannedLayer& layer, const float* x_, float* y_, int rows, const float* gamma_,
                const float* beta_, float* mean_, float* inverse_, float* running_) {
  const int width = layer.inputs;
  const auto eps = static_cast<float>(layer.setting);
  const auto momentum = static_cast<float>(layer.momentum);
  vectorised([=] {
    float* __restrict mean = mean_;
    float* __restrict inverse = inverse_;
    float* __restrict running_mean = running_;
    float* __restrict running_variance = running_ + width;
    const auto count = static_cast<float>(rows);
    for (int j = 0; j < width; ++j) mean[j] = inverse[j] = 0.0f;
    for (int r = 0; r < rows; ++r) {
      const float* __restrict x = x_ + row_start(r, width);
      for (int j = 0; j < width; ++j) mean[j] += x[j];
    }
    for (int j = 0; j < width; ++j) mean[j] /= count;
    for (int r = 0; r < rows; ++r) {
      const float* __restrict x = x_ + row_start(r, width);
      for (int j = 0; j < width; ++j) inverse[j] += (x[j] - mean[j]) * (x[j] - mean[j]);
    }
    for (int j = 0; j < width; ++j) {
      running_mean[j] = (1.0f - momentum) * running_mean[j] + momentum * mean[j];
      running_variance[j] = (1.0f - momentum) * running_variance[j] + momentum * inverse[j] / (count - 1.0f);
      inverse[j] = 1.0f / std::sqrt(inverse[j] / count + eps);
    }
    normalise_columns(x_, y_, rows, width, mean, inverse, gamma_, beta_);
  });
}

void batch_norm_running(const PlannedLayer& layer, const float* x_, float* y_, int rows, const float* gamma_,
                        const float* beta_, const float* running_, float* mean_, float* inverse_) {
  const int width = layer.inputs;
  const auto eps = static_cast<float>(layer.setting);
  vectorised([=] {
    const float* __restrict variance = running_ + width;
    float* __restrict mean = mean_;
    float* __restrict inverse = inverse_;
    for (int j = 0; j < width; ++j) {
      mean[j] = running_[j];
      inverse[j] = 1.0f / std::sqrt(variance[j] + eps);
    }
    normalise_columns(x_, y_, rows, width, mean, inverse, gamma_, beta_);
  });
}

void batch_norm_gradient(const PlannedLayer& layer, const float* x_, float* d_, int rows, const float* gamma_,
                         const float* mean_, const float* inverse_, float* dgamma_, float* dbeta_) {
  const int width = layer.inputs;
  vectorised([=] {
    const float* __restrict gamma = gamma_;
    const float* __restrict mean = mean_;
    const float* __restrict inverse = inverse_;
    float* __restrict dgamma = dgamma_;
    float* __restrict dbeta = dbeta_;
    for (int j = 0; j < width; ++j) dgamma[j] = dbeta[j] = 0.0f;
    for (int r = 0; r < rows; ++r) {
      const float* __restrict x = x_ + row_start(r, width);
      const float* __restrict d = d_ + row_start(r, width);
      for (int j = 0; j < width; ++j) {
        dbeta[j] += d[j];
        dgamma[j] += d[j] * ((x[j] - mean[j]) * inverse[j]);
      }
    }
    const auto count = static_cast<float>(rows);
    for (int r = 0; r < rows; ++r) {
      const float* __restrict x = x_ + row_start(r, width);
      float* __restrict d = d_ + row_start(r, width);
      for (int j = 0; j < width; ++j) {
        const float normal = (x[j] - mean[j]) * inverse[j];
        d[j] = gamma[j] * inverse[j] * (d[j] - (dbeta[j] + normal * dgamma[j]) / count);
      }
    }
  });
}

void batch_norm_running_gradient(const PlannedLayer& layer, const float* x_, float* d_, int rows,
                                 const float* gamma_, const float* mean_, const float* inverse_,
                                 float* dgamma_, float* dbeta_) {
  const int width = layer.inputs;
  vectorised([=] {
    const float* __restrict gamma = gamma_;
    const float* __restrict mean = mean_;
    const float* __restrict inverse = inverse_;
    float* __restrict dgamma = dgamma_;
    float* __restrict dbeta = dbeta_;
    for (int j = 0; j < width; ++j) dgamma[j] = dbeta[j] = 0.0f;
    for (int r = 0; r < rows; ++r) {
      const float* __restrict x = x_ + row_start(r, width);
      float* __restrict d = d_ + row_start(r, width);
      for (int j = 0; j < width; ++j) {
        dbeta[j] += d[j];
        dgamma[j] += d[j] * ((x[j] - mean[j]) * inverse[j]);
        d[j] *= gamma[j] * inverse[j];
      }
    }
  });
}

void group_norm(const PlannedLayer& layer, const float* x_, float* y_, int rows, const float* gamma_,
                const float* beta_, float* mean_, float* inverse_) {
  const int width = layer.inputs, groups = layer.groups, size = width / groups;
  const auto eps = static_cast<float>(layer.setting);
  vectorised([=] {
    const auto count = static_cast<float>(size);
    for (int i = 0; i < rows * groups; ++i) {
      const int first = i % groups * size;
      const float* __restrict gamma = gamma_ + first;
      const float* __restrict beta = beta_ + first;
      const float* __restrict x = x_ + row_start(i, size);
      float* __restrict y = y_ + row_start(i, size);
      const float mean = lane_sum(size, [&](int j) { return x[j]; }) / count;
      const float variance = lane_sum(size, [&](int j) { return (x[j] - mean) * (x[j] - mean); }) / count;
      const float inverse = 1.0f / std::sqrt(variance + eps);
      mean_[i] = mean;
      inverse_[i] = inverse;
      for (int j = 0; j < size; ++j) y[j] = (x[j] - mean) * inverse * gamma[j] + beta[j];
    }
  });
}

void group_norm_gradient(const PlannedLayer& layer, const float* x_, float* d_, int rows, const float* gamma_,
                         const float* mean_, const float* inverse_, float* dgamma_, float* dbeta_) {
  const int width = layer.inputs, groups = layer.groups, size = width / groups;
  vectorised([=] {
    for (int j = 0; j < width; ++j) dgamma_[j] = dbeta_[j] = 0.0f;
    const auto count = static_cast<float>(size);
    for (int i = 0; i < rows * groups; ++i) {
      const int first = i % groups * size;
      const float* __restrict gamma = gamma_ + first;
      float* __restrict dgamma = dgamma_ + first;
      float* __restrict dbeta = dbeta_ + first;
      const float* __restrict x = x_ + row_start(i, size);
      float* __restrict d = d_ + row_start(i, size);
      const float mean = mean_[i], inverse = inverse_[i];
      for (int j = 0; j < size; ++j) {
        dbeta[j] += d[j];
        dgamma[j] += d[j] * ((x[j] - mean) * inverse);
      }
      const float sum = lane_sum(size, [&](int j) { return d[j] * gamma[j]; });
      const float product =
          lane_sum(size, [&](int j) { return d[j] * gamma[j] * ((x[j] - mean) * inverse); });
      for (int j = 0; j < size; ++j) {
        const float normal = (x[j] - mean) * inverse;
        d[j] = inverse * (d[j] * gamma[j] - (sum + normal * product) / count);
      }
    }
  });
}

void rms_norm(const PlannedLayer& layer, const float* x_, float* y_, int rows, const float* gamma_,
              float* inverse_) {
  const int width = layer.inputs;
  const auto eps = static_cast<float>(layer.setting);
  vectorised([=] {
    const float* __restrict gamma = gamma_;
    for (int r = 0; r < rows; ++r) {
      const float* __restrict x = x_ + row_start(r, width);
      float* __restrict y = y_ + row_start(r, width);
      const float square = lane_sum(width, [&](int j) { return x[j] * x[j]; }) / static_cast<float>(width);
      const float inverse = 1.0f / std::sqrt(square + eps);
      inverse_[r] = inverse;
      for (int j = 0; j < width; ++j) y[j] = x[j] * inverse * gamma[j];
    }
  });
}

void rms_norm_gradient(const PlannedLayer& layer, const float* x_, float* d_, int rows, const float* gamma_,
                       const float* inverse_, float* dgamma_) {
  const int width = layer.inputs;
  vectorised([=] {
    const float* __restrict gamma = gamma_;
    float* __restrict dgamma = dgamma_;
    for (int j = 0; j < width; ++j) dgamma[j] = 0.0f;
    for (int r = 0; r < rows; ++r) {
      const float* __restrict x = x_ + row_start(r, width);
      float* __restrict d = d_ + row_start(r, width);
      const float inverse = inverse_[r];
      for (int j = 0; j < width; ++j) dgamma[j] += d[j] * (x[j] * inverse);
      const float product = lane_sum(width, [&](int j) { return d[j] * gamma[j] * (x[j] * inverse); }) /
                            static_cast<float>(width);
      for (int j = 0; j < width; ++j) d[j] = inverse * (d[j] * gamma[j] - x[j] * inverse * product);
    }
  });
}

}  // namespace thalweg::cpu
