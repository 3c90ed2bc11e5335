// The tint table as a texture; shared by map and 3D view.
#pragma once

#include "app/gl/levels.hpp"
#include "app/gl/shader.hpp"

namespace thalweg {

/// Fills `texture` (kTintTableSize x 1, half floats, linear, clamped).
void upload_tints(const Texture& texture, const MapStyle& style);

}  // namespace thalweg
