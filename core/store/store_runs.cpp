// Runs as rows: their beginning, what people change about them, finding and listing them.
#include <algorithm>
#include <limits>

#include "core/store/process.hpp"
#include "core/store/store_parts.hpp"

namespace thalweg::store {
namespace {

/// A run of which nothing is known but its heartbeat counts as gone after so many seconds.
constexpr double kSilentSeconds = 60.0;
constexpr const char* kInfoColumns =
    "r.id, r.uid, r.kind, r.name, r.note, r.star, r.parent, r.parent_step, r.race, r.lane, r.created, r.host,"
    " r.device, r.program_version, r.outcome, r.steps, r.duration, r.deleted IS NOT NULL";

RunInfo read_info(const Query& row) {
  RunInfo out;
  out.id = row.integer(0);
  out.uid = row.text(1);
  out.kind = row.text(2);
  out.name = row.text(3);
  out.note = row.text(4);
  out.star = row.integer(5) != 0;
  out.parent = row.text(6);
  out.parent_step = row.maybe_integer(7);
  out.race = row.text(8);
  out.lane = static_cast<int>(row.integer(9));
  out.created = row.text(10);
  out.host = row.text(11);
  out.device = row.text(12);
  out.program_version = row.text(13);
  out.outcome = row.text(14);
  out.steps = row.integer(15);
  out.duration = row.real(16);
  out.deleted = row.integer(17) != 0;
  return out;
}

std::vector<RunInfo> read_infos(Query& query) {
  std::vector<RunInfo> out;
  while (query.step()) out.push_back(read_info(query));
  return out;
}

void add_tags(Database& database, std::vector<RunInfo>& runs) {
  std::unordered_map<std::int64_t, RunInfo*> by_id;
  for (RunInfo& run : runs) by_id[run.id] = &run;
  Query query = database.query("SELECT run, tag FROM tags ORDER BY run, tag");
  while (query.step())
    if (const auto found = by_id.find(query.integer(0)); found != by_id.end())
      found->second->tags.push_back(query.text(1));
}

bool is_known(Database& database, const Condition& condition) {
  Query results = database.query("SELECT 1 FROM results WHERE key = ? LIMIT 1");
  if (results.bind(condition.name).step()) return true;
  if (condition.best) return false;
  const auto [part, key] = split_key(condition.name);
  Query settings = database.query("SELECT 1 FROM settings WHERE key = ? AND (?2 = '' OR part = ?2) LIMIT 1");
  return settings.bind(key).bind(part).step();
}

void check_tag(const std::string& tag) {
  check_text("tag", tag, kLongestName);
  if (tag.find_first_not_of(' ') == std::string::npos) throw bad_input("is empty", "tag");
}

void check_start(const RunStart& start) {
  check_text("uid", start.uid, 100);
  check_text("name", start.name, kLongestName);
  for (const std::string* text :
       {&start.kind, &start.parent, &start.race, &start.device, &start.program_version})
    check_text("run", *text, kLongestName);
  check_text("note", start.note, kLongestNote, true);
  check_text("scene", start.scene, kLongestScene, true);
  for (const Setting& setting : start.settings) {
    check_text("setting", setting.part, kLongestName);
    check_text("setting", setting.key, kLongestName);
    check_text("setting", setting.value, kLongestScene, true);
  }
  for (const std::string& tag : start.tags) check_tag(tag);
}

std::optional<std::string> unless_empty(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional(text);
}

}  // namespace

Result<std::int64_t> Store::begin(const RunStart& start) {
  return write_for([&] {
    check_start(start);
    const std::string uid = start.uid.empty() ? new_uid() : start.uid;
    const std::string host = host_name(), process = this_process(), now = timestamp();
    const auto parent = unless_empty(start.parent), race = unless_empty(start.race);
    {
      Query query = database_->query("SELECT 1 FROM runs WHERE uid = ?");
      if (query.bind(uid).step()) throw bad_input("the run " + uid + " is there already", file().string());
    }
    database_
        ->query(
            "INSERT INTO runs (uid, kind, name, note, parent, parent_step, race, lane, created, heartbeat,"
            " process, host, device, program_version, outcome, scene)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'running', ?)")
        .bind(uid)
        .bind(start.kind)
        .bind(start.name)
        .bind(start.note)
        .bind(parent)
        .bind(start.parent_step)
        .bind(race)
        .bind(start.lane)
        .bind(now)
        .bind(now)
        .bind(process)
        .bind(host)
        .bind(start.device)
        .bind(start.program_version)
        .bind(start.scene)
        .run();
    const std::int64_t run = database_->last_id();
    for (const Setting& setting : start.settings)
      database_->query("INSERT INTO settings (run, key, part, value, number) VALUES (?, ?, ?, ?, ?)")
          .bind(run)
          .bind(setting.key)
          .bind(setting.part)
          .bind(setting.value)
          .bind(setting.number)
          .run();
    for (const std::string& tag : start.tags)
      database_->query("INSERT OR IGNORE INTO tags (run, tag) VALUES (?, ?)").bind(run).bind(tag).run();
    return run;
  });
}

std::optional<Error> Store::rename(std::int64_t run, const std::string& name) {
  return write([&] {
    check_text("name", name, kLongestName);
    database_->query("UPDATE runs SET name = ? WHERE id = ?").bind(name).bind(run).run();
    require_run(run);
  });
}

std::optional<Error> Store::set_note(std::int64_t run, const std::string& note) {
  return write([&] {
    check_text("note", note, kLongestNote, true);
    database_->query("UPDATE runs SET note = ? WHERE id = ?").bind(note).bind(run).run();
    require_run(run);
  });
}

std::optional<Error> Store::set_star(std::int64_t run, bool star) {
  return write([&] {
    database_->query("UPDATE runs SET star = ? WHERE id = ?").bind(star ? 1 : 0).bind(run).run();
    require_run(run);
  });
}

std::optional<Error> Store::add_tag(std::int64_t run, const std::string& tag) {
  return write([&] {
    check_tag(tag);
    database_->query("INSERT OR IGNORE INTO tags (run, tag) VALUES (?, ?)").bind(run).bind(tag).run();
    require_run(run);
  });
}

std::optional<Error> Store::remove_tag(std::int64_t run, const std::string& tag) {
  return write([&] {
    database_->query("DELETE FROM tags WHERE run = ? AND tag = ?").bind(run).bind(tag).run();
    if (database_->changes() == 0) throw Error{ErrorCode::kNotFound, "the run has no such tag", tag};
  });
}

std::optional<Error> Store::set_deleted(std::int64_t run, bool deleted) {
  return write([&] {
    const auto when = deleted ? std::optional(timestamp()) : std::nullopt;
    database_->query("UPDATE runs SET deleted = ? WHERE id = ?").bind(when).bind(run).run();
    require_run(run);
  });
}

Result<std::int64_t> Store::purge(double days) {
  return write_for([&] {
    cache_->series.clear();
    const std::string before = timestamp(days * 86400.0);
    database_->query("DELETE FROM runs WHERE deleted <= ? AND outcome != 'running'").bind(before).run();
    return std::int64_t{database_->changes()};
  });
}

Result<std::vector<std::string>> Store::mark_interrupted() {
  struct Candidate {
    std::int64_t id, steps;
    std::string uid;
  };
  std::vector<Candidate> gone;
  auto looked = read([&] {
    const std::string silent = timestamp(kSilentSeconds);
    Query query = database_->query(
        "SELECT id, steps, uid, host, process, heartbeat FROM runs WHERE outcome = 'running'");
    while (query.step()) {
      const Alive alive = is_alive(query.text(3), query.text(4));
      if (alive == Alive::kNo || (alive == Alive::kUnknown && query.text(5) < silent))
        gone.push_back({query.integer(0), query.integer(1), query.text(2)});
    }
    return true;
  });
  if (!looked) return looked.error();
  // Nothing is written where nothing is to be said: the file may be busy.
  if (gone.empty()) return std::vector<std::string>();
  return write_for([&] {
    std::vector<std::string> out;
    for (const Candidate& run : gone) {
      database_->query("UPDATE runs SET outcome = 'interrupted' WHERE id = ? AND outcome = 'running'")
          .bind(run.id)
          .run();
      if (database_->changes() == 0) continue;
      database_->query("INSERT INTO events (run, step, kind) VALUES (?, ?, 'interrupted')")
          .bind(run.id)
          .bind(run.steps)
          .run();
      out.push_back(run.uid);
    }
    return out;
  });
}

Result<std::vector<RunInfo>> Store::list(const ListQuery& query) {
  return read([&] {
    for (const Filter::Node& node : query.filter.nodes)
      if (node.kind == Filter::Kind::kCondition && !node.condition.name.empty()) check_known(node.condition);
    const SqlCondition condition = to_sql(query.filter);
    std::string sql = "SELECT " + std::string(kInfoColumns) + " FROM runs r WHERE r.deleted IS " +
                      (query.deleted ? "NOT NULL" : "NULL") + " AND (" + condition.sql + ") ORDER BY ";
    const char* const column = column_sql(query.sort);
    const auto [part, key] = split_key(query.sort);
    if (column) {
      sql += column;
    } else {
      check_known({.name = query.sort});
      sql +=
          "coalesce((SELECT last FROM results WHERE run = r.id AND key = ?),"
          " (SELECT coalesce(number, value) FROM settings WHERE run = r.id AND key = ? AND part LIKE ? LIMIT "
          "1))";
    }
    sql += query.descending ? " DESC" : " ASC";
    sql += query.descending ? ", r.id DESC LIMIT ?" : ", r.id LIMIT ?";
    Query rows = database_->query_once(sql);
    for (const auto& value : condition.values)
      std::visit([&](const auto& bound) { rows.bind(bound); }, value);
    const std::string any_part = part.empty() ? "%" : part;
    if (!column) rows.bind(query.sort).bind(key).bind(any_part);
    rows.bind(query.limit);
    std::vector<RunInfo> out = read_infos(rows);
    add_tags(*database_, out);
    return out;
  });
}

Result<RunInfo> Store::find(const std::string& text) {
  return read([&] {
    const auto choose = [&](const char* condition, const auto& value) {
      Query query = database_->query("SELECT " + std::string(kInfoColumns) + " FROM runs r WHERE " +
                                     condition + " LIMIT 3");
      query.bind(value);
      return read_infos(query);
    };
    std::vector<RunInfo> found = choose("r.uid = ?", text);
    const bool digits =
        !text.empty() && text.size() < 18 && text.find_first_not_of("0123456789") == std::string::npos;
    if (found.empty() && digits) found = choose("r.id = ?", std::int64_t{std::stoll(text)});
    if (found.empty() && text.size() >= 4) found = choose("substr(r.uid, 1, length(?1)) = ?1", text);
    if (found.empty()) found = choose("r.deleted IS NULL AND r.name = ?", text);
    if (found.empty()) throw Error{ErrorCode::kNotFound, "there is no such run", text.substr(0, 80)};
    if (found.size() > 1)
      throw bad_input("several runs are called that; use the uid (" + found[0].uid + ", " + found[1].uid +
                          (found.size() > 2 ? "...)" : ")"),
                      text.substr(0, 80));
    add_tags(*database_, found);
    return found.front();
  });
}

Result<std::vector<std::string>> Store::keys() {
  return read([&] {
    std::vector<std::string> out;
    Query query = database_->query(
        "SELECT DISTINCT key FROM settings UNION SELECT DISTINCT key FROM results ORDER BY 1");
    while (query.step()) out.push_back(query.text(0));
    return out;
  });
}

void Store::require_run(std::int64_t run) {
  Query query = database_->query("SELECT 1 FROM runs WHERE id = ?");
  if (!query.bind(run).step())
    throw Error{ErrorCode::kNotFound, "there is no run " + std::to_string(run), file().string()};
}

void Store::check_known(const Condition& condition) {
  if (!condition.best && is_column(condition.name)) return;
  if (is_known(*database_, condition)) return;
  if (database_->number("SELECT count(*) FROM runs") == 0) return;
  auto all = keys();
  const std::string close = all ? nearest(condition.name, *all) : std::string();
  throw bad_input("no run has '" + condition.name.substr(0, 80) + "'" +
                      (close.empty() ? "" : "; did you mean '" + close + "'?"),
                  condition.position > 0 ? "filter: position " + std::to_string(condition.position) : "sort");
}

}  // namespace thalweg::store
