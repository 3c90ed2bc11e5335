#include "core/data/idx.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "core/data/input_file.hpp"

namespace thalweg {
namespace {

constexpr std::uint32_t kImages = 0x0803;  ///< unsigned bytes, three dimensions
constexpr std::uint32_t kLabels = 0x0801;  ///< unsigned bytes, one dimension
/// More pixels in one image than any network here could take as inputs.
constexpr std::uint64_t kMostPixels = std::uint64_t{1} << 24;

std::string hex(std::uint32_t value) {
  constexpr const char* kDigits = "0123456789abcdef";
  std::string out = "0x";
  for (int shift = 28; shift >= 0; shift -= 4) out += kDigits[(value >> shift) & 15U];
  return out;
}

/// The sizes after the magic number, which must be `magic`.
template <std::size_t dimensions>
Result<std::array<std::uint32_t, dimensions>> read_header(InputFile& file, std::uint32_t magic,
                                                          const char* what) {
  std::array<std::uint8_t, 4 * (dimensions + 1)> bytes{};
  const auto got = file.read(bytes);
  if (!got) return got.error();
  const auto word = [&](std::size_t index) {
    const std::uint8_t* at = bytes.data() + 4 * index;
    return std::uint32_t{at[0]} << 24 | std::uint32_t{at[1]} << 16 | std::uint32_t{at[2]} << 8 | at[3];
  };
  if (*got >= 4 && word(0) != magic)
    return file.error(0, hex(word(0)) + " is not the magic number of " + what + " (" + hex(magic) + ")");
  if (*got < bytes.size()) return file.too_short(0, bytes.size(), *got);
  std::array<std::uint32_t, dimensions> sizes{};
  for (std::size_t i = 0; i < dimensions; ++i) sizes[i] = word(i + 1);
  return sizes;
}

}  // namespace

Result<IdxImages> read_idx_images(const std::filesystem::path& path) {
  auto file = InputFile::open(path);
  if (!file) return file.error();
  const auto header = read_header<3>(*file, kImages, "IDX images");
  if (!header) return header.error();
  const auto [count, rows, columns] = *header;
  if (count == 0) return file->error(4, "there are no images");
  if (rows == 0 || columns == 0) return file->error(rows == 0 ? 8 : 12, "the images have no pixels");
  const std::uint64_t pixels = std::uint64_t{rows} * columns;
  if (pixels > kMostPixels)
    return file->error(8, "images of " + std::to_string(rows) + " x " + std::to_string(columns) +
                              " pixels are too large (at most " + std::to_string(kMostPixels) + " pixels)");
  // Below 2⁵⁶: cannot overflow.
  auto bytes = file->read_bytes(count * pixels);
  if (!bytes) return bytes.error();
  if (auto error = file->expect_end()) return *error;
  return IdxImages{count, static_cast<int>(rows), static_cast<int>(columns), std::move(*bytes)};
}

Result<std::vector<std::uint8_t>> read_idx_labels(const std::filesystem::path& path, std::int64_t count,
                                                  int classes) {
  auto file = InputFile::open(path);
  if (!file) return file.error();
  const auto header = read_header<1>(*file, kLabels, "IDX labels");
  if (!header) return header.error();
  if ((*header)[0] != count)
    return file->error(4, std::to_string((*header)[0]) + " labels for " + std::to_string(count) + " images");
  const std::uint64_t begin = file->position();
  auto labels = file->read_bytes((*header)[0]);
  if (!labels) return labels.error();
  if (auto error = file->expect_end()) return *error;
  const auto wrong =
      std::find_if(labels->begin(), labels->end(), [&](int label) { return label >= classes; });
  if (wrong != labels->end())
    return file->error(
        begin + static_cast<std::uint64_t>(wrong - labels->begin()),
        "label " + std::to_string(*wrong) + " is out of range (0 to " + std::to_string(classes - 1) + ")");
  return labels;
}

}  // namespace thalweg
