// The ground of a map for files, worked out on the CPU: what the map's shader does on the screen.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/gl/height_field.hpp"
#include "core/surface/field.hpp"

namespace thalweg {

/// Samples the surface, on two threads; holes where it has no value. Any thread.
HeightField sampled(const FieldRequest& request, const LevelStyle& levels);

/// Tints with a light from the upper left, without lines, as a PNG in base64 (RFC 4648): one pixel for each
/// sample.
std::string tinted_png(const HeightField& field, const MapStyle& style);

/// RGB pixels, rows from the top, as a PNG in base64 (RFC 4648).
std::string png_base64(const std::vector<std::uint8_t>& rgb, int width, int height);

}  // namespace thalweg
