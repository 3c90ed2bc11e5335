// The part of a Scene that belongs to the Runs view: which runs are listed and compared, and how.
#pragma once

#include <string>
#include <vector>

#include "core/spec/spec.hpp"

namespace thalweg {

/// A run that is compared.
struct SelectedRun {
  std::string uid;
  int colour = 0;  ///< index into the theme's palette
  bool visible = true;

  bool operator==(const SelectedRun&) const = default;
};

/// An axis of the parallel coordinates that was changed by hand.
struct RunsAxis {
  std::string key;       ///< setting or result
  bool hidden = false;
  bool brushed = false;  ///< only runs between `low` and `high` (0 to 1 along the axis) stand out
  double low = 0.0;
  double high = 1.0;

  bool operator==(const RunsAxis&) const = default;
};

/// At most so many runs are compared.
inline constexpr std::size_t kMostSelected = 200;

struct RunsScene {
  std::string filter;                ///< in the language of core/store/filter.hpp
  std::string sort = "created";      ///< a column, a setting or a result
  /// Of the list: "optimizer", "steps", settings and results such as "lr", "best(test_accuracy)"; empty: the
  /// usual ones.
  std::vector<std::string> columns;
  std::string list_group;  ///< what the list is divided by: "", "day", "race", or a setting
  std::vector<SelectedRun> selected;
  std::vector<std::string> series;  ///< that are compared; empty: those that most of the runs have
  std::vector<std::string> flipped;  ///< series whose vertical axis is not the usual one of linear and log
  /// Setting whose equal values share a band, or "all but seed"; empty: every run by itself.
  std::string group;
  std::string across;               ///< of the scatter: setting or result along x; empty: one that differs
  std::string upward;               ///< likewise along y
  std::string shade;                ///< likewise as a colour; empty: that of the run
  std::vector<RunsAxis> axes;       ///< of the parallel coordinates: those moved, hidden or brushed, in order
  Spec view;                        ///< runs_view_descriptor()

  bool operator==(const RunsScene&) const = default;

  const SelectedRun* find(const std::string& uid) const;
  /// A colour that no selected run has yet, as far as there are any.
  int free_colour(int palette_size = 8) const;
};

/// How runs are listed and compared.
const Descriptor& runs_view_descriptor();

RunsScene default_runs_scene();

/// Every value against its bounds. Whether runs and series exist shows when they are read.
std::optional<Error> check(const RunsScene& scene);

}  // namespace thalweg
