// What follows a schedule beside the learning rate, on the surface or in training: momentum, weight decay,
// batch size. Rows for each, and what adds another.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "app/panels/session.hpp"

namespace thalweg {

/// Whose schedules are meant.
enum class Place { kSurface, kTraining };

const Drives& drives_at(const Scene& scene, Place place);

/// The numbers that can follow a schedule there: those of its optimizers that may change on the way, each
/// once and worded as the first optimizer words it, and the batch size.
std::vector<Parameter> drivable_at(const Scene& scene, Place place);

/// Makes `key` follow `schedule` there, in place of what it followed, or says why it can't. Whether it does.
bool drive(Frame& frame, Place place, std::string_view key, const Spec& schedule, const ui::Edit& edit = {},
           std::string_view group = {});

/// Takes out the drives of settings that no optimizer there has any more.
void drop_unused_drives(Scene& scene, Place place);

/// Below a driven number: what it follows and its value for update `step`. Nothing for one that is its own.
/// @param own  the settings in force without schedules
void draw_driven_note(const Scene& scene, Place place, const Parameter& setting, const Spec& own,
                      const Descriptor& optimizer, std::int64_t step);

/// "Other schedules".
void draw_drive_rows(Frame& frame, Place place);

}  // namespace thalweg
