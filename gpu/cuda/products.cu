#include "gpu/device/products.hpp"

#include <cublas_v2.h>
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <string>

#include "gpu/cuda/check.hpp"

namespace thalweg::gpu {
namespace {

void check_cublas(cublasStatus_t status) {
  if (status == CUBLAS_STATUS_SUCCESS) return;
  if (status == CUBLAS_STATUS_ALLOC_FAILED) check_cuda(cudaErrorMemoryAllocation);
  throw DeviceError(std::string("cuBLAS has failed: ") + cublasGetStatusString(status));
}

/// 16 bits of either format.
template <class Half>
struct Convert {
  const float* from;
  Half* to;
  std::int64_t count;
  THALWEG_DEVICE void operator()(Block block) const {
    for (std::int64_t i = grid_thread(block); i < count; i += grid_threads(block)) to[i] = Half(from[i]);
  }
};

/// cuBLAS wants its workspace from outside where its calls are recorded; so much is what it asks for on
/// Hopper.
constexpr std::size_t kWorkspace = std::size_t{32} << 20;

}  // namespace

struct Products::Library {
  cublasHandle_t handle = nullptr;
  Buffer<std::byte> workspace;
  Buffer<std::uint16_t> a, b;  ///< 16-bit operands
  cublasComputeType_t compute = CUBLAS_COMPUTE_32F;

  ~Library() {
    if (handle) cublasDestroy(handle);
  }
};

Products::Products(Queue& queue, bool tf32) : queue_(queue), library_(std::make_unique<Library>()) {
  check_cublas(cublasCreate(&library_->handle));
  check_cublas(cublasSetStream(library_->handle, static_cast<cudaStream_t>(queue.native())));
  library_->workspace = Buffer<std::byte>(queue, kWorkspace);
  check_cublas(cublasSetWorkspace(library_->handle, library_->workspace.data(), kWorkspace));
  // With the default mode fp32 products are fp32 throughout, and those of 16 bits are on the tensor cores.
  check_cublas(cublasSetMathMode(library_->handle, CUBLAS_DEFAULT_MATH));
  if (tf32) library_->compute = CUBLAS_COMPUTE_32F_FAST_TF32;
}

Products::~Products() = default;

void Products::reserve(std::int64_t a, std::int64_t b) {
  library_->a.reserve(queue_, static_cast<std::size_t>(a));
  library_->b.reserve(queue_, static_cast<std::size_t>(b));
}

void Products::multiply(bool a_transposed, bool b_transposed, int m, int n, int k, const float* a,
                        const float* b, float* c, Precision precision, bool more) {
  const std::int64_t a_size = std::int64_t{m} * k, b_size = std::int64_t{k} * n;
  const void* from_a = a;
  const void* from_b = b;
  cudaDataType_t type = CUDA_R_32F;
  const auto convert = [&]<class Half>(Half) {
    queue_.launch(grid_for(a_size), Convert<Half>{a, reinterpret_cast<Half*>(library_->a.data()), a_size});
    queue_.launch(grid_for(b_size), Convert<Half>{b, reinterpret_cast<Half*>(library_->b.data()), b_size});
    from_a = library_->a.data();
    from_b = library_->b.data();
  };
  if (precision == Precision::kFp16) {
    type = CUDA_R_16F;
    convert(__half{});
  } else if (precision == Precision::kBf16) {
    type = CUDA_R_16BF;
    convert(__nv_bfloat16{});
  }
  const float one = 1.0f, kept = more ? 1.0f : 0.0f;
  // cuBLAS counts column by column: what lies row by row is its transpose, so it is given cᵀ = op(b)ᵀ op(a)ᵀ.
  check_cublas(cublasGemmEx(library_->handle, b_transposed ? CUBLAS_OP_T : CUBLAS_OP_N,
                            a_transposed ? CUBLAS_OP_T : CUBLAS_OP_N, n, m, k, &one, from_b, type,
                            b_transposed ? k : n, from_a, type, a_transposed ? m : k, &kept, c, CUDA_R_32F, n,
                            precision == Precision::kFp32 ? library_->compute : CUBLAS_COMPUTE_32F,
                            CUBLAS_GEMM_DEFAULT));
}

}  // namespace thalweg::gpu
