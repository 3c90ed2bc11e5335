// What each schedule adds up to: first, last, smallest, largest value, means, area, and the step of the peak.
#pragma once

#include "app/panels/schedule_session.hpp"

namespace thalweg {

/// The height that it takes for the Scene's schedules in `width`, pixels.
float schedule_table_height(const Scene& scene, const ScheduleSession& session, float width);

/// At the cursor, `width` pixels wide. Marks "table.<row>" and "table.export".
void draw_schedule_table(Frame& frame, const ScheduleSession& session, float width);

/// schedule,spec,first,last,min,max,mean,integral_mean,area,peak_step: a line for each that is worked out.
std::string schedule_table_csv(const Scene& scene, const ScheduleSession& session);

}  // namespace thalweg
