#include "app/gl/image.hpp"

#include <stb/stb_image_write.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <string>

namespace thalweg {

std::optional<Error> write_png(const std::filesystem::path& path, int width, int height,
                               std::span<const std::uint8_t> pixels) {
  namespace fs = std::filesystem;
  if (width <= 0 || height <= 0 || pixels.size() != std::size_t(width) * std::size_t(height) * 3) {
    return Error{ErrorCode::kInternal, "the picture's size does not match its pixels", path.string()};
  }
  std::vector<char> bytes;
  const auto append = [](void* sink, void* data, int size) {
    auto* out = static_cast<std::vector<char>*>(sink);
    out->insert(out->end(), static_cast<char*>(data), static_cast<char*>(data) + size);
  };
  if (stbi_write_png_to_func(append, &bytes, width, height, 3, pixels.data(), width * 3) == 0) {
    return Error{ErrorCode::kInternal, "the picture cannot be encoded as PNG", path.string()};
  }
  std::error_code ignored;
  // A rename would put a file in the place of a device.
  if (const fs::file_status status = fs::status(path, ignored); fs::exists(status) && !fs::is_regular_file(status))
    return Error{ErrorCode::kIo, "cannot write the picture: that is not a plain file", path.string()};
  fs::path temporary = path;
  temporary += "." + std::to_string(getpid()) + ".part";
  errno = 0;
  std::ofstream file(temporary, std::ios::binary | std::ios::trunc);
  file.write(bytes.data(), std::streamsize(bytes.size()));
  file.close();
  if (!file) {
    const std::string reason = errno != 0 ? std::strerror(errno) : "the write failed";
    fs::remove(temporary, ignored);
    return Error{ErrorCode::kIo, "cannot write the picture: " + reason, path.string()};
  }
  std::error_code failed;
  fs::rename(temporary, path, failed);
  if (failed) {
    fs::remove(temporary, ignored);
    return Error{ErrorCode::kIo, "cannot write the picture: " + failed.message(), path.string()};
  }
  return std::nullopt;
}

}  // namespace thalweg
