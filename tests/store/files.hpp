// A folder that goes away, a store in it, and a look into its file that knows nothing of core/store.
#pragma once

#include <sqlite3.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/store/store.hpp"

namespace thalweg::store::test {

class Scratch {
 public:
  Scratch() {
    std::string pattern = (std::filesystem::temp_directory_path() / "thalweg-store-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no scratch folder");
    folder_ = pattern;
  }
  ~Scratch() {
    std::error_code code;
    std::filesystem::remove_all(folder_, code);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  const std::filesystem::path& folder() const { return folder_; }
  std::filesystem::path operator/(const std::string& name) const { return folder_ / name; }

 private:
  std::filesystem::path folder_;
};

template <class T>
T need(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().text());
  return std::move(*result);
}
inline void need(const std::optional<Error>& error) {
  if (error) throw std::runtime_error(error->text());
}

inline std::unique_ptr<Store> open(const std::filesystem::path& file, Access access = Access::kWrite) {
  return need(Store::open(file, access));
}

/// Runs SQL on a file as another program would; the rows as texts, "NULL" for NULL.
inline std::vector<std::vector<std::string>> sql(const std::filesystem::path& file, const std::string& text) {
  sqlite3* database = nullptr;
  std::vector<std::vector<std::string>> rows;
  if (sqlite3_open(file.c_str(), &database) != SQLITE_OK) throw std::runtime_error("can't open");
  const auto take = [](void* out, int count, char** values, char**) {
    auto& row = static_cast<std::vector<std::vector<std::string>>*>(out)->emplace_back();
    for (int i = 0; i < count; ++i) row.emplace_back(values[i] ? values[i] : "NULL");
    return 0;
  };
  char* said = nullptr;
  sqlite3_busy_timeout(database, 5000);
  const int code = sqlite3_exec(database, text.c_str(), take, &rows, &said);
  const std::string message = said ? said : "";
  sqlite3_free(said);
  sqlite3_close(database);
  if (code != SQLITE_OK) throw std::runtime_error(message);
  return rows;
}

inline void write_text(const std::filesystem::path& file, const std::string& text) {
  std::ofstream out(file, std::ios::binary);
  out << text;
  if (!out.flush()) throw std::runtime_error("cannot write " + file.string());
}

inline std::string read_text(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

}  // namespace thalweg::store::test
