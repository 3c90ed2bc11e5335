#include "app/cli/train_output.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "core/optimizer/optimizer.hpp"
#include "core/training/diagnosis.hpp"

namespace thalweg::cli {
namespace {

std::string short_optimizer(const Lane& lane) {
  const Spec& spec = lane.settings.optimizer.spec;
  return format_spec(spec, *find_optimizer(spec.id));
}

/// What a run is judged by: the test samples, or the validation samples where there are none.
struct Judged {
  double loss = EpochRecord::kNone;
  double accuracy = EpochRecord::kNone;
};

Judged judged(const EpochRecord& epoch) {
  if (std::isfinite(epoch.test_loss)) return {epoch.test_loss, epoch.test_accuracy};
  return {epoch.validation_loss, epoch.validation_accuracy};
}

// Text -------------------------------------------------------------------------------------------

void print_outcome(const TrainingView& view) {
  const auto steps = static_cast<long long>(view.steps.rows());
  std::printf("%s after %lld steps\n", std::string(outcome_name(view.outcome)).c_str(), steps);
  if (view.restored_step >= 0)
    std::printf("the weights of epoch %lld (step %lld) are restored, those with the lowest validation loss\n",
                static_cast<long long>(view.final_epoch()->epoch),
                static_cast<long long>(view.restored_step));
  if (view.skipped_steps > 0)
    std::printf("%lld steps made no update: an fp16 gradient overflowed\n",
                static_cast<long long>(view.skipped_steps));
}

/// Columns that belong to no layer, as they were last measured.
void print_probe(const ProbeSeries& probe) {
  const std::int64_t last = probe.table.rows() - 1;
  std::string line;
  for (std::size_t c = 1; c < probe.columns.size(); ++c) {
    const double value = probe.table.at(last, static_cast<int>(c));
    if (probe.columns[c].find(": ") != std::string::npos || std::isnan(value)) continue;
    char text[64];
    std::snprintf(text, sizeof text, "%s %.4g", probe.columns[c].c_str(), value);
    line += (line.empty() ? "" : ", ") + std::string(text);
  }
  if (!line.empty())
    std::printf("  %-12s %s (step %lld)\n", probe.id.c_str(), line.c_str(),
                static_cast<long long>(probe.table.at(last, 0)));
}

void print_probes(const TrainingView& view) {
  if (view.probes.empty()) return;
  std::string costs;
  for (const ProbeSeries& probe : view.probes) {
    char text[64];
    std::snprintf(text, sizeof text, "%s%s %.3f s", costs.empty() ? "" : ", ", probe.id.c_str(),
                  probe.seconds);
    costs += text;
  }
  if (view.histogram_seconds > 0.0) {
    char text[64];
    std::snprintf(text, sizeof text, ", histograms %.3f s", view.histogram_seconds);
    costs += text;
  }
  std::printf("probes took %s\n", costs.c_str());
  for (const ProbeSeries& probe : view.probes) print_probe(probe);
}

void print_diagnosis(const TrainingRun& run) {
  for (const Finding& finding : diagnose(run.view, run.classes)) {
    std::printf("diagnosis: %s (%s)\n", finding.headline.c_str(), finding.evidence.c_str());
    for (const std::string& cause : finding.causes) std::printf("  maybe: %s\n", cause.c_str());
    if (!finding.remedy.empty()) std::printf("  try: %s\n", finding.remedy.c_str());
  }
}

void print_bands(std::span<const TrainingRun> runs) {
  std::size_t optimizers = 0;
  for (const TrainingRun& run : runs) optimizers = std::max(optimizers, run.lane.optimizer + 1);
  for (std::size_t i = 0; i < optimizers; ++i) {
    std::vector<std::vector<EpochRecord>> of_one;
    std::string name;
    for (const TrainingRun& run : runs) {
      if (run.lane.optimizer != i || !run.view.final_epoch()) continue;
      of_one.push_back({*run.view.final_epoch()});
      name = short_optimizer(run.lane);
    }
    if (of_one.size() < 2) continue;
    const bool classes = std::isfinite(of_one.front().front().test_accuracy);
    for (const Band& band : bands(of_one, classes ? &EpochRecord::test_accuracy : &EpochRecord::test_loss))
      std::printf("%s: test %s %s ± %s (%s to %s) over %d seeds\n", name.c_str(),
                  classes ? "accuracy" : "loss", cell(band.mean).c_str(), cell(band.deviation).c_str(),
                  cell(band.min).c_str(), cell(band.max).c_str(), band.count);
  }
}

// JSON -------------------------------------------------------------------------------------------

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
  out["average_test_loss"] = json_number(epoch.average_test_loss);
  out["average_test_accuracy"] = json_number(epoch.average_test_accuracy);
  out["seconds"] = epoch.seconds;
  return out;
}

Json written(const ProbeSeries& probe) {
  Json rows = Json::array();
  for (std::int64_t row = 0; row < probe.table.rows(); ++row) {
    Json values = Json::array();
    for (int column = 0; column < probe.table.columns(); ++column)
      values.push_back(json_number(probe.table.at(row, column)));
    rows.push_back(std::move(values));
  }
  return {{"columns", probe.columns}, {"rows", std::move(rows)}, {"seconds", probe.seconds}};
}

Json written(const Finding& finding) {
  return {{"id", finding.id},
          {"headline", finding.headline},
          {"evidence", finding.evidence},
          {"causes", finding.causes},
          {"remedy", finding.remedy},
          {"first_step", finding.first_step},
          {"last_step", finding.last_step}};
}

void add_results(const TrainingRun& run, Json& out) {
  const TrainingView& view = run.view;
  out["epochs"] = Json::array();
  for (const EpochRecord& epoch : *view.epochs) out["epochs"].push_back(written(epoch));
  Json& final = out["final"];
  final["outcome"] = outcome_name(view.outcome);
  if (!run.failure.empty()) final["device_failure"] = run.failure;
  final["steps"] = view.steps.rows();
  final["restored_step"] = view.restored_step >= 0 ? Json(view.restored_step) : Json(nullptr);
  if (view.skipped_steps > 0) final["skipped_steps"] = view.skipped_steps;
  const EpochRecord* last = view.final_epoch();
  const Json kept = last ? written(*last) : Json::object();
  for (const char* key : {"train_loss", "validation_loss", "validation_accuracy", "test_loss",
                          "test_accuracy", "average_test_loss", "average_test_accuracy"})
    final[key] = last ? kept[key] : Json(nullptr);
  double seconds = 0.0;
  for (const EpochRecord& epoch : *view.epochs) seconds += epoch.seconds;
  final["seconds"] = seconds;
  final["total_seconds"] = view.seconds;
  out["probes"] = Json::object();
  for (const ProbeSeries& probe : view.probes) out["probes"][probe.id] = written(probe);
  out["diagnosis"] = Json::array();
  for (const Finding& finding : diagnose(view, run.classes)) out["diagnosis"].push_back(written(finding));
}

}  // namespace

EpochTable::EpochTable(const Trainer& trainer) {
  const Dataset& data = trainer.data();
  const bool classes = data.classes > 0;
  const auto add = [&](bool there, const char* name, double EpochRecord::*value) {
    if (there) columns_.push_back({name, value});
  };
  const bool validation = !trainer.samples().validation.empty();
  const bool test = data.test.count > 0;
  const bool average = test && !trainer.settings().training.spec.is_off("ema_decay");
  add(true, "train loss", &EpochRecord::train_loss);
  add(validation, "valid. loss", &EpochRecord::validation_loss);
  add(validation && classes, "valid. acc.", &EpochRecord::validation_accuracy);
  add(test, "test loss", &EpochRecord::test_loss);
  add(test && classes, "test accuracy", &EpochRecord::test_accuracy);
  add(average, "average: loss", &EpochRecord::average_test_loss);
  add(average && classes, "average: acc.", &EpochRecord::average_test_accuracy);
}

void EpochTable::print_heading() const {
  std::printf("%6s %9s", "epoch", "steps");
  for (const Column& column : columns_) std::printf(" %13s", column.name);
  std::printf(" %9s\n", "seconds");
}

void EpochTable::print(const EpochRecord& epoch) const {
  std::printf("%6lld %9lld", static_cast<long long>(epoch.epoch), static_cast<long long>(epoch.steps));
  for (const Column& column : columns_) std::printf(" %13s", cell(epoch.*column.value).c_str());
  std::printf(" %9.3f\n", epoch.seconds);
  std::fflush(stdout);
}

void print_run_title(const Lane& lane) {
  std::printf("\n%s, seed %llu\n", short_optimizer(lane).c_str(), static_cast<unsigned long long>(lane.seed));
}

void print_end(const TrainingRun& run) {
  print_outcome(run.view);
  print_probes(run.view);
  print_diagnosis(run);
}

void print_comparison(std::span<const TrainingRun> runs) {
  std::size_t widest = 9;
  for (const TrainingRun& run : runs) widest = std::max(widest, short_optimizer(run.lane).size());
  std::printf("\n%-*s %6s  %-10s %9s %12s %12s %13s %9s\n", static_cast<int>(widest), "optimizer", "seed",
              "outcome", "steps", "train loss", "test loss", "test accuracy", "seconds");
  for (const TrainingRun& run : runs) {
    const EpochRecord none{};
    const EpochRecord& last = run.view.final_epoch() ? *run.view.final_epoch() : none;
    const Judged end = judged(last);
    std::printf("%-*s %6llu  %-10s %9lld %12s %12s %13s %9.3f\n", static_cast<int>(widest),
                short_optimizer(run.lane).c_str(), static_cast<unsigned long long>(run.lane.seed),
                std::string(outcome_name(run.view.outcome)).c_str(),
                static_cast<long long>(run.view.steps.rows()), cell(last.train_loss).c_str(),
                cell(end.loss).c_str(), cell(end.accuracy).c_str(), run.view.seconds);
  }
  print_bands(runs);
}

Json written(const TrainingJob& job, std::span<const TrainingRun> runs, bool several) {
  Json out = written(job, runs.front().device);
  out["parameters"] = runs.front().parameters;
  if (!several) {
    out["optimizer"] = optimizer_text(runs.front().lane.settings.optimizer.spec);
    add_results(runs.front(), out);
    return out;
  }
  out["runs"] = Json::array();
  for (const TrainingRun& run : runs) {
    Json one;
    one["optimizer"] = optimizer_text(run.lane.settings.optimizer.spec);
    one["seed"] = run.lane.seed;
    add_device(run.device, one);
    add_results(run, one);
    out["runs"].push_back(std::move(one));
  }
  return out;
}

}  // namespace thalweg::cli
