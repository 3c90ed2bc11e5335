// Reading what runs have come to: settings, results, series, checkpoints.
#include <algorithm>
#include <bit>
#include <limits>
#include <map>

#include "core/store/rollup.hpp"
#include "core/store/store_parts.hpp"

namespace thalweg::store {
namespace {

/// Where a series is and what steps it has.
struct Place {
  std::int64_t id = 0;
  int level = -1;  ///< of its finest buckets; −1: there are none
  std::int64_t first_step = 0;
  std::int64_t last_step = -1;
};

std::optional<Place> find_series(Database& database, std::int64_t run, const std::string& name) {
  Place out;
  {
    Query query = database.query("SELECT id, rollup FROM series WHERE run = ? AND name = ?");
    if (!query.bind(run).bind(name).step()) return {};
    out.id = query.integer(0);
    if (!query.is_null(1)) out.level = static_cast<int>(query.integer(1));
  }
  Query query = database.query(
      "SELECT (SELECT min(step) FROM points WHERE series = ?1), (SELECT max(step) FROM points WHERE series = "
      "?1)");
  if (!query.bind(out.id).step() || query.is_null(0)) return {};
  out.first_step = query.integer(0);
  out.last_step = query.integer(1);
  return out;
}

/// The narrowest columns, 2^level steps wide, of which at most `most` cover [first, last].
int column_level(std::int64_t first, std::int64_t last, std::int64_t most) {
  int level = 0;
  while ((last >> level) - (first >> level) + 1 > most) ++level;
  return level;
}

class Reader {
 public:
  Reader(Database& database, const Place& place, int column_level)
      : database_(database), place_(place), sink_(column_level) {}

  /// The steps [first, last], from buckets of `level` where whole ones fit, from finer ones and points
  /// at the ends.
  void read(std::int64_t first, std::int64_t last, int level) {
    if (first > last) return;
    if (place_.level < 0 || level < place_.level) return read_points(first, last);
    const std::int64_t begin = (first + (std::int64_t{1} << level) - 1) >> level;
    const std::int64_t end = last == place_.last_step ? (last >> level) + 1 : (last + 1) >> level;
    if (begin >= end) return read(first, last, level - kLevelStep);
    read(first, (begin << level) - 1, level - kLevelStep);
    read_buckets(begin, end, level);
    read(end << level, last, level - kLevelStep);
  }

  std::vector<ColumnExtent> take() { return sink_.take(); }

 private:
  void read_points(std::int64_t first, std::int64_t last) {
    Query query = database_.query("SELECT step, value FROM points WHERE series = ? AND step BETWEEN ? AND ?");
    query.bind(place_.id).bind(first).bind(last);
    while (query.step()) sink_.add(query.integer(0), query.real(1));
  }

  void read_buckets(std::int64_t begin, std::int64_t end, int level) {
    Query query = database_.query(
        "SELECT bucket, count, min, max, first, last, gaps FROM rollup"
        " WHERE series = ? AND level = ? AND bucket >= ? AND bucket < ?");
    query.bind(place_.id).bind(level).bind(begin).bind(end);
    while (query.step()) {
      const std::int64_t number = query.integer(0);
      Bucket bucket;
      bucket.count = query.integer(1);
      bucket.min = query.real(2);
      bucket.max = query.real(3);
      bucket.first = query.real(4);
      bucket.last = query.real(5);
      bucket.gaps = query.integer(6);
      sink_.add(std::max(number << level, place_.first_step),
                std::min(((number + 1) << level) - 1, place_.last_step), bucket);
    }
  }

  Database& database_;
  const Place& place_;
  ColumnSink sink_;
};

}  // namespace

Result<std::vector<RunValue>> Store::column(const std::string& key, bool best) {
  return read([&] {
    std::vector<RunValue> out;
    std::map<std::int64_t, bool> has_result;
    Query results = database_->query(best ? "SELECT run, best FROM results WHERE key = ? ORDER BY run"
                                          : "SELECT run, last FROM results WHERE key = ? ORDER BY run");
    results.bind(key);
    while (results.step()) {
      out.push_back({results.integer(0), {}, results.real(1)});
      has_result[out.back().run] = true;
    }
    if (best) return out;
    const auto [part, name] = split_key(key);
    Query settings = database_->query(
        "SELECT run, value, number FROM settings WHERE key = ?1 AND (?2 = '' OR part = ?2) ORDER BY run, "
        "part");
    settings.bind(name).bind(part);
    while (settings.step()) {
      // Of several parts with such a parameter the first; a result goes before a setting.
      const std::int64_t run = settings.integer(0);
      if (std::exchange(has_result[run], true)) continue;
      out.push_back({run, settings.text(1), settings.real(2)});
    }
    return out;
  });
}

Result<std::string> Store::scene(std::int64_t run) {
  return read([&] {
    Query query = database_->query("SELECT scene FROM runs WHERE id = ?");
    if (!query.bind(run).step()) require_run(run);
    return query.text(0);
  });
}

Result<std::vector<Setting>> Store::settings(std::int64_t run) {
  return read([&] {
    std::vector<Setting> out;
    Query query =
        database_->query("SELECT part, key, value, number FROM settings WHERE run = ? ORDER BY part, key");
    query.bind(run);
    while (query.step()) {
      out.push_back({query.text(0), query.text(1), query.text(2), {}});
      if (!query.is_null(3)) out.back().number = query.real(3);
    }
    return out;
  });
}

Result<std::vector<SettingRow>> Store::compare_settings(const std::vector<std::int64_t>& runs, bool all) {
  std::map<std::pair<std::string, std::string>, std::vector<std::optional<std::string>>> rows;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const auto found = settings(runs[i]);
    if (!found) return found.error();
    for (const Setting& setting : *found) {
      auto& values = rows[{setting.part, setting.key}];
      values.resize(runs.size());
      values[i] = setting.value;
    }
  }
  std::vector<SettingRow> out;
  for (auto& [key, values] : rows) {
    const bool same = std::adjacent_find(values.begin(), values.end(), std::not_equal_to<>()) == values.end();
    if (all || !same) out.push_back({key.first, key.second, std::move(values)});
  }
  return out;
}

Result<std::vector<RunResult>> Store::results(std::int64_t run) {
  return read([&] {
    std::vector<RunResult> out;
    Query query =
        database_->query("SELECT key, last, best, best_step FROM results WHERE run = ? ORDER BY key");
    query.bind(run);
    while (query.step()) out.push_back({query.text(0), query.real(1), query.real(2), query.maybe_integer(3)});
    return out;
  });
}

Result<std::vector<SeriesInfo>> Store::series(std::int64_t run) {
  return read([&] {
    std::vector<SeriesInfo> out;
    // The widest buckets are few: counting them is quicker than counting points.
    Query query = database_->query(
        "SELECT name, unit, goal,"
        " CASE WHEN rollup IS NULL THEN (SELECT count(*) FROM points WHERE series = s.id) ELSE"
        " (SELECT sum(count) FROM rollup WHERE series = s.id AND level = s.rollup + ?2) END,"
        " (SELECT min(step) FROM points WHERE series = s.id), (SELECT max(step) FROM points WHERE series = "
        "s.id)"
        " FROM series s WHERE run = ?1 ORDER BY id");
    query.bind(run).bind(kLevelStep * (kLevels - 1));
    while (query.step())
      out.push_back({query.text(0), query.text(1), find_goal(query.text(2)).value_or(Goal::kNone),
                     query.integer(3), query.integer(4), query.integer(5)});
    return out;
  });
}

Result<std::vector<Event>> Store::events(std::int64_t run) {
  return read([&] {
    std::vector<Event> out;
    Query query =
        database_->query("SELECT step, kind, key, value FROM events WHERE run = ? ORDER BY step, id");
    query.bind(run);
    while (query.step()) out.push_back({query.integer(0), query.text(1), query.text(2), query.text(3)});
    return out;
  });
}

Result<SeriesData> Store::points(std::int64_t run, const std::string& series, std::int64_t first,
                                 std::int64_t last) {
  return read([&] {
    cache_->sink = {};
    // The order is that of the key: an aggregate could not ask for another.
    database_
        ->query(
            "SELECT collect_points(step, value) FROM points"
            " WHERE series = (SELECT id FROM series WHERE run = ? AND name = ?) AND step BETWEEN ? AND ?")
        .bind(run)
        .bind(series)
        .bind(first)
        .bind(last)
        .run();
    return SeriesData{std::move(cache_->sink.steps), std::move(cache_->sink.values)};
  });
}

Result<std::vector<ColumnExtent>> Store::read_series(std::int64_t run, const std::string& series,
                                                     std::int64_t first, std::int64_t last,
                                                     std::int64_t most) {
  return read([&]() -> std::vector<ColumnExtent> {
    const auto place = find_series(*database_, run, series);
    if (!place || most < 1) return {};
    first = std::max(first, place->first_step);
    last = std::min(last, place->last_step);
    if (first > last) return {};
    const int columns = column_level(first, last, most);
    // The widest buckets that fit into a column, of the levels that there are.
    int level = place->level;
    while (level >= 0 && level + kLevelStep <= columns && level < place->level + kLevelStep * (kLevels - 1))
      level += kLevelStep;
    Reader reader(*database_, *place, columns);
    // What lies before the first point and after the last is empty: whole buckets reach over both ends.
    const std::int64_t begin = first == place->first_step ? 0 : first;
    reader.read(begin, last, level > columns ? -1 : level);
    return reader.take();
  });
}

Result<std::vector<std::int64_t>> Store::checkpoints(std::int64_t run) {
  return read([&] {
    std::vector<std::int64_t> out;
    Query query = database_->query("SELECT step FROM checkpoints WHERE run = ? ORDER BY step");
    query.bind(run);
    while (query.step()) out.push_back(query.integer(0));
    return out;
  });
}

Result<Checkpoint> Store::checkpoint(std::int64_t run, std::int64_t step) {
  return read([&] {
    Query query = database_->query(
        "SELECT step, version, checksum, state FROM checkpoints WHERE run = ? AND step <= ? ORDER BY step "
        "DESC LIMIT 1");
    if (!query.bind(run).bind(step).step())
      throw Error{ErrorCode::kNotFound, "the run has no checkpoint there", file().string()};
    Checkpoint out{query.integer(0), static_cast<int>(query.integer(1)), query.bytes(3)};
    if (query.integer(2) != std::int64_t{checksum(out.state)})
      throw Error{ErrorCode::kIo, "the checkpoint at step " + std::to_string(out.step) + " is damaged",
                  file().string()};
    return out;
  });
}

std::optional<Error> Store::check() {
  const auto sound = read([&] {
    Query query = database_->query("PRAGMA integrity_check(1)");
    const std::string said = query.step() ? query.text(0) : "nothing";
    Query keys = database_->query("PRAGMA foreign_key_check");
    if (said != "ok") throw Error{ErrorCode::kIo, "is damaged (" + said + ")", file().string()};
    if (keys.step())
      throw Error{ErrorCode::kIo, "has rows of '" + keys.text(0) + "' that belong to nothing",
                  file().string()};
    return true;
  });
  return sound ? std::nullopt : std::optional(sound.error());
}

}  // namespace thalweg::store
