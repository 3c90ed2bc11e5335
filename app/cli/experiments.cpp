// thalweg lr-find, overfit-one-batch, curvature: experiments with a network, without a window.
#include <cmath>
#include <cstdio>

#include "app/cli/interrupt.hpp"
#include "app/cli/training.hpp"
#include "core/training/curvature_report.hpp"
#include "core/training/lr_find.hpp"
#include "core/training/overfit.hpp"

namespace thalweg::cli {
namespace {

struct Experiment {
  TrainingJob job;
  Spec settings;  ///< of the experiment's descriptor
  DeviceUse device;
  std::unique_ptr<TrainingEngine> engine;
};

Result<Experiment> experiment(const ExperimentOptions& options, const Descriptor& descriptor) {
  auto settings = parsed(descriptor, options.experiment);
  if (!settings) return settings.error();
  if (options.optimizers.size() > 1) return bad_input("only one is possible here", "optimizer");
  auto job = training_job(options);
  if (!job) return job.error();
  auto device = device_for(job->settings, job->data, {}, interrupted);
  if (!device) return device.error();
  auto engine = engine_on(*device, job->settings.device);
  if (!engine) return engine.error();
  return Experiment{std::move(*job), std::move(*settings), std::move(*device), std::move(*engine)};
}

Json heading(const Experiment& what, const Descriptor& descriptor) {
  Json out = written(what.job, what.device);
  out["optimizer"] = optimizer_text(what.job.settings.optimizer.spec);
  out[descriptor.id] = format_spec(what.settings, descriptor, true);
  return out;
}

Json numbers(std::span<const double> values) {
  Json out = Json::array();
  for (const double value : values) out.push_back(json_number(value));
  return out;
}

/// Shows how far an experiment is; true once it is to stop.
auto watch(ProgressLine& progress) {
  return [&progress](double share) {
    progress.show("%3d %%", static_cast<int>(100.0 * share));
    return interrupted();
  };
}

bool given(const ExperimentOptions& options, const char* key) {
  const int index = training_descriptor().index_of(key);
  return index >= 0 && static_cast<std::size_t>(index) < options.training.size() &&
         !options.training[static_cast<std::size_t>(index)].empty();
}

void print(const CurvatureReport& report, std::int64_t step) {
  std::printf("after %lld updates, over %lld training samples\n", static_cast<long long>(step),
              static_cast<long long>(report.samples));
  std::printf("  loss                   %s\n", cell(report.loss).c_str());
  std::printf("  gradient norm          %s\n", cell(report.gradient_norm).c_str());
  std::printf("  λmax                   %s  (residual %.2g, %d products)\n",
              cell(report.sharpness.value).c_str(), report.sharpness.residual, report.sharpness.products);
  if (report.stability_limit)
    std::printf("  stability limit        %s  (%s)\n", cell(*report.stability_limit).c_str(),
                report.sharpness.value > *report.stability_limit ? "λmax is beyond it" : "λmax is below it");
  else
    std::printf("  stability limit        -  (this optimizer scales every direction by itself)\n");
  for (std::size_t k = 0; k < report.spectrum.largest.size(); ++k)
    std::printf("  λ%-2zu                    %s  (residual %.2g%s)\n", k + 1,
                cell(report.spectrum.largest[k].value).c_str(), report.spectrum.largest[k].residual,
                report.spectrum.largest[k].converged ? "" : ", not converged");
  if (!report.spectrum.smallest.empty())
    std::printf("  smallest eigenvalue    %s  (residual %.2g%s)\n",
                cell(report.spectrum.smallest[0].value).c_str(), report.spectrum.smallest[0].residual,
                report.spectrum.smallest[0].converged ? "" : ", not converged");
  std::printf("  trace                  %s ± %s  (%d probes)\n", cell(report.trace.mean).c_str(),
              cell(report.trace.standard_error).c_str(), report.trace.probes);
}

Json written(const Eigenpair& pair) {
  return {{"value", json_number(pair.value)},
          {"residual", json_number(pair.residual)},
          {"converged", pair.converged}};
}

Json written(const CurvatureReport& report) {
  Json out;
  out["samples"] = report.samples;
  out["loss"] = json_number(report.loss);
  out["grad_norm"] = json_number(report.gradient_norm);
  out["lambda_max"] = written(static_cast<const Eigenpair&>(report.sharpness));
  out["lambda_max"]["products"] = report.sharpness.products;
  out["stability_limit"] = report.stability_limit ? json_number(*report.stability_limit) : Json(nullptr);
  out["largest"] = Json::array();
  for (const Eigenpair& pair : report.spectrum.largest) out["largest"].push_back(written(pair));
  out["smallest"] = Json::array();
  for (const Eigenpair& pair : report.spectrum.smallest) out["smallest"].push_back(written(pair));
  out["trace"] = {{"mean", json_number(report.trace.mean)},
                  {"standard_error", json_number(report.trace.standard_error)},
                  {"probes", report.trace.probes}};
  if (report.density)
    out["density"] = {{"x", numbers(report.density->x)}, {"density", numbers(report.density->density)}};
  out["stopped"] = report.stopped;
  return out;
}

}  // namespace

int lr_find(const ExperimentOptions& options) {
  auto what = experiment(options, lr_find_descriptor());
  if (!what) return fail(what.error());
  ProgressLine progress;
  const auto found =
      lr_find(what->job.settings, what->job.data, std::move(what->engine), what->settings, watch(progress));
  progress.clear();
  if (!found) return fail(found.error());
  if (options.json) {
    Json out = heading(*what, lr_find_descriptor());
    out["rates"] = numbers(found->rates);
    out["losses"] = numbers(found->losses);
    out["smoothed"] = numbers(found->smoothed);
    out["steepest"] = json_number(found->steepest);
    out["minimum"] = json_number(found->minimum);
    out["tenth_of_minimum"] = json_number(found->tenth);
    out["verdict"] = found->verdict;
    std::printf("%s\n", out.dump(2).c_str());
    return kExitOk;
  }
  print_device(what->device);
  constexpr std::size_t kRows = 20;
  std::printf("%12s %12s %12s\n", "rate", "loss", "smoothed");
  const std::size_t stride = std::max<std::size_t>(1, found->smoothed.size() / kRows);
  for (std::size_t i = 0; i < found->smoothed.size(); i += stride)
    std::printf("%12.3g %12s %12s\n", found->rates[i], cell(found->losses[i]).c_str(),
                cell(found->smoothed[i]).c_str());
  std::printf("%s\n", found->verdict.c_str());
  return kExitOk;
}

int overfit_one_batch(const ExperimentOptions& options) {
  auto what = experiment(options, overfit_descriptor());
  if (!what) return fail(what.error());
  ProgressLine progress;
  const auto result = overfit_one_batch(what->job.settings, what->job.data, std::move(what->engine),
                                        what->settings, watch(progress));
  progress.clear();
  if (!result) return fail(result.error());
  if (options.json) {
    Json out = heading(*what, overfit_descriptor());
    out["passed"] = result->passed;
    out["stopped"] = result->stopped;
    out["steps"] = result->losses.size();
    out["first_loss"] = json_number(result->first_loss);
    out["loss"] = json_number(result->loss);
    out["accuracy"] = json_number(result->accuracy);
    out["reason"] = result->reason;
    out["hints"] = result->hints;
    out["losses"] = numbers(result->losses);
    std::printf("%s\n", out.dump(2).c_str());
  } else {
    print_device(what->device);
    std::printf("%s\n", result->reason.c_str());
    for (const std::string& hint : result->hints) std::printf("  %s\n", hint.c_str());
  }
  return result->passed || result->stopped ? kExitOk : kExitFailed;
}

int curvature(const ExperimentOptions& options) {
  auto what = experiment(options, curvature_descriptor());
  if (!what) return fail(what.error());
  auto created = Trainer::create(what->job.settings, what->job.data, std::move(what->engine));
  if (!created) return fail(created.error());
  Trainer& trainer = **created;
  ProgressLine progress;
  const bool trains = given(options, "epochs") || given(options, "steps");
  while (trains && trainer.outcome() == Outcome::kRunning) {
    trainer.advance(100, interrupted);
    progress.show("training: step %lld of %lld", static_cast<long long>(trainer.steps()),
                  static_cast<long long>(trainer.budget()));
  }
  progress.show("looking into the Hessian");
  const Spec optimizer = what->job.settings.optimizer.at(trainer.steps());
  const double rate = trainer.steps() > 0
                          ? trainer.table().at(trainer.steps() - 1, TrainingColumns::kLearningRate)
                          : find_schedule(what->job.settings.schedule.id)
                                ->at(what->job.settings.schedule, 0, optimizer.number("lr"));
  const auto seed = static_cast<std::uint64_t>(what->job.settings.training.spec.number("seed"));
  const auto samples = probe_samples(trainer.samples(), seed, what->settings.number("samples"));
  const auto report =
      measure_curvature(trainer.engine(), samples, optimizer, rate, what->settings, seed, interrupted);
  progress.clear();
  if (!report) return fail(report.error());
  if (options.json) {
    Json out = heading(*what, curvature_descriptor());
    out["steps"] = trainer.steps();
    out["learning_rate"] = rate;
    out["outcome"] = outcome_name(trainer.outcome());
    out.update(written(*report));
    std::printf("%s\n", out.dump(2).c_str());
  } else {
    print_device(what->device);
    print(*report, trainer.steps());
    if (report->stopped) std::printf("stopped early: the numbers are what there was\n");
  }
  return kExitOk;
}

}  // namespace thalweg::cli
