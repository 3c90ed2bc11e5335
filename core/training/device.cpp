#include "core/training/device.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <limits>

#include "core/training/preparation.hpp"

namespace thalweg {
namespace {

constexpr int kMostDevices = 8;
constexpr int kMostThreads = 256;

/// Updates that are not counted, and how long may be spent on those that are.
constexpr std::int64_t kWarmUp = 4;
constexpr double kMeasureSeconds = 0.1;
constexpr std::int64_t kMostSteps = 1000;
/// An update that takes longer than this says enough by itself.
constexpr double kLongStep = 0.1;

double wall() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::vector<std::string> device_ids() {
  std::vector<std::string> out{kAutoDevice, kCpuDevice, "cuda"};
  for (int i = 1; i < kMostDevices; ++i) out.push_back("cuda:" + std::to_string(i));
  return out;
}

Descriptor make_descriptor() {
  return {.id = "device",
          .label = "Device",
          .summary = "What networks are trained on.",
          .formula = "",
          .reference = "",
          .parameters = {
              {.key = "device",
               .label = "device",
               .kind = Kind::kChoice,
               .default_value = std::string(kAutoDevice),
               .help = "What networks are trained on: auto makes a few updates on each device and takes the "
                       "fastest, cuda "
                       "is the first GPU, cuda:1 the second. The last digits differ from device to device.",
               .choices = device_ids()},
              {.key = "tf32",
               .label = "TF32",
               .kind = Kind::kBoolean,
               .default_value = 0.0,
               .min = 0.0,
               .max = 1.0,
               .help = "Large fp32 products on the GPU's tensor cores, rounded to 10 bits of mantissa: "
                       "faster, and no longer "
                       "the numbers of fp32. The CPU takes no notice."},
              {.key = "threads",
               .label = "threads",
               .kind = Kind::kInteger,
               .default_value = 1.0,
               .min = 1.0,
               .max = kMostThreads,
               .soft_min = 1.0,
               .soft_max = 16.0,
               .help = "Threads of products and loops on the CPU; small networks gain nothing. Another "
                       "number changes the "
                       "last digits."},
          }};
}

/// One update after another of a network of its own.
class Stopwatch {
 public:
  Stopwatch(Preparation& prepared, const TrainingSettings& settings, const SecondsClock& clock)
      : prepared_(prepared),
        clock_(clock),
        rates_{.learning_rate = settings.optimizer.spec.number("lr"),
               .clip_norm = settings.training.spec.number_or("clip_norm", 0.0)} {}

  /// Seconds for each of `count` updates.
  double make(std::int64_t count) {
    TrainingEngine& engine = *prepared_.engine;
    const double begin = clock_();
    for (std::int64_t made = 0; made < count;) {
      const std::int64_t ahead = std::min(std::max<std::int64_t>(1, engine.steps_ahead()), count - made);
      for (std::int64_t i = 0; i < ahead; ++i)
        if (auto error = engine.begin(prepared_.batches.at(step_++), rates_, {})) throw *error;
      (void)engine.finish();
      made += ahead;
    }
    return (clock_() - begin) / static_cast<double>(count);
  }

  /// The best of several rounds: what else the machine does only ever adds to them.
  double measure(const std::function<bool()>& stop) {
    const double first = make(1);
    if (first > kLongStep) return first;
    (void)make(kWarmUp);
    const std::int64_t round = std::max<std::int64_t>(4, 2 * prepared_.engine->steps_ahead());
    const double begin = clock_();
    double best = std::numeric_limits<double>::infinity();
    for (std::int64_t made = 0; made < kMostSteps && clock_() - begin < kMeasureSeconds; made += round) {
      best = std::min(best, make(round));
      if (stop && stop()) break;
    }
    return best;
  }

 private:
  Preparation& prepared_;
  const SecondsClock& clock_;
  StepRates rates_;
  std::int64_t step_ = 0;
};

StepTime time_device(const TrainingSettings& settings, const std::shared_ptr<const Dataset>& data,
                     const DeviceCandidate& candidate, const std::function<bool()>& stop,
                     const SecondsClock& clock) {
  auto engine = candidate.make();
  if (!engine) throw engine.error();
  auto prepared = prepare(settings, data, std::move(*engine));
  if (!prepared) throw prepared.error();
  return {candidate.id, Stopwatch(*prepared, settings, clock).measure(stop)};
}

}  // namespace

const Descriptor& device_descriptor() {
  static const Descriptor descriptor = make_descriptor();
  return descriptor;
}

std::optional<int> cuda_index(std::string_view device) {
  if (device == "cuda") return 0;
  if (!device.starts_with("cuda:")) return std::nullopt;
  const std::string_view number = device.substr(5);
  int out = 0;
  const auto [end, code] = std::from_chars(number.data(), number.data() + number.size(), out);
  return code == std::errc() && end == number.data() + number.size() ? std::optional(out) : std::nullopt;
}

std::size_t pick_device(std::span<const StepTime> times) {
  const auto usable = [](const StepTime& time) { return time.trouble.empty(); };
  std::size_t best = 0;
  for (std::size_t i = 1; i < times.size(); ++i)
    if (usable(times[i]) && (!usable(times[best]) || times[i].seconds < times[best].seconds)) best = i;
  if (best == 0 || !usable(times[0])) return best;
  return times[best].seconds * kClearlyFaster <= times[0].seconds ? best : 0;
}

std::string duration_text(double seconds) {
  char text[32];
  const auto [factor, unit] = seconds < 0.9995e-3 ? std::pair(1e6, "µs")
                              : seconds < 0.9995  ? std::pair(1e3, "ms")
                                                  : std::pair(1.0, "s");
  const double value = factor * seconds;
  std::snprintf(text, sizeof text, "%.*f %s", value < 9.95 ? 1 : 0, value, unit);
  return text;
}

std::string pick_text(std::span<const StepTime> times, std::size_t picked) {
  std::string out = times[picked].id + ": ";
  const auto others = [&](auto add) {
    for (std::size_t i = 0; i < times.size(); ++i)
      if (i != picked) add(times[i]);
  };
  out += times[picked].trouble.empty() ? duration_text(times[picked].seconds) + " a step"
                                       : times[picked].trouble;
  others([&](const StepTime& time) {
    if (!time.trouble.empty()) return;
    out += ", " + time.id + ": " + duration_text(time.seconds);
    if (time.seconds < times[picked].seconds) out += ", not clearly faster";
  });
  others([&](const StepTime& time) {
    if (!time.trouble.empty()) out += "; " + time.id + " can't be used: " + time.trouble;
  });
  return out;
}

Result<std::vector<StepTime>> time_devices(const TrainingSettings& settings,
                                           std::shared_ptr<const Dataset> data,
                                           std::span<const DeviceCandidate> candidates,
                                           const std::function<bool()>& stop, const SecondsClock& clock) {
  const SecondsClock& used = clock ? clock : SecondsClock(wall);
  std::vector<StepTime> out;
  for (const DeviceCandidate& candidate : candidates) {
    try {
      out.push_back(time_device(settings, data, candidate, stop, used));
    } catch (const Error& error) {
      // What the first one refuses is wrong with the settings.
      if (out.empty()) return error;
      out.push_back({candidate.id, 0.0, error.text()});
    } catch (const DeviceError& error) {
      out.push_back({candidate.id, 0.0, error.what()});
    }
    if (stop && stop()) break;
  }
  return out;
}

}  // namespace thalweg
