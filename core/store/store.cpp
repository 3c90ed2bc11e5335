// Opening a file of runs.
#include "core/store/store.hpp"

#include <cstdlib>
#include <system_error>

#include "core/store/schema.hpp"
#include "core/store/store_parts.hpp"

namespace thalweg::store {
namespace {

namespace fs = std::filesystem;

std::unique_ptr<Database> open_for_writing(const fs::path& file) {
  std::error_code code;
  if (file.has_parent_path()) fs::create_directories(file.parent_path(), code);
  if (fs::exists(file, code) && !fs::is_regular_file(file, code))
    throw bad_input("is not a plain file; choose another with --db FILE", file.string());
  auto database = std::make_unique<Database>(file, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  // Looked at before anything is changed: it may be somebody else's.
  prepare_schema(*database, true);
  if (database->read_only()) database->fail(SQLITE_READONLY);
  database->execute("PRAGMA journal_mode = WAL");
  // With a WAL this loses nothing when the program dies, and never the file's soundness.
  database->execute("PRAGMA synchronous = NORMAL");
  database->execute("PRAGMA foreign_keys = ON");
  database->execute("PRAGMA journal_size_limit = 67108864");
  // Pages that many transactions touch are copied to the file less often.
  database->execute("PRAGMA wal_autocheckpoint = 4000");
  database->execute("PRAGMA cache_size = -32000");
  return database;
}

std::unique_ptr<Database> open_for_reading(const fs::path& file) {
  std::error_code code;
  if (!fs::exists(file, code)) throw Error{ErrorCode::kNotFound, "does not exist", file.string()};
  if (!fs::is_regular_file(file, code))
    throw bad_input("is not a plain file; choose another with --db FILE", file.string());
  try {
    auto database = std::make_unique<Database>(file, SQLITE_OPEN_READONLY);
    prepare_schema(*database, false);
    return database;
  } catch (const Failure& failure) {
    const int code_alone = failure.code & 0xff;
    const fs::path log = file.string() + "-wal";
    const bool complete = !fs::exists(log, code) || fs::file_size(log, code) == 0;
    // In a folder where nothing may be written SQLite can't share the file; alone it can.
    if ((code_alone != SQLITE_CANTOPEN && code_alone != SQLITE_READONLY) || !complete) throw;
    auto database = std::make_unique<Database>(file, SQLITE_OPEN_READONLY, true);
    prepare_schema(*database, false);
    return database;
  }
}

}  // namespace

void check_text(const char* what, std::string_view text, std::size_t most, bool lines) {
  if (text.size() > most) throw bad_input("is longer than " + std::to_string(most) + " characters", what);
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = [&](std::size_t at) {
      return at < text.size() ? static_cast<unsigned char>(text[at]) : 0U;
    };
    const unsigned first = byte(i);
    if ((first < 0x20 && !(lines && (first == '\n' || first == '\t'))) || first == 0x7f)
      throw bad_input("has a control character in it", what);
    const std::size_t length = first < 0x80                    ? 1
                               : first >= 0xC2 && first < 0xE0 ? 2
                               : first >= 0xE0 && first < 0xF0 ? 3
                               : first >= 0xF0 && first < 0xF5 ? 4
                                                               : 0;
    bool good = length > 0;
    for (std::size_t k = 1; good && k < length; ++k) good = (byte(i + k) & 0xC0U) == 0x80;
    if (!good) throw bad_input("is not UTF-8", what);
    i += length;
  }
}

Store::Store(std::unique_ptr<Database> database)
    : database_(std::move(database)), cache_(std::make_unique<Cache>()) {
  if (const int code = register_point_batch(database_->handle(), &cache_->batch)) database_->fail(code);
  if (const int code = register_point_sink(database_->handle(), &cache_->sink)) database_->fail(code);
}

Store::~Store() { database_.reset(); }

const fs::path& Store::file() const { return database_->file(); }

void Store::set_patience(std::chrono::milliseconds patience) {
  sqlite3_busy_timeout(database_->handle(), static_cast<int>(patience.count()));
}

bool Store::last_error_passes() const { return last_error_passes_; }

std::variant<std::unique_ptr<Store>, StoreError> Store::try_open(const fs::path& file, Access access) {
  try {
    if (file.empty()) throw bad_input("there is no folder to keep runs in; choose a file with --db FILE");
    return std::unique_ptr<Store>(
        new Store(access == Access::kWrite ? open_for_writing(file) : open_for_reading(file)));
  } catch (const Failure& failure) {
    return StoreError{failure.error, passes(failure.code)};
  } catch (const Error& error) {
    return StoreError{error, false};
  } catch (const std::exception& exception) {
    return StoreError{{ErrorCode::kIo, exception.what(), file.string()}, false};
  }
}

Result<std::unique_ptr<Store>> Store::open(const fs::path& file, Access access) {
  auto out = try_open(file, access);
  if (auto* const error = std::get_if<StoreError>(&out)) return error->error;
  return std::move(std::get<std::unique_ptr<Store>>(out));
}

fs::path default_file() {
  const auto set = [](const char* name) -> const char* {
    const char* const value = std::getenv(name);
    return value && *value ? value : nullptr;
  };
  if (const char* file = set("THALWEG_DB")) return file;
  if (const char* xdg = set("XDG_DATA_HOME"); xdg && *xdg == '/')
    return fs::path(xdg) / "thalweg" / "runs.sqlite";
  if (const char* home = set("HOME")) return fs::path(home) / ".local" / "share" / "thalweg" / "runs.sqlite";
  return {};
}

}  // namespace thalweg::store
