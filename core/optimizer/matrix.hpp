// Products of small matrices for methods that work on weight matrices.
#pragma once

namespace thalweg {

/// c (m x n) = a · b (m x k, k x n), or a · bᵀ with b n x k; row by row, without gaps. The one of floats is
/// oneDNN's, on as many threads as OpenMP has been told to take.
void multiply(int m, int n, int k, const float* a, const float* b, bool transpose_b, float* c);
void multiply(int m, int n, int k, const double* a, const double* b, bool transpose_b, double* c);

}  // namespace thalweg
