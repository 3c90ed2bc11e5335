// Small runs for the tests of core/training.
#pragma once

#include <memory>
#include <stdexcept>
#include <string>

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
