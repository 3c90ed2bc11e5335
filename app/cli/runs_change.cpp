// thalweg runs export, import, tag, edit and delete.
#include <algorithm>
#include <cstdio>

#include "app/cli/runs_parts.hpp"
#include "app/figure_file.hpp"
#include "app/work/files.hpp"
#include "core/figure/csv.hpp"
#include "core/script/script.hpp"

namespace thalweg::cli {
namespace {

namespace fs = std::filesystem;
using store::RunInfo;
using store::Store;

/// @param wanted  names of series; none: all
std::string csv_of(Store& store, const std::vector<RunInfo>& runs, const std::vector<std::string>& wanted) {
  std::string out = "run,series,step,value\n";
  for (const RunInfo& run : runs)
    for (const store::SeriesInfo& series : need(store.series(run.id))) {
      if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), series.name) == wanted.end()) continue;
      const store::SeriesData data = need(store.points(run.id, series.name));
      const std::string front = run.uid + "," + csv_text(series.name) + ",";
      for (std::size_t i = 0; i < data.steps.size(); ++i) {
        // As pandas and R read them: nothing for what is no number.
        out += front + std::to_string(data.steps[i]) + "," + csv_number(data.values[i]) + "\n";
      }
    }
  return out;
}

std::string pytorch_of(Store& store, const RunInfo& run) {
  const Scene scene = need(scene_from_json(need(store.scene(run.id))));
  return need(pytorch_of_scene(scene, run.kind, run.lane, {.name = run.name, .uid = run.uid}));
}

int put(const std::string& file, const std::string& text) {
  if (file.empty())
    std::fwrite(text.data(), 1, text.size(), stdout);
  else
    need(write_file(file, text));
  return kExitOk;
}

}  // namespace

int runs_export(const RunsOptions& options) {
  return guarded([&] {
    const auto store = open_to_read_some(options);
    const std::vector<RunInfo> runs = chosen(*store, options);
    if (is_picture(options.out) && !options.csv) return export_picture(*store, runs, options);
    if (options.csv || figure_format(options.out) == FigureFormat::kCsv)
      return put(options.out, csv_of(*store, runs, split_list(options.series)));
    const auto file = [&](const RunInfo& run) {
      return options.pytorch ? pytorch_of(*store, run) : need(store->export_run(run.id));
    };
    if (runs.size() == 1) return put(options.out, file(runs[0]));
    if (options.out.empty()) throw bad_input("several runs go into a folder: --out FOLDER", "export");
    for (const RunInfo& run : runs)
      need(write_file(fs::path(options.out) / (run.uid + (options.pytorch ? ".py" : ".json")), file(run)));
    return kExitOk;
  });
}

int runs_import(const RunsOptions& options) {
  return guarded([&] {
    const auto store = need(Store::open(runs_file(options)));
    Json out{{"runs", Json::array()}};
    // All of the files or none.
    need(store->batch([&]() -> std::optional<Error> {
      for (const std::string& file : options.files) {
        const auto text = read_file(file, store::kLargestRunFile);
        if (!text) return text.error();
        const auto run = store->import_run(*text);
        if (!run) {
          Error error = run.error();
          error.context = file + (error.context.empty() ? "" : ": " + error.context);
          return error;
        }
        out["runs"].push_back(written(need(store->find(std::to_string(*run)))));
      }
      return std::nullopt;
    }));
    if (options.json)
      print(out);
    else
      for (const Json& run : out["runs"]) std::printf("%s\n", run["uid"].get<std::string>().c_str());
    return kExitOk;
  });
}

int runs_tag(const RunsOptions& options) {
  return guarded([&] {
    const auto store = open_to_change(options);
    const RunInfo run = need(store->find(options.run));
    need(store->batch([&]() -> std::optional<Error> {
      for (const std::string& tag : options.tags)
        if (auto error = options.remove ? store->remove_tag(run.id, tag) : store->add_tag(run.id, tag))
          return error;
      return std::nullopt;
    }));
    if (options.json) print(written(need(store->find(run.uid))));
    return kExitOk;
  });
}

int runs_edit(const RunsOptions& options) {
  return guarded([&] {
    if (options.name.empty() && options.note.empty() && !options.star && !options.unstar)
      throw bad_input("what? --name, --note, --star or --unstar", "edit");
    if (options.star && options.unstar) throw bad_input("--star and --unstar exclude each other", "edit");
    const auto store = open_to_change(options);
    const RunInfo run = need(store->find(options.run));
    need(store->batch([&]() -> std::optional<Error> {
      std::optional<Error> error;
      if (!options.name.empty()) error = store->rename(run.id, options.name);
      if (!error && !options.note.empty()) error = store->set_note(run.id, options.note);
      if (!error && (options.star || options.unstar)) error = store->set_star(run.id, options.star);
      return error;
    }));
    if (options.json) print(written(need(store->find(run.uid))));
    return kExitOk;
  });
}

int runs_delete(const RunsOptions& options) {
  return guarded([&] {
    const auto store = open_to_change(options);
    if (options.runs.empty() && !options.purge) throw bad_input("name one or more runs", "delete");
    if (options.undo && options.purge) throw bad_input("--undo and --purge exclude each other", "delete");
    std::int64_t purged = 0;
    need(store->batch([&]() -> std::optional<Error> {
      for (const std::string& text : options.runs) {
        const auto run = store->find(text);
        if (!run) return run.error();
        if (auto error = store->set_deleted(run->id, !options.undo)) return error;
      }
      if (!options.purge) return std::nullopt;
      const auto count = store->purge(0.0);
      if (!count) return count.error();
      purged = *count;
      return std::nullopt;
    }));
    if (options.json) print(Json{{"deleted", options.undo ? 0 : options.runs.size()}, {"purged", purged}});
    return kExitOk;
  });
}

}  // namespace thalweg::cli
