// What a network is trained on, and which device `auto` takes: measured with the settings at hand, not
// guessed.
//
// A run's numbers depend on its device: the same settings and seed give the same numbers bit for bit on the
// same device, and on another numbers that part in the last digits. Nothing here knows how a device is
// reached.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/nn/engine.hpp"
#include "core/spec/spec.hpp"

namespace thalweg {

struct TrainingSettings;

/// device (auto, cpu, cuda, cuda:1...), tf32, threads.
const Descriptor& device_descriptor();

inline constexpr char kAutoDevice[] = "auto";
inline constexpr char kCpuDevice[] = "cpu";

/// Of "cuda" 0, of "cuda:3" 3; nothing of "cpu" and "auto".
std::optional<int> cuda_index(std::string_view device);

/// A device that `auto` may take.
struct DeviceCandidate {
  std::string id;  ///< "cpu", "cuda"
  /// A new engine at each call; like the engine itself it may throw DeviceError.
  std::function<Result<std::unique_ptr<TrainingEngine>>()> make;
};

/// What an update took on one of them.
struct StepTime {
  std::string id;
  double seconds = 0.0;
  std::string trouble = {};  ///< why it can't be used, if it can't

  bool operator==(const StepTime&) const = default;
};

/// Another device than the first must be so many times as fast to be taken: within that it may be chance, and
/// what the first computes is the same on every machine.
inline constexpr double kClearlyFaster = 1.2;

/// Index of the one to take: the fastest, or the first where none is clearly faster than it.
std::size_t pick_device(std::span<const StepTime> times);

/// What was picked and why, in one line: "cuda: 12 µs a step, cpu: 180 µs".
std::string pick_text(std::span<const StepTime> times, std::size_t picked);

/// "12 µs", "1.4 ms", "2.1 s"
std::string duration_text(double seconds);

/// Seconds, from any moment on.
using SecondsClock = std::function<double()>;

/// Makes a few updates with a new engine of each candidate: about a tenth of a second each, or two updates
/// where these take longer. What comes first (memory, captured graphs) is not counted. Nothing else sees the
/// engines.
/// @param stop  true: give up early; what was measured so far is what there is
/// @return errors of the settings, which are the same on every device
Result<std::vector<StepTime>> time_devices(const TrainingSettings& settings,
                                           std::shared_ptr<const Dataset> data,
                                           std::span<const DeviceCandidate> candidates,
                                           const std::function<bool()>& stop = {},
                                           const SecondsClock& clock = {});

}  // namespace thalweg
