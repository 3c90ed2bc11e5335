// What the rest of the program sees of CUDA: whether it can be had and why not, a training engine, and
// ensembles. The CUDA part itself is a module that is loaded when it is first asked for, so that the program
// starts where there is neither driver nor device.
//
// Everything here may take long (a driver that starts takes seconds): never on the thread that draws.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/ensemble/ensemble.hpp"
#include "core/nn/engine.hpp"
#include "core/spec/result.hpp"

namespace thalweg::gpu {

/// A device of which the module has code.
struct Device {
  std::string name;  ///< "NVIDIA H100 80GB HBM3"
  int major = 0;     ///< compute capability, 9.0
  int minor = 0;
  int multiprocessors = 0;
  std::int64_t memory = 0;       ///< bytes
  std::int64_t free_memory = 0;  ///< bytes, when it was asked

  bool operator==(const Device&) const = default;
};

struct Status {
  bool built = false;           ///< this build has a CUDA module
  std::string toolkit;          ///< that it was built with: "13.0"; empty without one
  std::string driver;           ///< the newest CUDA that the driver runs: "13.0"; empty without one
  std::vector<Device> devices;  ///< those that can be used
  /// One sentence about why there is none to compute on, and what would help; empty if there is one.
  std::string why;

  bool usable() const { return !devices.empty(); }
};

/// The module is loaded and the driver is asked at the first call; later ones give the same. Any thread;
/// never throws.
const Status& status();

struct EngineOptions {
  int device = 0;     ///< index into Status::devices
  bool tf32 = false;  ///< large fp32 products on the tensor cores, rounded to 10 bits of mantissa
};

/// kUnsupported with Status::why if there is no device. What the engine throws later, when the device fails,
/// is a DeviceError (core/nn/engine.hpp).
Result<std::unique_ptr<TrainingEngine>> make_engine(const EngineOptions& options = {});

/// An ensemble (core/ensemble) on a device. kUnsupported with Status::why if there is none, or with what has failed.
Result<EnsembleResult> run_ensemble(const EngineOptions& options, const EnsembleSettings& settings,
                                    const EnsembleControl& control = {});

}  // namespace thalweg::gpu
