// Small runs for the tests of core/training.
#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/training/checkpoint.hpp"
#include "core/training/trainer.hpp"
#include "tests/nn/networks.hpp"

namespace thalweg::test {

inline void set(TrainingSettings& settings, const char* key, Value value) {
  *settings.training.spec.find(key) = std::move(value);
}

inline TrainingSettings run_settings(const std::string& model = "8-16-3",
                                     const std::string& optimizer = "adam:lr=0.01") {
  const NetworkSettings network = test::network(model, optimizer);
  TrainingSettings out = default_training();
  out.model = network.model;
  out.loss = network.loss;
  out.optimizer.spec = network.optimizer;
  set(out, "batch", 32.0);
  set(out, "epochs", 4.0);
  set(out, "seed", 3.0);
  return out;
}

inline Spec probes(const std::string& text) {
  return parse_spec("probes:" + text, probe_descriptor()).value();
}

/// Every probe off, and histograms.
inline const char* const kNoProbes = "gradients=off,weights=off,activations=off,histograms=off";

inline std::unique_ptr<Trainer> made(const TrainingSettings& s,
                                     std::shared_ptr<const Dataset> data = toy_data(100)) {
  auto trainer = Trainer::create(s, std::move(data), make_cpu_engine());
  if (!trainer) throw std::runtime_error(trainer.error().text());
  return std::move(*trainer);
}

inline std::string refusal(const TrainingSettings& s, std::shared_ptr<const Dataset> data = toy_data(100)) {
  const auto trainer = Trainer::create(s, std::move(data), make_cpu_engine());
  return trainer ? "accepted" : trainer.error().text();
}

/// A generated data set with its defaults but for what `text` sets.
inline std::shared_ptr<const Dataset> generated(const std::string& text) {
  const Spec spec = parse_spec(text, dataset_family()).value();
  return find_dataset(spec.id)->load(spec, "").value();
}

/// The same bytes, so that a NaN equals itself.
inline bool same_bits(double a, double b) { return a == b || (a != a && b != b); }

struct KindOfRun {
  const char* name;
  TrainingSettings settings;
};

/// Every kind of number that a run has in mind.
inline std::vector<KindOfRun> every_kind_of_run() {
  std::vector<KindOfRun> out;
  const auto add = [&](const char* name, const std::string& model,
                       const std::string& optimizer) -> TrainingSettings& {
    out.push_back({name, run_settings(model, optimizer)});
    set(out.back().settings, "epochs", 20.0);
    return out.back().settings;
  };
  add("adam", "8-16-3", "adam:lr=0.01");
  add("momentum", "8-16-3", "momentum:lr=0.05");
  add("batch_norm and dropout", "linear:units=16; batch_norm; relu; dropout:p=0.3; linear:units=3",
      "adamw:lr=0.01");
  TrainingSettings& averaged = add("ema and fp16", "8-16-3", "adam:lr=0.01");
  set(averaged, "ema_decay", 0.9);
  set(averaged, "precision", std::string("fp16"));
  set(averaged, "accumulate", 2.0);
  TrainingSettings& early = add("early stopping", "8-16-3", "adam:lr=0.2");
  set(early, "validation", 0.2);
  set(early, "patience", 11.0);
  TrainingSettings& scheduled = add("schedule and changes", "8-16-3", "gd:lr=0.1");
  scheduled.schedule = parse_spec("cosine_warmup:warmup=20,total=80", schedule_family()).value();
  scheduled.optimizer.change(11, "lr", 0.02);
  scheduled.optimizer.change(40, "lr", 0.3);
  TrainingSettings& plateau = add("plateau", "8-16-3", "adam:lr=0.05");
  plateau.schedule = parse_spec("plateau:patience=1,factor=0.5,threshold=0.1", schedule_family()).value();
  plateau.optimizer.change(25, "lr", 0.02);
  TrainingSettings& driven = add("settings that follow schedules", "8-16-3", "momentum:lr=0.05");
  driven.schedule = parse_spec("one_cycle:total=80", schedule_family()).value();
  driven.drives = {parse_drive("weight_decay=linear:peak=0.1,total=60").value()};
  TrainingSettings& ramped =
      add("a batch that grows", "linear:units=16; batch_norm; relu; linear:units=3", "momentum:lr=0.05");
  ramped.drives = {parse_drive("batch=batch_ramp:start=3,ramp=900").value()};
  TrainingSettings& probed = add("probes", "8-16-3", "adam:lr=0.01");
  probed.probes = probes(
      "gradients=5,weights=4,activations=7,histograms=3,curvature=9,spectrum=11,trace=8,"
      "noise_scale=6,evaluation=10,calibration=10,samples=256,eigenvalues=5");
  return out;
}

/// Everything that a state holds but measured times: equal for runs that are equal bit for bit.
inline std::vector<std::uint8_t> timeless(TrainerState state) {
  TrainingView& record = state.record;
  record.seconds = record.histogram_seconds = state.sums.seconds = 0.0;
  auto epochs = *record.epochs;
  for (EpochRecord& epoch : epochs) epoch.seconds = 0.0;
  record.epochs = std::make_shared<const std::vector<EpochRecord>>(std::move(epochs));
  for (ProbeSeries& probe : record.probes) probe.seconds = 0.0;
  return to_bytes(state);
}

}  // namespace thalweg::test
