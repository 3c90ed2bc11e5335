// Pixels and PNG files.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <vector>

#include "core/spec/result.hpp"

namespace thalweg {

/// RGB, 8 bits each, rows from the top, no padding: 3 * width * height bytes.
struct Image {
  int width = 0;
  int height = 0;
  std::vector<std::uint8_t> rgb;
};

/// Writes `pixels` (RGB8, rows from the top, 3 * width * height bytes) through a temporary file
/// beside `path` and a rename, so that no half-written picture is ever seen.
std::optional<Error> write_png(const std::filesystem::path& path, int width, int height,
                               std::span<const std::uint8_t> pixels);

}  // namespace thalweg
