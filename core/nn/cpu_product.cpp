#include "core/nn/cpu_product.hpp"

#include <dnnl.h>
#include <omp.h>

#include <stdexcept>

namespace thalweg::cpu {

ThreadCount::ThreadCount(int threads) : before_(omp_get_max_threads()) { omp_set_num_threads(threads); }
ThreadCount::~ThreadCount() { omp_set_num_threads(before_); }

namespace {

void product(char transpose_a, char transpose_b, int m, int n, int k, const float* a, int lda, const float* b,
             int ldb, float beta, float* c) {
  if (dnnl_sgemm(transpose_a, transpose_b, m, n, k, 1.0f, a, lda, b, ldb, beta, c, n) != dnnl_success)
    throw std::runtime_error("oneDNN refused a matrix product");
}

}  // namespace

void product(char transpose_a, char transpose_b, int m, int n, int k, const float* a, int lda, const float* b,
             int ldb, float* c) {
  product(transpose_a, transpose_b, m, n, k, a, lda, b, ldb, 0.0f, c);
}

void add_product(char transpose_a, char transpose_b, int m, int n, int k, const float* a, int lda,
                 const float* b, int ldb, float* c) {
  product(transpose_a, transpose_b, m, n, k, a, lda, b, ldb, 1.0f, c);
}

}  // namespace thalweg::cpu
