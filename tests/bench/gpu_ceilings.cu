#include "tests/bench/gpu_ceilings.hpp"

#include <cublas_v2.h>
#include <cuda_fp16.h>
#include <cuda_runtime.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <stdexcept>
#include <vector>

namespace thalweg::bench {
namespace {

void check(cudaError_t status) {
  if (status != cudaSuccess) throw std::runtime_error(cudaGetErrorString(status));
}
void check(cublasStatus_t status) {
  if (status != CUBLAS_STATUS_SUCCESS) throw std::runtime_error(cublasGetStatusString(status));
}

struct Memory {
  explicit Memory(std::size_t bytes) { check(cudaMalloc(&data, bytes)); }
  ~Memory() { cudaFree(data); }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  void* data = nullptr;
};

struct Stream {
  Stream() {
    check(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
    check(cudaEventCreate(&begin));
    check(cudaEventCreate(&end));
  }
  ~Stream() {
    cudaEventDestroy(begin);
    cudaEventDestroy(end);
    cudaStreamDestroy(stream);
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  cudaStream_t stream = nullptr;
  cudaEvent_t begin = nullptr, end = nullptr;

  /// Seconds of the device for `work`, the median of some tries after one that does not count.
  double time(const std::function<void()>& work, int tries = 15) const {
    std::vector<float> ms;
    for (int i = 0; i <= tries; ++i) {
      check(cudaEventRecord(begin, stream));
      work();
      check(cudaEventRecord(end, stream));
      check(cudaEventSynchronize(end));
      float one = 0.0f;
      check(cudaEventElapsedTime(&one, begin, end));
      if (i > 0) ms.push_back(one);
    }
    std::nth_element(ms.begin(), ms.begin() + tries / 2, ms.end());
    return 1e-3 * static_cast<double>(ms[static_cast<std::size_t>(tries / 2)]);
  }
};

/// Numbers between −1 and 1 in no order: products of zeros are faster than any that people make.
template <class T>
__global__ void fill(T* out, std::size_t count) {
  for (std::size_t i = blockIdx.x * std::size_t{blockDim.x} + threadIdx.x; i < count;
       i += std::size_t{gridDim.x} * blockDim.x) {
    unsigned x = static_cast<unsigned>(i) * 2654435761u + 12345u;
    x ^= x >> 15;
    x *= 2246822519u;
    x ^= x >> 13;
    out[i] = T(static_cast<float>(x) * 0x1p-31f - 1.0f);
  }
}

__global__ void nothing() {}

double copy_rate(const Stream& stream) {
  std::size_t free = 0, all = 0;
  check(cudaMemGetInfo(&free, &all));
  const std::size_t bytes = std::min<std::size_t>(std::size_t{2} << 30, free / 4);
  const Memory from(bytes), to(bytes);
  check(cudaMemsetAsync(from.data, 1, bytes, stream.stream));
  return 2.0 * static_cast<double>(bytes) / stream.time([&] {
    check(cudaMemcpyAsync(to.data, from.data, bytes, cudaMemcpyDeviceToDevice, stream.stream));
  });
}

/// Operations/s of n x n x n.
template <class T>
double product_rate(const Stream& stream, int n, cudaDataType_t type, cublasComputeType_t compute,
                    cublasMath_t mode) {
  const auto count = static_cast<std::size_t>(n) * static_cast<std::size_t>(n);
  const Memory a(count * sizeof(T)), b(count * sizeof(T)), c(count * sizeof(float));
  for (const Memory* operand : {&a, &b})
    fill<<<1024, 256, 0, stream.stream>>>(static_cast<T*>(operand->data), count);
  check(cudaGetLastError());
  cublasHandle_t handle = nullptr;
  check(cublasCreate(&handle));
  check(cublasSetStream(handle, stream.stream));
  check(cublasSetMathMode(handle, mode));
  const float one = 1.0f, none = 0.0f;
  const double seconds = stream.time([&] {
    check(cublasGemmEx(handle, CUBLAS_OP_N, CUBLAS_OP_N, n, n, n, &one, a.data, type, n, b.data, type, n,
                       &none, c.data, CUDA_R_32F, n, compute, CUBLAS_GEMM_DEFAULT));
  });
  check(cublasDestroy(handle));
  return 2.0 * n * static_cast<double>(count) / seconds;
}

/// A graph of so many kernels, one after the other.
cudaGraphExec_t chain(const Stream& stream, int kernels) {
  cudaGraph_t graph = nullptr;
  cudaGraphExec_t out = nullptr;
  check(cudaStreamBeginCapture(stream.stream, cudaStreamCaptureModeThreadLocal));
  for (int i = 0; i < kernels; ++i) nothing<<<1, 32, 0, stream.stream>>>();
  check(cudaStreamEndCapture(stream.stream, &graph));
  check(cudaGraphInstantiate(&out, graph, 0));
  check(cudaGraphDestroy(graph));
  return out;
}

double node_time(const Stream& stream) {
  constexpr int kFew = 16, kMany = 1016;
  const cudaGraphExec_t few = chain(stream, kFew), many = chain(stream, kMany);
  const double difference = stream.time([&] { check(cudaGraphLaunch(many, stream.stream)); }) -
                            stream.time([&] { check(cudaGraphLaunch(few, stream.stream)); });
  check(cudaGraphExecDestroy(few));
  check(cudaGraphExecDestroy(many));
  return difference / (kMany - kFew);
}

double replay_time(const Stream& stream) {
  using Clock = std::chrono::steady_clock;
  const cudaGraphExec_t one = chain(stream, 1);
  std::vector<double> seconds;
  for (int i = 0; i < 200; ++i) {
    const auto begin = Clock::now();
    check(cudaGraphLaunch(one, stream.stream));
    check(cudaStreamSynchronize(stream.stream));
    seconds.push_back(std::chrono::duration<double>(Clock::now() - begin).count());
  }
  check(cudaGraphExecDestroy(one));
  std::nth_element(seconds.begin(), seconds.begin() + 100, seconds.end());
  return seconds[100];
}

}  // namespace

Ceilings measure_ceilings() {
  check(cudaSetDevice(0));
  const Stream stream;
  constexpr int kSide = 8192;
  return {.copy = copy_rate(stream),
          .fp32 = product_rate<float>(stream, kSide, CUDA_R_32F, CUBLAS_COMPUTE_32F, CUBLAS_PEDANTIC_MATH),
          .tf32 = product_rate<float>(stream, kSide, CUDA_R_32F, CUBLAS_COMPUTE_32F_FAST_TF32,
                                      CUBLAS_DEFAULT_MATH),
          .fp16 = product_rate<__half>(stream, kSide, CUDA_R_16F, CUBLAS_COMPUTE_32F, CUBLAS_DEFAULT_MATH),
          .node = node_time(stream),
          .replay = replay_time(stream)};
}

}  // namespace thalweg::bench
