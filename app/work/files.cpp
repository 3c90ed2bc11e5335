#include "app/work/files.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <system_error>
#include <unistd.h>

namespace thalweg {
namespace fs = std::filesystem;

fs::path config_folder() {
  if (const char* xdg = std::getenv("XDG_CONFIG_HOME"); xdg && *xdg == '/') return fs::path(xdg) / "thalweg";
  if (const char* home = std::getenv("HOME"); home && *home) return fs::path(home) / ".config" / "thalweg";
  return {};
}

fs::path last_scene_file() {
  const fs::path folder = config_folder();
  return folder.empty() ? folder : folder / "scene.json";
}

std::optional<Error> write_file(const fs::path& given, const std::string& text) {
  std::error_code code;
  // A link stays a link: what it points to is replaced. A link to nowhere is replaced itself.
  const bool link = fs::is_symlink(given, code);
  const fs::path target = link ? fs::canonical(given, code) : given;
  const fs::path& path = link && code ? given : target;
  const auto failed = [&](int number) {
    return Error{ErrorCode::kIo, std::string("can't be written: ") + std::strerror(number), path.string()};
  };
  // A rename would put a file in the place of a device.
  if (const fs::file_status status = fs::status(path, code); fs::exists(status) && !fs::is_regular_file(status))
    return Error{ErrorCode::kIo, "can't be written: is not a plain file", path.string()};
  code.clear();
  if (path.has_parent_path()) fs::create_directories(path.parent_path(), code);
  if (code) return failed(code.value());
  const fs::path part = path.string() + ".part-" + std::to_string(::getpid());
  const int file = ::open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0) return failed(errno);
  std::size_t done = 0;
  int problem = 0;
  while (done < text.size() && problem == 0) {
    const ssize_t wrote = ::write(file, text.data() + done, text.size() - done);
    if (wrote >= 0) {
      done += static_cast<std::size_t>(wrote);
    } else if (errno != EINTR) {
      problem = errno;
    }
  }
  if (problem == 0 && ::fsync(file) != 0) problem = errno;
  if (::close(file) != 0 && problem == 0) problem = errno;
  if (problem == 0 && ::rename(part.c_str(), path.c_str()) != 0) problem = errno;
  if (problem == 0) return std::nullopt;
  ::unlink(part.c_str());
  return failed(problem);
}

Result<std::string> read_file(const fs::path& path, std::size_t most) {
  std::error_code code;
  const fs::file_status status = fs::status(path, code);
  if (status.type() == fs::file_type::none || status.type() == fs::file_type::unknown)
    return Error{ErrorCode::kIo, "can't be read: " + code.message(), path.string()};
  if (!fs::exists(status)) return Error{ErrorCode::kNotFound, "does not exist", path.string()};
  if (!fs::is_regular_file(status)) return Error{ErrorCode::kBadInput, "is not a plain file", path.string()};
  std::ifstream in(path, std::ios::binary);
  if (!in) return Error{ErrorCode::kIo, "can't be read", path.string()};
  std::string text(most + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > most)
    return bad_input("is larger than " + std::to_string(most / (1024 * 1024)) + " MiB", path.string());
  return text;
}

Result<Scene> read_scene(const fs::path& path) {
  auto text = read_file(path, kLargestScene);
  if (!text) return text.error();
  auto scene = scene_from_json(*text);
  if (scene) return scene;
  Error error = scene.error();
  error.context = path.filename().string() + (error.context.empty() ? "" : ": " + error.context);
  return error;
}

}  // namespace thalweg
