// Between the program and its CUDA module, a shared library that is built along with it: one C function that
// hands over one interface. Both sides are of one build, which `build` makes sure of, so that C++ types may
// pass.
#pragma once

#include "gpu/gpu.hpp"

namespace thalweg::gpu {

class Module {
 public:
  virtual ~Module() = default;
  /// Status::why says what is wrong with the driver or the devices.
  virtual Status status() = 0;
  virtual Result<std::unique_ptr<TrainingEngine>> make_engine(const EngineOptions& options) = 0;
  virtual Result<EnsembleResult> run_ensemble(const EngineOptions& options, const EnsembleSettings& settings,
                                              const EnsembleControl& control) = 0;
};

/// Changes with every change of what passes between the two.
inline constexpr char kModuleBuild[] = THALWEG_VERSION "/2";
inline constexpr char kModuleEntry[] = "thalweg_gpu_module";
/// Null if `build` is another than the module's own. The module lives as long as the program.
using ModuleEntry = Module* (*)(const char* build);

}  // namespace thalweg::gpu
