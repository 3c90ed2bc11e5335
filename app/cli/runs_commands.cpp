// Reads the command line of thalweg runs.
#include "app/cli/runs.hpp"

#include <CLI/CLI.hpp>

#include "app/cli/options.hpp"

namespace thalweg::cli {
namespace {

void add_run(CLI::App& command, RunsOptions& options) {
  command.add_option("run", options.run, "by uid, by its beginning, by number or by name")
      ->type_name("RUN")
      ->required();
}

void add_runs(CLI::App& command, RunsOptions& options) {
  command.add_option("runs", options.runs, "runs: by uid, by its beginning, by number or by name")
      ->type_name("RUN")
      ->expected(-1);
}

void add_filter(CLI::App& command, RunsOptions& options) {
  command.add_option("--filter", options.filter, "those that fit, such as \"optimizer=adam and lr<0.01\"")
      ->type_name("TEXT");
}

}  // namespace

CLI::Option* add_keep_options(CLI::App& command, KeepOptions& options) {
  command.add_flag("--save,!--no-save", options.save, "keep the run (it is, unless --no-save)");
  return command.add_option("--db", options.db, "keep the run in this file instead of the usual one")
      ->type_name("FILE");
}

RunsCommands::RunsCommands(CLI::App& app)
    : runs_(app.add_subcommand("runs", "runs that were kept: list, show, compare, export...")) {
  runs_->require_subcommand(1);

  CLI::App& list = add("list", "one line a run, the newest first", runs_list);
  list.add_option("filter", options_.filter, "those that fit, such as \"optimizer=adam and lr<0.01\"")
      ->type_name("TEXT");
  list.add_option("--sort", options_.sort, "by a column, a setting or a result")->type_name("KEY");
  list.add_flag("--ascending", options_.ascending, "the smallest first");
  list.add_option("--limit", options_.limit, "so many at most")
      ->type_name("N")
      ->check(CLI::Range(0, 1'000'000'000));
  list.add_option("--columns", options_.columns,
                  "settings and results to show, such as \"lr,loss,best(test_accuracy)\"")
      ->type_name("LIST");
  list.add_flag("--deleted", options_.deleted, "those that were deleted");

  CLI::App& show = add("show", "everything about one run", runs_show);
  add_run(show, options_);
  show.add_flag("--history", options_.history, "every point, in the JSON");

  CLI::App& compare = add("compare", "settings that differ, and results, side by side", runs_compare);
  add_runs(compare, options_);
  add_filter(compare, options_);
  compare.add_flag("--all", options_.all, "settings that are the same too");

  CLI::App& out =
      add("export", "a run as one file (JSON, with its series), its series as CSV, or a picture of them",
          runs_export);
  add_runs(out, options_);
  add_filter(out, options_);
  out.add_option(
         "--out", options_.out,
         "file; .svg or .png: a picture; .csv: the numbers; a folder for several runs; else standard output")
      ->type_name("FILE");
  out.add_flag("--csv", options_.csv, "run, series, step, value");
  out.add_option("--series", options_.series, "of a picture or CSV, such as \"loss,test_accuracy\"")
      ->type_name("LIST");
  out.add_option("--smoothing", options_.smoothing, "of a picture: share of the past in a running average")
      ->type_name("S")
      ->check(CLI::Range(0.0, 0.9999));
  add_picture_options(out, options_.picture);
  out.add_flag("--pytorch", options_.pytorch, "a PyTorch program that makes the same numbers");

  CLI::App& in = add("import", "take in files that were exported", runs_import);
  in.add_option("files", options_.files, "files")->type_name("FILE")->required()->expected(-1);

  CLI::App& tag = add("tag", "put tags on a run, or take them off", runs_tag);
  add_run(tag, options_);
  tag.add_option("tags", options_.tags, "tags")->type_name("TAG")->required()->expected(-1);
  tag.add_flag("--remove", options_.remove, "take them off");

  CLI::App& edit = add("edit", "name, note and star of a run", runs_edit);
  add_run(edit, options_);
  edit.add_option("--name", options_.name, "its name")->type_name("TEXT");
  edit.add_option("--note", options_.note, "a note")->type_name("TEXT");
  edit.add_flag("--star", options_.star, "mark it");
  edit.add_flag("--unstar", options_.unstar, "take the mark off");

  CLI::App& resume =
      add("resume", "go on with runs that were interrupted or stopped; alone: list them", runs_resume);
  add_runs(resume, options_);
  resume.add_flag("--all", options_.all, "all that were interrupted");
  add_device(resume, options_.device);

  CLI::App& gone = add("delete", "delete runs; --undo brings them back until --purge", runs_delete);
  add_runs(gone, options_);
  gone.add_flag("--undo", options_.undo, "bring them back");
  gone.add_flag("--purge", options_.purge, "remove for good whatever was deleted");
}

CLI::App& RunsCommands::add(const char* name, const char* about, int (*action)(const RunsOptions&)) {
  CLI::App& command = *runs_->add_subcommand(name, about);
  command.add_option("--db", options_.db, "file of runs instead of the usual one")->type_name("FILE");
  command.add_flag("--json", options_.json, "print JSON");
  actions_.emplace_back(&command, action);
  return command;
}

std::optional<int> RunsCommands::run() const {
  for (const auto& [command, action] : actions_)
    if (command->parsed()) return action(options_);
  return std::nullopt;
}

}  // namespace thalweg::cli
