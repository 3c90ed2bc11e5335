#include "core/data/input_file.hpp"

#include <sys/stat.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

namespace thalweg {
namespace {

/// Deflate cannot do better than 258 bytes in two bits.
constexpr std::uint64_t kMostPerCompressedByte = 1032;
/// Memory follows what is really there in steps of this at first, then doubling.
constexpr std::uint64_t kFirstStep = std::uint64_t{64} << 20;

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

}  // namespace

struct InputFile::State {
  std::string name;
  std::unique_ptr<std::FILE, CloseFile> file;
  std::uint64_t size = 0;      ///< on the disk
  std::uint64_t position = 0;  ///< in what is inside
  bool zipped = false;
  bool between_members = false;  ///< the last gzip member is complete; another may follow
  z_stream zip{};
  std::array<std::uint8_t, 1 << 16> buffer{};
  std::uint64_t taken = 0;  ///< compressed bytes that have left the buffer's file

  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    if (zipped) inflateEnd(&zip);
  }

  Error failure(std::uint64_t byte, std::string_view message, ErrorCode code) const {
    return {code, "byte " + std::to_string(byte) + ": " + std::string(message), name};
  }

  Result<std::size_t> read_plain(std::span<std::uint8_t> out) const {
    errno = 0;
    const std::size_t got = std::fread(out.data(), 1, out.size(), file.get());
    if (got < out.size() && std::ferror(file.get()) != 0)
      return failure(position + got, "cannot be read: " + std::string(std::strerror(errno)), ErrorCode::kIo);
    return got;
  }

  /// More compressed bytes into the buffer; false at the end of the file.
  Result<bool> refill() {
    const auto got = read_plain(buffer);
    if (!got) return got.error();
    taken += *got;
    zip.next_in = buffer.data();
    zip.avail_in = static_cast<uInt>(*got);
    return *got > 0;
  }

  Error corrupt(std::string_view what) const {
    return failure(taken - zip.avail_in, "the gzip data are corrupt: " + std::string(what),
                   ErrorCode::kBadInput);
  }

  Result<std::size_t> read_zipped(std::span<std::uint8_t> out) {
    zip.next_out = out.data();
    std::size_t left = out.size();
    while (left > 0) {
      if (zip.avail_in == 0) {
        const auto more = refill();
        if (!more) return more.error();
        if (!*more && between_members) break;
        if (!*more) return corrupt("they end too early");
      }
      if (between_members) {
        if (inflateReset(&zip) != Z_OK) return corrupt("they cannot be read on");
        between_members = false;
      }
      // avail_out has 32 bits.
      const auto room = static_cast<uInt>(std::min<std::size_t>(left, std::size_t{1} << 30));
      zip.avail_out = room;
      const int code = inflate(&zip, Z_NO_FLUSH);
      left -= room - zip.avail_out;
      if (code == Z_STREAM_END) {
        between_members = true;
      } else if (code != Z_OK && code != Z_BUF_ERROR) {
        return corrupt(zip.msg != nullptr ? zip.msg : "a wrong code");
      }
    }
    return out.size() - left;
  }
};

InputFile::InputFile(std::unique_ptr<State> state) : state_(std::move(state)) {}
InputFile::InputFile(InputFile&&) noexcept = default;
InputFile& InputFile::operator=(InputFile&&) noexcept = default;
InputFile::~InputFile() = default;

Result<InputFile> InputFile::open(const std::filesystem::path& path) {
  auto state = std::make_unique<State>();
  state->name = path.string();
  const auto refused = [&](ErrorCode code, std::string message) -> Result<InputFile> {
    return Error{code, std::move(message), path.string()};
  };
  // Asked before it is opened: opening a pipe would wait for its writer.
  std::error_code code;
  const auto status = std::filesystem::status(path, code);
  if (status.type() == std::filesystem::file_type::not_found)
    return refused(ErrorCode::kNotFound, "there is no such file");
  if (code) return refused(ErrorCode::kIo, "cannot be opened: " + code.message());
  if (std::filesystem::is_directory(status)) return refused(ErrorCode::kBadInput, "is a folder, not a file");
  if (!std::filesystem::is_regular_file(status))
    return refused(ErrorCode::kBadInput, "is not a regular file");

  errno = 0;
  state->file.reset(std::fopen(path.c_str(), "rb"));
  struct stat info {};
  if (!state->file || fstat(fileno(state->file.get()), &info) != 0)
    return refused(ErrorCode::kIo, "cannot be opened: " + std::string(std::strerror(errno)));
  state->size = static_cast<std::uint64_t>(info.st_size);

  std::array<std::uint8_t, 2> magic{};
  const auto got = state->read_plain(magic);
  if (!got) return got.error();
  std::rewind(state->file.get());
  if (*got == 2 && magic[0] == 0x1f && magic[1] == 0x8b) {
    constexpr int kGzipOnly = 16 + MAX_WBITS;
    if (inflateInit2(&state->zip, kGzipOnly) != Z_OK)
      return refused(ErrorCode::kInternal, "cannot be unzipped: out of memory");
    state->zipped = true;
  }
  return InputFile(std::move(state));
}

Result<std::size_t> InputFile::read(std::span<std::uint8_t> out) {
  auto got = state_->zipped ? state_->read_zipped(out) : state_->read_plain(out);
  if (got) state_->position += *got;
  return got;
}

Result<std::vector<std::uint8_t>> InputFile::read_bytes(std::uint64_t count) {
  const std::uint64_t begin = position();
  if (!state_->zipped && state_->size - std::min(begin, state_->size) < count)
    return too_short(begin, count, state_->size - std::min(begin, state_->size));
  if (state_->zipped && count / kMostPerCompressedByte > state_->size)
    return error(begin, std::to_string(count) + " bytes expected, which " + std::to_string(state_->size) +
                            " bytes of gzip data cannot hold");
  std::vector<std::uint8_t> bytes;
  if (!state_->zipped) bytes.reserve(count);
  while (bytes.size() < count) {
    const std::size_t had = bytes.size();
    bytes.resize(std::min(count, std::max<std::uint64_t>(kFirstStep, 2 * had)));
    const auto got = read(std::span(bytes).subspan(had));
    if (!got) return got.error();
    if (had + *got < bytes.size()) return too_short(begin, count, had + *got);
  }
  return bytes;
}

std::optional<Error> InputFile::expect_end() {
  const std::uint64_t end = position();
  std::array<std::uint8_t, 1> extra{};
  const auto got = read(extra);
  if (!got) return got.error();
  if (*got > 0) return error(end, "the file should end here, but goes on");
  return std::nullopt;
}

std::uint64_t InputFile::position() const { return state_->position; }
std::string InputFile::name() const { return state_->name; }

Error InputFile::error(std::uint64_t byte, std::string_view message, ErrorCode code) const {
  return state_->failure(byte, message, code);
}

Error InputFile::too_short(std::uint64_t byte, std::uint64_t expected, std::uint64_t found) const {
  return error(byte,
               std::to_string(expected) + " bytes expected, the file ends after " + std::to_string(found));
}

}  // namespace thalweg
