#include "core/store/schema.hpp"

#include <string>

#include "core/store/database.hpp"

namespace thalweg::store {
namespace {

constexpr const char* kSchema1 = R"sql(
CREATE TABLE runs (
  id INTEGER PRIMARY KEY,
  uid TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  note TEXT NOT NULL DEFAULT '',
  star INTEGER NOT NULL DEFAULT 0,
  parent TEXT,
  parent_step INTEGER,
  race TEXT,
  lane INTEGER NOT NULL DEFAULT 0,
  created TEXT NOT NULL,
  heartbeat TEXT NOT NULL,
  process TEXT NOT NULL,
  host TEXT NOT NULL,
  device TEXT NOT NULL,
  program_version TEXT NOT NULL,
  outcome TEXT NOT NULL,
  steps INTEGER NOT NULL DEFAULT 0,
  duration REAL NOT NULL DEFAULT 0,
  deleted TEXT,
  scene TEXT NOT NULL
);
CREATE INDEX runs_by_outcome ON runs(outcome);

CREATE TABLE tags (
  run INTEGER NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
  tag TEXT NOT NULL,
  PRIMARY KEY (run, tag)
) WITHOUT ROWID;
CREATE INDEX tags_by_tag ON tags(tag);

CREATE TABLE settings (
  run INTEGER NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
  key TEXT NOT NULL,
  part TEXT NOT NULL,
  value TEXT NOT NULL,
  number REAL,
  PRIMARY KEY (run, key, part)
) WITHOUT ROWID;
CREATE INDEX settings_by_key ON settings(key, number, value);

CREATE TABLE results (
  run INTEGER NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
  key TEXT NOT NULL,
  last REAL,
  best REAL,
  best_step INTEGER,
  PRIMARY KEY (run, key)
) WITHOUT ROWID;
CREATE INDEX results_by_key ON results(key, last, best);

CREATE TABLE series (
  id INTEGER PRIMARY KEY,
  run INTEGER NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  unit TEXT NOT NULL DEFAULT '',
  goal TEXT NOT NULL DEFAULT 'none',
  rollup INTEGER,
  UNIQUE (run, name)
);

CREATE TABLE points (
  series INTEGER NOT NULL REFERENCES series(id) ON DELETE CASCADE,
  step INTEGER NOT NULL,
  value REAL,
  PRIMARY KEY (series, step)
) WITHOUT ROWID;

CREATE TABLE rollup (
  series INTEGER NOT NULL REFERENCES series(id) ON DELETE CASCADE,
  level INTEGER NOT NULL,
  bucket INTEGER NOT NULL,
  count INTEGER NOT NULL,
  min REAL,
  max REAL,
  first REAL,
  last REAL,
  gaps INTEGER NOT NULL,
  PRIMARY KEY (series, level, bucket)
) WITHOUT ROWID;

CREATE TABLE events (
  id INTEGER PRIMARY KEY,
  run INTEGER NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
  step INTEGER NOT NULL,
  kind TEXT NOT NULL,
  key TEXT NOT NULL DEFAULT '',
  value TEXT NOT NULL DEFAULT ''
);
CREATE INDEX events_by_run ON events(run, step);

CREATE TABLE checkpoints (
  id INTEGER PRIMARY KEY,
  run INTEGER NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
  step INTEGER NOT NULL,
  version INTEGER NOT NULL,
  checksum INTEGER NOT NULL,
  state BLOB NOT NULL,
  UNIQUE (run, step)
);

CREATE VIEW history AS
  SELECT series.run AS run, series.name AS series, points.step AS step, points.value AS value
  FROM series JOIN points ON points.series = series.id;
)sql";

/// migrations[v] leads from schema v to v + 1.
constexpr const char* kMigrations[] = {kSchema1};
static_assert(std::size(kMigrations) == kSchemaVersion);

[[noreturn]] void refuse(const Database& database, std::string message) {
  throw Failure{SQLITE_NOTADB, bad_input(std::move(message), database.file().string())};
}

/// Version of the file's schema; 0 for a file with nothing in it.
std::int64_t version_of(Database& database) {
  const std::int64_t id = database.number("PRAGMA application_id");
  const std::int64_t version = database.number("PRAGMA user_version");
  if (id == 0 && version == 0 && database.number("SELECT count(*) FROM sqlite_schema") == 0) return 0;
  if (id != kApplicationId)
    refuse(database, "is a database of another program; choose another with --db FILE");
  if (version > kSchemaVersion)
    refuse(database, "was written by a newer version of this program (schema " + std::to_string(version) +
                         ", this one knows " + std::to_string(kSchemaVersion) +
                         "); update, or choose another with --db FILE");
  if (version < 1)
    refuse(database, "is not as this program made it (schema " + std::to_string(version) + ")");
  return version;
}

}  // namespace

void prepare_schema(Database& database, bool may_write) {
  // Of one moment: between two questions somebody else may make the file.
  const std::int64_t found = [&] {
    const Transaction reading(database, Transaction::Kind::kRead);
    return version_of(database);
  }();
  if (found == kSchemaVersion) return;
  if (!may_write)
    refuse(database, found == 0
                         ? "holds no runs yet"
                         : "is of an older version and can't be brought up to date here: it is read-only");
  Transaction transaction(database);
  // Somebody else may have been quicker.
  for (std::int64_t version = version_of(database); version < kSchemaVersion; ++version)
    database.execute(kMigrations[version]);
  database.execute(("PRAGMA application_id = " + std::to_string(kApplicationId)).c_str());
  database.execute(("PRAGMA user_version = " + std::to_string(kSchemaVersion)).c_str());
  transaction.commit();
}

}  // namespace thalweg::store
