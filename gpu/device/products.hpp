// Matrix products that are too large for a kernel of our own, by cuBLAS.
#pragma once

#include <cstdint>
#include <memory>

#include "core/nn/engine.hpp"
#include "gpu/device/queue.hpp"

namespace thalweg::gpu {

/// Everything lies row by row, without gaps. Sums are fp32 whatever the precision.
class Products {
 public:
  /// @param tf32  fp32 products on the tensor cores, with operands rounded to 10 bits of mantissa
  Products(Queue& queue, bool tf32);
  ~Products();
  Products(const Products&) = delete;
  Products& operator=(const Products&) = delete;

  /// Makes room for 16-bit copies of operands with so many numbers, which a recording can't.
  void reserve(std::int64_t a, std::int64_t b);

  /// c = op(a) op(b), m x n. op(a) is m x k: `a` itself, or, if `a_transposed`, what lies k x m; op(b)
  /// likewise. Not fp32: both operands are rounded, and multiplied on the tensor cores. c overlaps neither.
  /// `more`: the product is added to what c holds.
  void multiply(bool a_transposed, bool b_transposed, int m, int n, int k, const float* a, const float* b,
                float* c, Precision precision = Precision::kFp32, bool more = false);

 private:
  struct Library;
  Queue& queue_;
  std::unique_ptr<Library> library_;
};

}  // namespace thalweg::gpu
