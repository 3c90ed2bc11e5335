#include "core/store/batch_table.hpp"

#include <sqlite3.h>

#include <limits>
#include <new>

namespace thalweg::store {
namespace {

struct BatchTable : sqlite3_vtab {
  const PointBatch* source = nullptr;
};

struct BatchCursor : sqlite3_vtab_cursor {
  std::size_t row = 0;
};

const PointBatch& source(sqlite3_vtab_cursor* cursor) {
  return *static_cast<BatchTable*>(cursor->pVtab)->source;
}

int connect(sqlite3* handle, void* batch, int, const char* const*, sqlite3_vtab** out, char**) {
  const int code = sqlite3_declare_vtab(handle, "CREATE TABLE x(series INTEGER, step INTEGER, value REAL)");
  if (code != SQLITE_OK) return code;
  auto* const table = new (std::nothrow) BatchTable();
  if (!table) return SQLITE_NOMEM;
  table->source = static_cast<const PointBatch*>(batch);
  *out = table;
  return SQLITE_OK;
}

int disconnect(sqlite3_vtab* table) {
  delete static_cast<BatchTable*>(table);
  return SQLITE_OK;
}

int best_index(sqlite3_vtab*, sqlite3_index_info* info) {
  info->estimatedCost = 1e6;
  return SQLITE_OK;
}

int open(sqlite3_vtab*, sqlite3_vtab_cursor** out) {
  *out = new (std::nothrow) BatchCursor();
  return *out ? SQLITE_OK : SQLITE_NOMEM;
}

int close(sqlite3_vtab_cursor* cursor) {
  delete static_cast<BatchCursor*>(cursor);
  return SQLITE_OK;
}

int filter(sqlite3_vtab_cursor* cursor, int, const char*, int, sqlite3_value**) {
  static_cast<BatchCursor*>(cursor)->row = 0;
  return SQLITE_OK;
}

int next(sqlite3_vtab_cursor* cursor) {
  ++static_cast<BatchCursor*>(cursor)->row;
  return SQLITE_OK;
}

int at_end(sqlite3_vtab_cursor* cursor) {
  return static_cast<BatchCursor*>(cursor)->row >= source(cursor).steps.size();
}

int column(sqlite3_vtab_cursor* cursor, sqlite3_context* context, int index) {
  const PointBatch& batch = source(cursor);
  const std::size_t row = static_cast<BatchCursor*>(cursor)->row;
  if (index == 0) sqlite3_result_int64(context, batch.series);
  if (index == 1) sqlite3_result_int64(context, batch.steps[row]);
  if (index == 2) sqlite3_result_double(context, batch.values[row]);
  return SQLITE_OK;
}

int rowid(sqlite3_vtab_cursor* cursor, sqlite3_int64* out) {
  *out = static_cast<sqlite3_int64>(static_cast<BatchCursor*>(cursor)->row);
  return SQLITE_OK;
}

sqlite3_module make_module() {
  sqlite3_module module{};
  module.iVersion = 1;
  // No xCreate: the table is there by its name alone and can't be made in a file.
  module.xConnect = connect;
  module.xBestIndex = best_index;
  module.xDisconnect = disconnect;
  module.xOpen = open;
  module.xClose = close;
  module.xFilter = filter;
  module.xNext = next;
  module.xEof = at_end;
  module.xColumn = column;
  module.xRowid = rowid;
  return module;
}

/// Exceptions must not pass through SQLite's own frames.
void collect(sqlite3_context* context, int, sqlite3_value** values) {
  auto& sink = *static_cast<PointSink*>(sqlite3_user_data(context));
  try {
    sink.steps.push_back(sqlite3_value_int64(values[0]));
    sink.values.push_back(sqlite3_value_type(values[1]) == SQLITE_NULL
                              ? std::numeric_limits<double>::quiet_NaN()
                              : sqlite3_value_double(values[1]));
  } catch (const std::bad_alloc&) {
    sqlite3_result_error_nomem(context);
  }
}

void collected(sqlite3_context* context) {
  const auto& sink = *static_cast<PointSink*>(sqlite3_user_data(context));
  sqlite3_result_int64(context, static_cast<sqlite3_int64>(sink.steps.size()));
}

}  // namespace

int register_point_sink(sqlite3* handle, PointSink* sink) {
  return sqlite3_create_function_v2(handle, "collect_points", 2, SQLITE_UTF8 | SQLITE_DIRECTONLY, sink,
                                    nullptr, collect, collected, nullptr);
}

int register_point_batch(sqlite3* handle, const PointBatch* source) {
  static const sqlite3_module kModule = make_module();
  return sqlite3_create_module(handle, "point_batch", &kModule, const_cast<PointBatch*>(source));
}

}  // namespace thalweg::store
