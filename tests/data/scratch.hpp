// Files for the tests of the readers: a folder that goes away, and writers of the formats that know
// nothing of the code under test.
#pragma once

#include <unistd.h>
#include <zlib.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/data/dataset.hpp"

namespace thalweg::test {

using Bytes = std::vector<std::uint8_t>;

class Scratch {
 public:
  Scratch() {
    std::string pattern = (std::filesystem::temp_directory_path() / "thalweg-data-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no scratch folder");
    folder_ = pattern;
  }
  ~Scratch() { std::filesystem::remove_all(folder_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  std::filesystem::path operator/(const std::string& name) const { return folder_ / name; }
  const std::filesystem::path& folder() const { return folder_; }

  std::filesystem::path write(const std::string& name, const Bytes& bytes) const {
    const auto path = folder_ / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream file(path, std::ios::binary);
    file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    if (!file.flush()) throw std::runtime_error("cannot write " + path.string());
    return path;
  }

 private:
  std::filesystem::path folder_;
};

inline void put_word(Bytes& out, std::uint32_t word) {
  for (const int shift : {24, 16, 8, 0}) out.push_back(static_cast<std::uint8_t>(word >> shift));
}

inline Bytes idx(std::uint32_t magic, const std::vector<std::uint32_t>& sizes, const Bytes& content) {
  Bytes out;
  put_word(out, magic);
  for (const std::uint32_t size : sizes) put_word(out, size);
  out.insert(out.end(), content.begin(), content.end());
  return out;
}

/// Pixels that are all different from their neighbours.
inline Bytes pattern(std::size_t count) {
  Bytes out(count);
  for (std::size_t i = 0; i < count; ++i) out[i] = static_cast<std::uint8_t>(7 * i + i / 251);
  return out;
}

inline Bytes gzipped(const Bytes& bytes) {
  z_stream zip{};
  if (deflateInit2(&zip, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK)
    throw std::runtime_error("deflateInit2");
  Bytes out(deflateBound(&zip, bytes.size()) + 64);
  zip.next_in = const_cast<std::uint8_t*>(bytes.data());
  zip.avail_in = static_cast<uInt>(bytes.size());
  zip.next_out = out.data();
  zip.avail_out = static_cast<uInt>(out.size());
  if (deflate(&zip, Z_FINISH) != Z_STREAM_END) throw std::runtime_error("deflate");
  out.resize(zip.total_out);
  deflateEnd(&zip);
  return out;
}

inline Result<std::shared_ptr<const Dataset>> try_load(const std::string& text,
                                                       const std::string& folder = {}) {
  const auto spec = parse_spec(text, dataset_family());
  if (!spec) return spec.error();
  return find_dataset(spec->id)->load(*spec, folder);
}

inline std::shared_ptr<const Dataset> load(const std::string& text, const std::string& folder = {}) {
  auto data = try_load(text, folder);
  if (!data) throw std::runtime_error(data.error().text());
  return *data;
}

}  // namespace thalweg::test
