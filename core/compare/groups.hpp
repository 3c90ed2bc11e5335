// Runs that belong together: those with an equal setting, or those that differ in their seed alone.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/compare/facts.hpp"

namespace thalweg {

/// As what to group by: every setting but the seeds.
inline constexpr const char* kAllButSeed = "all but seed";

struct Grouping {
  std::vector<std::size_t> of;                 ///< by run: its group
  std::vector<std::vector<std::size_t>> runs;  ///< by group
  std::vector<std::string> names;              ///< by group: "lr 0.01"
};

/// @param by  a setting's key, or kAllButSeed; empty: every run by itself. Runs without the setting are
/// alone.
Grouping group_runs(std::span<const Facts> settings, const std::string& by);

}  // namespace thalweg
