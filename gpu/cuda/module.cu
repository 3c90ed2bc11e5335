// The entry of the CUDA module: what devices there are, and engines on them.
#include "gpu/module.hpp"

#include <cuda_runtime.h>

#include <cstring>
#include <exception>

#include "gpu/engine.hpp"
#include "gpu/ensemble.hpp"

namespace thalweg::gpu {
namespace {

/// Compute capabilities that there is code for: 7.5 and all later ones (the newest through PTX).
constexpr int kOldestMajor = 7, kOldestMinor = 5;

std::string version(int number) {
  return std::to_string(number / 1000) + "." + std::to_string(number % 1000 / 10);
}

std::string error_text(cudaError_t status) {
  return std::string(cudaGetErrorString(status)) + " (" + cudaGetErrorName(status) + ")";
}

/// Why cudaGetDeviceCount() failed, and what would help.
std::string reason(cudaError_t status, const Status& found) {
  switch (status) {
    case cudaErrorInsufficientDriver:
      return found.driver.empty()
                 ? "there is no NVIDIA driver here, or it is not loaded"
                 : "the NVIDIA driver is too old: it runs CUDA " + found.driver + ", and CUDA " +
                       found.toolkit + " is needed; a newer driver would help";
    case cudaErrorNoDevice:
      return "the NVIDIA driver finds no device";
    default:
      return "the NVIDIA driver does not start: " + error_text(status);
  }
}

class CudaModule final : public Module {
 public:
  Status status() override {
    Status out{.built = true, .toolkit = version(CUDART_VERSION), .driver = {}, .devices = {}, .why = {}};
    int driver = 0;
    if (cudaDriverGetVersion(&driver) == cudaSuccess && driver > 0) out.driver = version(driver);
    int count = 0;
    if (const cudaError_t status = cudaGetDeviceCount(&count); status != cudaSuccess) {
      out.why = reason(status, out);
      return out;
    }
    for (int i = 0; i < count; ++i) add_device(i, out);
    if (out.devices.empty() && out.why.empty()) out.why = "the NVIDIA driver finds no device";
    if (!out.devices.empty()) out.why.clear();
    return out;
  }

  Result<std::unique_ptr<TrainingEngine>> make_engine(const EngineOptions& options) override try {
    const auto own = on_runtime(options);
    if (!own) return own.error();
    return make_training_engine(*own);
  } catch (const std::exception& exception) {
    return Error{ErrorCode::kUnsupported, exception.what(), "device"};
  }

  Result<EnsembleResult> run_ensemble(const EngineOptions& options, const EnsembleSettings& settings,
                                      const EnsembleControl& control) override try {
    const auto own = on_runtime(options);
    if (!own) return own.error();
    return run_ensemble_on(*own, settings, control);
  } catch (const std::exception& exception) {
    return Error{ErrorCode::kUnsupported, exception.what(), "device"};
  }

 private:
  /// The options with the runtime's number of the device.
  Result<EngineOptions> on_runtime(const EngineOptions& options) {
    const Status found = status();
    if (!found.usable()) return Error{ErrorCode::kUnsupported, found.why, "device"};
    if (options.device < 0 || options.device >= static_cast<int>(found.devices.size()))
      return bad_input("there is no device " + std::to_string(options.device) + ", only " +
                           std::to_string(found.devices.size()) + " in all",
                       "device");
    return EngineOptions{.device = numbers_[static_cast<std::size_t>(options.device)], .tf32 = options.tf32};
  }

  void add_device(int number, Status& out) {
    cudaDeviceProp properties{};
    if (const cudaError_t status = cudaGetDeviceProperties(&properties, number); status != cudaSuccess) {
      out.why = "device " + std::to_string(number) + " can't be used: " + error_text(status);
      return;
    }
    if (properties.major < kOldestMajor ||
        (properties.major == kOldestMajor && properties.minor < kOldestMinor)) {
      out.why = std::string(properties.name) + " has compute capability " + std::to_string(properties.major) +
                "." + std::to_string(properties.minor) + ", and at least 7.5 is needed";
      return;
    }
    Device device{.name = properties.name,
                  .major = properties.major,
                  .minor = properties.minor,
                  .multiprocessors = properties.multiProcessorCount,
                  .memory = static_cast<std::int64_t>(properties.totalGlobalMem)};
    std::size_t free = 0, all = 0;
    cudaError_t status = cudaSetDevice(number);
    if (status == cudaSuccess) status = cudaMemGetInfo(&free, &all);
    if (status != cudaSuccess) {
      out.why = device.name + " can't be used: " + error_text(status);
      return;
    }
    device.free_memory = static_cast<std::int64_t>(free);
    if (out.devices.size() == numbers_.size()) numbers_.push_back(number);
    out.devices.push_back(std::move(device));
  }

  std::vector<int> numbers_;  ///< the runtime's, of Status::devices
};

}  // namespace
}  // namespace thalweg::gpu

extern "C" [[gnu::visibility("default")]] thalweg::gpu::Module* thalweg_gpu_module(const char* build) {
  static thalweg::gpu::CudaModule module;
  return std::strcmp(build, thalweg::gpu::kModuleBuild) == 0 ? &module : nullptr;
}
