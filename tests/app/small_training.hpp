// A training that takes milliseconds, for tests of the thread that trains.
#pragma once

#include <gtest/gtest.h>

#include "app/work/training_worker.hpp"
#include "core/scene/scene.hpp"

namespace thalweg::test {

inline TrainingScene small_training() {
  TrainingScene scene = default_training_scene();
  scene.data = parse_spec("blobs:n=300,test=100", dataset_family()).value();
  scene.model = parse_model("2-8-3").value();
  *scene.training.spec.find("batch") = 16.0;
  *scene.training.spec.find("epochs") = 40.0;
  *scene.probes.find("gradients") = 5.0;
  *scene.probes.find("histograms") = Value{};
  return scene;
}

inline TrainingRequest request_of(const TrainingScene& scene, TrainingRequest::Drive drive,
                                  std::uint64_t run = 1) {
  TrainingRequest out;
  out.lanes = scene.lanes();
  out.scene = scene;
  out.keep = true;
  out.seeds = scene.seeds;
  out.folder = scene.folder;
  out.data = scene.data;
  out.run = run;
  out.drive = drive;
  return out;
}

/// The same settings trained by a trainer that nobody disturbs.
inline std::unique_ptr<Trainer> alone(const TrainingSettings& settings, std::int64_t steps) {
  auto data = find_dataset(settings.data.id)->load(settings.data, "").value();
  auto trainer = Trainer::create(settings, data, make_cpu_engine()).value();
  trainer->advance(steps);
  return trainer;
}

inline void expect_same_loss(const TableView& a, const TableView& b) {
  ASSERT_EQ(a.rows(), b.rows());
  for (std::int64_t row = 0; row < a.rows(); ++row)
    ASSERT_EQ(a.at(row, TrainingColumns::kLoss), b.at(row, TrainingColumns::kLoss)) << row;
}

}  // namespace thalweg::test
