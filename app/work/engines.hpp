// Engines for what a person asked for: which device a network is trained on, and why, with CPU and CUDA as
// they are on this machine.
//
// Everything here may ask the driver, which may take seconds: never on the thread that draws.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/training/trainer.hpp"
#include "gpu/gpu.hpp"

namespace thalweg {

/// What something is trained on.
struct DeviceUse {
  std::string id = kCpuDevice;    ///< as device_descriptor() has it, but never "auto"
  std::string name = kCpuDevice;  ///< as the file of runs has it: "cpu", "NVIDIA H100 80GB HBM3"
  std::string why = {};   ///< one line where `auto` chose: what was measured, or why there was no choice
  bool measured = false;  ///< there was one

  bool operator==(const DeviceUse&) const = default;
};

/// What there is to train on.
struct DeviceList {
  gpu::Status cuda;

  bool operator==(const DeviceList&) const = default;
};
DeviceList list_devices();

/// The device that the settings ask for. Refuses one that is not there, saying why and what would help;
/// `auto` measures where there is a choice.
/// @param recorded  the device that a run was made on so far (DeviceUse::name): where that is there, `auto`
/// stays
///                  with it
Result<DeviceUse> device_for(const TrainingSettings& settings, const std::shared_ptr<const Dataset>& data,
                             const std::string& recorded = {}, const std::function<bool()>& stop = {});

/// The CUDA device of that number. Refuses one that is not there, saying why and what would help.
Result<DeviceUse> cuda_device(int index);

/// The device of that name, if it is here. "cpu" always is.
std::optional<DeviceUse> find_device(const std::string& name);

/// A new engine.
/// @param settings  device_descriptor()
Result<std::unique_ptr<TrainingEngine>> engine_on(const DeviceUse& use, const Spec& settings);

/// A network ready to be trained there. Where the device fails at once (it has too little memory) that is an
/// error, too.
Result<std::unique_ptr<Trainer>> trainer_on(const DeviceUse& use, const TrainingSettings& settings,
                                            std::shared_ptr<const Dataset> data);

/// Remembers what `auto` took, so that the same question is not measured again whenever a slider moves. One
/// thread at a time.
class DeviceChooser {
 public:
  /// As device_for().
  Result<DeviceUse> choose(const TrainingSettings& settings, const std::shared_ptr<const Dataset>& data,
                           const std::string& recorded = {}, const std::function<bool()>& stop = {});
  /// Devices are not what they were.
  void forget() { known_.clear(); }

 private:
  struct Choice {
    TrainingSettings settings;  ///< without what makes no difference to the time of an update
    DeviceUse use;
  };
  std::vector<Choice> known_;  ///< the newest last
};

/// What can be done about a device that has failed.
Error device_error(const DeviceUse& use, const std::string& what);

}  // namespace thalweg
