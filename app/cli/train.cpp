// thalweg train: a network on a data set, without a window.
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <cstdio>

#include "app/cli/commands.hpp"
#include "app/cli/json.hpp"
#include "core/optimizer/optimizer.hpp"
#include "core/training/trainer.hpp"

namespace thalweg::cli {
namespace {

volatile std::sig_atomic_t g_interrupted = 0;

Result<TrainingSettings> settings_from(const TrainOptions& options) {
  TrainingSettings out = default_training();
  auto data = parse_spec(options.data, dataset_family());
  if (!data) return data.error();
  out.data = std::move(*data);
  auto model = parse_model(options.model, options.activation);
  if (!model) return model.error();
  out.model = std::move(*model);
  auto initialisation = parse_spec(options.initialisation, initialisation_family());
  if (!initialisation) return initialisation.error();
  out.model.initialisation = std::move(*initialisation);
  auto optimizer = parse_spec(options.optimizer, optimizer_family());
  if (!optimizer) return optimizer.error();
  out.optimizer.spec = std::move(*optimizer);
  auto loss = parse_spec(options.loss, loss_family());
  if (!loss) return loss.error();
  out.loss = std::move(*loss);
  if (!options.schedule.empty()) {
    auto schedule = parse_spec(options.schedule, schedule_family());
    if (!schedule) return schedule.error();
    out.schedule = std::move(*schedule);
  }
  auto training = parsed(training_descriptor(), options.training);
  if (!training) return training.error();
  out.training.spec = std::move(*training);
  if (!options.probes.empty()) {
    auto probes = parse_spec(options.probes, probe_descriptor());
    if (!probes) return probes.error();
    out.probes = std::move(*probes);
  }
  if (auto error = check(out)) return *error;
  return out;
}

Json written(const EpochRecord& epoch) {
  Json out;
  out["epoch"] = epoch.epoch;
  out["steps"] = epoch.steps;
  out["train_loss"] = json_number(epoch.train_loss);
  out["train_accuracy"] = json_number(epoch.train_accuracy);
  out["validation_loss"] = json_number(epoch.validation_loss);
  out["validation_accuracy"] = json_number(epoch.validation_accuracy);
  out["test_loss"] = json_number(epoch.test_loss);
  out["test_accuracy"] = json_number(epoch.test_accuracy);
  out["seconds"] = epoch.seconds;
  return out;
}

void print_heading() {
  std::printf("%6s %9s %12s %12s %13s %9s\n", "epoch", "steps", "train loss", "test loss", "test accuracy",
              "seconds");
}

/// A number, or a dash where nothing was measured; what is not finite must not look like a number.
std::string cell(double value) {
  if (std::isnan(value)) return "-";
  char text[32];
  std::snprintf(text, sizeof text, "%.5f", value);
  return text;
}

void print_row(const EpochRecord& epoch) {
  std::printf("%6lld %9lld %12s %12s %13s %9.3f\n", static_cast<long long>(epoch.epoch),
              static_cast<long long>(epoch.steps), cell(epoch.train_loss).c_str(),
              cell(epoch.test_loss).c_str(), cell(epoch.test_accuracy).c_str(), epoch.seconds);
  std::fflush(stdout);
}

void print_progress(const Trainer& trainer) {
  const std::int64_t steps = trainer.steps();
  std::fprintf(stderr, "\r%3d %%  step %lld of %lld  loss %-12.6g",
               static_cast<int>(100 * steps / trainer.budget()), static_cast<long long>(steps),
               static_cast<long long>(trainer.budget()),
               trainer.table().at(steps - 1, TrainingColumns::kLoss));
  std::fflush(stderr);
}
void clear_progress() { std::fprintf(stderr, "\r%64s\r", ""); }

}  // namespace

int train(const TrainOptions& options) {
  auto settings = settings_from(options);
  if (!settings) return fail(settings.error());
  const Spec spec = settings->data;
  if (options.threads < 1 || options.threads > 256)
    return fail(bad_input("must be at least 1 and at most 256", "threads"));
  std::signal(SIGINT, [](int) { g_interrupted = 1; });
  std::signal(SIGTERM, [](int) { g_interrupted = 1; });
  const DatasetDescriptor& source = *find_dataset(spec.id);
  const auto data = source.load(spec, options.folder);
  if (!data) return fail(data.error());
  auto created =
      Trainer::create(std::move(*settings), *data, make_cpu_engine({static_cast<int>(options.threads)}));
  if (!created) return fail(created.error());
  Trainer& trainer = **created;

  const bool progress = isatty(STDERR_FILENO) != 0;
  const auto stop = [] { return g_interrupted != 0; };
  if (!options.json) print_heading();
  std::size_t printed = 0;
  const std::int64_t slice =
      std::max<std::int64_t>(1, std::min<std::int64_t>(100, trainer.steps_per_epoch()));
  while (trainer.outcome() == Outcome::kRunning) {
    trainer.advance(slice, stop);
    if (progress && trainer.steps() > 0) print_progress(trainer);
    for (; printed < trainer.epochs().size(); ++printed) {
      if (progress) clear_progress();
      if (!options.json) print_row(trainer.epochs()[printed]);
    }
  }
  if (progress) clear_progress();
  const std::string outcome(outcome_name(trainer.outcome()));
  if (!options.json) {
    std::printf("%s after %lld steps\n", outcome.c_str(), static_cast<long long>(trainer.steps()));
    return kExitOk;
  }
  const TrainingSettings& used = trainer.settings();
  Json out;
  out["data"] = format_spec(spec, source, true);
  out["model"] = format_model(used.model);
  out["optimizer"] = format_spec(used.optimizer.spec, *find_optimizer(used.optimizer.spec.id), true);
  out["schedule"] = format_spec(used.schedule, *find_schedule(used.schedule.id), true);
  out["training"] = format_spec(used.training.spec, training_descriptor(), true);
  out["device"] = "cpu";
  out["threads"] = options.threads;
  out["parameters"] = trainer.engine().plan().parameters;
  out["epochs"] = Json::array();
  double seconds = 0.0;
  for (const EpochRecord& epoch : trainer.epochs()) {
    out["epochs"].push_back(written(epoch));
    seconds += epoch.seconds;
  }
  Json& final = out["final"];
  final["outcome"] = outcome;
  final["steps"] = trainer.steps();
  for (const char* key : {"train_loss", "test_loss", "test_accuracy"})
    final[key] = out["epochs"].empty() ? Json(nullptr) : out["epochs"].back()[key];
  final["seconds"] = seconds;
  std::printf("%s\n", out.dump(2).c_str());
  return kExitOk;
}

}  // namespace thalweg::cli
