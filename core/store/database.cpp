#include "core/store/database.hpp"

#include <cmath>
#include <limits>

namespace thalweg::store {
namespace {

constexpr int kBusyMs = 2000;

std::string uri(const std::filesystem::path& file, bool immutable) {
  std::string out = "file:";
  for (const char c : file.string()) {
    if (c == '%' || c == '?' || c == '#') {
      static constexpr char kHex[] = "0123456789abcdef";
      const auto byte = static_cast<unsigned char>(c);
      out += {'%', kHex[byte >> 4], kHex[byte & 15]};
    } else {
      out += c;
    }
  }
  return out + (immutable ? "?immutable=1" : "");
}

Error explained(int code, const std::string& file, const std::string& said) {
  const auto io = [&](std::string message) { return Error{ErrorCode::kIo, std::move(message), file}; };
  if (code == SQLITE_CONSTRAINT_FOREIGNKEY) return {ErrorCode::kNotFound, "has no such run any more", file};
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return io("is locked by another program; end that one or wait");
    case SQLITE_FULL:
      return io("can't be written: the disk is full; free some space");
    case SQLITE_READONLY:
      return io(
          "can't be written: it or its folder is read-only; change that, or choose another with --db FILE");
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
      return io("can't be opened; make its folder writable, or choose another with --db FILE");
    case SQLITE_NOTADB:
      return bad_input("is not a database of runs; choose another with --db FILE", file);
    case SQLITE_CORRUPT:
      return io("is damaged; move it away and import the runs again, or try 'sqlite3 FILE .recover'");
    case SQLITE_IOERR:
      return io("can't be read or written (" + said + "); check the disk");
    case SQLITE_NOMEM:
      return io("needs more memory than there is");
    case SQLITE_TOOBIG:
      return bad_input("one value is too large to be stored", file);
    default:
      return {ErrorCode::kInternal, "is not as this program made it (" + said + ")", file};
  }
}

}  // namespace

bool passes(int code) {
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_FULL:
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_IOERR:
    case SQLITE_NOMEM:
    case SQLITE_PROTOCOL:
      return true;
    default:
      return false;
  }
}

Query::~Query() {
  if (!kept_) {
    sqlite3_finalize(statement_);
    return;
  }
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

Query& Query::bind(std::int64_t value) {
  if (const int code = sqlite3_bind_int64(statement_, ++bound_, value)) database_.fail(code);
  return *this;
}

Query& Query::bind(double value) {
  if (const int code = sqlite3_bind_double(statement_, ++bound_, value)) database_.fail(code);
  return *this;
}

Query& Query::bind(std::string_view text) {
  // A null pointer would be NULL, which an empty text is not.
  const char* const data = text.data() ? text.data() : "";
  if (const int code =
          sqlite3_bind_text64(statement_, ++bound_, data, text.size(), SQLITE_STATIC, SQLITE_UTF8))
    database_.fail(code);
  return *this;
}

Query& Query::bind(const std::vector<std::uint8_t>& bytes) {
  const int code = bytes.empty()
                       ? sqlite3_bind_zeroblob(statement_, ++bound_, 0)
                       : sqlite3_bind_blob64(statement_, ++bound_, bytes.data(), bytes.size(), SQLITE_STATIC);
  if (code) database_.fail(code);
  return *this;
}

Query& Query::bind_null() {
  if (const int code = sqlite3_bind_null(statement_, ++bound_)) database_.fail(code);
  return *this;
}

bool Query::step() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  database_.fail(code);
}

bool Query::is_null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }

std::int64_t Query::integer(int column) const { return sqlite3_column_int64(statement_, column); }

double Query::real(int column) const {
  return is_null(column) ? std::numeric_limits<double>::quiet_NaN()
                         : sqlite3_column_double(statement_, column);
}

std::string Query::text(int column) const {
  const unsigned char* const text = sqlite3_column_text(statement_, column);
  if (!text) return {};
  return {reinterpret_cast<const char*>(text),
          static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

std::vector<std::uint8_t> Query::bytes(int column) const {
  const auto* const data = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement_, column));
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
  return data ? std::vector<std::uint8_t>(data, data + size) : std::vector<std::uint8_t>();
}

Database::Database(const std::filesystem::path& file, int flags, bool immutable) : file_(file) {
  const int code =
      sqlite3_open_v2(uri(file, immutable).c_str(), &handle_,
                      flags | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
  if (code != SQLITE_OK) {
    Failure failure = this->failure(code);
    sqlite3_close(handle_);
    throw failure;
  }
  sqlite3_busy_timeout(handle_, kBusyMs);
  // A file may come from a stranger: what its schema holds is not run.
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_ENABLE_VIEW, 0, nullptr);
}

Database::~Database() {
  for (const auto& [sql, statement] : statements_) sqlite3_finalize(statement);
  sqlite3_close(handle_);
}

void Database::execute(const char* sql) {
  if (const int code = sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr)) fail(code);
}

Query Database::query(std::string_view sql) {
  std::string key(sql);
  auto found = statements_.find(key);
  if (found == statements_.end()) {
    sqlite3_stmt* statement = nullptr;
    if (const int code = sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()),
                                            SQLITE_PREPARE_PERSISTENT, &statement, nullptr))
      fail(code);
    found = statements_.emplace(std::move(key), statement).first;
  }
  return {found->second, *this, true};
}

Query Database::query_once(const std::string& sql) {
  sqlite3_stmt* statement = nullptr;
  if (const int code =
          sqlite3_prepare_v2(handle_, sql.data(), static_cast<int>(sql.size()), &statement, nullptr))
    fail(code);
  return {statement, *this, false};
}

std::int64_t Database::number(std::string_view sql) {
  Query query = this->query(sql);
  return query.step() ? query.integer(0) : 0;
}

Failure Database::failure(int code) const {
  const std::string said = handle_ ? sqlite3_errmsg(handle_) : sqlite3_errstr(code);
  return {code, explained(code, file_.string(), said)};
}

Transaction::Transaction(Database& database, Kind kind)
    : database_(database), outermost_(!database.in_transaction()) {
  if (!outermost_)
    database_.execute("SAVEPOINT inner");
  else
    database_.execute(kind == Kind::kWrite ? "BEGIN IMMEDIATE" : "BEGIN");
}

Transaction::~Transaction() {
  // A full disk may have ended it already.
  if (!open_ || !database_.in_transaction()) return;
  sqlite3_exec(database_.handle(), outermost_ ? "ROLLBACK" : "ROLLBACK TO inner; RELEASE inner", nullptr,
               nullptr, nullptr);
}

void Transaction::commit() {
  database_.execute(outermost_ ? "COMMIT" : "RELEASE inner");
  open_ = false;
}

}  // namespace thalweg::store
