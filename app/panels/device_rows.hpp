// What networks are trained on: the choice in the set-up, and the words for it.
#pragma once

#include <string>

#include "app/panels/training_session.hpp"

namespace thalweg {

/// The choice of a device, what can't be chosen and why, what was taken, and the other settings of it.
void draw_device_rows(Frame& frame, TrainingSession& session);

struct DeviceWords {
  std::string label;    ///< "CPU · no CUDA device", "H100 80GB HBM3"
  std::string brief;    ///< where there is little room: "CPU"
  std::string tooltip;  ///< the whole name, and how it came to it
};
/// @param settings  device_descriptor(): what is asked for
DeviceWords device_words(const Spec& settings, const TrainingSnapshot& run);

/// Without the maker's name, which all of them begin with: "H100 80GB HBM3".
std::string short_device_name(const std::string& name);

}  // namespace thalweg
