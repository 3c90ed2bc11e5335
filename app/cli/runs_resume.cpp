// thalweg runs resume: runs that were interrupted or stopped go on where they were.
#include <algorithm>
#include <cstdio>

#include "app/cli/descend_loop.hpp"
#include "app/cli/interrupt.hpp"
#include "app/cli/runs_parts.hpp"
#include "app/cli/train_loop.hpp"
#include "app/keep/opened_run.hpp"
#include "core/store/process.hpp"
#include "core/training/checkpoint.hpp"

namespace thalweg::cli {
namespace {

using store::RunInfo;
using store::Store;

bool can_go_on(const RunInfo& run) { return run.outcome == "interrupted" || run.outcome == "stopped"; }

void check_can_go_on(const RunInfo& run) {
  if (can_go_on(run) && !run.deleted) return;
  if (run.deleted) throw bad_input("was deleted; runs delete --undo brings it back", run.uid);
  if (run.outcome == "running")
    throw bad_input("goes on in another process" + (run.host == store::host_name() ? "" : " on " + run.host) +
                        "; end it there first",
                    run.uid);
  throw bad_input("has come to its end (" + run.outcome + "): there is nothing left to do", run.uid);
}

/// What has been kept of the run is refused in the background: looked at before anything is computed.
void check_taken_up(Keeper& keeper) {
  store::Recorder& recorder = *keeper.recorder();
  (void)recorder.flush();
  const store::RecorderStatus status = recorder.status();
  if (status.refused) throw *status.refused;
  if (status.trouble) throw *status.trouble;
}

/// A damaged checkpoint costs time, nothing else: the one before it will do.
void say_damage(Store& store, const RunInfo& run, const TrainerState* from) {
  if (need(store.checkpoints(run.id)).empty()) return;
  std::optional<Error> damage;
  if (const auto newest = store.checkpoint(run.id); !newest)
    damage = newest.error();
  else if (const auto state = trainer_state(newest->state); !state)
    damage = state.error();
  if (damage)
    std::fprintf(stderr, "thalweg: %s; it goes on from step %lld\n", one_line(damage->text()).c_str(),
                 static_cast<long long>(from ? from->steps() : 0));
}

void restore(Trainer& trainer, const TrainerState* state, const DeviceUse& use) {
  try {
    if (state) need(trainer.restore(*state));
  } catch (const DeviceError& error) {
    throw device_error(use, error.what());
  }
}

/// @param code  becomes that of a device that has failed again
Json resume_training(Store& store, const RunInfo& run, const OpenedRun& opened, Keeper& keeper,
                     const RunsOptions& options, int& code) {
  const bool quiet = options.json;
  TrainingScene scene = opened.scene.training;
  scene.device = need(read_device(options.device, scene.device));
  const auto seeds = static_cast<std::size_t>(scene.seeds);
  TrainingJob job;
  job.settings = scene.lane(opened.lane / seeds, static_cast<int>(opened.lane % seeds));
  job.optimizers = {job.settings.optimizer};
  job.data = need(find_dataset(job.settings.data.id)->load(job.settings.data, scene.folder));
  catch_interrupts();
  const DeviceUse use =
      need(device_for(job.settings, job.data, opened.lanes[opened.lane].device, interrupted));
  const auto trainer = need(trainer_on(use, job.settings, job.data));
  const auto state = need(state_before(store, run.uid, INT64_MAX));
  say_damage(store, run, state.get());
  restore(*trainer, state.get(), use);
  TrainingKeeper kept(*keeper.recorder(), opened.lanes[opened.lane], *trainer);
  if (scene.device != opened.scene.training.device) kept.changed(scene, opened.lane);
  kept.made_on(use.name, trainer->steps(), use.measured ? use.why : "");
  check_taken_up(keeper);
  const Lane lane{.seed = static_cast<std::uint64_t>(job.settings.training.spec.number("seed")),
                  .settings = job.settings};
  if (!quiet) print_device(use);
  std::vector<TrainingRun> runs{train_to_end(*trainer, lane, {.quiet = quiet}, &kept)};
  runs.front().device = use;
  keeper.finish();
  if (!quiet) print_end(runs.front());
  code = say_failure(runs.front(), &kept);
  return written(job, runs, false);
}

Json resume_descent(const OpenedRun& opened, Keeper& keeper, bool quiet) {
  // Lanes share nothing: the others need not be computed.
  RaceSettings settings = opened.scene.race();
  const std::size_t lanes = settings.optimizers.size();
  settings.optimizers = {settings.optimizers[opened.lane]};
  Race race;
  need(race.set(settings));
  RaceKeeper kept(*keeper.recorder());
  kept.attach(settings, {opened.lanes[opened.lane]}, lanes);
  const RaceView view = descend_to_end(race, settings, &kept);
  check_taken_up(keeper);
  keeper.finish();
  if (!quiet) print_table(view, settings);
  Json out;
  out["surface"] = format_spec(settings.surface, *find_surface(settings.surface.id), true);
  out["start"] = settings.start;
  out.update(written(view.lanes.front(), settings.optimizers.front().spec, false));
  return out;
}

/// @return what it came to
Json resume(Store& store, RunInfo run, const RunsOptions& options, int& code) {
  check_can_go_on(run);
  const OpenedRun opened = need(open_run(store, run.uid));
  const auto keeper = need(Keeper::create({.db = runs_file(options).string()}));
  if (!options.json) std::printf("%s  %s\n", run.uid.c_str(), one_line(run.name).c_str());
  Json out = opened.kind == "training" ? resume_training(store, run, opened, *keeper, options, code)
                                       : resume_descent(opened, *keeper, options.json);
  out["uid"] = run.uid;
  return out;
}

/// Runs that could go on, the newest first.
std::vector<RunInfo> resumable(Store& store, bool stopped_too) {
  std::vector<RunInfo> out = need(store.list({}));
  std::erase_if(out, [&](const RunInfo& run) {
    return run.outcome != "interrupted" && !(stopped_too && run.outcome == "stopped");
  });
  return out;
}

int list_resumable(Store& store, bool json) {
  Json out{{"runs", Json::array()}};
  for (const RunInfo& run : resumable(store, true)) {
    const std::vector<std::int64_t> steps = need(store.checkpoints(run.id));
    const std::int64_t from = steps.empty() ? 0 : steps.back();
    out["runs"].push_back(written(run));
    out["runs"].back()["from"] = from;
    if (!json)
      std::printf("%s  %-11s at step %-9lld from step %-9lld %s\n", run.uid.substr(0, 8).c_str(),
                  one_line(run.outcome).c_str(), static_cast<long long>(run.steps),
                  static_cast<long long>(from), one_line(run.name).c_str());
  }
  if (json)
    print(out);
  else if (out["runs"].empty())
    std::printf("no run was interrupted or stopped\n");
  else
    std::printf(
        "runs resume RUN goes on with one of them, runs resume --all with all that were interrupted\n");
  return kExitOk;
}

}  // namespace

int runs_resume(const RunsOptions& options) {
  return guarded([&] {
    const auto store = open_to_change(options);
    (void)store->mark_interrupted();
    if (options.runs.empty() && !options.all) return list_resumable(*store, options.json);
    if (!options.runs.empty() && options.all) throw bad_input("--all and RUN exclude each other", "resume");
    std::vector<RunInfo> runs = options.all ? resumable(*store, false) : chosen(*store, options);
    // In the order in which they were begun.
    if (options.all) std::reverse(runs.begin(), runs.end());
    Json out{{"runs", Json::array()}};
    int code = kExitOk;
    for (const RunInfo& run : runs) {
      if (interrupted()) break;
      // One that can't go on keeps no other from it.
      const int one = guarded([&] {
        int failed = kExitOk;
        out["runs"].push_back(resume(*store, run, options, failed));
        return failed;
      });
      code = std::max(code, one);
    }
    const bool single = options.runs.size() == 1;
    if (options.json && !(single && out["runs"].empty())) print(single ? out["runs"][0] : out);
    return code;
  });
}

}  // namespace thalweg::cli
