#include "app/cli/train_loop.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>

#include "app/cli/interrupt.hpp"

namespace thalweg::cli {
namespace {

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

}  // namespace

TrainingRun train_to_end(Trainer& trainer, const Lane& lane, const TrainLoop& loop, TrainingKeeper* keeper) {
  const EpochTable table(trainer);
  ProgressLine progress;
  if (!loop.quiet) table.print_heading();
  std::size_t printed = 0;
  const auto print = [&] {
    for (; printed < trainer.epochs().size(); ++printed) {
      progress.clear();
      if (!loop.quiet) table.print(trainer.epochs()[printed]);
    }
  };
  print();
  TrainingRun out{
      .lane = lane, .parameters = trainer.engine().plan().parameters, .classes = trainer.data().classes};
  const std::int64_t slice = std::clamp<std::int64_t>(trainer.steps_per_epoch(), 1, 100);
  try {
    while (trainer.outcome() == Outcome::kRunning) {
      trainer.advance(slice, interrupted);
      if (keeper) keeper->update(trainer);
      show_progress(progress, trainer, loop.run, loop.runs);
      print();
    }
    if (keeper) keeper->finish(trainer);
  } catch (const DeviceError& error) {
    out.failure = error.what();
    trainer.stop();
    if (keeper) keeper->fail(trainer.view(), out.failure);
    print();
  }
  out.view = trainer.view();
  return out;
}

int say_failure(const TrainingRun& run, const TrainingKeeper* keeper) {
  if (run.failure.empty()) return kExitOk;
  Error error = device_error(run.device, run.failure);
  if (keeper)
    error.message += "; thalweg runs resume " + keeper->uid().substr(0, 8) +
                     " --device cpu goes on from step " + std::to_string(keeper->saved_step());
  else
    error.message += "; --device cpu trains without it";
  return fail(error);
}

}  // namespace thalweg::cli
