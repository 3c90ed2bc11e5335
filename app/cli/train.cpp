// thalweg train: networks on a data set, without a window.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>
#include <optional>

#include "app/cli/interrupt.hpp"
#include "app/cli/train_output.hpp"
#include "app/keep/training_keeper.hpp"
#include "core/training/lanes.hpp"

namespace thalweg::cli {
namespace {

constexpr std::int64_t kMostRuns = 1000;

/// How long the rest takes, as the time of a clock: "1:07".
std::string time_left(double seconds) {
  char text[32];
  const auto whole = static_cast<long long>(std::ceil(std::max(0.0, seconds)));
  if (whole >= 3600)
    std::snprintf(text, sizeof text, "%lld:%02lld:%02lld", whole / 3600, whole / 60 % 60, whole % 60);
  else
    std::snprintf(text, sizeof text, "%lld:%02lld", whole / 60, whole % 60);
  return text;
}

void show_progress(ProgressLine& line, const Trainer& trainer, std::size_t run, std::size_t runs) {
  const std::int64_t steps = trainer.steps(), budget = trainer.budget();
  if (!line.visible() || steps == 0) return;
  const double each = trainer.view().seconds / static_cast<double>(steps);
  const double rest =
      static_cast<double>(budget - steps) + static_cast<double>(budget) * static_cast<double>(runs - run - 1);
  char which[64] = "";
  if (runs > 1) std::snprintf(which, sizeof which, "run %zu of %zu  ", run + 1, runs);
  line.show("%s%3d %%  step %lld of %lld  loss %-10.4g  %s left", which,
            static_cast<int>(100 * steps / budget), static_cast<long long>(steps),
            static_cast<long long>(budget), trainer.table().at(steps - 1, TrainingColumns::kLoss),
            time_left(each * rest).c_str());
}

/// The lab that trains these runs; of more than it can have, `lane` alone.
TrainingScene scene_of(const TrainingJob& job, const std::string& folder, std::int64_t seeds, const Lane& lane) {
  const bool all = job.optimizers.size() <= kMostOptimizers && seeds <= kMostSeeds;
  const TrainingSettings& settings = all ? job.settings : lane.settings;
  TrainingScene out = default_training_scene();
  out.data = settings.data;
  out.folder = folder;
  out.model = settings.model;
  out.loss = settings.loss;
  out.schedule = settings.schedule;
  out.training = settings.training;
  out.probes = settings.probes;
  out.seeds = all ? static_cast<int>(seeds) : 1;
  out.optimizers.clear();
  for (const LiveSpec& optimizer : all ? job.optimizers : std::vector{lane.settings.optimizer})
    out.optimizers.push_back({optimizer, free_colour(out.optimizers), true});
  return out;
}

/// One run from its beginning to its end; its epochs are printed as they come.
Result<TrainingRun> train_lane(const TrainingJob& job, const Lane& lane, std::size_t run, std::size_t runs,
                               bool quiet, const std::function<TrainingKeeper*(const Trainer&)>& keep) {
  auto created = Trainer::create(lane.settings, job.data, job.engine());
  if (!created) return created.error();
  Trainer& trainer = **created;
  TrainingKeeper* const keeper = keep(trainer);
  const EpochTable table(trainer);
  ProgressLine progress;
  if (!quiet && runs > 1) print_run_title(lane);
  if (!quiet) table.print_heading();
  std::size_t printed = 0;
  const std::int64_t slice = std::clamp<std::int64_t>(trainer.steps_per_epoch(), 1, 100);
  while (trainer.outcome() == Outcome::kRunning) {
    trainer.advance(slice, interrupted);
    if (keeper) keeper->update(trainer);
    show_progress(progress, trainer, run, runs);
    for (; printed < trainer.epochs().size(); ++printed) {
      progress.clear();
      if (!quiet) table.print(trainer.epochs()[printed]);
    }
  }
  if (keeper) keeper->finish(trainer);
  return TrainingRun{.lane = lane,
                     .view = trainer.view(),
                     .parameters = trainer.engine().plan().parameters,
                     .classes = job.data->classes};
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
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto keep = [&](const Trainer& trainer) -> TrainingKeeper* {
      store::Recorder* const recorder = (*keeper)->recorder();
      if (!recorder) return nullptr;
      const TrainingStart start{.scene = scene_of(*job, options.folder, options.seeds, all[i]),
                                .lane = i,
                                .race = race,
                                .threads = job->threads};
      return &kept.emplace(*recorder, start, trainer);
    };
    auto run = train_lane(*job, all[i], i, all.size(), options.json, keep);
    if (!run) return fail(run.error());
    runs.push_back(std::move(*run));
    if (!options.json) print_end(runs.back());
    if (interrupted()) break;
  }
  (*keeper)->finish();
  if (options.json)
    std::printf("%s\n", written(*job, runs, all.size() > 1).dump(2).c_str());
  else if (all.size() > 1)
    print_comparison(runs);
  return kExitOk;
}

}  // namespace thalweg::cli
