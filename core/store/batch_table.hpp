// A table that SQL can select from and that is an array in memory: one statement then inserts many points,
// nearly twice as fast as binding them one by one.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

struct sqlite3;

namespace thalweg::store {

struct PointBatch {
  std::int64_t series = 0;
  std::span<const std::int64_t> steps;
  std::span<const double> values;
};

/// Makes the table `point_batch(series, step, value)` known to the connection: it holds what `*source`
/// refers to while a statement runs. `source` must outlive the connection.
/// @return SQLite's result code
int register_point_batch(sqlite3* handle, const PointBatch* source);

}  // namespace thalweg::store
