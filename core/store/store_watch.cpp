// For a list of runs that stays open: whether the file has changed, how many runs there are, and removing
// one for good.
#include "core/store/store_parts.hpp"

namespace thalweg::store {

Result<std::int64_t> Store::data_version() {
  return read([&] { return database_->number("PRAGMA data_version"); });
}

Result<std::int64_t> Store::count(bool deleted) {
  return read([&] {
    return deleted ? database_->number("SELECT count(*) FROM runs WHERE deleted IS NOT NULL")
                   : database_->number("SELECT count(*) FROM runs WHERE deleted IS NULL");
  });
}

Result<std::vector<std::string>> Store::result_keys() {
  return read([&] {
    std::vector<std::string> out;
    Query query = database_->query("SELECT DISTINCT key FROM results ORDER BY 1");
    while (query.step()) out.push_back(query.text(0));
    return out;
  });
}

std::optional<Error> Store::remove(std::int64_t run) {
  return write([&] {
    require_run(run);
    database_->query("DELETE FROM runs WHERE id = ? AND deleted IS NOT NULL AND outcome != 'running'")
        .bind(run)
        .run();
    if (database_->changes() == 0)
      throw bad_input("only a run that was deleted and does not go on can be removed for good",
                      "run " + std::to_string(run));
    cache_->series.clear();
  });
}

}  // namespace thalweg::store
