// A network computed as plainly as possible, in any number type: what the engines are checked against,
// and what is checked itself against central differences in double. Slow, allocates, one thread.
//
// Not for training: no optimizer, no data set.
#pragma once

#include <cmath>
#include <cstdint>
#include <type_traits>
#include <vector>

#include "core/nn/functions.hpp"
#include "core/nn/model.hpp"
#include "core/nn/rounding.hpp"

namespace thalweg {

/// What stands beside the inputs of one pass.
template <class T>
struct ReferenceBatch {
  int count = 0;
  std::vector<T> inputs;    ///< count x plan.inputs
  std::vector<int> labels;  ///< count, or empty
  std::vector<T> targets;   ///< count, where there are no labels
};

struct ReferenceLoss {
  bool cross_entropy = true;
  double label_smoothing = 0.0;
};

template <class T>
class ReferenceNet {
 public:
  ReferenceNet(Plan plan, ReferenceLoss loss, std::uint64_t seed)
      : plan_(std::move(plan)), loss_(loss), seed_(seed) {
    parameters.resize(static_cast<std::size_t>(plan_.parameters));
    gradient.resize(parameters.size());
    buffers.resize(static_cast<std::size_t>(plan_.buffers));
  }

  std::vector<T> parameters;
  std::vector<T> gradient;  ///< of the mean loss, after backward()
  std::vector<T> buffers;
  /// As the engine emulates it: inputs and weights of products, every layer's outputs and their gradients
  /// times `loss_scale`, and the gradients of linear layers are rounded.
  Precision precision = Precision::kFp32;
  double loss_scale = 1.0;

  /// The mean loss. In training, dropout masks are those of step `step`, and running statistics move
  /// if `track` is set.
  T forward(const ReferenceBatch<T>& batch, bool training, std::uint64_t step = 0, bool track = false) {
    const int rows = batch.count;
    values_.assign(1, batch.inputs);
    round(values_.front());
    for (std::size_t i = 0; i < plan_.layers.size(); ++i) {
      const PlannedLayer& layer = plan_.layers[i];
      const std::vector<T>& x = values_.back();
      std::vector<T> y(at(rows, layer.outputs));
      if (layer.kind == LayerKind::kLinear) {
        for (int r = 0; r < rows; ++r)
          for (int o = 0; o < layer.outputs; ++o) {
            T sum = rounded(bias(layer)[o]);
            for (int k = 0; k < layer.inputs; ++k)
              sum += x[at(r, layer.inputs, k)] * rounded(weight(layer)[at(k, layer.outputs, o)]);
            y[at(r, layer.outputs, o)] = sum;
          }
      } else if (layer.kind == LayerKind::kDropout) {
        for (std::size_t e = 0; e < y.size(); ++e) y[e] = training ? x[e] * mask(layer, i, step, e) : x[e];
      } else if (layer.kind == LayerKind::kLayerNorm || layer.kind == LayerKind::kGroupNorm) {
        for_groups(layer, rows, [&](std::size_t first, std::size_t unit) {
          normalise(layer, x, y, first, 1, layer.inputs / layer.groups, unit, 1);
        });
      } else if (layer.kind == LayerKind::kRmsNorm) {
        for (int r = 0; r < rows; ++r) rms_normalise(layer, x, y, at(r, layer.inputs));
      } else if (layer.kind == LayerKind::kAdd) {
        for (std::size_t e = 0; e < y.size(); ++e)
          y[e] = x[e] + values_[static_cast<std::size_t>(layer.from)][e];
      } else if (layer.kind == LayerKind::kBatchNorm) {
        for (int c = 0; c < layer.inputs; ++c) {
          if (!training) {
            T* running = &buffers[static_cast<std::size_t>(layer.buffer + c)];
            for (int r = 0; r < rows; ++r) {
              const std::size_t e = at(r, layer.inputs, c);
              y[e] = weight(layer)[c] * (x[e] - running[0]) /
                         std::sqrt(running[layer.inputs] + T(layer.setting)) +
                     bias(layer)[c];
            }
            continue;
          }
          const auto [mean, variance] =
              normalise(layer, x, y, static_cast<std::size_t>(c), static_cast<std::size_t>(layer.inputs),
                        rows, static_cast<std::size_t>(c), 0);
          if (!track) continue;
          T* running = &buffers[static_cast<std::size_t>(layer.buffer + c)];
          const T m = T(layer.momentum);
          running[0] = (T(1) - m) * running[0] + m * mean;
          running[layer.inputs] = (T(1) - m) * running[layer.inputs] + m * variance * T(rows) / T(rows - 1);
        }
      } else {
        visit_activation(layer.kind, [&]<LayerKind kind>() {
          for (std::size_t e = 0; e < y.size(); ++e) y[e] = activation<kind>(x[e], T(layer.setting));
        });
      }
      round(y);
      values_.push_back(std::move(y));
    }
    return loss(batch, nullptr);
  }

  /// After forward() in training with the same batch and step.
  void backward(const ReferenceBatch<T>& batch, std::uint64_t step = 0) {
    const int rows = batch.count;
    gradient.assign(gradient.size(), T(0));
    std::vector<T> dy(values_.back().size());
    std::vector<std::vector<T>> around(plan_.layers.size());  // by the first layer of a residual block
    loss(batch, dy.data());
    for (T& d : dy) d *= T(loss_scale);
    round(dy);
    for (std::size_t i = plan_.layers.size(); i-- > 0;) {
      const PlannedLayer& layer = plan_.layers[i];
      const std::vector<T>& x = values_[i];
      std::vector<T> dx(x.size());
      if (layer.kind == LayerKind::kLinear) {
        T* dw = &gradient[static_cast<std::size_t>(layer.weight)];
        T* db = &gradient[static_cast<std::size_t>(layer.bias)];
        for (int r = 0; r < rows; ++r)
          for (int o = 0; o < layer.outputs; ++o) {
            const T d = dy[at(r, layer.outputs, o)];
            db[o] += d;
            for (int k = 0; k < layer.inputs; ++k) {
              dw[at(k, layer.outputs, o)] += d * x[at(r, layer.inputs, k)];
              dx[at(r, layer.inputs, k)] += d * rounded(weight(layer)[at(k, layer.outputs, o)]);
            }
          }
        for (int k = 0; k < layer.inputs * layer.outputs; ++k) dw[k] = rounded(dw[k]);
        for (int o = 0; o < layer.outputs; ++o) db[o] = rounded(db[o]);
      } else if (layer.kind == LayerKind::kDropout) {
        for (std::size_t e = 0; e < dx.size(); ++e) dx[e] = dy[e] * mask(layer, i, step, e);
      } else if (layer.kind == LayerKind::kLayerNorm || layer.kind == LayerKind::kGroupNorm) {
        for_groups(layer, rows, [&](std::size_t first, std::size_t unit) {
          denormalise(layer, x, dy, dx, first, 1, layer.inputs / layer.groups, unit, 1);
        });
      } else if (layer.kind == LayerKind::kRmsNorm) {
        for (int r = 0; r < rows; ++r) rms_denormalise(layer, x, dy, dx, at(r, layer.inputs));
      } else if (layer.kind == LayerKind::kAdd) {
        dx = dy;
        around[static_cast<std::size_t>(layer.from)] = dy;
      } else if (layer.kind == LayerKind::kBatchNorm) {
        for (int c = 0; c < layer.inputs; ++c)
          denormalise(layer, x, dy, dx, static_cast<std::size_t>(c), static_cast<std::size_t>(layer.inputs),
                      rows, static_cast<std::size_t>(c), 0);
      } else {
        visit_activation(layer.kind, [&]<LayerKind kind>() {
          for (std::size_t e = 0; e < dx.size(); ++e)
            dx[e] = dy[e] * activation_slope<kind>(x[e], T(layer.setting));
        });
      }
      round(dx);
      if (!around[i].empty()) {
        for (std::size_t e = 0; e < dx.size(); ++e) dx[e] += around[i][e];
        round(dx);
      }
      dy = std::move(dx);
    }
    for (T& g : gradient) g /= T(loss_scale);
  }

  const std::vector<T>& outputs() const { return values_.back(); }
  const std::vector<T>& output_of(std::size_t layer) const { return values_[layer + 1]; }

 private:
  T rounded(T x) const {
    if constexpr (std::is_floating_point_v<T>) {
      if (precision != Precision::kFp32) return T(round_to(precision, static_cast<float>(x)));
    }
    return x;
  }
  void round(std::vector<T>& x) const {
    for (T& value : x) value = rounded(value);
  }

  static std::size_t at(int row, int width, int column = 0) {
    return static_cast<std::size_t>(row) * static_cast<std::size_t>(width) + static_cast<std::size_t>(column);
  }
  const T* weight(const PlannedLayer& layer) const {
    return &parameters[static_cast<std::size_t>(layer.weight)];
  }
  const T* bias(const PlannedLayer& layer) const { return &parameters[static_cast<std::size_t>(layer.bias)]; }

  T mask(const PlannedLayer& layer, std::size_t index, std::uint64_t step, std::size_t element) const {
    const unsigned kept = dropout_kept(seed_, step, static_cast<int>(index),
                                       static_cast<std::uint32_t>(element / 4), layer.setting);
    return (kept >> (element % 4)) & 1u ? T(1) / (T(1) - T(layer.setting)) : T(0);
  }

  struct Moments {
    T mean;
    T variance;  ///< biased
  };
  static Moments moments(const std::vector<T>& x, std::size_t first, std::size_t stride, int count) {
    T mean = 0, variance = 0;
    for (int k = 0; k < count; ++k) mean += x[first + static_cast<std::size_t>(k) * stride];
    mean /= T(count);
    for (int k = 0; k < count; ++k) {
      const T d = x[first + static_cast<std::size_t>(k) * stride] - mean;
      variance += d * d;
    }
    return {mean, variance / T(count)};
  }

  /// Calls f(first element, first unit) for every group of every row.
  template <class F>
  static void for_groups(const PlannedLayer& layer, int rows, const F& f) {
    const int size = layer.inputs / layer.groups;
    for (int r = 0; r < rows; ++r)
      for (int g = 0; g < layer.groups; ++g)
        f(at(r, layer.inputs, g * size), static_cast<std::size_t>(g * size));
  }

  /// Elements first, first + stride, ...; their γ and β are those of unit, unit + unit_stride, ...
  Moments normalise(const PlannedLayer& layer, const std::vector<T>& x, std::vector<T>& y, std::size_t first,
                    std::size_t stride, int count, std::size_t unit, std::size_t unit_stride) const {
    const Moments m = moments(x, first, stride, count);
    const T inverse = T(1) / std::sqrt(m.variance + T(layer.setting));
    for (int k = 0; k < count; ++k) {
      const std::size_t e = first + static_cast<std::size_t>(k) * stride;
      const std::size_t p = unit + static_cast<std::size_t>(k) * unit_stride;
      y[e] = weight(layer)[p] * (x[e] - m.mean) * inverse + bias(layer)[p];
    }
    return m;
  }

  void denormalise(const PlannedLayer& layer, const std::vector<T>& x, const std::vector<T>& dy,
                   std::vector<T>& dx, std::size_t first, std::size_t stride, int count, std::size_t unit,
                   std::size_t unit_stride) {
    const Moments m = moments(x, first, stride, count);
    const T inverse = T(1) / std::sqrt(m.variance + T(layer.setting));
    T* dgamma = &gradient[static_cast<std::size_t>(layer.weight)];
    T* dbeta = &gradient[static_cast<std::size_t>(layer.bias)];
    T sum = 0, product = 0;
    for (int k = 0; k < count; ++k) {
      const std::size_t e = first + static_cast<std::size_t>(k) * stride;
      const std::size_t p = unit + static_cast<std::size_t>(k) * unit_stride;
      const T normal = (x[e] - m.mean) * inverse;
      dgamma[p] += dy[e] * normal;
      dbeta[p] += dy[e];
      sum += dy[e] * weight(layer)[p];
      product += dy[e] * weight(layer)[p] * normal;
    }
    for (int k = 0; k < count; ++k) {
      const std::size_t e = first + static_cast<std::size_t>(k) * stride;
      const std::size_t p = unit + static_cast<std::size_t>(k) * unit_stride;
      const T normal = (x[e] - m.mean) * inverse;
      dx[e] = inverse * (dy[e] * weight(layer)[p] - (sum + normal * product) / T(count));
    }
  }

  /// 1/√(mean x² + ε) of the row that begins at `first`.
  static T rms_inverse(const PlannedLayer& layer, const std::vector<T>& x, std::size_t first) {
    T sum = 0;
    for (int k = 0; k < layer.inputs; ++k) {
      const T value = x[first + static_cast<std::size_t>(k)];
      sum += value * value;
    }
    return T(1) / std::sqrt(sum / T(layer.inputs) + T(layer.setting));
  }

  void rms_normalise(const PlannedLayer& layer, const std::vector<T>& x, std::vector<T>& y,
                     std::size_t first) const {
    const T inverse = rms_inverse(layer, x, first);
    for (int k = 0; k < layer.inputs; ++k) {
      const std::size_t e = first + static_cast<std::size_t>(k);
      y[e] = weight(layer)[k] * x[e] * inverse;
    }
  }

  void rms_denormalise(const PlannedLayer& layer, const std::vector<T>& x, const std::vector<T>& dy,
                       std::vector<T>& dx, std::size_t first) {
    const T inverse = rms_inverse(layer, x, first);
    T* dgamma = &gradient[static_cast<std::size_t>(layer.weight)];
    T product = 0;
    for (int k = 0; k < layer.inputs; ++k) {
      const std::size_t e = first + static_cast<std::size_t>(k);
      dgamma[k] += dy[e] * x[e] * inverse;
      product += dy[e] * weight(layer)[k] * x[e];
    }
    for (int k = 0; k < layer.inputs; ++k) {
      const std::size_t e = first + static_cast<std::size_t>(k);
      dx[e] = inverse * (dy[e] * weight(layer)[k] - x[e] * inverse * inverse * product / T(layer.inputs));
    }
  }

  T loss(const ReferenceBatch<T>& batch, T* gradient_out) const {
    T sum = 0;
    const T scale = T(1) / T(batch.count);
    for (int r = 0; r < batch.count; ++r) {
      const T* row = &values_.back()[at(r, plan_.outputs)];
      T* d = gradient_out ? gradient_out + at(r, plan_.outputs) : nullptr;
      const auto index = static_cast<std::size_t>(r);
      if (loss_.cross_entropy)
        sum += cross_entropy(row, plan_.outputs, batch.labels[index], T(loss_.label_smoothing), scale, d);
      else
        sum += squared_error(
            row, plan_.outputs,
            [&](int k) { return batch.labels.empty() ? batch.targets[index] : T(k == batch.labels[index]); },
            scale, d);
    }
    return sum * scale;
  }

  Plan plan_;
  ReferenceLoss loss_;
  std::uint64_t seed_;
  std::vector<std::vector<T>> values_;  ///< the inputs, then every layer's output
};

}  // namespace thalweg
