// The bottom of the Training view: train, pause, step, stop, start again, and how far it is.
#pragma once

#include "app/panels/training_session.hpp"

namespace thalweg {

void draw_training_transport(Frame& frame, TrainingSession& session, const Rect& area);

/// "1:05", "2 h 10 min": what is left, for people.
std::string time_left_text(double seconds);

}  // namespace thalweg
