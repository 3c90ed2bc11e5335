// The part of a Scene that belongs to the Schedule view: which schedules are laid over each other, and how
// they are looked at.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/spec/spec.hpp"

namespace thalweg {

/// One of the schedules that are compared, and how it is drawn.
struct SceneSchedule {
  Spec spec;       ///< of schedule_family()
  int colour = 0;  ///< index into the theme's palette
  bool visible = true;

  bool operator==(const SceneSchedule&) const = default;
};

/// At most so many schedules at a time.
inline constexpr std::size_t kMostSchedules = 16;
/// The plot shows at most so many updates.
inline constexpr std::int64_t kMostScheduleSteps = 10'000'000;

struct ScheduleScene {
  std::vector<SceneSchedule> schedules;
  int selected = 0;  ///< the one whose handles are shown; any where there is none
  Spec view;         ///< schedule_view_descriptor()

  bool operator==(const ScheduleScene&) const = default;

  /// Updates that are shown: t = 0 to steps() − 1.
  std::int64_t steps() const { return static_cast<std::int64_t>(view.number("steps")); }
  /// The one that is meant, or null if there are none.
  const SceneSchedule* chosen() const;
  /// A colour that none of them has yet, as far as there are any.
  int free_colour(int palette_size = 8) const;
};

/// How schedules are compared: horizon, base rate, what is shown beside.
const Descriptor& schedule_view_descriptor();

/// Four schedules of a thousand steps.
ScheduleScene default_schedule_scene();

/// Every value against its bounds.
std::optional<Error> check(const ScheduleScene& scene);

/// A set of schedules worth showing, with the horizon that shows them.
struct SchedulePreset {
  std::string id;
  std::string label;
  std::string summary;                 ///< one line: what is to be seen
  std::vector<std::string> schedules;  ///< spec strings
  std::int64_t steps = 1000;
  double base = 0.0;  ///< base rate; 0: that of the chosen optimizer
  bool log = false;   ///< on a logarithmic axis
};

/// Those whose schedules there are, in the order of the menu.
const std::vector<SchedulePreset>& schedule_presets();

/// Puts a preset in place of what there is.
void set_preset(ScheduleScene& scene, const SchedulePreset& preset);

}  // namespace thalweg
