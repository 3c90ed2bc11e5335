// Settings that change while a run goes on: the changes are part of the settings, so that a run is
// determined by them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/spec/spec.hpp"

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

/// Every value and every change against the descriptor's bounds; the changes in order, of live parameters.
std::optional<Error> check(const LiveSpec& live, const Descriptor& descriptor);

}  // namespace thalweg
