// What a descent is told: settings that a person can change, as specs, with the changes that were
// made while it ran. Nothing here is a result.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/optimizer/optimizer.hpp"
#include "core/schedule/drive.hpp"
#include "core/spec/live.hpp"
#include "core/spec/spec.hpp"
#include "core/surface/surface.hpp"

namespace thalweg {

/// What happens to the gradient before the optimizer sees it: noise, its direction, then clipping.
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
  Drives drives = {};  ///< settings of the optimizer that follow schedules; "batch" is gradient's

  bool operator==(const DescentSettings&) const = default;
};

/// Whether these settings of the gradient go up the surface, for the whole run.
bool maximizes(const LiveSpec& gradient);

/// Why the optimizer can't go down this surface, or up it to `maximize`, as the end of a sentence: "works on
/// weight matrices, and ...". Empty if it can.
std::string unfit(const OptimizerDescriptor& optimizer, const Surface& surface, bool maximize = false);

/// Everything that can be wrong with settings, checked before anything is built from them. `surface`
/// is the one that settings.surface describes.
std::optional<Error> check(const DescentSettings& settings, const Surface& surface);

/// The first update that two descents would make differently; INT64_MAX if none. How many steps they may
/// make makes no difference.
std::int64_t first_difference(const DescentSettings& a, const DescentSettings& b);

}  // namespace thalweg
