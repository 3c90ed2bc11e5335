// thalweg runs: what was kept, listed, compared, exported.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "app/cli/figure.hpp"
#include "app/cli/keep.hpp"

namespace CLI {
class App;
class Option;
}

namespace thalweg::cli {

/// --db, --save and --no-save of a command that makes runs. Returns the option of --db.
CLI::Option* add_keep_options(CLI::App& command, KeepOptions& options);

struct RunsOptions {
  std::string db;                 ///< empty: the usual file
  std::string run;                ///< a uid, the beginning of one, an id or a name
  std::vector<std::string> runs;  ///< likewise
  std::string filter;
  std::string sort = "created";
  bool ascending = false;
  std::int64_t limit = -1;
  std::string columns;  ///< "lr,loss,best(test_accuracy)"
  bool deleted = false;
  bool all = false;      ///< compare: settings that are the same too; resume: all that were interrupted
  std::vector<std::string> device;  ///< resume: values of device_descriptor(); empty: as they were
  bool history = false;  ///< show: every point, in the JSON
  std::string out;       ///< export: a file, or a folder for several runs
  bool csv = false;
  std::string series;      ///< export of a picture or CSV: "loss,test_accuracy"; empty: the usual ones, all
  double smoothing = 0.0;  ///< of a picture: share of the past in a running average, below 1
  PictureOptions picture;
  bool pytorch = false;
  std::vector<std::string> files;  ///< import
  std::vector<std::string> tags;
  bool remove = false;
  bool undo = false;
  bool purge = false;
  std::string name, note;
  bool star = false, unstar = false;
  bool json = false;
};

int runs_list(const RunsOptions& options);
int runs_show(const RunsOptions& options);
int runs_compare(const RunsOptions& options);
int runs_export(const RunsOptions& options);
int runs_import(const RunsOptions& options);
int runs_tag(const RunsOptions& options);
int runs_edit(const RunsOptions& options);
int runs_delete(const RunsOptions& options);
int runs_resume(const RunsOptions& options);

/// The subcommands of `runs`. Must live until run() was called.
class RunsCommands {
 public:
  explicit RunsCommands(CLI::App& app);
  RunsCommands(const RunsCommands&) = delete;
  RunsCommands& operator=(const RunsCommands&) = delete;

  /// The exit code of the command that was given; nothing if it is none of these.
  std::optional<int> run() const;

 private:
  CLI::App& add(const char* name, const char* about, int (*action)(const RunsOptions&));

  RunsOptions options_;
  CLI::App* runs_;
  std::vector<std::pair<CLI::App*, int (*)(const RunsOptions&)>> actions_;
};

}  // namespace thalweg::cli
