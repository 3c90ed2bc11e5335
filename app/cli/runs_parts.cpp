#include "app/cli/runs_parts.hpp"

#include <algorithm>
#include <cstdio>

namespace thalweg::cli {

namespace fs = std::filesystem;
using store::Access;
using store::RunInfo;
using store::Store;

fs::path runs_file(const RunsOptions& options) {
  return options.db.empty() ? store::default_file() : fs::path(options.db);
}

std::unique_ptr<Store> open_to_read(const RunsOptions& options) {
  const fs::path file = runs_file(options);
  std::error_code code;
  if (options.db.empty() && !fs::exists(file, code)) return nullptr;
  if (fs::exists(file, code)) {
    // Runs of programs that are gone are marked as interrupted on the way.
    if (auto store = Store::open(file); store) {
      (void)(*store)->mark_interrupted();
      return std::move(*store);
    }
  }
  return need(Store::open(file, Access::kRead));
}

std::unique_ptr<Store> open_to_read_some(const RunsOptions& options) {
  auto store = open_to_read(options);
  if (!store) throw Error{ErrorCode::kNotFound, "no runs have been kept yet", runs_file(options).string()};
  return store;
}

std::unique_ptr<Store> open_to_change(const RunsOptions& options) {
  const fs::path file = runs_file(options);
  std::error_code code;
  if (!fs::exists(file, code)) throw Error{ErrorCode::kNotFound, "does not exist", file.string()};
  return need(Store::open(file));
}

std::vector<RunInfo> chosen(Store& store, const RunsOptions& options) {
  std::vector<RunInfo> out;
  for (const std::string& text : options.runs) out.push_back(need(store.find(text)));
  if (!options.filter.empty())
    for (RunInfo& run :
         need(store.list({.filter = need(store::parse_filter(options.filter)), .descending = false})))
      out.push_back(std::move(run));
  if (out.empty() && options.filter.empty())
    throw bad_input("name one or more runs, or choose some with --filter", "runs");
  if (out.empty()) throw Error{ErrorCode::kNotFound, "no run fits", "filter"};
  std::vector<RunInfo> once;
  for (RunInfo& run : out)
    if (std::none_of(once.begin(), once.end(), [&](const RunInfo& other) { return other.id == run.id; }))
      once.push_back(std::move(run));
  return once;
}

std::vector<std::string> split_list(const std::string& list) {
  std::vector<std::string> out;
  for (std::size_t begin = 0; begin < list.size();) {
    const std::size_t end = std::min(list.find(',', begin), list.size());
    std::string name = list.substr(begin, end - begin);
    if (!name.empty() && std::find(out.begin(), out.end(), name) == out.end()) out.push_back(std::move(name));
    begin = end + 1;
  }
  return out;
}

Json written(const RunInfo& run) {
  Json out{{"uid", run.uid},         {"id", run.id},
           {"kind", run.kind},       {"name", run.name},
           {"note", run.note},       {"star", run.star},
           {"tags", run.tags},       {"outcome", run.outcome},
           {"steps", run.steps},     {"duration", json_number(run.duration)},
           {"created", run.created}, {"host", run.host},
           {"device", run.device},   {"program_version", run.program_version}};
  if (!run.parent.empty()) out["parent"] = run.parent;
  if (run.parent_step) out["parent_step"] = *run.parent_step;
  if (!run.race.empty()) {
    out["race"] = run.race;
    out["lane"] = run.lane;
  }
  return out;
}

void print(const Json& json) {
  // What another tool has put into the file may be no UTF-8.
  std::printf("%s\n", json.dump(2, ' ', false, Json::error_handler_t::replace).c_str());
}

}  // namespace thalweg::cli
