// The queue as a CUDA stream.
#include "gpu/device/queue.hpp"

#include <cstdio>

#include "gpu/cuda/check.hpp"

namespace thalweg::gpu {

struct Graph::Recorded {
  cudaGraphExec_t work = nullptr;
  ~Recorded() {
    if (work) cudaGraphExecDestroy(work);
  }
};

namespace {

cudaStream_t stream_of(void* native) { return static_cast<cudaStream_t>(native); }

}  // namespace

std::string amount(double bytes) {
  char text[32];
  if (bytes >= 1e9)
    std::snprintf(text, sizeof text, "%.1f GB", bytes / 1e9);
  else
    std::snprintf(text, sizeof text, "%.0f MB", bytes / 1e6);
  return text;
}

void check_cuda(cudaError_t status, std::size_t wanted) {
  if (status == cudaSuccess) return;
  cudaGetLastError();  // has been seen: the next launch must not be told of it again
  if (status == cudaErrorMemoryAllocation) {
    std::size_t free = 0, all = 0;
    std::string room;
    if (cudaMemGetInfo(&free, &all) == cudaSuccess)
      room = ", where " + amount(static_cast<double>(free)) + " of " + amount(static_cast<double>(all)) +
             " are free";
    throw DeviceError("the CUDA device is out of memory: " +
                      (wanted > 0 ? amount(static_cast<double>(wanted)) + " more are needed" + room
                                  : "no more can be had" + room) +
                      "; a smaller batch or model may fit");
  }
  // Nothing of CUDA works in this process after most of these (CUDA Runtime API, cudaError_t).
  throw DeviceError(std::string("the CUDA device has failed: ") + cudaGetErrorString(status) + " (" +
                    cudaGetErrorName(status) + "); if it fails again at once, start the program anew");
}

Queue::Queue(int device) : device_(device) {
  use();
  check_cuda(cudaDeviceGetAttribute(&multiprocessors_, cudaDevAttrMultiProcessorCount, device));
  cudaStream_t stream = nullptr;
  check_cuda(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
  native_ = stream;
}

Queue::~Queue() {
  cudaStreamSynchronize(stream_of(native_));
  cudaStreamDestroy(stream_of(native_));
}

void Queue::use() const {
  check_cuda(cudaSetDevice(device_));
  cudaGetLastError();  // whatever went wrong before was somebody else's
}

void Queue::launched() { check_cuda(cudaGetLastError()); }

void Queue::upload(void* device, const void* host, std::size_t bytes) {
  if (bytes > 0) check_cuda(cudaMemcpyAsync(device, host, bytes, cudaMemcpyHostToDevice, stream_of(native_)));
}

void Queue::download(void* host, const void* device, std::size_t bytes) {
  fetch(host, device, bytes);
  wait();
}

void Queue::fetch(void* host, const void* device, std::size_t bytes) {
  if (bytes > 0) check_cuda(cudaMemcpyAsync(host, device, bytes, cudaMemcpyDeviceToHost, stream_of(native_)));
}

void Queue::send(void* device, const void* host, std::size_t bytes) { upload(device, host, bytes); }

void Queue::copy(void* to, const void* from, std::size_t bytes) {
  if (bytes > 0) check_cuda(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToDevice, stream_of(native_)));
}

void Queue::zero(void* device, std::size_t bytes) {
  if (bytes > 0) check_cuda(cudaMemsetAsync(device, 0, bytes, stream_of(native_)));
}

void Queue::wait() { check_cuda(cudaStreamSynchronize(stream_of(native_))); }

Graph Queue::record(const std::function<void()>& work) {
  const cudaStream_t stream = stream_of(native_);
  // Relaxed: libraries load what they need when they need it. That nobody waits or takes memory meanwhile is
  // what the emulator sees to.
  check_cuda(cudaStreamBeginCapture(stream, cudaStreamCaptureModeRelaxed));
  cudaGraph_t graph = nullptr;
  try {
    work();
  } catch (...) {
    cudaStreamEndCapture(stream, &graph);
    if (graph) cudaGraphDestroy(graph);
    throw;
  }
  check_cuda(cudaStreamEndCapture(stream, &graph));
  auto recorded = std::make_shared<Graph::Recorded>();
  const cudaError_t status = cudaGraphInstantiate(&recorded->work, graph, 0);
  cudaGraphDestroy(graph);
  check_cuda(status);
  return Graph(std::move(recorded));
}

void Queue::replay(const Graph& graph) {
  check_cuda(cudaGraphLaunch(graph.recorded().work, stream_of(native_)));
}

void* allocate_device(int device, std::size_t bytes) {
  void* memory = nullptr;
  check_cuda(cudaSetDevice(device));
  check_cuda(cudaMalloc(&memory, bytes), bytes);
  return memory;
}

void release_device(int device, void* memory) noexcept {
  cudaSetDevice(device);
  cudaFree(memory);
}

void* allocate_host(std::size_t bytes) {
  void* memory = nullptr;
  check_cuda(cudaMallocHost(&memory, bytes), bytes);
  return memory;
}

void release_host(void* memory) noexcept { cudaFreeHost(memory); }

}  // namespace thalweg::gpu
