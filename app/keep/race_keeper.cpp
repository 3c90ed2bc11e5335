#include "app/keep/race_keeper.hpp"

#include <algorithm>

#include "core/optimizer/optimizer.hpp"
#include "core/scene/scene.hpp"
#include "core/schedule/schedule.hpp"

namespace thalweg {
namespace {
constexpr std::int64_t kMostRows = 200'000;            ///< kept of one run
constexpr std::int64_t kMostRowsTogether = 1'000'000;  ///< of one command
/// Coordinates that are kept; surfaces may have a thousand.
constexpr int kMostCoordinates = 8;

/// The Scene that shows this race. Of more optimizers than a Scene may have, only the lane's own.
std::string scene_of(const RaceSettings& settings, std::size_t lane) {
  Scene scene = default_scene();
  if (set_surface(scene, settings.surface)) return "{}";
  scene.start = settings.start;
  scene.gradient = settings.gradient;
  scene.schedule = settings.schedule;
  scene.run = settings.run;
  scene.optimizers.clear();
  for (std::size_t i = 0; i < settings.optimizers.size(); ++i)
    if (i == lane || settings.optimizers.size() <= kMostOptimizers)
      scene.optimizers.push_back({settings.optimizers[i], static_cast<int>(i % 8), true});
  return check(scene) ? "{}" : to_json(scene);
}

std::string joined(const std::vector<double>& numbers) {
  std::string out;
  for (const double number : numbers) out += (out.empty() ? "" : ",") + format_number(number);
  return out;
}

/// Longest pause between two updates that counts as work.
constexpr double kLongestPause = 1.0;

store::RunStart start_of(const RaceSettings& settings, std::size_t lane, const std::string& race) {
  const Spec& optimizer = settings.optimizers[lane].spec;
  store::RunStart out{.kind = "descent",
                      .name = optimizer.id + " on " + settings.surface.id,
                      .race = race,
                      .lane = static_cast<int>(lane),
                      .program_version = THALWEG_VERSION,
                      .scene = scene_of(settings, lane)};
  store::add_settings(out.settings, "optimizer", optimizer, *find_optimizer(optimizer.id));
  store::add_settings(out.settings, "surface", settings.surface, *find_surface(settings.surface.id));
  store::add_settings(out.settings, "schedule", settings.schedule, *find_schedule(settings.schedule.id));
  store::add_settings(out.settings, "gradient", settings.gradient.spec, gradient_descriptor());
  store::add_settings(out.settings, "run", settings.run, run_descriptor());
  out.settings.push_back({"", "start", joined(settings.start), {}});
  return out;
}

/// For each lane that there is to be, the lane that it was; -1: it is new. Lanes come and go.
std::vector<int> matched(const std::vector<LiveSpec>& were, const std::vector<LiveSpec>& are) {
  std::vector<int> out(are.size(), -1);
  if (were.size() == are.size()) {
    for (std::size_t i = 0; i < are.size(); ++i) out[i] = static_cast<int>(i);
    return out;
  }
  std::vector<bool> taken(were.size());
  for (std::size_t i = 0; i < are.size(); ++i)
    for (std::size_t k = 0; k < were.size() && out[i] < 0; ++k) {
      if (taken[k] || were[k] != are[i]) continue;
      taken[k] = true;
      out[i] = static_cast<int>(k);
    }
  return out;
}

}  // namespace

void add_changes(store::Recorder& recorder, int run, const LiveSpec& live, const Descriptor& descriptor,
                 std::size_t since) {
  for (std::size_t i = since; i < live.changes.size(); ++i) {
    const Change& change = live.changes[i];
    recorder.add_event(
        run, {change.step, "changed", change.key, format_value(change.value, *descriptor.find(change.key))});
  }
}

std::int64_t kept_stride(std::int64_t rows, std::int64_t lanes) {
  const auto parts = [](std::int64_t all, std::int64_t most) { return (all + most - 1) / most; };
  return std::max<std::int64_t>({1, parts(rows, kMostRows), parts(rows * lanes, kMostRowsTogether)});
}

RaceKeeper::Lane RaceKeeper::begin(const RaceSettings& settings, std::size_t index, const std::string& parent,
                                   std::optional<std::int64_t> parent_step) {
  store::RunStart start = start_of(settings, index, race_);
  start.uid = store::new_uid();
  start.parent = parent;
  start.parent_step = parent_step;
  Lane lane{.settings = settings.lane(index), .uid = start.uid, .fork = {parent, parent_step.value_or(0)}};
  lane.run = recorder_.begin(std::move(start));
  add_changes(recorder_, *lane.run, lane.settings.optimizer,
              *find_optimizer(lane.settings.optimizer.spec.id));
  add_changes(recorder_, *lane.run, lane.settings.gradient, gradient_descriptor());
  return lane;
}

void RaceKeeper::end(Lane& lane) {
  if (lane.ended || !lane.run) return;
  const Outcome outcome = lane.outcome == Outcome::kRunning ? Outcome::kStopped : lane.outcome;
  recorder_.finish(*lane.run, {std::string(outcome_name(outcome)), std::max<std::int64_t>(lane.rows - 1, 0),
                               lane.seconds});
  lane.ended = true;
}

/// Brings the lanes to `settings`: each goes on, or ends and is followed by another.
void RaceKeeper::adjust(const RaceSettings& settings, std::size_t count) {
  if (settings == settings_ && lanes_.size() == count) return;
  const std::vector<int> were = matched(settings_.optimizers, settings.optimizers);
  std::vector<Lane> next;
  std::vector<bool> goes_on(lanes_.size());
  const bool common = std::any_of(were.begin(), were.end(), [](int k) { return k >= 0; });
  if (!common || lanes_.empty()) race_ = settings.optimizers.size() > 1 ? store::new_uid() : "";
  stride_ = kept_stride(static_cast<std::int64_t>(settings.run.number("steps")) + 1,
                        static_cast<std::int64_t>(settings.optimizers.size()));
  for (std::size_t i = 0; i < count; ++i) {
    const DescentSettings lane_settings = settings.lane(i);
    Lane* const old = were[i] >= 0 && static_cast<std::size_t>(were[i]) < lanes_.size()
                          ? &lanes_[static_cast<std::size_t>(were[i])]
                          : nullptr;
    const std::int64_t differs = old ? first_difference(old->settings, lane_settings) : 0;
    if (!old || differs < std::max(old->rows, old->on_record) - 1) {
      const bool fork = old && differs > 0 && differs < INT64_MAX;
      next.push_back(begin(settings, i, fork ? old->uid : "", fork ? std::optional(differs) : std::nullopt));
      continue;
    }
    goes_on[static_cast<std::size_t>(were[i])] = true;
    Lane lane = *old;
    if (lane.settings != lane_settings && lane.run) {
      add_changes(recorder_, *lane.run, lane_settings.optimizer,
                  *find_optimizer(lane_settings.optimizer.spec.id), lane.settings.optimizer.changes.size());
      add_changes(recorder_, *lane.run, lane_settings.gradient, gradient_descriptor(),
                  lane.settings.gradient.changes.size());
      recorder_.set_scene(*lane.run, scene_of(settings, i));
    }
    lane.settings = lane_settings;
    next.push_back(std::move(lane));
  }
  for (std::size_t k = 0; k < lanes_.size(); ++k)
    if (!goes_on[k]) end(lanes_[k]);
  lanes_ = std::move(next);
  settings_ = settings;
}

void RaceKeeper::attach(const RaceSettings& settings, const std::vector<KeptRun>& runs) {
  finish();
  lanes_.clear();
  settings_ = settings;
  race_.clear();
  stride_ = kept_stride(static_cast<std::int64_t>(settings.run.number("steps")) + 1,
                        static_cast<std::int64_t>(settings.optimizers.size()));
  for (std::size_t i = 0; i < std::min(runs.size(), settings.optimizers.size()); ++i) {
    Lane lane{.settings = settings.lane(i), .uid = runs[i].uid, .fork = runs[i].fork};
    lane.on_record = lane.next_row = runs[i].steps + 1;
    lanes_.push_back(std::move(lane));
  }
}

void RaceKeeper::hand_over(Lane& lane, const DescentView& view, bool last) {
  const std::int64_t rows = view.table.rows();
  lane.rows = std::max(lane.rows, rows);
  if (rows <= lane.on_record) return;
  if (!lane.run || lane.ended) {
    // It goes on beyond what the file has.
    lane.run = recorder_.resume(lane.uid, lane.next_row);
    lane.ended = false;
  }
  const DescentColumns& columns = view.columns;
  std::vector<std::pair<int, store::Points>> series;
  for (int axis = 0; axis < std::min(columns.dim, kMostCoordinates); ++axis)
    series.push_back({columns.position(axis), {axis_name(columns.dim, axis)}});
  series.push_back({columns.loss(), {"loss", "", store::Goal::kLowest}});
  series.push_back({columns.gradient_norm(), {"grad_norm", "", store::Goal::kLowest}});
  const auto add = [&](std::int64_t row) {
    for (auto& [column, points] : series) {
      points.steps.push_back(row);
      points.values.push_back(view.table.at(row, column));
    }
  };
  std::int64_t row = lane.next_row;
  for (; row < rows; row += stride_) add(row);
  // Where it ended is kept in any case.
  if (last && row - stride_ < rows - 1 && rows > 0) {
    add(rows - 1);
    row = std::max(row, rows);
  }
  lane.next_row = row;
  lane.on_record = last ? rows : lane.on_record;
  std::vector<store::Points> points;
  for (auto& [column, one] : series)
    if (!one.steps.empty()) points.push_back(std::move(one));
  if (!points.empty()) recorder_.append(*lane.run, std::move(points));
}

void RaceKeeper::update(const RaceSettings& settings, const RaceView& view) {
  adjust(settings, std::min(view.lanes.size(), settings.optimizers.size()));
  const auto now = std::chrono::steady_clock::now();
  const double passed =
      last_ ? std::min(std::chrono::duration<double>(now - *last_).count(), kLongestPause) : 0.0;
  last_ = now;
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    Lane& lane = lanes_[i];
    if (view.lanes[i].table.rows() > lane.rows) lane.seconds += passed;
    lane.outcome = view.lanes[i].outcome;
    const bool last = lane.outcome != Outcome::kRunning;
    hand_over(lane, view.lanes[i], last);
    if (last) end(lane);
  }
}

void RaceKeeper::finish() {
  for (Lane& lane : lanes_) end(lane);
}

std::vector<Fork> RaceKeeper::forks() const {
  std::vector<Fork> out;
  for (const Lane& lane : lanes_) out.push_back(lane.fork);
  return out;
}

std::vector<std::string> RaceKeeper::uids() const {
  std::vector<std::string> out;
  for (const Lane& lane : lanes_) out.push_back(lane.uid);
  return out;
}

}  // namespace thalweg
