// SQLite behind a few classes that clean up after themselves. For the files of core/store alone: nobody
// else sees sqlite3. Failures are thrown as Failure and become a Result at the store's own interface.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/spec/result.hpp"

namespace thalweg::store {

/// What SQLite said, with its result code.
struct Failure {
  int code = 0;  ///< SQLITE_BUSY, SQLITE_FULL...
  Error error;
};

/// Whether the same work may succeed later: another program holds the file, the disk is full...
bool passes(int code);

class Database;

/// A statement being bound and stepped. One of the database's own (`kept`) is reset at the end, others go.
class Query {
 public:
  Query(sqlite3_stmt* statement, Database& database, bool kept)
      : statement_(statement), database_(database), kept_(kept) {}
  ~Query();
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

  Query& bind(std::int64_t value);
  Query& bind(int value) { return bind(std::int64_t{value}); }
  Query& bind(double value);  ///< NaN is stored as NULL: SQL has no NaN
  Query& bind(std::string_view text);
  Query& bind(const char* text) { return bind(std::string_view(text)); }
  Query& bind(const std::string& text) { return bind(std::string_view(text)); }
  Query& bind(const std::vector<std::uint8_t>& bytes);
  Query& bind_null();
  template <class T>
  Query& bind(const std::optional<T>& value) {
    return value ? bind(*value) : bind_null();
  }

  /// True while there is a row. The texts that were bound must live as long as this is called.
  bool step();
  /// Runs a statement that gives no rows.
  void run() {
    while (step()) {
    }
  }

  bool is_null(int column) const;
  std::int64_t integer(int column) const;
  double real(int column) const;  ///< NaN for NULL
  std::string text(int column) const;
  std::vector<std::uint8_t> bytes(int column) const;
  std::optional<std::int64_t> maybe_integer(int column) const {
    return is_null(column) ? std::nullopt : std::optional(integer(column));
  }

 private:
  sqlite3_stmt* statement_;
  Database& database_;
  bool kept_;
  int bound_ = 0;
};

/// One connection. One thread at a time.
class Database {
 public:
  /// @param flags  SQLITE_OPEN_...
  Database(const std::filesystem::path& file, int flags, bool immutable = false);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  void execute(const char* sql);
  /// `sql` must be a literal or come from a fixed set: compiled statements are kept by their text.
  Query query(std::string_view sql);
  /// For a statement whose text is made while the program runs. Values are bound, never part of it.
  Query query_once(const std::string& sql);
  std::int64_t number(std::string_view sql);  ///< first column of the first row
  std::int64_t last_id() const { return sqlite3_last_insert_rowid(handle_); }
  int changes() const { return sqlite3_changes(handle_); }
  bool in_transaction() const { return sqlite3_get_autocommit(handle_) == 0; }
  bool read_only() const { return sqlite3_db_readonly(handle_, "main") == 1; }

  /// What went wrong last, naming the file and what to do about it.
  Failure failure(int code) const;
  [[noreturn]] void fail(int code) const { throw failure(code); }

  sqlite3* handle() const { return handle_; }
  const std::filesystem::path& file() const { return file_; }

 private:
  std::filesystem::path file_;
  sqlite3* handle_ = nullptr;
  std::unordered_map<std::string, sqlite3_stmt*> statements_;
};

/// Everything up to commit() happens, or nothing. May stand inside another one.
class Transaction {
 public:
  enum class Kind {
    kWrite,  ///< takes the write lock at once: to get it later could fail with work half done
    kRead,   ///< sees the file as it is at one moment
  };
  explicit Transaction(Database& database, Kind kind = Kind::kWrite);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit();

 private:
  Database& database_;
  bool outermost_;
  bool open_ = true;
};

}  // namespace thalweg::store
