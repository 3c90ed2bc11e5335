// The loops of the CPU engine that are not matrix products, compiled for several instruction sets and
// chosen at run time. The same operations in the same order whatever the instruction set: results do not
// depend on it. Matrices are row by row without gaps.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/nn/model.hpp"

namespace thalweg::cpu {

/// out[i] = scale · in[i] + shift.
void normalise_bytes(const std::uint8_t* in, std::int64_t count, float scale, float shift, float* out);
void normalise_floats(const float* in, std::int64_t count, float scale, float shift, float* out);

/// z += bias in every row.
void add_bias(float* z, int rows, int width, const float* bias);
/// z += bias (unless null), then y = f(z). `y` may be `z`.
void bias_activation(LayerKind kind, float slope, float* z, float* y, int rows, int width, const float* bias);
/// d *= f'(x). For ReLU and leaky ReLU x may be the output instead.
void activation_gradient(LayerKind kind, float slope, const float* x, float* d, std::int64_t count);
/// out[j] = Σ_i d[i][j].
void column_sums(const float* d, int rows, int width, float* out);

/// Batch normalisation in training; `mean` and `inverse` (1/√(variance + ε)) are kept for the backward
/// pass, `running` (means, then variances) moves.
void batch_norm(const PlannedLayer& layer, const float* x, float* y, int rows, const float* gamma,
                const float* beta, float* mean, float* inverse, float* running);
void batch_norm_running(const PlannedLayer& layer, const float* x, float* y, int rows, const float* gamma,
                        const float* beta, const float* running);
/// d becomes the gradient of the inputs. `scratch`: 2 x width numbers.
void batch_norm_gradient(const PlannedLayer& layer, const float* x, float* d, int rows, const float* gamma,
                         const float* mean, const float* inverse, float* dgamma, float* dbeta);
/// `mean` and `inverse` have one number per row.
void layer_norm(const PlannedLayer& layer, const float* x, float* y, int rows, const float* gamma,
                const float* beta, float* mean, float* inverse);
void layer_norm_gradient(const PlannedLayer& layer, const float* x, float* d, int rows, const float* gamma,
                         const float* mean, const float* inverse, float* dgamma, float* dbeta);

/// y = x · mask / (1 − p) with the masks of this layer and step; also its own backward pass. In place.
void dropout(std::uint64_t seed, std::uint64_t step, int index, double p, float* x, std::int64_t count);

/// Σ g², in double, in an order that does not depend on the instruction set.
double sum_of_squares(const float* g, std::int64_t count);

/// The optimizer's rule on flat memory. Slots lie slot by slot: `slots[k · stride + i]`.
class Updater {
 public:
  virtual ~Updater() = default;
  virtual int slot_count() const = 0;
  virtual void init(float* slots, std::int64_t count) const = 0;
  /// Constants of step t = 1, 2, ...; once per step, before update().
  virtual void prepare(double learning_rate, std::int64_t t) = 0;
  /// Elements [first, last), with the gradient times `gradient_scale`. May run on several threads.
  virtual void update(float* theta, const float* gradient, float gradient_scale, float* slots,
                      std::int64_t stride, std::int64_t first, std::int64_t last) const = 0;
  /// False, and nothing changes, if the state would lose its meaning.
  virtual bool set(const Spec& spec) = 0;
  virtual std::vector<double> save() const = 0;
  virtual bool load(std::span<const double> progress) = 0;
};
/// Null if `spec` names no element-wise rule.
std::unique_ptr<Updater> make_updater(const Spec& spec);

}  // namespace thalweg::cpu
