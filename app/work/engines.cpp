#include "app/work/engines.hpp"

#include <algorithm>
#include <array>

namespace thalweg {
namespace {

constexpr std::size_t kMostChoices = 32;

int threads_of(const Spec& settings) { return static_cast<int>(settings.number("threads")); }

/// What makes no difference to how long an update takes is as it is by default.
TrainingSettings timeless(TrainingSettings settings) {
  const TrainingSettings usual = default_training();
  for (const char* key : {"epochs", "steps", "validation", "patience", "seed"})
    *settings.training.spec.find(key) = *usual.training.spec.find(key);
  settings.training.changes.clear();
  settings.optimizer.changes.clear();
  if (Value* rate = settings.optimizer.spec.find("lr")) *rate = 0.0;
  settings.schedule = usual.schedule;
  settings.drives.clear();
  settings.probes = usual.probes;
  return settings;
}

DeviceUse use_of(int index, std::string why = {}) {
  return {.id = index == 0 ? "cuda" : "cuda:" + std::to_string(index),
          .name = gpu::status().devices[static_cast<std::size_t>(index)].name,
          .why = std::move(why)};
}

/// Everything but the seed, which makes no difference to the time.
Result<DeviceUse> measured(const TrainingSettings& settings, const std::shared_ptr<const Dataset>& data,
                           const std::function<bool()>& stop) {
  const std::array<DeviceCandidate, 2> candidates{{
      {kCpuDevice,
       [&]() -> Result<std::unique_ptr<TrainingEngine>> {
         return make_cpu_engine({.threads = threads_of(settings.device)});
       }},
      {"cuda", [&] { return engine_on(use_of(0), settings.device); }},
  }};
  const auto times = time_devices(settings, data, candidates, stop);
  if (!times) return times.error();
  const std::size_t picked = pick_device(*times);
  DeviceUse out = picked == 0 ? DeviceUse{} : use_of(0);
  out.why = pick_text(*times, picked);
  out.measured = true;
  return out;
}

}  // namespace

Result<DeviceUse> cuda_device(int index) {
  const gpu::Status& cuda = gpu::status();
  if (!cuda.usable()) return Error{ErrorCode::kUnsupported, cuda.why, "device cuda"};
  if (static_cast<std::size_t>(index) >= cuda.devices.size())
    return Error{ErrorCode::kUnsupported,
                 "there is no such device, only " + std::to_string(cuda.devices.size()) +
                     "; thalweg devices lists what there is",
                 "device cuda:" + std::to_string(index)};
  return use_of(index);
}

std::optional<DeviceUse> find_device(const std::string& name) {
  if (name == kCpuDevice) return DeviceUse{};
  const auto& devices = gpu::status().devices;
  for (std::size_t i = 0; i < devices.size(); ++i)
    if (devices[i].name == name) return use_of(static_cast<int>(i));
  return std::nullopt;
}

DeviceList list_devices() { return {.cuda = gpu::status()}; }

Result<DeviceUse> device_for(const TrainingSettings& settings, const std::shared_ptr<const Dataset>& data,
                             const std::string& recorded, const std::function<bool()>& stop) {
  const std::string& wanted = settings.device.text("device");
  if (wanted == kCpuDevice) return DeviceUse{};
  if (const auto index = cuda_index(wanted)) return cuda_device(*index);
  if (!recorded.empty())
    if (auto same = find_device(recorded)) {
      same->why = "as the run so far";
      return *same;
    }
  if (!gpu::status().usable()) return DeviceUse{.why = gpu::status().why};
  return measured(settings, data, stop);
}

Result<std::unique_ptr<TrainingEngine>> engine_on(const DeviceUse& use, const Spec& settings) {
  const auto index = cuda_index(use.id);
  if (!index) return make_cpu_engine({.threads = threads_of(settings)});
  return gpu::make_engine({.device = *index, .tf32 = settings.flag("tf32")});
}

Result<std::unique_ptr<Trainer>> trainer_on(const DeviceUse& use, const TrainingSettings& settings,
                                            std::shared_ptr<const Dataset> data) {
  try {
    auto engine = engine_on(use, settings.device);
    if (!engine) return engine.error();
    return Trainer::create(settings, std::move(data), std::move(*engine));
  } catch (const DeviceError& error) {
    return device_error(use, error.what());
  }
}

Result<DeviceUse> DeviceChooser::choose(const TrainingSettings& settings,
                                        const std::shared_ptr<const Dataset>& data,
                                        const std::string& recorded, const std::function<bool()>& stop) {
  const TrainingSettings key = timeless(settings);
  const auto known = std::find_if(known_.begin(), known_.end(),
                                  [&](const Choice& choice) { return choice.settings == key; });
  if (recorded.empty() && known != known_.end()) return known->use;
  auto use = device_for(settings, data, recorded, stop);
  if (!use || !use->measured || (stop && stop())) return use;
  if (known_.size() == kMostChoices) known_.erase(known_.begin());
  known_.push_back({key, *use});
  return use;
}

Error device_error(const DeviceUse& use, const std::string& what) {
  return {ErrorCode::kUnsupported, what, use.name == use.id ? use.id : use.id + " (" + use.name + ")"};
}

}  // namespace thalweg
