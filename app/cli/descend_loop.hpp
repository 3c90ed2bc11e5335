// Descending to the end, and what is printed of it: what descend and runs resume share.
#pragma once

#include "app/cli/json.hpp"
#include "app/keep/race_keeper.hpp"
#include "core/descent/race.hpp"

namespace thalweg::cli {

/// Makes all the steps that there are to make, or as many as there are until somebody interrupts.
/// @param keeper  null: nothing is kept
RaceView descend_to_end(Race& race, const RaceSettings& settings, RaceKeeper* keeper);

void print_table(const RaceView& view, const RaceSettings& settings);

/// One optimizer of a race. @param history  with every step
Json written(const DescentView& lane, const Spec& optimizer, bool history);

}  // namespace thalweg::cli
