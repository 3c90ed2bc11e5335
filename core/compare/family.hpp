// The tree of runs that were forked from each other, laid out along the steps: each run a line from the step
// where it left its parent to its last, in a row of its own.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace thalweg {

struct FamilyMember {
  std::string uid;
  std::string parent;  ///< uid; empty, or of a run that is not there: a root
  std::int64_t parent_step = 0;
  std::int64_t steps = 0;
};

struct FamilyBranch {
  std::size_t member = 0;                  ///< index of the run
  std::optional<std::size_t> parent = {};  ///< index of its parent
  int row = 0;                             ///< from the top
  int depth = 0;                           ///< forks from the root
  std::int64_t first = 0;                  ///< step at which it left its parent; 0 of a root
  std::int64_t last = 0;
};

/// In the order of rows. Below each run come its forks, those from late steps first, so that no upright line
/// from a run to its fork crosses another run. Runs that are each other's ancestors, as only a damaged file
/// has them, are cut apart.
std::vector<FamilyBranch> lay_out_family(std::span<const FamilyMember> members);

}  // namespace thalweg
