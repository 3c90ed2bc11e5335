// Points in bulk between SQL and memory. A table that SQL can select from and that is an array in memory: one
// statement then inserts many points, nearly twice as fast as binding them one by one. And an aggregate that
// puts rows into an array, so that reading does not go in and out of SQLite for each.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

struct sqlite3;

namespace thalweg::store {

struct PointBatch {
  std::int64_t series = 0;
  std::span<const std::int64_t> steps;
  std::span<const double> values;
};

struct PointSink {
  std::vector<std::int64_t> steps;
  std::vector<double> values;  ///< NaN for NULL
};

/// Makes the function collect_points(step, value) known: an aggregate that appends to `*sink` and gives the
/// number of rows. `sink` must outlive the connection.
/// @return SQLite's result code
int register_point_sink(sqlite3* handle, PointSink* sink);

/// Makes the table `point_batch(series, step, value)` known to the connection: it holds what `*source`
/// refers to while a statement runs. `source` must outlive the connection.
/// @return SQLite's result code
int register_point_batch(sqlite3* handle, const PointBatch* source);

}  // namespace thalweg::store
