// thalweg train: networks on a data set, without a window.
#include <cstdio>
#include <filesystem>
#include <optional>

#include "app/cli/interrupt.hpp"
#include "app/cli/train_loop.hpp"
#include "core/store/run.hpp"

namespace thalweg::cli {
namespace {

constexpr std::int64_t kMostRuns = 1000;

/// The lab that trains these runs; of more than it can have, `lane` alone.
TrainingScene scene_of(const TrainingJob& job, const std::string& folder, std::int64_t seeds,
                       const Lane& lane) {
  const bool all = job.optimizers.size() <= kMostOptimizers && seeds <= kMostSeeds;
  const TrainingSettings& settings = all ? job.settings : lane.settings;
  TrainingScene out = default_training_scene();
  out.data = settings.data;
  // The run may be taken up from anywhere.
  if (!folder.empty()) out.folder = std::filesystem::absolute(folder).lexically_normal().string();
  out.model = settings.model;
  out.loss = settings.loss;
  out.schedule = settings.schedule;
  out.drives = settings.drives;
  out.training = settings.training;
  out.probes = settings.probes;
  out.device = settings.device;
  out.seeds = all ? static_cast<int>(seeds) : 1;
  out.optimizers.clear();
  for (const LiveSpec& optimizer : all ? job.optimizers : std::vector{lane.settings.optimizer})
    out.optimizers.push_back({optimizer, free_colour(out.optimizers), true});
  return out;
}

/// Which of the lanes of that lab it is: there they stand optimizer by optimizer, here seed by seed.
std::size_t place_of(const TrainingJob& job, std::int64_t seeds, const Lane& lane) {
  const auto first = static_cast<std::uint64_t>(job.settings.training.spec.number("seed"));
  return lane.optimizer * static_cast<std::size_t>(seeds) + static_cast<std::size_t>(lane.seed - first);
}

}  // namespace

int train(const TrainOptions& options) {
  if (options.seeds < 1 || options.seeds > kMostRuns)
    return fail(bad_input("must be at least 1 and at most " + std::to_string(kMostRuns), "seeds"));
  const auto job = training_job(options);
  if (!job) return fail(job.error());
  const std::vector<Lane> all = lanes(job->settings, job->optimizers, static_cast<int>(options.seeds));
  auto keeper = Keeper::create(options.keep);
  if (!keeper) return fail(keeper.error());
  const std::string race = all.size() > 1 ? store::new_uid() : "";
  std::optional<TrainingKeeper> kept;
  std::vector<TrainingRun> runs;
  std::vector<std::optional<DeviceUse>> uses(job->optimizers.size());
  int code = kExitOk;
  for (std::size_t i = 0; i < all.size(); ++i) {
    // The seed makes no difference to it.
    std::optional<DeviceUse>& use = uses[all[i].optimizer];
    if (!use) {
      auto found = device_for(all[i].settings, job->data, {}, interrupted);
      if (!found) return fail(found.error());
      use = std::move(*found);
    }
    auto trainer = trainer_on(*use, all[i].settings, job->data);
    if (!trainer) return fail(trainer.error());
    if (store::Recorder* const recorder = (*keeper)->recorder()) {
      const TrainingStart start{.scene = scene_of(*job, options.folder, options.seeds, all[i]),
                                .lane = place_of(*job, options.seeds, all[i]),
                                .race = race,
                                .device = use->name};
      kept.emplace(*recorder, start, **trainer);
      if (use->measured) kept->made_on(use->name, 0, use->why);
    }
    if (!options.json && all.size() > 1) print_run_title(all[i]);
    if (!options.json) print_device(*use);
    runs.push_back(train_to_end(**trainer, all[i], {.run = i, .runs = all.size(), .quiet = options.json},
                                kept ? &*kept : nullptr));
    runs.back().device = *use;
    if (!options.json) print_end(runs.back());
    code = say_failure(runs.back(), kept ? &*kept : nullptr);
    if (interrupted() || code != kExitOk) break;
  }
  (*keeper)->finish();
  if (options.json)
    std::printf("%s\n", written(*job, runs, all.size() > 1).dump(2).c_str());
  else if (all.size() > 1)
    print_comparison(runs);
  return code;
}

}  // namespace thalweg::cli
