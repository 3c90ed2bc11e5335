// The matrix products of a training step and nothing else: the bound that the engine is measured
// against in benchmarks.
#pragma once

#include "core/nn/model.hpp"

namespace thalweg {

/// The time of one step's products (forward, and both of the backward pass but for the gradient of the
/// inputs) with the engine's library at the engine's shapes: `steps` of them are made on `threads`
/// threads, timed by `clock` (seconds), and the mean is given.
double time_of_products(const Plan& plan, int batch, int threads, int steps, double (*clock)());

}  // namespace thalweg
