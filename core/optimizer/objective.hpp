// What a method may ask of the function that it minimises, besides the gradient that it is handed: the loss
// or the gradient elsewhere, curvature. A surface answers in double precision, a network in single.
#pragma once

#include <cstdint>
#include <vector>

namespace thalweg {

/// One tensor in the flat memory of all parameters, row by row. A vector has one row. All coordinates of a
/// surface are one vector.
struct TensorShape {
  std::int64_t offset = 0;
  std::int64_t rows = 1;
  std::int64_t columns = 1;
  bool matrix = false;  ///< weights of a layer, inputs x outputs; not a bias, scale or point of a surface
  bool output = false;  ///< of the layer that the outputs come from

  std::int64_t size() const { return rows * columns; }
};

/// Tensors one after the other, without gaps.
using Layout = std::vector<TensorShape>;

/// All coordinates as one vector.
inline Layout vector_layout(std::int64_t dim) { return {{.columns = dim}}; }

inline std::int64_t size_of(const Layout& layout) {
  return layout.empty() ? 0 : layout.back().offset + layout.back().size();
}

/// How the diagonal of a Hessian is found where it can't be read off.
enum class DiagonalEstimate {
  kHutchinson,          ///< v ⊙ Hv with random signs v; Bekas, Kokiopoulou & Saad 2007
  kGaussNewtonBartlett  ///< B ĝ ⊙ ĝ of labels drawn from the model's own outputs; Liu et al. 2024, Algorithm
                        ///< 2
};

/// Everything is of the same sample as the gradient that was handed to the step: the same batch and dropout
/// masks, the same gradient noise (which on a surface is a slope added to the loss), and clipped likewise.
/// One thread at a time; pointers are to as many numbers as there are parameters, and `out` overlaps nothing.
template <class T>
class Objective {
 public:
  virtual ~Objective() = default;

  /// Where the gradient that was handed to the step was taken.
  virtual double loss_here() const = 0;
  virtual double loss(const T* theta) = 0;
  /// Returns the loss there.
  virtual double gradient(const T* theta, T* out) = 0;
  /// The gradient that worker `worker` of `workers` sees: its own share of the batch; on a surface its own
  /// noise.
  virtual double worker_gradient(const T* theta, int worker, int workers, T* out) = 0;

  /// out = H(θ) v.
  virtual void hessian_product(const T* theta, const T* v, T* out) = 0;
  /// The diagonal of H(θ): exact on a surface; of a network an estimate.
  virtual void hessian_diagonal(const T* theta, DiagonalEstimate estimate, T* out) = 0;
  /// H(θ), row by row. False where there is no room for it: networks.
  virtual bool hessian(const T* theta, T* out) = 0;
  /// 2 JᵀJ(θ) of a loss that is a sum of squares, ‖r‖², r with the Jacobian J. False of any other.
  virtual bool gauss_newton(const T* theta, T* out) = 0;
  /// out = G(θ) v with the generalised Gauss-Newton matrix (Schraudolph 2002). False where there is none.
  virtual bool gauss_newton_product(const T* theta, const T* v, T* out) = 0;

  /// For methods that draw random numbers of their own.
  virtual std::uint64_t seed() const = 0;

  /// How often anything was asked of this sample that has to be computed: a loss, a gradient, a Hessian or its
  /// product with a vector, each once.
  std::int64_t evaluations() const { return evaluations_; }

 protected:
  std::int64_t evaluations_ = 0;
};

}  // namespace thalweg
