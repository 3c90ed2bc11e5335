#include "app/keep/opened_run.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include "core/training/checkpoint.hpp"

namespace thalweg {
namespace {

using store::RunInfo;
using store::Store;

/// Thrown on the way: reading is a sequence of calls that may each fail.
template <class T>
T need(Result<T> result) {
  if (!result) throw result.error();
  return std::move(*result);
}

/// How deep forks of forks are followed.
constexpr int kMostForks = 64;

/// A run of the race, with the Scene that it was recorded with.
struct Member {
  RunInfo info;
  Scene scene;
  std::size_t lane = 0;  ///< of its own Scene
};

std::size_t lane_count(const std::string& kind, const Scene& scene) {
  return kind == "descent"
             ? scene.optimizers.size()
             : scene.training.optimizers.size() * static_cast<std::size_t>(scene.training.seeds);
}

Member read_member(Store& store, RunInfo info) {
  Member out{.info = std::move(info), .scene = {}};
  if (out.info.kind != "descent" && out.info.kind != "training")
    throw bad_input("is of a kind that this program doesn't know: '" + out.info.kind.substr(0, 40) + "'",
                    out.info.uid);
  auto scene = scene_from_json(need(store.scene(out.info.id)));
  if (!scene)
    throw bad_input(
        "its settings can't be read by this version of the program (" + scene.error().text() + ")",
        out.info.uid);
  out.scene = std::move(*scene);
  // Runs from before the Scene had them.
  for (const store::Setting& setting : need(store.settings(out.info.id)))
    if (setting.part.empty() && setting.key == "threads" && setting.number)
      *out.scene.training.device.find("threads") = std::clamp(*setting.number, 1.0, 256.0);
  const std::size_t count = lane_count(out.info.kind, out.scene);
  // Of more lanes than a Scene may have, it holds the run's own alone.
  out.lane = count == 1 ? 0 : static_cast<std::size_t>(std::max(out.info.lane, 0));
  if (out.lane >= count) throw bad_input("its settings have no lane of it", out.info.uid);
  return out;
}

DescentSettings descent_of(const Member& member) { return member.scene.race().lane(member.lane); }
TrainingSettings training_of(const Member& member) {
  const TrainingScene& training = member.scene.training;
  const auto seeds = static_cast<std::size_t>(training.seeds);
  return training.lane(member.lane / seeds, static_cast<int>(member.lane % seeds));
}

/// How well a run that has come so far fits a lane of somebody else's Scene: 0 not at all, 2 exactly; 1 if it
/// began the same, and its own optimizer was changed where the Scene doesn't know of it, or what all lanes
/// share after the run had ended.
int fit(const DescentSettings& lane, const DescentSettings& run, std::int64_t steps) {
  if (lane == run) return 2;
  return first_difference(lane, run) > 0 && first_difference(lane.gradient, run.gradient) >= steps ? 1 : 0;
}
int fit(const TrainingSettings& lane, const TrainingSettings& run, std::int64_t steps) {
  if (lane == run) return 2;
  return first_difference(lane, run) > 0 && first_difference(lane.training, run.training) >= steps ? 1 : 0;
}

int fit(const Scene& scene, std::size_t lane, const Member& member) {
  if (member.info.kind == "descent")
    return fit(scene.race().lane(lane), descent_of(member), member.info.steps);
  const auto seeds = static_cast<std::size_t>(scene.training.seeds);
  return fit(scene.training.lane(lane / seeds, static_cast<int>(lane % seeds)), training_of(member),
             member.info.steps);
}

SceneOptimizer& optimizer_of(const std::string& kind, Scene& scene, std::size_t lane) {
  if (kind == "descent") return scene.optimizers[lane];
  return scene.training.optimizers[lane / static_cast<std::size_t>(scene.training.seeds)];
}

/// The other runs that were started together with it, the newest first.
std::vector<Member> others_of(Store& store, const RunInfo& info) {
  std::vector<Member> out;
  if (info.race.empty()) return out;
  store::ListQuery query;
  query.filter.nodes.push_back(
      {.condition = {.name = "race", .comparison = store::Comparison::kEqual, .text = info.race}});
  for (RunInfo& other : need(store.list(query))) {
    if (other.uid == info.uid || other.kind != info.kind) continue;
    // One that can't be read is as good as gone.
    try {
      out.push_back(read_member(store, std::move(other)));
    } catch (const Error&) {
    }
  }
  return out;
}

/// For each lane of the Scene the run that it is, if there is one.
std::vector<std::optional<Member>> matched(const Member& asked, std::vector<Member> others) {
  const std::size_t count = lane_count(asked.info.kind, asked.scene);
  std::vector<std::optional<Member>> out(count);
  out[asked.lane] = asked;
  std::vector<bool> taken(others.size());
  // Where a lane was run more than once (somebody went back and changed something) the newest that fits; of
  // lanes with the same settings each its own.
  for (std::size_t lane = 0; lane < count; ++lane) {
    if (out[lane]) continue;
    int best = 0;
    std::size_t found = 0;
    for (std::size_t i = 0; i < others.size(); ++i) {
      if (taken[i]) continue;
      const int fits = fit(asked.scene, lane, others[i]);
      const int score = fits == 0 ? 0 : 2 * fits + (others[i].lane == lane ? 1 : 0);
      if (score <= best) continue;
      best = score;
      found = i;
    }
    if (best == 0) continue;
    taken[found] = true;
    out[lane] = std::move(others[found]);
  }
  return out;
}

/// Takes lanes without a run out of the Scene, as far as it can do without them.
void cut_down(const std::string& kind, Scene& scene, std::size_t& asked,
              std::vector<std::optional<Member>>& members) {
  auto& optimizers = kind == "descent" ? scene.optimizers : scene.training.optimizers;
  const std::size_t seeds = kind == "descent" ? 1 : static_cast<std::size_t>(scene.training.seeds);
  for (std::size_t i = optimizers.size(); i-- > 0;) {
    const auto first = members.begin() + static_cast<std::ptrdiff_t>(i * seeds);
    const auto last = first + static_cast<std::ptrdiff_t>(seeds);
    if (std::any_of(first, last, [](const auto& member) { return member.has_value(); })) continue;
    members.erase(first, last);
    optimizers.erase(optimizers.begin() + static_cast<std::ptrdiff_t>(i));
    if (asked >= i * seeds) asked -= seeds;
  }
}

/// Nothing if the bytes are damaged or of another program.
std::shared_ptr<const TrainerState> read_state(Store& store, std::int64_t run, std::int64_t step) {
  const auto checkpoint = store.checkpoint(run, step);
  if (!checkpoint || checkpoint->step != step) return nullptr;
  auto state = trainer_state(checkpoint->state);
  if (!state || state->steps() != step) return nullptr;
  return std::make_shared<const TrainerState>(std::move(*state));
}

std::int64_t steps_on_record(Store& store, const RunInfo& info) {
  if (info.outcome != "running" && info.outcome != "interrupted") return info.steps;
  for (const store::SeriesInfo& series : need(store.series(info.id)))
    // Row t of a training belongs to update t, of a descent to the state after t updates.
    if (series.name == "loss")
      return series.count == 0 ? 0 : series.last_step + (info.kind == "training" ? 1 : 0);
  return 0;
}

void add_lane(Store& store, const RunInfo& info, OpenedRun& out) {
  out.lanes.push_back(kept_run(info, steps_on_record(store, info)));
  out.names.push_back(info.name);
  if (info.kind != "training") return;
  out.checkpoints.push_back(need(store.checkpoints(info.id)));
  out.states.emplace_back();
  for (auto step = out.checkpoints.back().rbegin(); step != out.checkpoints.back().rend(); ++step)
    if ((out.states.back() = read_state(store, info.id, *step))) break;
}

/// One that has no run.
void add_lane(OpenedRun& out) {
  out.lanes.emplace_back();
  out.names.emplace_back();
  if (out.kind != "training") return;
  out.checkpoints.emplace_back();
  out.states.emplace_back();
}

OpenedRun opened(Store& store, const std::string& uid) {
  const Member asked = read_member(store, need(store.find(uid)));
  OpenedRun out{.kind = asked.info.kind, .scene = asked.scene, .lane = asked.lane};
  std::vector<std::optional<Member>> members = matched(asked, others_of(store, asked.info));
  for (std::size_t lane = 0; lane < members.size(); ++lane)
    if (members[lane] && lane != asked.lane)
      optimizer_of(out.kind, out.scene, lane).live =
          optimizer_of(out.kind, members[lane]->scene, members[lane]->lane).live;
  // Seeds share their optimizer: the one that was asked for decides.
  optimizer_of(out.kind, out.scene, asked.lane).live =
      optimizer_of(out.kind, members[asked.lane]->scene, asked.lane).live;
  cut_down(out.kind, out.scene, out.lane, members);
  for (const auto& member : members) {
    if (member)
      add_lane(store, member->info, out);
    else
      add_lane(out);
  }
  return out;
}

std::shared_ptr<const TrainerState> find_state(Store& store, const RunInfo& info, std::int64_t step,
                                               int depth) {
  const std::vector<std::int64_t> steps = need(store.checkpoints(info.id));
  for (auto at = steps.rbegin(); at != steps.rend(); ++at) {
    if (*at > step) continue;
    const auto read = read_state(store, info.id, *at);
    if (!read) continue;
    auto state = std::make_shared<TrainerState>(*read);
    // The end that a run came to by itself is no place to go on from, and may be where better weights were
    // put back: it is there to be looked at.
    if (take_back_stop(*state) || (depth == 0 && *at == step)) return state;
  }
  if (info.parent.empty() || !info.parent_step || depth >= kMostForks) return nullptr;
  const auto parent = store.find(info.parent);
  if (!parent || parent->uid != info.parent || parent->kind != info.kind) return nullptr;
  return find_state(store, *parent, std::min(step, *info.parent_step), depth + 1);
}

}  // namespace

Result<OpenedRun> open_run(store::Store& store, const std::string& uid) {
  try {
    return opened(store, uid);
  } catch (const Error& error) {
    return error;
  }
}

Result<std::shared_ptr<const TrainerState>> state_before(store::Store& store, const std::string& uid,
                                                         std::int64_t step) {
  try {
    return find_state(store, need(store.find(uid)), step, 0);
  } catch (const Error& error) {
    return error;
  }
}

}  // namespace thalweg
