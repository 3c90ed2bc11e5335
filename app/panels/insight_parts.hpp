// What the files of the page of rates share.
#pragma once

#include <string>

#include "app/panels/session.hpp"

namespace thalweg {

/// Sets η and, unless it is NaN, μ of an optimizer, as its sliders would.
void set_settings(Frame& frame, std::size_t lane, const ui::Edit& edit, double base, double momentum);

/// Label of an optimizer of the Scene, and where its figures come from: surface and optimizer as specs.
std::string name_of(const Frame& frame, std::size_t lane);
std::string note_of(const Frame& frame, std::size_t lane);

/// Six digits close to 1, where they count.
std::string radius_text(double radius);

}  // namespace thalweg
