// Every run in one SQLite file: settings, results, series, events, checkpoints. The tables are described
// in schema.hpp, for people who read the file with other tools.
//
// Several processes may have one file open, each with stores of its own; each call is one short
// transaction unless batch() joins several. Not here: a thread (recorder.hpp), the words of a run
// (what is called "loss" and when a checkpoint is due is up to who records).
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/figure/columns.hpp"
#include "core/spec/result.hpp"
#include "core/store/filter.hpp"
#include "core/store/run.hpp"

namespace thalweg::store {

class Database;

enum class Access {
  kWrite,  ///< makes the file and its folder if they are not there, and brings an older schema up to date
  kRead,   ///< also works where nothing may be written; an older schema is refused
};

/// `passes`: the same call may succeed later (locked, disk full, read-only); else it never will.
struct StoreError {
  Error error;
  bool passes = false;
};

struct ListQuery {
  Filter filter;                 ///< empty: all
  bool deleted = false;          ///< those that were deleted, instead of those that were not
  std::string sort = "created";  ///< a column of the list, a setting or a result
  bool descending = true;
  std::int64_t limit = -1;  ///< at most so many; negative: all
};

/// The value of one setting or result in one run.
struct RunValue {
  std::int64_t run = 0;
  std::string text;   ///< of a setting, as written; of a result empty
  double number = 0;  ///< NaN where it is none
};

struct SeriesData {
  std::vector<std::int64_t> steps;
  std::vector<double> values;  ///< NaN where NULL is stored
};

/// A value that differs between the runs of a comparison.
struct SettingRow {
  std::string part;
  std::string key;
  std::vector<std::optional<std::string>> values;  ///< by run; nothing: the run has no such setting
};

/// One thread at a time. Errors name the file and say what to do; a call that fails changes nothing.
class Store {
 public:
  static Result<std::unique_ptr<Store>> open(const std::filesystem::path& file,
                                             Access access = Access::kWrite);
  /// As above, told apart by what may pass by itself.
  static std::variant<std::unique_ptr<Store>, StoreError> try_open(const std::filesystem::path& file,
                                                                   Access access);
  ~Store();

  const std::filesystem::path& file() const;

  /// How long a call waits for another process's transaction, which takes milliseconds. Two seconds at first.
  void set_patience(std::chrono::milliseconds patience);

  // --- writing ---------------------------------------------------------------------------------

  /// Everything that `work` does is committed together, or nothing if it returns an error.
  std::optional<Error> batch(const std::function<std::optional<Error>()>& work);
  /// Whether the last error may pass by itself.
  bool last_error_passes() const;

  /// @return the run's id in this file. Refuses a uid that is there already.
  Result<std::int64_t> begin(const RunStart& start);
  /// Steps must be beyond the last one of that series.
  std::optional<Error> append(std::int64_t run, const Points& points);
  std::optional<Error> add_event(std::int64_t run, const Event& event);
  /// Replaces one of the same step.
  std::optional<Error> save(std::int64_t run, const Checkpoint& checkpoint);
  /// Keeps at most `most` checkpoints of a run, at least 1: the newest, and others as evenly spread from the
  /// start as they come.
  std::optional<Error> thin_checkpoints(std::int64_t run, std::int64_t most);
  /// Keeps the checkpoints of the whole file below so many bytes: where they are more, those of ended runs go
  /// but for each run's newest, the oldest runs first, and starred ones after all others.
  std::optional<Error> bound_checkpoints(std::int64_t bytes);
  /// A figure that is no series.
  std::optional<Error> set_result(std::int64_t run, const std::string& key, double value);
  /// Says that these runs are alive and how far they are.
  std::optional<Error> heartbeat(std::int64_t run, std::int64_t steps, double duration);
  std::optional<Error> finish(std::int64_t run, const RunEnd& end);
  /// Takes up a run that nobody is working on: it is this process's from now on, and truncated. Refuses one
  /// that goes on elsewhere.
  std::optional<Error> reopen(std::int64_t run, std::int64_t step);
  /// Replaces what is needed to run it again: something was changed while it went on.
  /// @param lane  which of the Scene's it is now; nothing: the same
  std::optional<Error> set_scene(std::int64_t run, const std::string& scene, std::optional<int> lane = {});
  /// Update `step` and those after it are made on another device: RunInfo::device names both, or this one alone
  /// from the start.
  std::optional<Error> set_device(std::int64_t run, const std::string& device, std::int64_t step);
  /// Forgets points and events from `step` on, and checkpoints after it: the run goes on with update `step`.
  std::optional<Error> truncate(std::int64_t run, std::int64_t step);

  std::optional<Error> rename(std::int64_t run, const std::string& name);
  std::optional<Error> set_note(std::int64_t run, const std::string& note);
  std::optional<Error> set_star(std::int64_t run, bool star);
  std::optional<Error> add_tag(std::int64_t run, const std::string& tag);
  std::optional<Error> remove_tag(std::int64_t run, const std::string& tag);
  /// Out of the list, or back into it: nothing is lost before purge().
  std::optional<Error> set_deleted(std::int64_t run, bool deleted);
  /// Removes for good what was deleted more than `days` ago, with all its points.
  /// @return how many runs
  Result<std::int64_t> purge(double days);
  /// The same of one run. Refuses one that is not deleted, and one that goes on.
  std::optional<Error> remove(std::int64_t run);

  /// Marks runs whose process is gone as interrupted (process.hpp says how that is known).
  /// @return their uids
  Result<std::vector<std::string>> mark_interrupted();

  // --- reading ---------------------------------------------------------------------------------

  /// Another number than before if somebody else (another store, another program) has changed the file since.
  Result<std::int64_t> data_version();
  /// How many runs there are that were deleted, or were not.
  Result<std::int64_t> count(bool deleted = false);
  /// Refuses a filter that names what no run has.
  Result<std::vector<RunInfo>> list(const ListQuery& query);
  /// By uid, by the beginning of one, by id or by name; deleted ones by uid only.
  Result<RunInfo> find(const std::string& text);
  /// One column of the list: a setting (the parameter "lr", or "optimizer.lr"), or a result ("last" value,
  /// or the best with `best`), of every run that has it.
  Result<std::vector<RunValue>> column(const std::string& key, bool best = false);
  /// Every key of settings and of results that there is.
  Result<std::vector<std::string>> keys();
  /// Those of results alone.
  Result<std::vector<std::string>> result_keys();

  Result<std::string> scene(std::int64_t run);
  Result<std::vector<Setting>> settings(std::int64_t run);
  /// Settings that differ between the runs; all of them with `all`.
  Result<std::vector<SettingRow>> compare_settings(const std::vector<std::int64_t>& runs, bool all = false);
  Result<std::vector<RunResult>> results(std::int64_t run);
  Result<std::vector<SeriesInfo>> series(std::int64_t run);
  Result<std::vector<Event>> events(std::int64_t run);
  /// Every point with a step in [first, last]; none if there is no such series.
  Result<SeriesData> points(std::int64_t run, const std::string& series, std::int64_t first = 0,
                            std::int64_t last = INT64_MAX);
  /// At most `most` columns of equal width over the steps [first, last], each with the smallest, the
  /// largest, the first and the last value in it: exact, and quick however long the series is.
  Result<std::vector<ColumnExtent>> read_series(std::int64_t run, const std::string& series,
                                                std::int64_t first, std::int64_t last, std::int64_t most);
  /// Steps at which there is a checkpoint, ascending.
  Result<std::vector<std::int64_t>> checkpoints(std::int64_t run);
  /// The newest at or before `step`. Refuses one whose checksum is wrong.
  Result<Checkpoint> checkpoint(std::int64_t run, std::int64_t step = INT64_MAX);

  // --- files of one run --------------------------------------------------------------------------

  /// Everything of a run as one text (JSON; run_file.cpp says what is in it).
  Result<std::string> export_run(std::int64_t run);
  /// Takes such a text in, as a run of its own with the uid it had. All of it or nothing: refuses a run that
  /// is there already and whatever is not as export_run() writes it. One that was running is interrupted.
  Result<std::int64_t> import_run(std::string_view text);

  /// Whether SQLite finds the file sound, and the relations too; takes as long as reading all of it.
  std::optional<Error> check();

 private:
  explicit Store(std::unique_ptr<Database> database);
  /// Runs `work` in a transaction; what it throws becomes an error.
  template <class Work>
  std::optional<Error> write(Work work);
  /// As above, with what `work` returns.
  template <class Work>
  auto write_for(Work work) -> Result<decltype(work())>;
  /// The same without a transaction.
  template <class Work>
  auto read(Work work) -> Result<decltype(work())>;

  class Importer;
  void require_run(std::int64_t run);
  void check_known(const Condition& condition);

  struct Cache;
  std::unique_ptr<Database> database_;
  std::unique_ptr<Cache> cache_;
  bool last_error_passes_ = false;
};

/// The largest text that may be one run.
inline constexpr std::size_t kLargestRunFile = 1024UL * 1024 * 1024;

/// Where runs are kept if nobody says otherwise: $THALWEG_DB, $XDG_DATA_HOME/thalweg/runs.sqlite or
/// ~/.local/share/thalweg/runs.sqlite. Empty if none is known.
std::filesystem::path default_file();

}  // namespace thalweg::store
