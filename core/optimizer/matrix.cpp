#include "core/optimizer/matrix.hpp"

#include <dnnl.h>

#include <cstdint>
#include <stdexcept>

namespace thalweg {

void multiply(int m, int n, int k, const float* a, const float* b, bool transpose_b, float* c) {
  if (dnnl_sgemm('N', transpose_b ? 'T' : 'N', m, n, k, 1.0f, a, k, b, transpose_b ? k : n, 0.0f, c, n) !=
      dnnl_success)
    throw std::runtime_error("oneDNN refused a matrix product");
}

void multiply(int m, int n, int k, const double* a, const double* b, bool transpose_b, double* c) {
  for (std::int64_t i = 0; i < m; ++i)
    for (std::int64_t j = 0; j < n; ++j) {
      double sum = 0.0;
      for (std::int64_t l = 0; l < k; ++l) sum += a[i * k + l] * (transpose_b ? b[j * k + l] : b[l * n + j]);
      c[i * n + j] = sum;
    }
}

}  // namespace thalweg
