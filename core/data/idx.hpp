// The IDX format of MNIST and its kin: a big-endian header (magic number, then a 32-bit size for each
// dimension) and the bytes. Only the two kinds these data sets use: images (idx3-ubyte) and labels
// (idx1-ubyte). Plain or gzipped.
// Format: LeCun, Cortes, Burges, "The MNIST database of handwritten digits", file formats.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "core/spec/result.hpp"

namespace thalweg {

struct IdxImages {
  std::int64_t count = 0;
  int rows = 0;
  int columns = 0;
  std::vector<std::uint8_t> pixels;  ///< count x rows x columns
};

/// At least one image of at least one pixel. Errors name file and byte.
Result<IdxImages> read_idx_images(const std::filesystem::path& path);

/// `count` labels, each below `classes`. Errors name file and byte.
Result<std::vector<std::uint8_t>> read_idx_labels(const std::filesystem::path& path, std::int64_t count,
                                                  int classes);

}  // namespace thalweg
