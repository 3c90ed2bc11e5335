// Where the program's data (shaders, assets) is.
#pragma once

#include <filesystem>

#include "core/spec/result.hpp"

namespace thalweg {

/// The folder that holds `shaders/` and `assets/`. In this order: the environment variable
/// THALWEG_DATA_DIR; then, from the executable's folder upwards, `share/thalweg` (an installation or
/// a build tree), or the folder itself (the source tree). The error says how to set it.
Result<std::filesystem::path> data_dir();

}  // namespace thalweg
