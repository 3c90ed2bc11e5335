#include "core/descent/race.hpp"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <fstream>

namespace thalweg {
namespace {

/// What the record of one lane takes if it makes all its steps, in bytes.
double record_bytes(const RaceSettings& settings, int dim) {
  return (settings.run.number("steps") + 1.0) * DescentColumns{dim}.count() * sizeof(double);
}

std::string gigabytes(double bytes) {
  const double value = bytes / 1e9;
  return format_number(value < 10.0 ? std::round(value * 10.0) / 10.0 : std::round(value)) + " GB";
}

std::optional<Error> check_memory(const RaceSettings& settings, int dim, double memory) {
  const double bytes = static_cast<double>(settings.optimizers.size()) * record_bytes(settings, dim);
  if (bytes <= memory) return std::nullopt;
  return Error{ErrorCode::kUnsupported,
               "the record would take " + gigabytes(bytes) + " of memory, this machine has " + gigabytes(memory) +
                   " for it: fewer steps, optimizers or dimensions are needed",
               "steps"};
}

}  // namespace

DescentSettings RaceSettings::lane(std::size_t index) const {
  const LiveSpec& optimizer = optimizers[index];
  const OptimizerDescriptor* descriptor = find_optimizer(optimizer.spec.id);
  return {surface, start, optimizer, gradient, schedule, run, descriptor ? drives_of(drives, *descriptor) : drives};
}

std::optional<Error> check_drives(const RaceSettings& settings) {
  std::vector<const Descriptor*> optimizers;
  for (const LiveSpec& optimizer : settings.optimizers)
    if (const OptimizerDescriptor* descriptor = find_optimizer(optimizer.spec.id)) optimizers.push_back(descriptor);
  return check_used(settings.drives, optimizers);
}

double usable_memory() {
  static const double bytes = [] {
    double limit = static_cast<double>(::sysconf(_SC_PHYS_PAGES)) * static_cast<double>(::sysconf(_SC_PAGESIZE));
    double container = 0.0;
    if (std::ifstream("/sys/fs/cgroup/memory.max") >> container) limit = std::min(limit, container);
    return 0.75 * limit;
  }();
  return bytes;
}

std::int64_t RaceView::steps() const {
  std::int64_t most = 0;
  for (const DescentView& lane : lanes) most = std::max(most, lane.steps());
  return most;
}

bool RaceView::finished() const {
  return std::none_of(lanes.begin(), lanes.end(),
                      [](const DescentView& lane) { return lane.outcome == Outcome::kRunning; });
}

std::optional<Error> Race::set(const RaceSettings& settings, double memory) {
  if (surface_ && settings == settings_) return std::nullopt;
  std::shared_ptr<const Surface> surface = surface_;
  if (!surface || settings.surface != settings_.surface) {
    auto made = make_surface(settings.surface);
    if (!made) return made.error();
    surface = std::move(*made);
  }
  for (std::size_t i = 0; i < settings.optimizers.size(); ++i)
    if (auto error = check(settings.lane(i), *surface)) return error;
  if (auto error = check_drives(settings)) return error;
  if (!settings.optimizers.empty())
    if (auto error = check_memory(settings, surface->dim(), memory)) return error;

  // A lane whose settings did not change keeps its record wherever it now stands in the list; what is
  // left is matched by position, so that an edited optimizer keeps its past up to the edit.
  std::vector<std::unique_ptr<Descent>> lanes(settings.optimizers.size());
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    const DescentSettings wanted = settings.lane(i);
    const auto same = std::find_if(lanes_.begin(), lanes_.end(),
                                   [&](const auto& lane) { return lane && lane->settings() == wanted; });
    if (same != lanes_.end()) lanes[i] = std::move(*same);
  }
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    if (lanes[i]) continue;
    if (i < lanes_.size() && lanes_[i]) {
      lanes[i] = std::move(lanes_[i]);
      lanes[i]->retarget(settings.lane(i), surface);
    } else {
      lanes[i] = std::make_unique<Descent>(settings.lane(i), surface);
    }
  }
  lanes_ = std::move(lanes);
  surface_ = std::move(surface);
  settings_ = settings;
  return std::nullopt;
}

void Race::advance(std::int64_t step) {
  for (auto& lane : lanes_) lane->advance(step);
}

void Race::stop() {
  for (auto& lane : lanes_) lane->stop();
}

RaceView Race::view() const {
  RaceView view{surface_, {}};
  for (const auto& lane : lanes_) view.lanes.push_back(lane->view());
  return view;
}

}  // namespace thalweg
