// The loops of the CPU engine that are not matrix products, compiled for several instruction sets and
// chosen at run time. The same operations in the same order whatever the instruction set: results do not
// depend on it. Matrices are row by row without gaps.
#pragma once

#include <cstdint>

#include "core/nn/engine.hpp"

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
/// out = a + b; `out` may be one of them.
void add(const float* a, const float* b, float* out, std::int64_t count);
/// out[j] = Σ_i d[i][j].
void column_sums(const float* d, int rows, int width, float* out);

/// Batch normalisation in training; `mean` and `inverse` (1/√(variance + ε)) are kept for the backward
/// pass, `running` (means, then variances) moves.
void batch_norm(const PlannedLayer& layer, const float* x, float* y, int rows, const float* gamma,
                const float* beta, float* mean, float* inverse, float* running);
/// In evaluation; `mean` and `inverse` are those of `running`, kept for the backward pass.
void batch_norm_running(const PlannedLayer& layer, const float* x, float* y, int rows, const float* gamma,
                        const float* beta, const float* running, float* mean, float* inverse);
/// d becomes the gradient of the inputs.
void batch_norm_gradient(const PlannedLayer& layer, const float* x, float* d, int rows, const float* gamma,
                         const float* mean, const float* inverse, float* dgamma, float* dbeta);
/// The same where mean and variance are constants.
void batch_norm_running_gradient(const PlannedLayer& layer, const float* x, float* d, int rows,
                                 const float* gamma, const float* mean, const float* inverse, float* dgamma,
                                 float* dbeta);
/// Layer normalisation, too: it is that of one group. `mean` and `inverse` are rows x groups.
void group_norm(const PlannedLayer& layer, const float* x, float* y, int rows, const float* gamma,
                const float* beta, float* mean, float* inverse);
void group_norm_gradient(const PlannedLayer& layer, const float* x, float* d, int rows, const float* gamma,
                         const float* mean, const float* inverse, float* dgamma, float* dbeta);
/// `inverse`: 1/√(mean x² + ε), one number per row.
void rms_norm(const PlannedLayer& layer, const float* x, float* y, int rows, const float* gamma,
              float* inverse);
void rms_norm_gradient(const PlannedLayer& layer, const float* x, float* d, int rows, const float* gamma,
                       const float* inverse, float* dgamma);

/// y = x · mask / (1 − p) with the masks of this layer and step (dropout_kept), where x is the elements
/// from `first` on; also its own backward pass. In place.
void dropout(std::uint64_t seed, std::uint64_t step, int index, double p, std::int64_t first, float* x,
             std::int64_t count);

/// out = x rounded to the format; `out` may be x.
void round_to(Precision precision, const float* x, float* out, std::int64_t count);
/// x *= factor.
void scale(float* x, float factor, std::int64_t count);
/// a += share (x − a): a moving average.
void follow(float* a, const float* x, float share, std::int64_t count);

/// Σ g², in double, in an order that does not depend on the instruction set.
double sum_of_squares(const float* g, std::int64_t count);
/// Σ (a − b)², with the difference in single precision.
double squared_distance(const float* a, const float* b, std::int64_t count);

}  // namespace thalweg::cpu
