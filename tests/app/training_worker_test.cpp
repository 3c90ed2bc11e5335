// The thread that trains, with no window: requests overtake each other while snapshots are read. Labelled
// `threads`, as worker_test.cpp.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <thread>

#include "app/work/training_worker.hpp"
#include "core/scene/scene.hpp"
#include "tests/app/tiny_digits.hpp"

namespace thalweg {
namespace {

using Drive = TrainingRequest::Drive;

TrainingScene small_scene() {
  TrainingScene scene = default_training_scene();
  scene.data = parse_spec("blobs:n=300,test=100", dataset_family()).value();
  scene.model = parse_model("2-8-3").value();
  *scene.training.spec.find("batch") = 16.0;
  *scene.training.spec.find("epochs") = 5.0;
  *scene.probes.find("gradients") = 5.0;
  *scene.probes.find("histograms") = Value{};
  return scene;
}

TrainingRequest request_of(const TrainingScene& scene, Drive drive, std::uint64_t run = 1) {
  TrainingRequest out;
  out.lanes = scene.lanes();
  out.seeds = scene.seeds;
  out.folder = scene.folder;
  out.data = scene.data;
  out.run = run;
  out.drive = drive;
  return out;
}

std::shared_ptr<const TrainingSnapshot> done(TrainingWorker& worker) {
  worker.wait();
  return worker.snapshot();
}

/// The same settings trained by a trainer that nobody disturbs.
TableView alone(const TrainingSettings& settings, std::int64_t steps) {
  auto data = find_dataset(settings.data.id)->load(settings.data, "").value();
  auto trainer = Trainer::create(settings, data, make_cpu_engine()).value();
  trainer->advance(steps);
  return trainer->table();
}

void expect_same(const TableView& a, const TableView& b) {
  ASSERT_EQ(a.rows(), b.rows());
  for (std::int64_t row = 0; row < a.rows(); ++row)
    ASSERT_EQ(a.at(row, TrainingColumns::kLoss), b.at(row, TrainingColumns::kLoss)) << row;
}

TEST(TrainingWorker, TrainsEveryLaneAsIfItWereAlone) {
  TrainingScene scene = small_scene();
  scene.seeds = 2;
  TrainingWorker worker;
  worker.request(request_of(scene, Drive::kPause));
  auto snapshot = done(worker);
  ASSERT_FALSE(snapshot->error) << snapshot->error->text();
  ASSERT_EQ(snapshot->lanes.size(), 8U);
  EXPECT_EQ(snapshot->steps(), 0);
  EXPECT_TRUE(snapshot->arrived);
  ASSERT_TRUE(snapshot->look);  // an untrained network can be looked into
  EXPECT_EQ(snapshot->look->inspection->count, 100);
  EXPECT_EQ(snapshot->look->first_weights.size(), 16U);
  worker.request(request_of(scene, Drive::kTrain));
  snapshot = done(worker);
  ASSERT_TRUE(snapshot->finished());
  for (std::size_t i = 0; i < snapshot->lanes.size(); ++i) {
    EXPECT_EQ(snapshot->lanes[i].optimizer, i / 2);
    EXPECT_EQ(snapshot->lanes[i].seed, static_cast<int>(i % 2));
    EXPECT_EQ(snapshot->lanes[i].view.outcome, Outcome::kBudget);
    expect_same(snapshot->lanes[i].view.steps, alone(scene.lanes()[i], 1'000'000));
  }
  EXPECT_EQ(snapshot->look->step, snapshot->steps());
  // The map of the plane: around a sample the network says what it says to the sample.
  const TrainingLook& look = *snapshot->look;
  ASSERT_EQ(look.map.size(), static_cast<std::size_t>(look.columns * look.rows * 3));
  int same = 0;
  for (std::size_t i = 0; i < 300; ++i) {
    const float* at = look.data->train.values.data() + 2 * i;
    const int x = static_cast<int>((at[0] - look.bounds[0]) / (look.bounds[1] - look.bounds[0]) * look.columns);
    const int y = static_cast<int>((at[1] - look.bounds[2]) / (look.bounds[3] - look.bounds[2]) * look.rows);
    const float* cell = look.map.data() + 3 * (y * look.columns + x);
    same += std::max_element(cell, cell + 3) - cell == look.data->train.labels[i];
  }
  const double train_accuracy = snapshot->lanes[0].view.epochs->back().train_accuracy;
  EXPECT_NEAR(same / 300.0, train_accuracy, 0.12);
}

TEST(TrainingWorker, StopsAtTheLimitAndPauses) {
  const TrainingScene scene = small_scene();
  TrainingWorker worker;
  TrainingRequest request = request_of(scene, Drive::kTrain);
  request.limit = 7;
  worker.request(request);
  auto snapshot = done(worker);
  for (const auto& lane : snapshot->lanes) {
    EXPECT_EQ(lane.view.steps.rows(), 7);
    EXPECT_EQ(lane.view.outcome, Outcome::kRunning);
  }
  request.drive = Drive::kPause;
  request.limit = 1000;
  worker.request(request);
  EXPECT_EQ(done(worker)->steps(), 7);
  request.drive = Drive::kStop;
  worker.request(request);
  snapshot = done(worker);
  for (const auto& lane : snapshot->lanes) EXPECT_EQ(lane.view.outcome, Outcome::kStopped);
  EXPECT_TRUE(snapshot->finished());
  EXPECT_EQ(snapshot->steps(), 7);
}

TEST(TrainingWorker, AChangeOfALiveParameterReachesTheUpdateItWasHeldFor) {
  TrainingScene scene = small_scene();
  *scene.training.spec.find("epochs") = 5000.0;
  TrainingWorker worker;
  worker.request(request_of(scene, Drive::kTrain));
  std::int64_t changed_at = 0;
  for (int i = 0; i < 20; ++i) {
    // Not before it has gone on: what is changed at the start is no change on the way.
    for (auto now = worker.snapshot(); !now->finished() && now->steps() <= changed_at; now = worker.snapshot())
      std::this_thread::yield();
    // While it trains: no update that is held may be begun before the request.
    const std::int64_t step = worker.hold(3, 1);
    EXPECT_GE(step, changed_at);
    changed_at = step;
    // However long the window takes over it (a turn of a lane is shorter).
    const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(i < 3 ? 25 : 0);
    while (std::chrono::steady_clock::now() < until) std::this_thread::yield();
    scene.optimizers[3].live.change(step, "lr", 0.001 * (i + 1));
    scene.training.change(worker.hold(0, 4), "clip_norm", 1.0 + i);
    worker.request(request_of(scene, Drive::kTrain));
    const auto snapshot = worker.snapshot();
    ASSERT_FALSE(snapshot->error) << snapshot->error->text();
  }
  TrainingRequest request = request_of(scene, Drive::kTrain);
  request.limit = changed_at + 50;
  worker.request(request);
  const auto snapshot = done(worker);
  EXPECT_FALSE(snapshot->differs);
  EXPECT_EQ(*snapshot->lanes[3].settings, scene.lane(3, 0));
  expect_same(snapshot->lanes[3].view.steps, alone(scene.lane(3, 0), snapshot->lanes[3].view.steps.rows()));
}

TEST(TrainingWorker, OtherSettingsWaitUntilItStartsAgain) {
  TrainingScene scene = small_scene();
  TrainingWorker worker;
  TrainingRequest request = request_of(scene, Drive::kTrain);
  request.limit = 10;
  worker.request(request);
  const auto before = done(worker);
  scene.model = parse_model("2-5-3").value();
  scene.optimizers[1].live.change(30, "lr", 0.5);
  request = request_of(scene, Drive::kTrain);
  request.limit = 40;
  worker.request(request);
  auto snapshot = done(worker);
  EXPECT_TRUE(snapshot->differs);
  EXPECT_EQ(snapshot->steps(), 40);
  EXPECT_EQ(snapshot->lanes[0].settings->model, parse_model("2-8-3").value());
  // What can be had of the new settings is had.
  EXPECT_EQ(snapshot->lanes[1].settings->optimizer, scene.optimizers[1].live);
  EXPECT_TRUE(snapshot->lanes[0].view.steps.extends(before->lanes[0].view.steps));
  request.run = 2;
  worker.request(request);
  snapshot = done(worker);
  EXPECT_FALSE(snapshot->differs);
  EXPECT_EQ(snapshot->plan->parameters, 2 * 5 + 5 + 5 * 3 + 3);
  expect_same(snapshot->lanes[2].view.steps, alone(scene.lane(2, 0), 40));
}

TEST(TrainingWorker, AnAddedOptimizerCatchesUpAndARemovedOneGoes) {
  TrainingScene scene = small_scene();
  TrainingWorker worker;
  TrainingRequest request = request_of(scene, Drive::kTrain);
  request.limit = 20;
  worker.request(request);
  const auto before = done(worker);
  scene.optimizers.insert(scene.optimizers.begin() + 1,
                          {{parse_spec("nesterov", optimizer_family()).value(), {}}, 5, true});
  request = request_of(scene, Drive::kTrain);
  request.limit = 20;
  worker.request(request);
  auto snapshot = done(worker);
  ASSERT_EQ(snapshot->lanes.size(), 5U);
  EXPECT_FALSE(snapshot->differs);
  EXPECT_TRUE(snapshot->lanes[2].view.steps.extends(before->lanes[1].view.steps));
  EXPECT_EQ(snapshot->lanes[2].optimizer, 2U);
  expect_same(snapshot->lanes[1].view.steps, alone(scene.lane(1, 0), 20));
  scene.optimizers.erase(scene.optimizers.begin());
  request.lanes = scene.lanes();
  worker.request(request);
  snapshot = done(worker);
  ASSERT_EQ(snapshot->lanes.size(), 4U);
  EXPECT_TRUE(snapshot->lanes[1].view.steps.extends(before->lanes[1].view.steps));
  // One that is there already with other settings is not thrown away with its record.
  scene.optimizers[1].live.set("lr", 0.7);
  request.lanes = scene.lanes();
  worker.request(request);
  snapshot = done(worker);
  EXPECT_TRUE(snapshot->differs);
  EXPECT_TRUE(snapshot->lanes[1].view.steps.extends(before->lanes[1].view.steps));
}

TEST(TrainingWorker, WhatCannotBeTrainedIsSaidAndMended) {
  TrainingScene scene = default_training_scene();
  const test::Scratch folder;
  scene.folder = folder.folder().string();
  TrainingWorker worker;
  worker.request(request_of(scene, Drive::kTrain));
  auto snapshot = done(worker);
  ASSERT_TRUE(snapshot->error);
  EXPECT_EQ(snapshot->error->code, ErrorCode::kNotFound);
  EXPECT_TRUE(snapshot->lanes.empty());
  EXPECT_TRUE(snapshot->arrived);
  scene.data = small_scene().data;
  scene.folder.clear();
  worker.request(request_of(scene, Drive::kPause));
  snapshot = done(worker);
  ASSERT_TRUE(snapshot->error);
  EXPECT_EQ(snapshot->error->text(), "model: begins with 784 inputs, but a sample has 2");
  EXPECT_TRUE(snapshot->data);  // so that a model can be fitted to them
  scene.model = parse_model("2-4-3").value();
  worker.request(request_of(scene, Drive::kPause));
  snapshot = done(worker);
  EXPECT_FALSE(snapshot->error);
  EXPECT_EQ(snapshot->lanes.size(), 4U);
}

TEST(TrainingWorker, ADrawingIsAnsweredWhileItTrains) {
  TrainingScene scene = default_training_scene();
  const TinyDigits digits;
  scene.folder = digits.folder();
  TrainingWorker worker;
  TrainingRequest request = request_of(scene, Drive::kTrain);
  request.limit = 5;
  request.drawing = std::make_shared<const Drawing>(Drawing{7, test::pattern(784)});
  worker.request(request);
  auto snapshot = done(worker);
  ASSERT_FALSE(snapshot->error) << snapshot->error->text();
  ASSERT_TRUE(snapshot->answer);
  EXPECT_EQ(snapshot->answer->version, 7U);
  EXPECT_EQ(snapshot->answer->step, 5);
  double sum = 0.0;
  for (const double p : snapshot->answer->probabilities) sum += p;
  EXPECT_NEAR(sum, 1.0, 1e-6);
  const std::vector<double> first = snapshot->answer->probabilities;
  request.selected = 3;
  worker.request(request);
  snapshot = done(worker);
  EXPECT_NE(snapshot->answer->probabilities, first);
  EXPECT_EQ(snapshot->look->lane, 3U);
  request.drawing = std::make_shared<const Drawing>(Drawing{8, test::pattern(100)});  // of another size
  worker.request(request);
  EXPECT_FALSE(done(worker)->answer);
}

TEST(TrainingWorker, RequestsOvertakeWhileSnapshotsAreRead) {
  TrainingScene scene = small_scene();
  *scene.training.spec.find("epochs") = 1000.0;
  double sum = 0.0;
  {
    std::atomic<int> woken{0};
    TrainingWorker worker([&] { ++woken; });
    for (int i = 0; i < 120; ++i) {
      if (i % 7 == 0) scene.optimizers[static_cast<std::size_t>(i % 4)].live.set("lr", 0.001 * (1 + i % 5));
      if (i % 31 == 30) scene.seeds = 1 + i % 3;
      TrainingRequest request = request_of(scene,
                                           i % 11 == 10 ? Drive::kStop
                                           : i % 5 == 4 ? Drive::kPause
                                                        : Drive::kTrain,
                                           1 + static_cast<std::uint64_t>(i / 13));
      request.selected = static_cast<std::size_t>(i % 5);
      worker.request(std::move(request));
      const auto snapshot = worker.snapshot();
      ASSERT_FALSE(snapshot->error) << snapshot->error->text();
      for (const auto& lane : snapshot->lanes) {
        for (std::int64_t row = 0; row < lane.view.steps.rows(); row += 17) sum += lane.view.steps.at(row, 0);
        for (const EpochRecord& epoch : *lane.view.epochs) sum += epoch.train_loss;
        for (const ProbeSeries& probe : lane.view.probes) sum += static_cast<double>(probe.table.rows());
      }
      if (i % 40 == 39) {
        worker.wait();
        EXPECT_GT(woken.load(), 0);
      }
    }
  }  // closed while it trains
  EXPECT_TRUE(std::isfinite(sum));
}

}  // namespace
}  // namespace thalweg
