// Files that the window reads and writes, on a thread of its own: the last Scene in the user's
// configuration folder, and Scenes that are opened and saved.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "core/scene/scene.hpp"

namespace thalweg {

/// $XDG_CONFIG_HOME/thalweg, or ~/.config/thalweg. Empty if neither is known.
std::filesystem::path config_folder();

/// The Scene of the last time. Empty path if there is no configuration folder.
std::filesystem::path last_scene_file();

/// Writes `text` beside `path` and renames it into place, so that a failure leaves the old file as it
/// was. Makes the folder if need be. Follows a link; refuses what is no plain file.
std::optional<Error> write_file(const std::filesystem::path& path, const std::string& text);

/// The whole of a text file, at most `most` bytes.
Result<std::string> read_file(const std::filesystem::path& path, std::size_t most);

/// Reads a Scene from a file; an error names the file.
Result<Scene> read_scene(const std::filesystem::path& path);

/// The largest file that may be a Scene.
inline constexpr std::size_t kLargestScene = 4 * 1024 * 1024;

}  // namespace thalweg
