// Matrix products on the CPU: oneDNN's sgemm, and the number of threads it takes.
#pragma once

namespace thalweg::cpu {

/// oneDNN takes its number of threads from OpenMP's setting of the calling thread: this one, while it lives.
class ThreadCount {
 public:
  explicit ThreadCount(int threads);
  ~ThreadCount();
  ThreadCount(const ThreadCount&) = delete;
  ThreadCount& operator=(const ThreadCount&) = delete;

 private:
  int before_;
};

/// c (m x n) = a · b (m x k, k x n), row by row; 'T' takes the transpose of what lies in memory, where rows
/// are `lda` and `ldb` numbers apart. Those of c have no gaps.
void product(char transpose_a, char transpose_b, int m, int n, int k, const float* a, int lda, const float* b,
             int ldb, float* c);
/// c += a · b, as above.
void add_product(char transpose_a, char transpose_b, int m, int n, int k, const float* a, int lda,
                 const float* b, int ldb, float* c);

}  // namespace thalweg::cpu
