// A file of samples, read from front to back, plain or gzipped; which of the two is told from its first
// bytes, not from its name. Nothing is believed that the file's size contradicts, and every error says
// file and byte (of what is inside, if it is gzipped). One thread at a time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/spec/result.hpp"

namespace thalweg {

class InputFile {
 public:
  /// Refuses what is not a regular file.
  static Result<InputFile> open(const std::filesystem::path& path);
  InputFile(InputFile&&) noexcept;
  InputFile& operator=(InputFile&&) noexcept;
  ~InputFile();

  /// Fills `out`, or as much of it as the file still holds; returns how much that was.
  Result<std::size_t> read(std::span<std::uint8_t> out);

  /// Exactly `count` bytes. Refused before memory is taken if the file is too small to hold them.
  Result<std::vector<std::uint8_t>> read_bytes(std::uint64_t count);

  /// An error if anything is left.
  std::optional<Error> expect_end();

  std::uint64_t position() const;  ///< bytes read so far
  std::string name() const;        ///< the path, as it was given

  /// "NAME: byte N: MESSAGE".
  Error error(std::uint64_t byte, std::string_view message, ErrorCode code = ErrorCode::kBadInput) const;
  /// "NAME: byte N: EXPECTED bytes expected, the file ends after FOUND".
  Error too_short(std::uint64_t byte, std::uint64_t expected, std::uint64_t found) const;

 private:
  struct State;
  explicit InputFile(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace thalweg
