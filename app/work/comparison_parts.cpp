// The rest of what the comparison reads: values of every listed run, paths on surfaces, the tree of forks.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <map>
#include <set>

#include "app/map/camera.hpp"
#include "app/work/comparison_reader.hpp"

namespace thalweg {
namespace {

/// Runs whose settings tell which keys there are.
constexpr std::size_t kSampled = 32;
/// Of a family.
constexpr std::size_t kMostRelatives = 500;

/// "best(test_loss)" as the key and whether the best is meant.
std::pair<std::string, bool> parsed_key(const std::string& text) {
  if (text.starts_with("best(") && text.ends_with(")")) return {text.substr(5, text.size() - 6), true};
  return {text, false};
}

std::string four_digits(double value) {
  char text[40];
  std::snprintf(text, sizeof text, "%.4g", value);
  return text;
}

bool all_alike(const std::vector<Fact>& facts) {
  return std::all_of(facts.begin(), facts.end(),
                     [&](const Fact& fact) { return fact.text == facts.front().text; });
}

/// What runs are most often judged by, of what there is.
std::vector<std::string> usual_results(const std::vector<std::string>& keys) {
  std::vector<std::string> out;
  for (const char* key : {"test_accuracy", "validation_accuracy", "test_loss", "loss", "grad_norm"})
    if (std::find(keys.begin(), keys.end(), key) != keys.end()) {
      out.push_back(std::string("best(") + key + ")");
      out.emplace_back(key);
    }
  return out;
}

/// What makes a run other than the one it was forked from.
std::string difference(const Facts& settings, const std::vector<store::Event>& events, const Facts& parents,
                       const std::vector<store::Event>& parents_events, std::int64_t fork) {
  std::vector<std::string> keys;
  for (const Fact& fact : settings) keys.push_back(fact.key);
  std::string out;
  const auto add = [&](const std::string& text) { out += (out.empty() ? "" : ", ") + text; };
  for (const Fact& fact : settings) {
    const auto theirs =
        std::find_if(parents.begin(), parents.end(), [&](const Fact& f) { return f.key == fact.key; });
    if (theirs == parents.end())
      add(short_key(fact.key, keys) + " " + fact.text);
    else if (theirs->text != fact.text)
      add(short_key(fact.key, keys) + " " + theirs->text + " → " + fact.text);
  }
  for (std::size_t i = 0; i < events.size(); ++i) {
    const store::Event& event = events[i];
    if (event.kind != "changed" || event.step < fork ||
        std::find(parents_events.begin(), parents_events.end(), event) != parents_events.end())
      continue;
    std::string before;
    if (const Fact* fact = find_fact(settings, event.key)) before = fact->text + " ";
    for (std::size_t k = 0; k < i; ++k)
      if (events[k].kind == "changed" && events[k].key == event.key) before = events[k].value + " ";
    add(event.key + " " + before + "→ " + event.value + " at step " + std::to_string(event.step));
  }
  return out;
}

}  // namespace

// Values of every listed run -------------------------------------------------------------------------------

std::optional<Error> ComparisonReader::read_listed(Comparison& out) {
  auto listed = std::make_shared<ListedRuns>();
  const auto filter = store::parse_filter(out.request.filter);
  if (!filter) {
    listed->error = filter.error();
    out.listed = std::move(listed);
    return {};
  }
  const auto runs = store_->list({.filter = *filter});
  if (!runs) {
    // A name that no run has is the filter's fault, not the file's.
    if (runs.error().code != ErrorCode::kBadInput) return runs.error();
    listed->error = runs.error();
    out.listed = std::move(listed);
    return {};
  }
  std::map<std::int64_t, std::size_t> row;
  for (const store::RunInfo& run : *runs) {
    row[run.id] = listed->uids.size();
    listed->uids.push_back(run.uid);
    listed->names.push_back(run.name);
    out.live = out.live || run.outcome == "running";
  }
  // Which keys are settings, and which way a result is good, as far as a few runs tell.
  std::vector<std::string> settings;
  std::map<std::string, store::Goal> goals;
  const std::size_t stride = std::max<std::size_t>(1, runs->size() / kSampled);
  for (std::size_t i = 0; i < runs->size(); i += stride) {
    const auto found = store_->settings((*runs)[i].id);
    if (!found) return found.error();
    for (const store::Setting& setting : *found)
      if (std::find(settings.begin(), settings.end(), setting.key) == settings.end())
        settings.push_back(setting.key);
    const auto series = store_->series((*runs)[i].id);
    if (!series) return series.error();
    for (const store::SeriesInfo& one : *series) goals[one.name] = one.goal;
  }
  const auto keys = store_->keys();
  if (!keys) return keys.error();
  for (const std::string& key : *keys)
    if (std::find(settings.begin(), settings.end(), key) == settings.end()) listed->results.push_back(key);

  const auto add = [&](const std::string& name, bool result) -> std::optional<Error> {
    if (listed->find(name)) return {};
    const auto [key, best] = parsed_key(name);
    const auto values = store_->column(key, best);
    if (!values) return values.error();
    ListedColumn column{name, result, goals.contains(key) ? goals.at(key) : store::Goal::kNone, {}};
    column.facts.resize(listed->uids.size(), Fact{name, {}});
    bool any = false;
    for (const store::RunValue& value : *values)
      if (const auto found = row.find(value.run); found != row.end()) {
        column.facts[found->second].text = value.text;
        column.facts[found->second].number = value.number;
        any = true;
      }
    if (any && (result || !all_alike(column.facts))) listed->columns.push_back(std::move(column));
    return {};
  };
  for (const std::string& key : settings)
    if (auto error = add(key, false)) return error;
  for (const std::string& key : usual_results(listed->results))
    if (auto error = add(key, true)) return error;
  for (const std::string& key : out.request.columns)
    if (std::find(settings.begin(), settings.end(), key) == settings.end())
      if (auto error = add(key, true)) return error;
  out.listed = std::move(listed);
  return {};
}

// Paths ----------------------------------------------------------------------------------------------------

Result<std::shared_ptr<const ComparedPath>> ComparisonReader::read_path(const ComparedRun& run) {
  auto path = std::make_shared<ComparedPath>();
  const auto none = [&](std::string why) -> std::shared_ptr<const ComparedPath> {
    path->trouble = std::move(why);
    return path;
  };
  if (!run.found) return none("is not in the file any more");
  if (run.info.kind != "descent") return none("has no path: a network has too many weights for a map");
  const auto text = store_->scene(run.info.id);
  if (!text) return text.error();
  auto scene = scene_from_json(*text);
  if (!scene) return none("was made by another version: " + scene.error().text());
  path->scene = std::move(*scene);
  auto surface = make_surface(path->scene.surface);
  if (!surface) return none(surface.error().text());
  path->surface = std::move(*surface);
  if (path->surface->dim() < 2) return none("is on a curve of one variable: see Curves");
  const ShownAxes axes = shown_axes(path->scene, *path->surface);
  std::array<store::SeriesData, 2> read;
  const std::array<int, 2> shown{axes.x, axes.y};
  for (std::size_t i = 0; i < 2; ++i) {
    auto points = store_->points(run.info.id, axis_name(path->surface->dim(), shown[i]));
    if (!points) return points.error();
    read[i] = std::move(*points);
  }
  const std::size_t count = std::min(read[0].steps.size(), read[1].steps.size());
  if (count == 0) return none("has no position on record");
  Table table(2);
  for (std::size_t at = 0; at < count;) {
    const auto tail = table.tail();
    const std::size_t now = std::min(count - at, static_cast<std::size_t>(tail.count()));
    for (std::size_t i = 0; i < 2; ++i)
      std::copy_n(read[i].values.begin() + static_cast<std::ptrdiff_t>(at), now,
                  tail.column(static_cast<int>(i)));
    table.commit(static_cast<int>(now));
    at += now;
  }
  path->table = table.view();
  path->steps.assign(read[0].steps.begin(), read[0].steps.begin() + static_cast<std::ptrdiff_t>(count));
  return std::shared_ptr<const ComparedPath>(path);
}

std::optional<Error> ComparisonReader::read_paths(Comparison& out) {
  for (std::size_t i = 0; i < out.runs.size(); ++i) {
    const ComparedRun& run = *out.runs[i];
    const std::string stamp = run.info.outcome + " " + std::to_string(run.info.steps) + " " +
                              (run.series.empty() ? "" : std::to_string(run.series.front().last_step));
    auto known = paths_.find(run.info.id);
    if (!run.found || known == paths_.end() || known->second.first != stamp) {
      auto path = read_path(run);
      if (!path) return path.error();
      known = paths_.insert_or_assign(run.info.id, std::pair{stamp, std::move(*path)}).first;
    }
    ComparedPath own = *known->second.second;
    own.run = i;
    out.paths.push_back(std::make_shared<const ComparedPath>(std::move(own)));
  }
  return {};
}

// The tree of forks ----------------------------------------------------------------------------------------

std::optional<Error> ComparisonReader::read_family(Comparison& out) {
  std::map<std::string, store::RunInfo> members;
  std::vector<std::string> next;
  for (const auto& run : out.runs)
    if (run->found) next.push_back(run->info.uid);
  // Upwards and downwards, a generation at a time.
  std::set<std::string> asked;
  while (!next.empty() && members.size() < kMostRelatives) {
    const auto found = runs_by_uid(*store_, next);
    if (!found) return found.error();
    store::Filter children;
    std::vector<std::string> parents;
    for (const store::RunInfo& info : *found) {
      members.emplace(info.uid, info);
      asked.insert(info.uid);
      if (!info.parent.empty() && !asked.contains(info.parent)) parents.push_back(info.parent);
      children.nodes.push_back(
          {.condition = {.name = "parent", .comparison = store::Comparison::kEqual, .text = info.uid}});
      if (children.nodes.size() > 1)
        children.nodes.push_back({.kind = store::Filter::Kind::kOr,
                                  .left = children.nodes.size() - 2,
                                  .right = children.nodes.size() - 1});
    }
    for (const std::string& uid : next) asked.insert(uid);
    next = std::move(parents);
    if (children.empty()) continue;
    const auto forks = store_->list({.filter = children, .limit = static_cast<std::int64_t>(kMostRelatives)});
    if (!forks) return forks.error();
    for (const store::RunInfo& fork : *forks)
      if (!asked.contains(fork.uid)) next.push_back(fork.uid);
    std::sort(next.begin(), next.end());
    next.erase(std::unique(next.begin(), next.end()), next.end());
    if (next.size() > kMostRelatives) next.resize(kMostRelatives);
  }
  std::vector<store::RunInfo> infos;
  for (auto& [uid, info] : members) infos.push_back(std::move(info));
  std::stable_sort(infos.begin(), infos.end(),
                   [](const auto& a, const auto& b) { return a.created < b.created; });
  std::map<std::string, std::shared_ptr<const ComparedRun>> details;
  std::vector<FamilyMember> tree;
  for (const store::RunInfo& info : infos) {
    if (auto error = read_details(info, details[info.uid])) return error;
    tree.push_back({info.uid, info.parent, info.parent_step.value_or(0), info.steps});
    out.live = out.live || info.outcome == "running";
  }
  for (store::RunInfo& info : infos) {
    FamilyRun run;
    const ComparedRun& own = *details.at(info.uid);
    if (const auto parent = details.find(info.parent); parent != details.end())
      run.difference = difference(own.settings, own.events, parent->second->settings, parent->second->events,
                                  info.parent_step.value_or(0));
    for (const char* key : {"test_accuracy", "validation_accuracy", "test_loss", "loss"})
      if (const store::RunResult* result = own.result(key);
          run.outcome.empty() && result && std::isfinite(result->best))
        run.outcome = std::string(key) + " " + four_digits(result->best);
    run.info = std::move(info);
    out.family.push_back(std::move(run));
  }
  out.branches = lay_out_family(tree);
  return {};
}

}  // namespace thalweg
