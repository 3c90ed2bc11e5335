// The matrix products of a training step or of a Hessian-vector product and nothing else: the bounds that
// they are measured against in benchmarks.
#pragma once

#include "core/nn/model.hpp"

namespace thalweg {

/// The time of one step's products (forward, and both of the backward pass but for the gradient of the
/// inputs) with the engine's library at the engine's shapes: `steps` of them are made on `threads`
/// threads, timed by `clock` (seconds), and the mean is given.
double time_of_products(const Plan& plan, int batch, int threads, int steps, double (*clock)());

/// The same for one Hessian-vector product over `samples`: what of it depends on the vector.
double time_of_hessian_products(const Plan& plan, int samples, int threads, int rounds, double (*clock)());

}  // namespace thalweg
