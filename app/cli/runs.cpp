// thalweg runs list, show and compare.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>

#include "app/cli/runs_parts.hpp"

namespace thalweg::cli {
namespace {

using store::RunInfo;
using store::Store;

std::string short_number(double value) {
  if (std::isnan(value)) return "-";
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", value);
  return text;
}

/// Lines of cells, each column as wide as its widest.
class Grid {
 public:
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  void print() const {
    std::vector<std::size_t> widths;
    for (const auto& row : rows_) {
      widths.resize(std::max(widths.size(), row.size()));
      for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
    }
    for (const auto& row : rows_) {
      std::string line;
      for (std::size_t i = 0; i < row.size(); ++i) {
        line += one_line(row[i]);
        line += std::string(widths[i] - width_of(row[i]) + 2, ' ');
      }
      line.erase(line.find_last_not_of(' ') + 1);
      std::printf("%s\n", line.c_str());
    }
  }

 private:
  /// Characters, not bytes.
  static std::size_t width_of(const std::string& text) {
    const std::string clean = one_line(text);
    return static_cast<std::size_t>(std::count_if(
        clean.begin(), clean.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80; }));
  }
  std::vector<std::vector<std::string>> rows_;
};

struct Column {
  std::string title;
  std::map<std::int64_t, store::RunValue> values;
};

std::vector<Column> columns_of(Store& store, const std::string& list) {
  std::vector<Column> out;
  for (std::size_t begin = 0; begin < list.size();) {
    const std::size_t end = std::min(list.find(',', begin), list.size());
    Column column{list.substr(begin, end - begin), {}};
    begin = end + 1;
    const std::string& title = column.title;
    const bool best = title.starts_with("best(") && title.ends_with(")");
    for (auto& value : need(store.column(best ? title.substr(5, title.size() - 6) : title, best)))
      column.values.emplace(value.run, std::move(value));
    out.push_back(std::move(column));
  }
  return out;
}

std::string tags_of(const RunInfo& run) {
  std::string out = run.star ? "★" : "";
  for (const std::string& tag : run.tags) out += (out.empty() ? "" : " ") + tag;
  return out;
}

/// The time of a run to the minute, in UTC as stored.
std::string minute(const std::string& created) {
  std::string out = created.substr(0, 16);
  std::replace(out.begin(), out.end(), 'T', ' ');
  return out;
}

Json history_of(Store& store, std::int64_t run, const std::string& series) {
  const store::SeriesData data = need(store.points(run, series));
  Json out{{"steps", data.steps}, {"values", Json::array()}};
  for (const double value : data.values) out["values"].push_back(json_number(value));
  return out;
}

Json results_of(Store& store, std::int64_t run) {
  Json out = Json::object();
  for (const store::RunResult& result : need(store.results(run))) {
    Json& one = out[result.key];
    one["last"] = json_number(result.last);
    if (!std::isnan(result.best)) one["best"] = result.best;
    if (result.best_step) one["best_step"] = *result.best_step;
  }
  return out;
}

std::string setting_name(const std::string& part, const std::string& key) {
  return part.empty() ? key : part + "." + key;
}

}  // namespace

int runs_list(const RunsOptions& options) {
  return guarded([&] {
    const store::Filter filter = need(store::parse_filter(options.filter));
    const auto store = open_to_read(options);
    std::vector<RunInfo> runs;
    std::vector<Column> columns;
    if (store) {
      runs = need(store->list({.filter = filter,
                               .deleted = options.deleted,
                               .sort = options.sort,
                               .descending = !options.ascending,
                               .limit = options.limit}));
      columns = columns_of(*store, options.columns);
    }
    if (options.json) {
      Json out{{"runs", Json::array()}};
      for (const RunInfo& run : runs) {
        Json one = written(run);
        for (const Column& column : columns) {
          const auto found = column.values.find(run.id);
          if (found == column.values.end())
            one["columns"][column.title] = nullptr;
          else if (std::isnan(found->second.number))
            one["columns"][column.title] = found->second.text;
          else
            one["columns"][column.title] = json_number(found->second.number);
        }
        out["runs"].push_back(std::move(one));
      }
      print(out);
      return kExitOk;
    }
    Grid grid;
    std::vector<std::string> heading = {"run", "created (UTC)", "name", "outcome", "steps"};
    for (const Column& column : columns) heading.push_back(column.title);
    heading.emplace_back("tags");
    grid.add(std::move(heading));
    for (const RunInfo& run : runs) {
      std::vector<std::string> row = {run.uid.substr(0, 8), minute(run.created), run.name, run.outcome,
                                      std::to_string(run.steps)};
      for (const Column& column : columns) {
        const auto found = column.values.find(run.id);
        row.push_back(found == column.values.end()       ? "-"
                      : std::isnan(found->second.number) ? found->second.text
                                                         : short_number(found->second.number));
      }
      row.push_back(tags_of(run));
      grid.add(std::move(row));
    }
    grid.print();
    return kExitOk;
  });
}

int runs_show(const RunsOptions& options) {
  return guarded([&] {
    const auto store = open_to_read_some(options);
    const RunInfo run = need(store->find(options.run));
    const auto settings = need(store->settings(run.id));
    const auto series = need(store->series(run.id));
    const auto events = need(store->events(run.id));
    if (options.json) {
      Json out = written(run);
      out["settings"] = Json::object();
      for (const auto& setting : settings)
        out["settings"][setting_name(setting.part, setting.key)] =
            setting.number ? json_number(*setting.number) : Json(setting.value);
      out["results"] = results_of(*store, run.id);
      out["series"] = Json::array();
      for (const auto& one : series) {
        out["series"].push_back({{"name", one.name},
                                 {"unit", one.unit},
                                 {"points", one.count},
                                 {"first_step", one.first_step},
                                 {"last_step", one.last_step}});
        if (options.history) out["series"].back()["history"] = history_of(*store, run.id, one.name);
      }
      out["events"] = Json::array();
      for (const auto& event : events)
        out["events"].push_back(
            {{"step", event.step}, {"kind", event.kind}, {"key", event.key}, {"value", event.value}});
      out["checkpoints"] = need(store->checkpoints(run.id));
      out["scene"] = Json::parse(need(store->scene(run.id)), nullptr, false);
      print(out);
      return kExitOk;
    }
    Grid grid;
    grid.add({"run", run.uid});
    grid.add({"name", run.name});
    grid.add({"kind", run.kind});
    grid.add({"outcome", run.outcome + " after " + std::to_string(run.steps) + " steps, " +
                             short_number(run.duration) + " s"});
    grid.add({"created", run.created});
    grid.add({"made by", "thalweg " + run.program_version + " on " + run.host + ", " + run.device});
    if (!run.parent.empty()) grid.add({"parent", run.parent});
    if (!run.note.empty()) grid.add({"note", run.note});
    if (const std::string tags = tags_of(run); !tags.empty()) grid.add({"tags", tags});
    if (run.deleted) grid.add({"deleted", "yes (runs delete --undo brings it back)"});
    grid.add({""});
    for (const auto& setting : settings) grid.add({setting_name(setting.part, setting.key), setting.value});
    grid.add({""});
    for (const auto& result : need(store->results(run.id)))
      grid.add({result.key, short_number(result.last) +
                                (result.best_step ? "  (best " + short_number(result.best) + " at step " +
                                                        std::to_string(*result.best_step) + ")"
                                                  : "")});
    grid.add({""});
    for (const auto& event : events)
      grid.add({"step " + std::to_string(event.step),
                event.kind + (event.key.empty() ? "" : " " + event.key + "=" + event.value)});
    grid.print();
    return kExitOk;
  });
}

int runs_compare(const RunsOptions& options) {
  return guarded([&] {
    const auto store = open_to_read_some(options);
    const std::vector<RunInfo> runs = chosen(*store, options);
    std::vector<std::int64_t> ids;
    for (const RunInfo& run : runs) ids.push_back(run.id);
    const auto settings = need(store->compare_settings(ids, options.all));
    std::map<std::string, std::map<std::int64_t, store::RunResult>> results;
    for (const std::int64_t id : ids)
      for (auto& result : need(store->results(id))) results[result.key].emplace(id, result);
    if (options.json) {
      Json out{{"runs", Json::array()}, {"settings", Json::object()}};
      for (const RunInfo& run : runs) {
        out["runs"].push_back(written(run));
        out["runs"].back()["results"] = results_of(*store, run.id);
      }
      for (const auto& row : settings) {
        Json& values = out["settings"][setting_name(row.part, row.key)] = Json::array();
        for (const auto& value : row.values) values.push_back(value ? Json(*value) : Json(nullptr));
      }
      print(out);
      return kExitOk;
    }
    Grid grid;
    std::vector<std::string> heading = {""}, names = {"name"}, outcomes = {"outcome"};
    for (const RunInfo& run : runs) {
      heading.push_back(run.uid.substr(0, 8));
      names.push_back(run.name);
      outcomes.push_back(run.outcome);
    }
    for (auto* row : {&heading, &names, &outcomes}) grid.add(std::move(*row));
    for (const auto& row : settings) {
      std::vector<std::string> cells = {setting_name(row.part, row.key)};
      for (const auto& value : row.values) cells.push_back(value.value_or("-"));
      grid.add(std::move(cells));
    }
    for (const auto& [key, values] : results) {
      std::vector<std::string> last = {key}, best = {"best " + key};
      bool any = false;
      for (const std::int64_t id : ids) {
        const auto found = values.find(id);
        last.push_back(found == values.end() ? "-" : short_number(found->second.last));
        best.push_back(found == values.end() ? "-" : short_number(found->second.best));
        any = any || (found != values.end() && found->second.best_step);
      }
      grid.add(std::move(last));
      if (any) grid.add(std::move(best));
    }
    grid.print();
    return kExitOk;
  });
}

}  // namespace thalweg::cli
