// The loops of the CPU's Hessian-vector product that are not matrix products (cpu_hessian.hpp says what is
// computed). R of something is its derivative along the vector v when the weights move along v. Matrices are
// row by row without gaps; everything marked "+=" adds to what is there.
#pragma once

#include <cstdint>

#include "core/nn/model.hpp"

namespace thalweg::cpu {

/// slope = f'(x) and, unless `bend` is null, bend = f''(x) · d. For ReLU and leaky ReLU x may be the output.
void activation_derivatives(const PlannedLayer& layer, const float* x, const float* d, float* slope,
                            float* bend, std::int64_t count);
/// out = a · b, element by element; `out` may be `a`.
void multiply(const float* a, const float* b, float* out, std::int64_t count);
/// d = slope · d + bend · r: R of the gradient by an activation's inputs, from that by its outputs.
void bent_gradient(const float* slope, const float* bend, const float* r, float* d, std::int64_t count);
/// out[j] += Σ_i d[i][j].
void add_column_sums(const float* d, int rows, int width, float* out);

/// What a normalising layer's gradient and their R are made of: n = (x − mean) · inverse, y = γ n + β.
/// `groups` numbers in a row share a mean and an inverse in layer, group and RMS normalisation (where the
/// mean is 0); in batch normalisation with running statistics each unit has its own.
struct NormValues {
  const float* gamma = nullptr;
  const float* normal = nullptr;   ///< n, rows x width
  const float* inverse = nullptr;  ///< rows x groups; batch normalisation: width
  const float* delta = nullptr;    ///< gradient by y, rows x width
};
/// The part of v that belongs to γ and β, and R of n.
struct NormMoves {
  const float* gamma = nullptr;
  const float* beta = nullptr;  ///< null where the layer has none
  float* normal = nullptr;      ///< R n, rows x width
  float* projection = nullptr;  ///< mean of n · Rx, rows x groups; not for batch normalisation
};

/// n and inverse of the inputs x; for batch normalisation from its running means and variances.
void normal_values(const PlannedLayer& layer, const float* x, int rows, const float* running, float* normal,
                   float* inverse);
/// d, which is values.delta at first, becomes the gradient by the inputs.
void norm_gradient(const PlannedLayer& layer, const NormValues& values, int rows, float* d);
/// Adds Σ d ⊙ n and Σ d over the rows to `dgamma` and `dbeta` (may be null).
void add_norm_parameters(const PlannedLayer& layer, const NormValues& values, int rows, const float* d,
                         float* dgamma, float* dbeta);
/// ry = R y; fills moves.normal and moves.projection. `rx`: R of the inputs; null: 0, and then both must be
/// 0 already.
void norm_forward(const PlannedLayer& layer, const NormValues& values, const NormMoves& moves, int rows,
                  const float* rx, float* ry);
/// R of the gradients by γ and β is added to `dgamma` and `dbeta` (may be null); d, R of the gradient by y,
/// becomes that by the inputs.
void norm_backward(const PlannedLayer& layer, const NormValues& values, const NormMoves& moves, int rows,
                   float* d, float* dgamma, float* dbeta);

/// Each row of `logits` becomes its softmax.
void softmax(float* logits, int rows, int width);
/// d = scale · (p ⊙ r − p (p·r)), row by row: the Hessian of a cross-entropy by its logits, times r.
void softmax_hessian(const float* p, const float* r, float scale, int rows, int width, float* d);

}  // namespace thalweg::cpu
