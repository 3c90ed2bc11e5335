// thalweg runs export --out F.svg or F.png: series of several runs in one picture, a chart for each series.
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "app/cli/runs_parts.hpp"

namespace thalweg::cli {
namespace {

using store::Goal;
using store::RunInfo;
using store::SeriesInfo;
using store::Store;

/// Of a picture that nobody has said more about.
constexpr std::size_t kMostCharts = 4;
constexpr int kColours = 8;
/// Beyond so many points for each pixel a series is read from its rollup: extremes are kept.
constexpr std::int64_t kPointsPerPixel = 8;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

using SeriesOfRuns = std::vector<std::vector<SeriesInfo>>;

/// The series to show: of those that most runs have the ones with a goal, or else any.
std::vector<std::string> usual_series(const SeriesOfRuns& all) {
  std::vector<std::string> order;
  std::map<std::string, std::pair<std::size_t, bool>> seen;  // runs that have it, whether it has a goal
  for (const auto& run : all)
    for (const SeriesInfo& series : run) {
      if (!seen.contains(series.name)) order.push_back(series.name);
      auto& [count, goal] = seen[series.name];
      ++count;
      goal = goal || series.goal != Goal::kNone;
    }
  std::vector<std::string> out;
  for (const bool with_goal : {true, false}) {
    for (const std::string& name : order) {
      const auto& [count, goal] = seen[name];
      if (2 * count >= all.size() && goal == with_goal && out.size() < kMostCharts) out.push_back(name);
    }
    if (!out.empty()) break;
  }
  return out;
}

const SeriesInfo* find(const std::vector<SeriesInfo>& all, const std::string& name) {
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const SeriesInfo& s) { return s.name == name; });
  return found == all.end() ? nullptr : &*found;
}

/// What there is to choose from, for a message.
std::string names_of(const SeriesOfRuns& all) {
  std::set<std::string> names;
  for (const auto& run : all)
    for (const SeriesInfo& series : run) names.insert(series.name);
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
  return out.empty() ? "the runs have no series" : "there are " + out;
}

std::vector<std::string> asked_series(const SeriesOfRuns& all, const std::string& list) {
  if (list.empty()) {
    auto usual = usual_series(all);
    if (usual.empty()) throw Error{ErrorCode::kNotFound, "the runs have no series", "series"};
    return usual;
  }
  std::vector<std::string> out = split_list(list);
  for (const std::string& name : out) {
    const bool known =
        std::any_of(all.begin(), all.end(), [&](const auto& run) { return find(run, name) != nullptr; });
    if (!known) throw bad_input("there is no '" + name.substr(0, 40) + "'; " + names_of(all), "series");
  }
  return out;
}

/// Columns of the rollup as points: first, smallest, largest and last value of each.
void add_columns(Series& out, const std::vector<ColumnExtent>& columns) {
  const auto add = [&](double x, double y) {
    out.x.push_back(x);
    out.y.push_back(y);
  };
  for (const ColumnExtent& c : columns) {
    if (c.any) {
      if (std::isfinite(c.first)) add(c.x, c.first);
      add(c.x, c.min);
      add(c.x, c.max);
      if (std::isfinite(c.last)) add(c.x, c.last);
    }
    if (c.gap) add(c.x, kNaN);
  }
}

/// The running average, each with the weights there are so far: the first value has no pull.
Series smoothed(const Series& raw, double share_of_past) {
  Series out = raw;
  double sum = 0.0, weight = 0.0;
  for (double& value : out.y) {
    if (!std::isfinite(value)) continue;
    sum = share_of_past * sum + (1.0 - share_of_past) * value;
    weight = share_of_past * weight + (1.0 - share_of_past);
    value = sum / weight;
  }
  return out;
}

Series read(Store& store, const RunInfo& run, const SeriesInfo& info, const RunsOptions& options, int width) {
  Series out;
  out.run = run.uid;
  if (options.smoothing == 0.0 && info.count > kPointsPerPixel * width) {
    add_columns(out, need(store.read_series(run.id, info.name, info.first_step, info.last_step, 2 * width)));
    return out;
  }
  const store::SeriesData data = need(store.points(run.id, info.name));
  out.x.assign(data.steps.begin(), data.steps.end());
  out.y = data.values;
  return out;
}

/// Runs of one name are told apart by the beginnings of their uids.
std::vector<std::string> legend_names(const std::vector<RunInfo>& runs) {
  std::vector<std::string> out;
  for (const RunInfo& run : runs) {
    const bool shared =
        std::count_if(runs.begin(), runs.end(), [&](const RunInfo& o) { return o.name == run.name; }) > 1;
    out.push_back(run.name.empty() ? run.uid.substr(0, 8)
                  : shared         ? run.name + " " + run.uid.substr(0, 8)
                                   : run.name);
  }
  return out;
}

}  // namespace

int export_picture(Store& store, const std::vector<RunInfo>& runs, const RunsOptions& options) {
  PictureOptions picture = options.picture;
  picture.out = options.out;
  const auto size = need(parse_size(picture.size, kSmallestFigure, kLargestFigure));
  SeriesOfRuns all;
  for (const RunInfo& run : runs) all.push_back(need(store.series(run.id)));
  const auto names = legend_names(runs);
  std::vector<Chart> charts;
  for (const std::string& wanted : asked_series(all, options.series)) {
    Chart chart;
    chart.title = wanted;
    std::replace(chart.title.begin(), chart.title.end(), '_', ' ');
    chart.x.label = "step";
    for (std::size_t i = 0; i < runs.size(); ++i) {
      const SeriesInfo* info = find(all[i], wanted);
      if (!info || info->count == 0) continue;
      chart.y.label = chart.title;
      chart.y.unit = info->unit;
      if (picture.log && info->goal != Goal::kHighest) chart.y.scale = AxisScale::kLog;
      Series series = read(store, runs[i], *info, options, size.first);
      series.name = names[i];
      series.colour = static_cast<int>(i) % kColours;
      series.dashed = (i / kColours) % 2 == 1;
      if (options.smoothing > 0.0) {
        chart.series.push_back(smoothed(series, options.smoothing));
        series.faint = true;
      }
      chart.series.push_back(std::move(series));
    }
    charts.push_back(std::move(chart));
  }
  if (picture.title.empty() && runs.size() == 1) picture.title = runs[0].name;
  need(write_picture(std::move(charts), picture));
  return kExitOk;
}

}  // namespace thalweg::cli
