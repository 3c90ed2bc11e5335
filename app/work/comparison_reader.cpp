#include "app/work/comparison_reader.hpp"

#include <algorithm>
#include <cmath>
#include <new>
#include <numeric>

#include "core/compare/series_choice.hpp"

namespace thalweg {
namespace {

/// Points that are kept in memory for smoothing: 16 bytes each.
constexpr std::int64_t kMostPoints = 24'000'000;
/// Columns of a band.
constexpr int kBandColumns = 600;

std::string stamp_of(const store::RunInfo& info) {
  return info.outcome + " " + std::to_string(info.steps) + " " + std::to_string(info.duration);
}

/// The stretch of steps that a request shows of a run.
std::pair<std::int64_t, std::int64_t> steps_of(const ComparisonRequest& request, const StepScale& scale) {
  if (!request.range) return {0, INT64_MAX};
  constexpr double kFar = 9e15;
  const double first = std::clamp(std::floor(scale.to_step(request.range->min)), 0.0, kFar);
  const double last = std::clamp(std::ceil(scale.to_step(request.range->max)), 0.0, kFar);
  return {static_cast<std::int64_t>(first), static_cast<std::int64_t>(last)};
}

}  // namespace

const store::RunResult* ComparedRun::result(const std::string& key) const {
  const auto it = std::find_if(results.begin(), results.end(), [&](const auto& r) { return r.key == key; });
  return it == results.end() ? nullptr : &*it;
}

const store::SeriesInfo* ComparedRun::find_series(const std::string& name) const {
  const auto it = std::find_if(series.begin(), series.end(), [&](const auto& s) { return s.name == name; });
  return it == series.end() ? nullptr : &*it;
}

const ListedColumn* ListedRuns::find(const std::string& key) const {
  const auto it = std::find_if(columns.begin(), columns.end(), [&](const auto& c) { return c.key == key; });
  return it == columns.end() ? nullptr : &*it;
}

Facts facts_of(const std::vector<store::Setting>& settings) {
  Facts out;
  for (const store::Setting& setting : settings) {
    Fact fact{setting.part.empty() ? setting.key : setting.part + "." + setting.key, setting.value};
    if (setting.number) fact.number = *setting.number;
    out.push_back(std::move(fact));
  }
  return out;
}

Result<std::vector<store::RunInfo>> runs_by_uid(store::Store& store, const std::vector<std::string>& uids) {
  if (uids.empty()) return std::vector<store::RunInfo>{};
  using store::Filter;
  store::ListQuery query;
  auto& nodes = query.filter.nodes;
  for (std::size_t i = 0; i < uids.size(); ++i) {
    nodes.push_back({.condition = {.name = "uid", .comparison = store::Comparison::kEqual, .text = uids[i]}});
    if (i > 0)
      nodes.push_back({.kind = Filter::Kind::kOr, .left = nodes.size() - 2, .right = nodes.size() - 1});
  }
  return store.list(query);
}

// The thread -----------------------------------------------------------------------------------------------

ComparisonReader::ComparisonReader(std::filesystem::path db, std::function<void()> wake)
    : db_(std::move(db)),
      wake_(std::move(wake)),
      worker_([this](const ComparisonRequest& request) { work(request); }) {}

void ComparisonReader::request(const ComparisonRequest& request) {
  if (requested_ && *requested_ == request) return;
  requested_ = request;
  worker_.submit(request);
}

std::shared_ptr<const Comparison> ComparisonReader::comparison() const {
  const std::scoped_lock lock(mutex_);
  return comparison_;
}

void ComparisonReader::publish(const Comparison& comparison) {
  auto next = std::make_shared<Comparison>(comparison);
  next->number = ++published_;
  {
    const std::scoped_lock lock(mutex_);
    comparison_ = std::move(next);
  }
  if (wake_) wake_();
}

void ComparisonReader::work(const ComparisonRequest& request) {
  Comparison out;
  out.request = request;
  ++number_;
  try {
    out.error = answer(out);
  } catch (const std::bad_alloc&) {
    points_.clear();
    out.error = Error{ErrorCode::kIo, "comparing these needs more memory than there is", db_.string()};
  }
  // The next request tries again from the start: the file may have been replaced.
  if (out.error) store_.reset();
  if (!out.error && worker_.newer()) return;
  out.complete = true;
  publish(out);
}

std::optional<Error> ComparisonReader::answer(Comparison& out) {
  if (!store_) {
    auto opened = store::Store::open(db_, store::Access::kRead);
    if (!opened) return opened.error();
    store_ = std::move(*opened);
    details_.clear();
    points_.clear();
    paths_.clear();
  }
  if (auto error = read_runs(out)) return error;
  if (out.request.curves) {
    if (auto error = read_coarse(out)) return error;
    publish(out);
    if (worker_.newer()) return {};
    if (auto error = read_fine(out)) return error;
  }
  if (out.request.listed)
    if (auto error = read_listed(out)) return error;
  if (out.request.paths)
    if (auto error = read_paths(out)) return error;
  if (out.request.family)
    if (auto error = read_family(out)) return error;
  return {};
}

// Runs -----------------------------------------------------------------------------------------------------

std::optional<Error> ComparisonReader::read_runs(Comparison& out) {
  const auto infos = runs_by_uid(*store_, out.request.uids);
  if (!infos) return infos.error();
  std::vector<std::string> names;
  std::vector<Facts> settings;
  for (const std::string& uid : out.request.uids) {
    const auto info =
        std::find_if(infos->begin(), infos->end(), [&](const auto& one) { return one.uid == uid; });
    std::shared_ptr<const ComparedRun> run;
    if (info == infos->end()) {
      ComparedRun missing;
      missing.info.uid = uid;
      run = std::make_shared<const ComparedRun>(std::move(missing));
    } else if (auto error = read_details(*info, run)) {
      return error;
    }
    out.live = out.live || run->info.outcome == "running";
    names.push_back(run->info.name);
    settings.push_back(run->settings);
    out.runs.push_back(std::move(run));
  }
  out.names = distinct_names(names, out.request.uids, settings);
  out.grouping = group_runs(settings, out.request.group);
  choose_series(out);
  return {};
}

std::optional<Error> ComparisonReader::read_details(const store::RunInfo& info,
                                                    std::shared_ptr<const ComparedRun>& out) {
  const std::string stamp = stamp_of(info);
  const auto known = details_.find(info.id);
  if (known != details_.end() && known->second.stamp == stamp && info.outcome != "running") {
    ComparedRun same = *known->second.run;
    same.info = info;  // its name may be another
    out = std::make_shared<const ComparedRun>(std::move(same));
    return {};
  }
  // Taken up again: what comes after the step where it goes on is other than before.
  if (known != details_.end() && known->second.run->info.outcome != "running") forget(info.id);
  ComparedRun run;
  run.found = true;
  run.info = info;
  const auto settings = store_->settings(info.id);
  if (!settings) return settings.error();
  run.settings = facts_of(*settings);
  auto results = store_->results(info.id);
  if (!results) return results.error();
  run.results = std::move(*results);
  auto series = store_->series(info.id);
  if (!series) return series.error();
  run.series = std::move(*series);
  auto events = store_->events(info.id);
  if (!events) return events.error();
  run.events = std::move(*events);
  out = std::make_shared<const ComparedRun>(std::move(run));
  details_[info.id] = {stamp, out};
  return {};
}

void ComparisonReader::forget(std::int64_t run) {
  std::erase_if(points_, [&](const auto& entry) { return entry.first.first == run; });
  paths_.erase(run);
}

void ComparisonReader::choose_series(Comparison& out) const {
  std::vector<std::vector<std::string>> names;
  for (const auto& run : out.runs) {
    if (!run->found) continue;
    names.emplace_back();
    for (const store::SeriesInfo& series : run->series) names.back().push_back(series.name);
  }
  out.all_series = series_by_use(names);
  out.series = out.request.series.empty() ? usual_series(names) : out.request.series;
}

// Curves ---------------------------------------------------------------------------------------------------

Result<StepScale> ComparisonReader::epochs_of(const ComparedRun& run) {
  const store::RunResult* const per_epoch = run.result("steps_per_epoch");
  const auto series = run.find_series("epoch_seconds");
  const bool measured = series && series->count > 0;
  if (!per_epoch && !measured) return StepScale::unknown();
  // Without a word of it: the first epoch that was measured ended after so many updates.
  const double length = per_epoch ? per_epoch->last : static_cast<double>(series->first_step);
  if (!measured) return StepScale::epochs(length);
  auto read = store_->points(run.info.id, "epoch_seconds");
  if (!read) return read.error();
  std::vector<std::int64_t>& ends = read->steps;
  // The last may have ended early; a batch that follows a schedule makes the others differ, too.
  bool even = true;
  for (std::size_t i = 0; i + 1 < ends.size(); ++i)
    even = even && static_cast<double>(ends[i]) == length * static_cast<double>(i + 1);
  if (even) return StepScale::epochs(length);
  ends.insert(ends.begin(), 0);
  std::vector<double> epochs(ends.size());
  std::iota(epochs.begin(), epochs.end(), 0.0);
  return StepScale::times(ends, epochs);
}

Result<StepScale> ComparisonReader::scale_of(const ComparedRun& run, StepUnit unit) {
  if (unit == StepUnit::kStep) return StepScale();
  const auto epochs = run.find_series("epoch_seconds");
  if (unit == StepUnit::kEpoch) return epochs_of(run);
  if (run.find_series("seconds")) {
    const auto read = store_->points(run.info.id, "seconds");
    if (!read) return read.error();
    return StepScale::times(read->steps, read->values);
  }
  if (!epochs) return StepScale::unknown();
  auto read = store_->points(run.info.id, "epoch_seconds");
  if (!read) return read.error();
  read->steps.insert(read->steps.begin(), 0);
  read->values.insert(read->values.begin(), 0.0);
  for (std::size_t i = 1; i < read->values.size(); ++i) read->values[i] += read->values[i - 1];
  return StepScale::times(read->steps, read->values);
}

std::optional<Error> ComparisonReader::read_coarse(Comparison& out) {
  scales_.clear();
  for (const auto& run : out.runs) {
    const auto scale = scale_of(*run, out.request.unit);
    if (!scale) return scale.error();
    scales_.push_back(*scale);
    out.on_axis.push_back(scale->known());
  }
  for (const std::string& series : out.series)
    for (std::size_t i = 0; i < out.runs.size(); ++i) {
      const ComparedRun& run = *out.runs[i];
      if (!run.find_series(series) || !scales_[i].known()) continue;
      const auto [first, last] = steps_of(out.request, scales_[i]);
      const auto columns = store_->read_series(run.info.id, series, first, last, out.request.pixels);
      if (!columns) return columns.error();
      out.curves.push_back({i, series, line_of(*columns, scales_[i]), {}});
    }
  return {};
}

Result<const store::SeriesData*> ComparisonReader::points(const ComparedRun& run, const std::string& series) {
  const store::SeriesInfo* info = run.find_series(series);
  const std::pair key{run.info.id, series};
  auto known = points_.find(key);
  if (known != points_.end() && !known->second.data.steps.empty() &&
      known->second.data.steps.back() > info->last_step) {
    points_.erase(known);
    known = points_.end();
  }
  if (known == points_.end()) {
    make_room(info->count);
    std::int64_t total = info->count;
    for (const auto& [other, held] : points_) total += static_cast<std::int64_t>(held.data.steps.size());
    if (total > kMostPoints) return nullptr;
    known = points_.try_emplace(key).first;
  }
  store::SeriesData& data = known->second.data;
  known->second.used = number_;
  if (data.steps.empty() || data.steps.back() < info->last_step) {
    const auto more = store_->points(run.info.id, series, data.steps.empty() ? 0 : data.steps.back() + 1);
    if (!more) return more.error();
    data.steps.insert(data.steps.end(), more->steps.begin(), more->steps.end());
    data.values.insert(data.values.end(), more->values.begin(), more->values.end());
  }
  return &data;
}

/// What earlier requests needed goes when there is no room for what this one needs.
void ComparisonReader::make_room(std::int64_t points) {
  std::int64_t total = points;
  for (const auto& [key, held] : points_) total += static_cast<std::int64_t>(held.data.steps.size());
  if (total <= kMostPoints) return;
  std::erase_if(points_, [&](const auto& entry) { return entry.second.used != number_; });
}

std::optional<Error> ComparisonReader::read_fine(Comparison& out) {
  const ComparisonRequest& request = out.request;
  const bool bands = !request.group.empty();
  if (request.smoothing <= 0.0 && !bands) return {};
  for (const std::string& series : out.series) {
    std::vector<Polyline> lines(out.runs.size());
    for (ComparedCurve& curve : out.curves) {
      if (curve.series != series) continue;
      if (worker_.newer()) return {};
      const auto data = points(*out.runs[curve.run], series);
      if (!data) return data.error();
      const StepScale& scale = scales_[curve.run];
      Polyline line;
      if (*data) {
        line = line_of((*data)->steps, (*data)->values, scale);
        if (request.smoothing > 0.0) line = smoothed(line, request.smoothing);
      } else {
        // One column stands for many updates: the past counts for less.
        curve.approximate = true;
        const auto count = static_cast<double>(out.runs[curve.run]->find_series(series)->count);
        const double wide =
            std::max(1.0, count / static_cast<double>(std::max<std::size_t>(curve.raw.x.size(), 1)));
        line = smoothed(curve.raw, std::pow(request.smoothing, wide));
      }
      if (request.smoothing > 0.0 && !line.x.empty()) {
        const Range range = request.range.value_or(Range{line.x.front(), line.x.back()});
        curve.smooth = reduced(line, range.min, range.max, request.pixels);
      }
      if (bands) lines[curve.run] = std::move(line);
    }
    for (std::size_t g = 0; bands && g < out.grouping.runs.size(); ++g) {
      std::vector<const Polyline*> members;
      for (const std::size_t i : out.grouping.runs[g])
        if (!lines[i].x.empty() && (i >= request.visible.size() || request.visible[i]))
          members.push_back(&lines[i]);
      if (members.size() < 2) continue;
      const Range range = request.range.value_or(Range{-INFINITY, INFINITY});
      out.bands.push_back({g, series, band_over(members, range.min, range.max, kBandColumns, request.band)});
    }
  }
  return {};
}

}  // namespace thalweg
