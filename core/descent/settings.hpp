// What a descent is told: settings that a person can change, as specs, with the changes that were
// made while it ran. Nothing here is a result.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/spec/spec.hpp"
#include "core/surface/surface.hpp"

namespace thalweg {

/// From update `step` on, parameter `key` has this value.
struct Change {
  std::int64_t step = 0;
  std::string key;
  Value value;

  bool operator==(const Change&) const = default;
};

/// At most this many changes of one LiveSpec, so that every Scene fits into its file and is drawn in time.
inline constexpr std::size_t kMostChanges = 1000;

/// Settings that may change while a run goes on: how they were at the start, and every change
/// since, in the order of their steps.
struct LiveSpec {
  Spec spec;
  std::vector<Change> changes;

  /// The settings in force for update number `step` (the one that leads from row `step` to the next).
  Spec at(std::int64_t step) const;
  /// The step of the first change after `step`, or INT64_MAX.
  std::int64_t next_change(std::int64_t step) const;
  /// Brings `spec`, the settings in force for update `from`, to those in force for update `to`, not
  /// before it. at() looks at every change since the start, this only at those in between.
  void proceed(Spec& spec, std::int64_t from, std::int64_t to) const;
  /// Records a change at `step`; one of the same key at the same step is replaced, later ones of any
  /// key are dropped, since they belong to a future that no longer is. Beyond kMostChanges it takes the
  /// place of the last one of its key.
  void change(std::int64_t step, const std::string& key, Value value);
  /// Sets `key` from the start and forgets its changes.
  void set(const std::string& key, Value value);

  bool operator==(const LiveSpec&) const = default;
};

/// The first update that two programs would make differently; INT64_MAX if they are equal.
std::int64_t first_difference(const LiveSpec& a, const LiveSpec& b);

/// What happens to the gradient before the optimizer sees it: noise, then clipping.
const Descriptor& gradient_descriptor();

/// How long a run goes on, and its seed.
const Descriptor& run_descriptor();

/// No coordinate of a start may be larger than this.
inline constexpr double kFarthestStart = 1e12;

struct DescentSettings {
  Spec surface;
  std::vector<double> start;
  LiveSpec optimizer;
  LiveSpec gradient;
  Spec schedule;
  Spec run;

  bool operator==(const DescentSettings&) const = default;
};

/// Everything that can be wrong with settings, checked before anything is built from them. `surface`
/// is the one that settings.surface describes.
std::optional<Error> check(const DescentSettings& settings, const Surface& surface);

}  // namespace thalweg
