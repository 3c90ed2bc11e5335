// What happens in a run while it goes on: points with their rollup, results, events, checkpoints, its end.
#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

#include "core/store/process.hpp"
#include "core/store/rollup.hpp"
#include "core/store/store_parts.hpp"

namespace thalweg::store {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// What makes a value better than another; not finite ones never are.
bool better(Goal goal, double value, double best) {
  if (goal == Goal::kNone || !std::isfinite(value)) return false;
  return std::isnan(best) || (goal == Goal::kLowest ? value < best : value > best);
}

void check_points(const Points& points, std::int64_t last_step) {
  const auto refuse = [&](const std::string& message) { throw bad_input(message, points.series); };
  if (points.steps.size() != points.values.size()) refuse("has not as many values as steps");
  for (const std::int64_t step : points.steps) {
    if (step < 0) refuse("a step must be at least 0");
    if (step <= last_step)
      refuse("step " + std::to_string(step) + " does not come after step " + std::to_string(last_step));
    last_step = step;
  }
}

SeriesState load_series(Database& database, std::int64_t run, const Points& points) {
  SeriesState out;
  out.best = kNaN;
  {
    Query query = database.query("SELECT id, goal, rollup FROM series WHERE run = ? AND name = ?");
    if (query.bind(run).bind(points.series).step()) {
      out.id = query.integer(0);
      out.goal = find_goal(query.text(1)).value_or(Goal::kNone);
      if (!query.is_null(2)) out.level = static_cast<int>(query.integer(2));
    }
  }
  if (out.id == 0) {
    check_text("name of a series", points.series, kLongestName);
    check_text("unit", points.unit, kLongestName);
    if (points.series.empty()) throw bad_input("a series must have a name");
    database.query("INSERT INTO series (run, name, unit, goal) VALUES (?, ?, ?, ?)")
        .bind(run)
        .bind(points.series)
        .bind(points.unit)
        .bind(goal_name(points.goal))
        .run();
    out.id = database.last_id();
    out.goal = points.goal;
    return out;
  }
  {
    Query query = database.query("SELECT max(step) FROM points WHERE series = ?");
    if (query.bind(out.id).step() && !query.is_null(0)) out.last_step = query.integer(0);
  }
  Query query = database.query("SELECT best, best_step FROM results WHERE run = ? AND key = ?");
  if (query.bind(run).bind(points.series).step()) {
    out.best = query.real(0);
    out.best_step = query.maybe_integer(1);
  }
  return out;
}

void add_buckets(Database& database, std::int64_t series, int level,
                 const std::map<std::int64_t, Bucket>& buckets) {
  for (const auto& [number, bucket] : buckets)
    database
        .query(
            "INSERT INTO rollup (series, level, bucket, count, min, max, first, last, gaps)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET count = count + excluded.count,"
            " min = coalesce(min(min, excluded.min), min, excluded.min),"
            " max = coalesce(max(max, excluded.max), max, excluded.max),"
            " last = excluded.last, gaps = gaps + excluded.gaps")
        .bind(series)
        .bind(level)
        .bind(number)
        .bind(bucket.count)
        .bind(bucket.min)
        .bind(bucket.max)
        .bind(bucket.first)
        .bind(bucket.last)
        .bind(bucket.gaps)
        .run();
}

/// Adds points to the buckets of every level, or sets the level with the second point of a series.
void roll_up(Database& database, SeriesState& state, std::span<const std::int64_t> steps,
             std::span<const double> values) {
  std::map<std::int64_t, Bucket> now;
  if (state.level) {
    now = buckets(steps, values, *state.level);
  } else {
    std::vector<std::int64_t> all_steps;
    std::vector<double> all_values;
    Query query = database.query("SELECT step, value FROM points WHERE series = ?");
    query.bind(state.id);
    while (query.step()) {
      all_steps.push_back(query.integer(0));
      all_values.push_back(query.real(1));
    }
    if (all_steps.size() < 2) return;
    const double stride =
        static_cast<double>(all_steps.back() - all_steps.front()) / static_cast<double>(all_steps.size() - 1);
    state.level = base_level(stride);
    database.query("UPDATE series SET rollup = ? WHERE id = ?").bind(*state.level).bind(state.id).run();
    now = buckets(all_steps, all_values, *state.level);
  }
  for (int i = 0; i < kLevels; ++i) {
    if (i > 0) now = widen(now, kLevelStep);
    add_buckets(database, state.id, *state.level + kLevelStep * i, now);
  }
}

void put_result(Database& database, std::int64_t run, const std::string& key, double last, double best,
                std::optional<std::int64_t> best_step) {
  database
      .query(
          "INSERT INTO results (run, key, last, best, best_step) VALUES (?, ?, ?, ?, ?)"
          " ON CONFLICT DO UPDATE SET last = excluded.last, best = excluded.best, best_step = "
          "excluded.best_step")
      .bind(run)
      .bind(key)
      .bind(last)
      .bind(best)
      .bind(best_step)
      .run();
}

struct SeriesRow {
  std::int64_t id = 0;
  std::string name;
  Goal goal = Goal::kNone;
  std::optional<int> level;
};

std::vector<SeriesRow> series_of(Database& database, std::int64_t run) {
  std::vector<SeriesRow> out;
  Query query = database.query("SELECT id, name, goal, rollup FROM series WHERE run = ?");
  query.bind(run);
  while (query.step()) {
    out.push_back({query.integer(0), query.text(1), find_goal(query.text(2)).value_or(Goal::kNone), {}});
    if (!query.is_null(3)) out.back().level = static_cast<int>(query.integer(3));
  }
  return out;
}

/// Last and best from the points themselves; a series without any goes away.
void find_result(Database& database, std::int64_t run, const SeriesRow& series) {
  double last = kNaN;
  {
    Query query = database.query("SELECT value FROM points WHERE series = ? ORDER BY step DESC LIMIT 1");
    if (query.bind(series.id).step()) {
      last = query.real(0);
    } else {
      database.query("DELETE FROM series WHERE id = ?").bind(series.id).run();
      database.query("DELETE FROM results WHERE run = ? AND key = ?").bind(run).bind(series.name).run();
      return;
    }
  }
  double best = kNaN;
  std::optional<std::int64_t> best_step;
  if (series.goal != Goal::kNone) {
    const char* const lowest =
        "SELECT value, step FROM points WHERE series = ? AND abs(value) < 9e999 ORDER BY value, step LIMIT 1";
    const char* const highest =
        "SELECT value, step FROM points WHERE series = ? AND abs(value) < 9e999 ORDER BY value DESC, step "
        "LIMIT 1";
    Query query = database.query(series.goal == Goal::kLowest ? lowest : highest);
    if (query.bind(series.id).step()) {
      best = query.real(0);
      best_step = query.integer(1);
    }
  }
  put_result(database, run, series.name, last, best, best_step);
}

}  // namespace

std::optional<Error> Store::batch(const std::function<std::optional<Error>()>& work) {
  bool may_pass = false;
  auto error = write([&] {
    if (auto inner = work()) {
      may_pass = last_error_passes_;
      throw *inner;
    }
  });
  if (may_pass) last_error_passes_ = true;
  return error;
}

std::optional<Error> Store::append(std::int64_t run, const Points& points) {
  return write([&] {
    const auto key = std::pair(run, points.series);
    auto found = cache_->series.find(key);
    if (found == cache_->series.end()) {
      // Looked for first, so that nothing is made for points that are refused.
      check_points(points, -1);
      if (points.steps.empty()) return;
      found = cache_->series.emplace(key, load_series(*database_, run, points)).first;
    }
    SeriesState state = found->second;
    check_points(points, state.last_step);
    if (points.steps.empty()) return;
    cache_->batch = {state.id, points.steps, points.values};
    database_->query("INSERT INTO points (series, step, value) SELECT series, step, value FROM point_batch")
        .run();
    cache_->batch = {};
    roll_up(*database_, state, points.steps, points.values);
    for (std::size_t i = 0; i < points.values.size(); ++i) {
      if (!better(state.goal, points.values[i], state.best)) continue;
      state.best = points.values[i];
      state.best_step = points.steps[i];
    }
    put_result(*database_, run, points.series, points.values.back(), state.best, state.best_step);
    state.last_step = points.steps.back();
    found->second = state;
  });
}

std::optional<Error> Store::add_event(std::int64_t run, const Event& event) {
  return write([&] {
    check_text("event", event.kind, kLongestName);
    check_text("event", event.key, kLongestName);
    check_text("event", event.value, kLongestNote, true);
    database_->query("INSERT INTO events (run, step, kind, key, value) VALUES (?, ?, ?, ?, ?)")
        .bind(run)
        .bind(event.step)
        .bind(event.kind)
        .bind(event.key)
        .bind(event.value)
        .run();
  });
}

std::optional<Error> Store::set_result(std::int64_t run, const std::string& key, double value) {
  return write([&] {
    check_text("name of a result", key, kLongestName);
    put_result(*database_, run, key, value, kNaN, {});
  });
}

std::optional<Error> Store::heartbeat(std::int64_t run, std::int64_t steps, double duration) {
  return write([&] {
    // A run that somebody took for dead is alive after all.
    database_
        ->query(
            "UPDATE runs SET heartbeat = ?, steps = ?, duration = ?, outcome = 'running'"
            " WHERE id = ? AND outcome IN ('running', 'interrupted')")
        .bind(timestamp())
        .bind(steps)
        .bind(duration)
        .bind(run)
        .run();
    require_run(run);
  });
}

std::optional<Error> Store::finish(std::int64_t run, const RunEnd& end) {
  return write([&] {
    check_text("outcome", end.outcome, kLongestName);
    database_->query("UPDATE runs SET heartbeat = ?, steps = ?, duration = ?, outcome = ? WHERE id = ?")
        .bind(timestamp())
        .bind(end.steps)
        .bind(end.duration)
        .bind(end.outcome)
        .bind(run)
        .run();
    require_run(run);
    database_->query("INSERT INTO events (run, step, kind) VALUES (?, ?, ?)")
        .bind(run)
        .bind(end.steps)
        .bind(end.outcome)
        .run();
    std::erase_if(cache_->series, [&](const auto& entry) { return entry.first.first == run; });
  });
}

std::optional<Error> Store::reopen(std::int64_t run, std::int64_t step) {
  return batch([&]() -> std::optional<Error> {
    auto error = write([&] {
      require_run(run);
      Query row = database_->query("SELECT outcome, host, process FROM runs WHERE id = ?");
      row.bind(run).step();
      if (row.text(0) == "running" && row.text(2) != this_process() &&
          is_alive(row.text(1), row.text(2)) != Alive::kNo)
        throw bad_input("goes on in another process; end it there first", "run");
      database_
          ->query(
              "UPDATE runs SET outcome = 'running', heartbeat = ?, process = ?, host = ?,"
              " steps = min(steps, ?) WHERE id = ?")
          .bind(timestamp())
          .bind(this_process())
          .bind(host_name())
          .bind(step)
          .bind(run)
          .run();
    });
    return error ? error : truncate(run, step);
  });
}

std::optional<Error> Store::set_scene(std::int64_t run, const std::string& scene, std::optional<int> lane) {
  return write([&] {
    check_text("scene", scene, kLongestScene, true);
    const auto place = lane ? std::optional(std::int64_t{*lane}) : std::nullopt;
    database_->query("UPDATE runs SET scene = ?, lane = coalesce(?, lane) WHERE id = ?")
        .bind(scene)
        .bind(place)
        .bind(run)
        .run();
    require_run(run);
  });
}

std::optional<Error> Store::set_device(std::int64_t run, const std::string& device, std::int64_t step) {
  return write([&] {
    check_text("device", device, kLongestName);
    std::string before;
    {
      Query row = database_->query("SELECT device FROM runs WHERE id = ?");
      row.bind(run);
      if (row.step()) before = row.text(0);
    }
    const std::string now = step > 0 ? then_on(before, device) : device;
    check_text("device", now, kLongestName);
    database_->query("UPDATE runs SET device = ? WHERE id = ?").bind(now).bind(run).run();
    require_run(run);
  });
}

std::optional<Error> Store::truncate(std::int64_t run, std::int64_t step) {
  return write([&] {
    std::erase_if(cache_->series, [&](const auto& entry) { return entry.first.first == run; });
    database_->query("DELETE FROM events WHERE run = ? AND step >= ?").bind(run).bind(step).run();
    database_->query("DELETE FROM checkpoints WHERE run = ? AND step > ?").bind(run).bind(step).run();
    for (const SeriesRow& series : series_of(*database_, run)) {
      database_->query("DELETE FROM points WHERE series = ? AND step >= ?").bind(series.id).bind(step).run();
      for (int i = 0; series.level && i < kLevels; ++i) {
        // The bucket that the cut goes through is made anew from what is left of it.
        const int level = *series.level + kLevelStep * i;
        const std::int64_t cut = step >> level;
        database_->query("DELETE FROM rollup WHERE series = ? AND level = ? AND bucket >= ?")
            .bind(series.id)
            .bind(level)
            .bind(cut)
            .run();
        const auto rest = points(run, series.name, cut << level, step - 1);
        if (!rest) throw rest.error();
        add_buckets(*database_, series.id, level, buckets(rest->steps, rest->values, level));
      }
      find_result(*database_, run, series);
    }
  });
}

}  // namespace thalweg::store
