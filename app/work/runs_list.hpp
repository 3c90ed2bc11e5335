// What the list of runs shows, as a finished value: rows in their order, the values of the columns, groups.
// Made on a thread of its own (runs_reader.hpp), drawn by the window as it is.
#pragma once

#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/store/store.hpp"

namespace thalweg {

/// What is to be listed. A plain value; asking for the same again changes nothing.
struct RunsQuery {
  std::string filter;  ///< in the language of core/store/filter.hpp
  std::string sort = "created";
  bool descending = true;
  bool deleted = false;              ///< those that were deleted instead
  std::string group;                 ///< "", "day", "race", or a setting
  std::vector<std::string> columns;  ///< empty: the usual ones
  bool compact = false;              ///< of the usual ones only those that matter most
  std::string focus;                 ///< uid of the run whose details are wanted; may be empty

  bool operator==(const RunsQuery&) const = default;
};

/// One value of a column. Without number and text: the run has none.
struct RunsCell {
  std::string text;  ///< of a setting, as written
  double number = std::numeric_limits<double>::quiet_NaN();
  bool there = false;
};

/// Columns that every run has are drawn from its RunInfo and have no cells.
struct RunsColumn {
  std::string name;
  std::vector<RunsCell> cells;  ///< by row; empty: see above
  bool numeric = false;         ///< every value is a number
  bool integral = false;        ///< and a whole one
  std::string longest;          ///< the text with the most characters
  double low = 0.0;             ///< the numbers' range, of magnitudes above 0
  double high = 0.0;
  bool negative = false;
};

/// Rows [first, first + count) under one head.
struct RunsGroup {
  std::string key;
  std::string label;
  std::size_t first = 0;
  std::size_t count = 0;
  std::string best_of;  ///< the result that is best, as its column is called; empty: there is none
  double best = 0.0;
};

/// All about one run.
struct RunDetails {
  store::RunInfo run;
  std::vector<store::Setting> settings;
  std::vector<store::RunResult> results;
  std::vector<store::Event> events;
  std::optional<store::RunInfo> parent;
  std::vector<store::RunInfo> children;
};

struct RunsSnapshot {
  RunsQuery query;                   ///< what this answers
  std::vector<store::RunInfo> runs;  ///< in the order of the list
  std::vector<RunsColumn> columns;
  std::vector<RunsGroup> groups;                        ///< empty: the list is not divided
  std::unordered_map<std::string, std::size_t> row_of;  ///< by uid
  std::int64_t total = 0;                               ///< runs in the file, deleted or not as in the query
  std::shared_ptr<const std::vector<std::string>> keys =
      std::make_shared<std::vector<std::string>>();  ///< settings and results, sorted
  std::shared_ptr<const std::vector<std::string>> result_keys =
      std::make_shared<std::vector<std::string>>();  ///< of these the results
  std::shared_ptr<const RunDetails> details;         ///< of query.focus; null: there is no such run
  std::optional<Error> filter_error;  ///< the rows are then those of the last filter that was right
  std::size_t filter_position = 0;    ///< of the mistake, counted from 1; 0: not known
  std::optional<Error> file_error;    ///< the file can't be read
  bool missing = false;               ///< there is no file yet
  bool read = false;                  ///< it was looked at
};

/// Columns of the list that are no setting and no result, in the order in which they are offered.
const std::vector<std::string>& runs_own_columns();
bool is_own_column(const std::string& name);

/// What a network was trained on and what it was: "mnist 32-10".
std::string what_on(const std::string& data, const std::string& model);

/// "best(test_loss)" as the name of the result, and whether its best is meant.
std::pair<std::string, bool> split_best(const std::string& column);

/// The columns that a list has of which nobody said otherwise.
std::vector<std::string> usual_columns(const std::vector<std::string>& keys, bool compact);

/// Values of one column by run id.
using RunsValues = std::unordered_map<std::int64_t, RunsCell>;

/// Sorts rows by a column; runs that have no value come last either way.
/// @param values  of a column that is not the list's own; else null
void sort_runs(std::vector<store::RunInfo>& runs, const std::string& column, bool descending,
               const RunsValues* values);

/// Brings the rows of one group together, the groups in the order in which their first rows stand.
/// @param values  of the setting that divides them; null for "day" and "race"
std::vector<RunsGroup> group_runs(std::vector<store::RunInfo>& runs, const std::string& by,
                                  const RunsValues* values);

/// A column's cells in the order of the rows, and what its width is found from.
RunsColumn make_column(const std::string& name, const std::vector<store::RunInfo>& runs,
                       const RunsValues* values);

/// A moment as stored ("2026-01-31T12:00:00.000Z") in seconds since 1970; nothing if it is none.
std::optional<std::int64_t> parse_moment(const std::string& created);
/// Its day here: "2026-01-31".
std::string local_day(const std::string& created);

}  // namespace thalweg
