#include "app/gl/data_dir.hpp"

#include <cstdlib>

namespace thalweg {
namespace {

namespace fs = std::filesystem;

bool holds_data(const fs::path& folder) {
  std::error_code ignored;
  return fs::is_regular_file(folder / "shaders" / "map.frag", ignored);
}

}  // namespace

Result<fs::path> data_dir() {
  if (const char* given = std::getenv("THALWEG_DATA_DIR"); given != nullptr && *given != '\0') {
    if (holds_data(given)) return fs::path(given);
    return Error{ErrorCode::kIo, "THALWEG_DATA_DIR holds no shaders/map.frag", given};
  }
  std::error_code failed;
  const fs::path executable = fs::read_symlink("/proc/self/exe", failed);
  const fs::path start = failed ? fs::current_path(failed) : executable.parent_path();
  for (fs::path folder = start; !folder.empty(); folder = folder.parent_path()) {
    if (holds_data(folder / "share" / "thalweg")) return folder / "share" / "thalweg";
    if (holds_data(folder)) return folder;
    if (folder == folder.root_path()) break;
  }
  return Error{
      ErrorCode::kIo,
      "the shaders are not beside the program; set THALWEG_DATA_DIR to the folder that holds shaders/",
      start.string()};
}

}  // namespace thalweg
