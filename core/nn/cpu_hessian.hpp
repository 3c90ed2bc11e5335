// Hessian-vector products of a network on the CPU, exactly, by the R-operator: R{·} is the derivative along
// v of everything the forward and backward pass compute, and R of the gradient is H v.
//
// B. A. Pearlmutter, "Fast exact multiplication by the Hessian", Neural Computation 6, 1994, sections 3-4.
// What does not depend on v is kept from product to product (cpu_tape.hpp). What is left costs about as much
// as a training step: the matrix products of a gradient for the first layer, twice those for every other one.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/data/dataset.hpp"
#include "core/nn/cpu_sparse.hpp"
#include "core/nn/engine.hpp"

namespace thalweg {

struct CpuHessianSettings {
  Plan plan;
  Spec loss;  ///< a checked spec of loss_family()
  std::shared_ptr<const Dataset> data;
  std::shared_ptr<const cpu::SparseDataset> sparse;  ///< of the same data, or null
  std::vector<std::uint32_t> samples;                ///< of data->train; not empty, all there
  std::vector<float> parameters;
  std::vector<float> buffers;
  int threads = 1;
  /// G = Jᵀ H_L J instead of H: the generalised Gauss-Newton matrix (Schraudolph 2002), with the Jacobian J of
  /// the outputs and the Hessian H_L of the loss by them. R of everything forward is J v; on the way back no
  /// weight, slope or statistic moves.
  bool gauss_newton = false;
  /// Passes are kept up to so much memory; of samples beyond it they are run again for every product.
  std::size_t kept_bytes = std::size_t{128} << 20;
};

/// The Hessian of the mean loss over the samples, in evaluation mode and single precision. It takes the
/// second derivative of ReLU and leaky ReLU to be 0, also at the kink. The same calls give the same numbers,
/// for a given number of threads. multiply() throws std::invalid_argument if the sizes do not fit.
std::unique_ptr<HessianProduct> make_cpu_hessian(CpuHessianSettings settings);

}  // namespace thalweg
