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

/// The Scene that shows this race, with the colours and the view of `look`. Of more optimizers than a Scene
/// may have, only the lane's own.
std::string scene_of(const RaceSettings& settings, std::size_t lane, const Scene* look) {
  Scene scene = default_scene();
  if (set_surface(scene, settings.surface)) return "{}";
  if (look) {
    scene.view = look->view;
    scene.camera = look->camera;
  }
  scene.start = settings.start;
  scene.gradient = settings.gradient;
  scene.schedule = settings.schedule;
  scene.drives = settings.drives;
  scene.run = settings.run;
  scene.optimizers.clear();
  const bool coloured = look && look->optimizers.size() == settings.optimizers.size();
  for (std::size_t i = 0; i < settings.optimizers.size(); ++i) {
    if (i != lane && settings.optimizers.size() > kMostOptimizers) continue;
    SceneOptimizer one{settings.optimizers[i], static_cast<int>(i % 8), true};
    if (coloured) one.colour = look->optimizers[i].colour;
    if (coloured) one.visible = look->optimizers[i].visible;
    scene.optimizers.push_back(std::move(one));
  }
  return check(scene) ? "{}" : to_json(scene);
}

std::string joined(const std::vector<double>& numbers) {
  std::string out;
  for (const double number : numbers) out += (out.empty() ? "" : ",") + format_number(number);
  return out;
}

/// Longest pause between two updates that counts as work.
constexpr double kLongestPause = 1.0;

store::RunStart start_of(const RaceSettings& settings, std::size_t lane, const std::string& race,
                         const Scene* look) {
  const Spec& optimizer = settings.optimizers[lane].spec;
  store::RunStart out{.kind = "descent",
                      .name = optimizer.id + " on " + settings.surface.id,
                      .race = race,
                      .lane = static_cast<int>(lane),
                      .program_version = THALWEG_VERSION,
                      .scene = scene_of(settings, lane, look)};
  store::add_settings(out.settings, "optimizer", optimizer, *find_optimizer(optimizer.id));
  store::add_settings(out.settings, "surface", settings.surface, *find_surface(settings.surface.id));
  store::add_settings(out.settings, "schedule", settings.schedule, *find_schedule(settings.schedule.id));
  for (const Drive& drive : settings.lane(lane).drives)
    store::add_settings(out.settings, drive.key + "_schedule", drive.schedule, *find_schedule(drive.schedule.id));
  store::add_settings(out.settings, "gradient", settings.gradient.spec, gradient_descriptor());
  store::add_settings(out.settings, "run", settings.run, run_descriptor());
  out.settings.push_back({"", "start", joined(settings.start), {}});
  return out;
}

/// The series of a descent, without points: coordinates, loss, gradient norm.
std::vector<store::Points> series_of(const DescentSettings& settings) {
  std::vector<store::Points> out;
  const int dim = static_cast<int>(settings.start.size());
  for (int axis = 0; axis < std::min(dim, kMostCoordinates); ++axis) out.push_back({axis_name(dim, axis)});
  out.push_back({"loss", "", maximizes(settings.gradient) ? store::Goal::kHighest : store::Goal::kLowest});
  out.push_back({"grad_norm", "", store::Goal::kLowest});
  return out;
}

/// For each lane that there is to be, the lane that it was; −1: it is new. One that is the same is found
/// wherever it now stands; what is left is matched by position, as long as none came or went.
std::vector<int> matched(const std::vector<LiveSpec>& were, const std::vector<LiveSpec>& are) {
  std::vector<int> out(are.size(), -1);
  std::vector<bool> taken(were.size());
  const auto take = [&](std::size_t i, std::size_t k) {
    if (out[i] >= 0 || k >= were.size() || taken[k]) return;
    taken[k] = true;
    out[i] = static_cast<int>(k);
  };
  for (std::size_t i = 0; i < are.size(); ++i)
    if (i < were.size() && were[i] == are[i]) take(i, i);
  for (std::size_t i = 0; i < are.size(); ++i)
    for (std::size_t k = 0; k < were.size(); ++k)
      if (were[k] == are[i]) take(i, k);
  if (were.size() == are.size())
    for (std::size_t i = 0; i < are.size(); ++i) take(i, i);
  return out;
}

bool ended_by_itself(Outcome outcome) { return outcome != Outcome::kRunning && outcome != Outcome::kStopped; }

}  // namespace

KeptRun kept_run(const store::RunInfo& info, std::int64_t steps) {
  return {info.uid,
          steps,
          info.duration,
          info.outcome,
          info.race,
          {info.parent, info.parent_step.value_or(0)},
          store::last_device(info.device)};
}

std::size_t add_changes(store::Recorder& recorder, int run, const LiveSpec& live,
                        const Descriptor& descriptor, std::size_t since, std::int64_t until) {
  std::size_t i = 0;
  for (; i < live.changes.size() && live.changes[i].step < until; ++i) {
    const Change& change = live.changes[i];
    if (i >= since)
      recorder.add_event(run, {change.step, "changed", change.key,
                               format_value(change.value, *descriptor.find(change.key))});
  }
  return i;
}

std::int64_t kept_stride(std::int64_t rows, std::int64_t lanes) {
  const auto parts = [](std::int64_t all, std::int64_t most) { return (all + most - 1) / most; };
  return std::max<std::int64_t>({1, parts(rows, kMostRows), parts(rows * lanes, kMostRowsTogether)});
}

void RaceKeeper::begin(Lane& lane, std::size_t index, const Scene* look) {
  if (race_.empty() && settings_.optimizers.size() > 1) race_ = store::new_uid();
  store::RunStart start = start_of(settings_, index, race_, look);
  start.uid = lane.uid = store::new_uid();
  if (lane.before && lane.differs > 0) {
    start.parent = lane.before->uid;
    start.parent_step = lane.differs;
    lane.fork = {start.parent, lane.differs};
  }
  lane.before.reset();
  lane.outcome = "running";
  lane.run = recorder_.begin(std::move(start));
}

/// A run that is in the file goes on beyond what there is of it.
void RaceKeeper::take_up(Lane& lane) {
  lane.run = recorder_.resume(lane.uid, lane.next_row);
  lane.ended = false;
  lane.outcome = "running";
  // Changes that it was stopped at are no longer among its events.
  const auto known = [&](const LiveSpec& live, std::size_t before) {
    std::size_t count = 0;
    while (count < before && live.changes[count].step < lane.next_row) ++count;
    return count;
  };
  lane.changes = known(lane.settings.optimizer, lane.changes);
  lane.noise = known(lane.settings.gradient, lane.noise);
}

void RaceKeeper::end(Lane& lane, Outcome outcome) {
  if (lane.ended || !lane.run) return;
  if (!lane.last.empty()) {
    // Where it ended is kept in any case.
    std::vector<store::Points> points = series_of(lane.settings);
    for (std::size_t i = 0; i < points.size(); ++i) {
      points[i].steps.push_back(lane.rows - 1);
      points[i].values.push_back(lane.last[i]);
    }
    recorder_.append(*lane.run, std::move(points));
    lane.last.clear();
    lane.next_row = std::max(lane.next_row, lane.rows);
  }
  if (outcome == Outcome::kRunning) outcome = Outcome::kStopped;
  lane.outcome = outcome_name(outcome);
  recorder_.finish(*lane.run, {lane.outcome, lane.updates(), lane.seconds});
  lane.ended = true;
}

/// What becomes of a lane that is to have these settings.
RaceKeeper::Lane RaceKeeper::follow(Lane* old, const DescentSettings& settings) {
  Lane fresh;
  fresh.settings = settings;
  if (!old) return fresh;
  if (old->uid.empty()) {
    // No run yet: what counts is the one that it was before.
    if (!old->before) return fresh;
    fresh.before = old->before;
  } else if (first_difference(old->settings, settings) < old->updates()) {
    end(*old, Outcome::kRunning);
    fresh.before = std::make_shared<const Lane>(*old);
  }
  const Lane& known = fresh.before ? *fresh.before : *old;
  fresh.differs = first_difference(known.settings, settings);
  if (fresh.differs < known.updates()) return fresh;
  Lane lane = known;
  // Fewer steps than it has made already are no part of it.
  if (settings.run.number("steps") >= static_cast<double>(lane.updates())) {
    lane.scene_stale = lane.scene_stale || lane.settings != settings;
    lane.settings = settings;
  }
  return lane;
}

/// Brings the lanes to `settings`: each goes on, or ends and is followed by another.
void RaceKeeper::adjust(const RaceSettings& settings, std::size_t count) {
  if (settings == settings_ && lanes_.size() == count) return;
  const std::vector<int> were = matched(settings_.optimizers, settings.optimizers);
  std::vector<Lane> next;
  std::vector<bool> goes_on(lanes_.size());
  bool any = false;
  for (std::size_t i = 0; i < count; ++i) {
    const auto k = static_cast<std::size_t>(were[i]);
    Lane* const old = were[i] >= 0 && k < lanes_.size() ? &lanes_[k] : nullptr;
    next.push_back(follow(old, settings.lane(i)));
    any = any || !next.back().uid.empty();
    if (old && next.back().uid == old->uid) goes_on[k] = true;
  }
  for (std::size_t k = 0; k < lanes_.size(); ++k)
    if (!goes_on[k]) end(lanes_[k], Outcome::kRunning);
  if (!any) race_.clear();
  lanes_ = std::move(next);
  settings_ = settings;
  stride_ = kept_stride(static_cast<std::int64_t>(settings.run.number("steps")) + 1,
                        static_cast<std::int64_t>(settings.optimizers.size()));
}

void RaceKeeper::attach(const RaceSettings& settings, const std::vector<KeptRun>& runs,
                        std::optional<std::size_t> lanes) {
  finish();
  lanes_.clear();
  settings_ = settings;
  race_.clear();
  stride_ = kept_stride(static_cast<std::int64_t>(settings.run.number("steps")) + 1,
                        static_cast<std::int64_t>(lanes.value_or(settings.optimizers.size())));
  for (std::size_t i = 0; i < settings.optimizers.size(); ++i) {
    Lane lane;
    lane.settings = settings.lane(i);
    if (i < runs.size() && !runs[i].uid.empty()) {
      const KeptRun& run = runs[i];
      lane.uid = run.uid;
      lane.fork = run.fork;
      lane.outcome = run.outcome;
      lane.rows = lane.next_row = run.steps + 1;
      lane.seconds = run.seconds;
      lane.ended = run.ended();
      lane.changes = lane.settings.optimizer.changes.size();
      lane.noise = lane.settings.gradient.changes.size();
      if (race_.empty()) race_ = run.race;
    }
    lanes_.push_back(std::move(lane));
  }
}

void RaceKeeper::add_rows(Lane& lane, const DescentView& view) {
  const std::int64_t rows = view.table.rows();
  std::vector<store::Points> points = series_of(lane.settings);
  std::vector<int> columns;
  const DescentColumns& known = view.columns;
  for (int axis = 0; axis < std::min(known.dim, kMostCoordinates); ++axis)
    columns.push_back(known.position(axis));
  columns.insert(columns.end(), {known.loss(), known.gradient_norm()});
  std::int64_t row = (lane.next_row + stride_ - 1) / stride_ * stride_;
  for (; row < rows; row += stride_)
    for (std::size_t i = 0; i < columns.size(); ++i) {
      points[i].steps.push_back(row);
      points[i].values.push_back(view.table.at(row, columns[i]));
    }
  lane.next_row = row;
  lane.last.clear();
  if (row - stride_ != rows - 1)
    for (const int column : columns) lane.last.push_back(view.table.at(rows - 1, column));
  if (!points.front().steps.empty()) recorder_.append(*lane.run, std::move(points));
}

void RaceKeeper::add_events(Lane& lane) {
  const Descriptor& optimizer = *find_optimizer(lane.settings.optimizer.spec.id);
  lane.changes =
      add_changes(recorder_, *lane.run, lane.settings.optimizer, optimizer, lane.changes, lane.updates());
  lane.noise = add_changes(recorder_, *lane.run, lane.settings.gradient, gradient_descriptor(), lane.noise,
                           lane.updates());
}

void RaceKeeper::hand_over(Lane& lane, std::size_t index, const DescentView& view, const Scene* look) {
  const std::int64_t rows = view.table.rows();
  const bool by_itself = ended_by_itself(view.outcome);
  // Of a lane that follows a run, what they have in common is no news.
  const std::int64_t old =
      lane.uid.empty() && lane.before ? lane.differs + 1 : std::max<std::int64_t>(lane.rows, 1);
  if (rows > old) {
    if (lane.uid.empty())
      begin(lane, index, look);
    else if (!lane.run || lane.ended)
      take_up(lane);
    lane.rows = rows;
    if (std::exchange(lane.scene_stale, false))
      recorder_.set_scene(*lane.run, scene_of(settings_, index, look), static_cast<int>(index));
    add_events(lane);
    add_rows(lane, view);
  } else if (by_itself && rows == lane.rows && !lane.uid.empty() && !lane.run && !lane.ended) {
    // All of it is in the file but that it has come to its end.
    take_up(lane);
  }
  if (view.outcome != Outcome::kRunning && rows >= lane.rows) end(lane, view.outcome);
}

void RaceKeeper::update(const RaceSettings& settings, const RaceView& view, const Scene* look) {
  adjust(settings, std::min(view.lanes.size(), settings.optimizers.size()));
  const auto now = std::chrono::steady_clock::now();
  const double passed =
      last_ ? std::min(std::chrono::duration<double>(now - *last_).count(), kLongestPause) : 0.0;
  last_ = now;
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    if (view.lanes[i].table.rows() > lanes_[i].rows) lanes_[i].seconds += passed;
    hand_over(lanes_[i], i, view.lanes[i], look);
  }
}

void RaceKeeper::finish() {
  for (Lane& lane : lanes_) end(lane, Outcome::kRunning);
}

std::vector<std::string> RaceKeeper::uids() const {
  std::vector<std::string> out;
  for (const Lane& lane : lanes_) out.push_back(lane.uid);
  return out;
}

std::vector<KeptRun> RaceKeeper::kept() const {
  std::vector<KeptRun> out;
  for (const Lane& lane : lanes_)
    out.push_back({lane.uid, lane.updates(), lane.seconds, lane.outcome, race_, lane.fork});
  return out;
}

}  // namespace thalweg
