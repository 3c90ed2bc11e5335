// The formulas of activations, dropout masks and losses, written once for every engine: element by
// element or row by row, templated on the number type.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>

#include "core/nn/layers.hpp"
#include "core/random/philox.hpp"

namespace thalweg {

/// An activation's value and derivative at x. NaN in gives NaN out, so that a divergence is seen.
template <LayerKind kind, class T>
THALWEG_HD inline T activation(T x, [[maybe_unused]] T slope) {
  using std::erf, std::exp, std::tanh;
  if constexpr (kind == LayerKind::kRelu) return x < T(0) ? T(0) : x;
  if constexpr (kind == LayerKind::kLeakyRelu) return x < T(0) ? slope * x : x;
  if constexpr (kind == LayerKind::kGelu) return T(0.5) * x * (T(1) + erf(x * T(0.70710678118654752440)));
  if constexpr (kind == LayerKind::kSilu) return x / (T(1) + exp(-x));
  if constexpr (kind == LayerKind::kTanh) return tanh(x);
  if constexpr (kind == LayerKind::kSigmoid) return T(1) / (T(1) + exp(-x));
}

/// At 0 the derivative of ReLU is 0 and that of leaky ReLU its slope, as in PyTorch.
template <LayerKind kind, class T>
THALWEG_HD inline T activation_slope(T x, [[maybe_unused]] T slope) {
  using std::erf, std::exp, std::tanh;
  if constexpr (kind == LayerKind::kRelu) return x > T(0) ? T(1) : T(0);
  if constexpr (kind == LayerKind::kLeakyRelu) return x > T(0) ? T(1) : slope;
  if constexpr (kind == LayerKind::kGelu)
    return T(0.5) * (T(1) + erf(x * T(0.70710678118654752440))) +
           x * T(0.39894228040143267794) * exp(T(-0.5) * x * x);
  if constexpr (kind == LayerKind::kSilu) {
    const T s = T(1) / (T(1) + exp(-x));
    return s * (T(1) + x * (T(1) - s));
  }
  if constexpr (kind == LayerKind::kTanh) {
    const T y = tanh(x);
    return T(1) - y * y;
  }
  if constexpr (kind == LayerKind::kSigmoid) {
    const T y = T(1) / (T(1) + exp(-x));
    return y * (T(1) - y);
  }
}

/// The second derivative at x; 0 of the piecewise linear ones, also at their kink.
template <LayerKind kind, class T>
THALWEG_HD inline T activation_curvature([[maybe_unused]] T x) {
  using std::exp, std::tanh;
  if constexpr (kind == LayerKind::kRelu || kind == LayerKind::kLeakyRelu) return T(0);
  if constexpr (kind == LayerKind::kGelu)
    return (T(2) - x * x) * T(0.39894228040143267794) * exp(T(-0.5) * x * x);
  if constexpr (kind == LayerKind::kSilu) {
    const T s = T(1) / (T(1) + exp(-x));
    return s * (T(1) - s) * (T(2) + x * (T(1) - T(2) * s));
  }
  if constexpr (kind == LayerKind::kTanh) {
    const T y = tanh(x);
    return T(-2) * y * (T(1) - y * y);
  }
  if constexpr (kind == LayerKind::kSigmoid) {
    const T y = T(1) / (T(1) + exp(-x));
    return y * (T(1) - y) * (T(1) - T(2) * y);
  }
}

/// Whether its second derivative is 0 wherever there is one.
inline bool is_piecewise_linear(LayerKind kind) {
  return kind == LayerKind::kRelu || kind == LayerKind::kLeakyRelu;
}

/// Calls `visitor.template operator()<kind>()` if `kind` is an activation; returns whether it is one.
template <class Visitor>
bool visit_activation(LayerKind kind, Visitor&& visitor) {
  switch (kind) {
    case LayerKind::kRelu:
      visitor.template operator()<LayerKind::kRelu>();
      return true;
    case LayerKind::kLeakyRelu:
      visitor.template operator()<LayerKind::kLeakyRelu>();
      return true;
    case LayerKind::kGelu:
      visitor.template operator()<LayerKind::kGelu>();
      return true;
    case LayerKind::kSilu:
      visitor.template operator()<LayerKind::kSilu>();
      return true;
    case LayerKind::kTanh:
      visitor.template operator()<LayerKind::kTanh>();
      return true;
    case LayerKind::kSigmoid:
      visitor.template operator()<LayerKind::kSigmoid>();
      return true;
    default:
      return false;
  }
}

inline bool is_activation(LayerKind kind) {
  return visit_activation(kind, []<LayerKind>() {});
}

/// Which of elements 4·block .. 4·block + 3 of a dropout layer are kept in step `step` (elements are
/// counted row by row over the batch): bit i for the i-th. The share dropped is p to within 2⁻³².
THALWEG_HD inline unsigned dropout_kept(std::uint64_t seed, std::uint64_t step, int layer,
                                        std::uint32_t block, double p) {
  const PhiloxBlock words =
      philox({static_cast<std::uint32_t>(step),
              static_cast<std::uint32_t>(step >> 32) ^ (static_cast<std::uint32_t>(layer) << 16), block,
              static_cast<std::uint32_t>(RandomStream::kDropout)},
             {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)});
  const auto threshold = static_cast<std::uint64_t>(p * 4294967296.0);
  unsigned kept = 0;
  for (unsigned i = 0; i < 4; ++i) kept |= (words[i] >= threshold ? 1u : 0u) << i;
  return kept;
}

/// Cross-entropy of one row of `count` logits with smoothed one-hot targets; writes its gradient times
/// `scale` (if `gradient` is not null) and returns the loss, without `scale`.
template <class T>
THALWEG_HD inline T cross_entropy(const T* logits, int count, int label, T smoothing, T scale, T* gradient) {
  using std::exp, std::log;
  T highest = logits[0];
  for (int k = 1; k < count; ++k) highest = logits[k] > highest ? logits[k] : highest;
  T sum = 0, total = 0;
  for (int k = 0; k < count; ++k) {
    const T e = exp(logits[k] - highest);
    if (gradient) gradient[k] = e;
    sum += e;
    total += logits[k] - highest;
  }
  const T log_sum = log(sum);
  const T even = smoothing / T(count);
  const T peak = T(1) - smoothing;
  if (gradient) {
    for (int k = 0; k < count; ++k) {
      const T target = even + (k == label ? peak : T(0));
      gradient[k] = scale * (gradient[k] / sum - target);
    }
  }
  return log_sum - peak * (logits[label] - highest) - even * total;
}

/// Mean squared error of one row over its outputs; `target(k)` is the wanted value. As above.
template <class T, class Target>
THALWEG_HD inline T squared_error(const T* outputs, int count, const Target& target, T scale, T* gradient) {
  T sum = 0;
  for (int k = 0; k < count; ++k) {
    const T difference = outputs[k] - target(k);
    sum += difference * difference;
    if (gradient) gradient[k] = scale * T(2) * difference / T(count);
  }
  return sum / T(count);
}

/// The random numbers that labels are drawn with: two in (0, 1) for each pair of outputs.
struct LabelDraws {
  std::uint64_t seed = 0;
  std::uint64_t step = 0;
  int outputs = 0;
  /// @param sample  of the batch, counted from its first
  THALWEG_HD std::array<double, 2> operator()(std::uint32_t sample, int pair) const {
    const auto pairs = static_cast<std::uint32_t>((outputs + 1) / 2);
    return uniform_pair(seed, RandomStream::kPerturbation, step,
                        sample * pairs + static_cast<std::uint32_t>(pair));
  }
};

/// The gradient, times `scale`, of the cross-entropy of one row of logits with a class that is drawn from
/// their softmax by `random` in (0, 1). No smoothing, which leaves curvature alone.
template <class T>
THALWEG_HD inline void drawn_cross_entropy(const T* logits, int count, double random, T scale, T* gradient) {
  cross_entropy(logits, count, 0, T(0), T(1), gradient);  // softmax, less 1 at class 0
  double left = random - (static_cast<double>(gradient[0]) + 1.0);
  int label = 0;
  for (; left > 0.0 && label + 1 < count; ++label) left -= static_cast<double>(gradient[label + 1]);
  cross_entropy(logits, count, label, T(0), scale, gradient);
}

/// The same of the squared error, with targets that are normal about the outputs, with the variance count/2
/// that makes the loss a negative log-likelihood. `random(pair)`: two numbers in (0, 1).
template <class T, class Random>
THALWEG_HD inline void drawn_squared_error(int count, const Random& random, T scale, T* gradient) {
  using std::sqrt, std::log, std::cos, std::sin;
  const T deviation = scale * sqrt(T(2) / static_cast<T>(count));
  for (int k = 0; k < count; k += 2) {
    const auto pair = random(k / 2);  // Box-Muller
    const double radius = sqrt(-2.0 * log(pair[0])), angle = 6.283185307179586476925 * pair[1];
    gradient[k] = deviation * static_cast<T>(radius * cos(angle));
    if (k + 1 < count) gradient[k + 1] = deviation * static_cast<T>(radius * sin(angle));
  }
}

/// What a gradient of this length is multiplied by, as PyTorch's clip_grad_norm_. 1 for NaN, which must show
/// and not be clipped to something.
/// @param longest  0: off
THALWEG_HD inline float clipping_factor(double longest, double norm) {
  if (!(longest > 0.0)) return 1.0f;
  const double factor = longest / (norm + 1e-6);
  return factor >= 1.0 ? 1.0f : static_cast<float>(factor);
}

/// The index of the largest output, the first of equals; −1 if one is NaN.
template <class T>
THALWEG_HD inline int prediction(const T* outputs, int count) {
  int best = 0;
  for (int k = 0; k < count; ++k) {
    if (outputs[k] != outputs[k]) return -1;
    if (outputs[k] > outputs[best]) best = k;
  }
  return best;
}

}  // namespace thalweg
