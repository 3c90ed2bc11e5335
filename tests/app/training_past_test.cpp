// Going back in a training while it is recorded: looks at past steps, forks, runs that are opened. Labelled
// `threads`, as worker_test.cpp.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "core/store/recorder.hpp"
#include "tests/app/small_training.hpp"
#include "tests/data/scratch.hpp"

namespace thalweg {
namespace {

using Drive = TrainingRequest::Drive;
using test::alone;
using test::request_of;
using test::small_training;

class TrainingPast : public ::testing::Test {
 protected:
  std::shared_ptr<const TrainingSnapshot> done(TrainingWorker& worker, const TrainingRequest& request) {
    worker.request(request);
    worker.wait();
    auto out = worker.snapshot();
    EXPECT_FALSE(out->error) << out->error->text();
    return out;
  }
  std::vector<store::RunInfo> listed() {
    auto store = store::Store::open(file_).value();
    auto runs = store->list({}).value();
    std::sort(runs.begin(), runs.end(),
              [](const auto& a, const auto& b) { return std::pair(a.lane, a.id) < std::pair(b.lane, b.id); });
    return runs;
  }
  std::vector<double> losses(const std::string& uid) {
    auto store = store::Store::open(file_).value();
    return store->points(store->find(uid)->id, "loss")->values;
  }
  void expect_on_record(const std::string& uid, const TableView& steps) {
    const std::vector<double> kept = losses(uid);
    ASSERT_EQ(static_cast<std::int64_t>(kept.size()), steps.rows());
    for (std::int64_t row = 0; row < steps.rows(); ++row)
      ASSERT_EQ(kept[static_cast<std::size_t>(row)], steps.at(row, TrainingColumns::kLoss)) << row;
  }

  test::Scratch folder_;
  std::filesystem::path file_ = folder_ / "runs.sqlite";
};

TEST_F(TrainingPast, EveryLaneIsRecordedAndAStopToo) {
  const TrainingScene scene = small_training();
  std::vector<TableView> tables;
  {
    store::Recorder recorder(file_);
    TrainingWorker worker({}, &recorder);
    TrainingRequest request = request_of(scene, Drive::kTrain);
    request.limit = 90;
    const auto snapshot = done(worker, request);
    for (const auto& lane : snapshot->lanes) tables.push_back(lane.view.steps);
  }  // the window is closed
  const auto runs = listed();
  ASSERT_EQ(runs.size(), 4U);
  for (std::size_t i = 0; i < runs.size(); ++i) {
    EXPECT_EQ(runs[i].outcome, "stopped");
    EXPECT_EQ(runs[i].steps, 90);
    EXPECT_EQ(runs[i].lane, static_cast<int>(i));
    EXPECT_EQ(runs[i].race, runs[0].race);
    expect_on_record(runs[i].uid, tables[i]);
  }
  EXPECT_FALSE(runs[0].race.empty());
}

TEST_F(TrainingPast, NothingIsRecordedBeforeItMayBe) {
  {
    store::Recorder recorder(file_);
    TrainingWorker worker({}, &recorder);
    TrainingRequest request = request_of(small_training(), Drive::kTrain);
    request.limit = 30;
    request.keep = false;
    done(worker, request);
    EXPECT_FALSE(std::filesystem::exists(file_));
    request.keep = true;
    request.limit = 40;
    done(worker, request);
  }
  const auto runs = listed();
  ASSERT_EQ(runs.size(), 4U);
  EXPECT_EQ(losses(runs[0].uid).size(), 40U);  // from its first step
}

TEST_F(TrainingPast, StartingAgainIsAnotherRun) {
  const TrainingScene scene = small_training();
  {
    store::Recorder recorder(file_);
    TrainingWorker worker({}, &recorder);
    TrainingRequest request = request_of(scene, Drive::kTrain);
    request.limit = 30;
    done(worker, request);
    request.run = 2;
    done(worker, request);
  }
  const auto runs = listed();
  ASSERT_EQ(runs.size(), 8U);
  std::set<std::string> races;
  for (const auto& run : runs) races.insert(run.race);
  EXPECT_EQ(races.size(), 2U);
}

TEST_F(TrainingPast, APastStepIsLookedAtAndTheFrontStays) {
  const TrainingScene scene = small_training();
  TrainingWorker worker;
  TrainingRequest request = request_of(scene, Drive::kTrain);
  request.limit = 300;
  request.selected = 3;
  const auto front = done(worker, request);
  request.drive = Drive::kPause;
  for (const std::int64_t step : {250, 7, 0, 130}) {
    request.at = step;
    const auto snapshot = done(worker, request);
    ASSERT_TRUE(snapshot->look);
    EXPECT_EQ(snapshot->look->step, step);
    EXPECT_FALSE(snapshot->replaying);
    const auto other = alone(scene.lane(3, 0), step);
    const auto weights = other->engine().parameters();
    ASSERT_EQ(snapshot->look->first_weights.size(), 16U);
    for (std::size_t i = 0; i < 16; ++i) ASSERT_EQ(snapshot->look->first_weights[i], weights[i]) << step;
    EXPECT_TRUE(snapshot->lanes[3].view.steps.extends(front->lanes[3].view.steps));
    EXPECT_EQ(snapshot->steps(), 300);
  }
  request.at.reset();
  const auto back = done(worker, request);
  EXPECT_EQ(back->look->step, 300);
  EXPECT_EQ(back->look->first_weights, front->look->first_weights);
  request.drive = Drive::kTrain;
  request.limit = 320;
  const auto on = done(worker, request);
  test::expect_same_loss(on->lanes[3].view.steps, alone(scene.lane(3, 0), 320)->table());
}

TEST_F(TrainingPast, AForkGoesOnFromThereAndTheOldRunStays) {
  TrainingScene scene = small_training();
  const std::int64_t left = 75;
  TrainingScene forked = scene;
  forked.optimizers[3].live.change(left, "lr", 0.05);
  std::string parent, child;
  {
    store::Recorder recorder(file_);
    TrainingWorker worker({}, &recorder);
    TrainingRequest request = request_of(scene, Drive::kTrain);
    request.limit = 200;
    const auto before = done(worker, request);
    parent = before->lanes[3].uid;
    request = request_of(forked, Drive::kPause);
    request.limit = 220;
    request.fork = 1;
    request.fork_step = left;
    request.fork_first = 3;
    request.fork_count = 1;
    worker.request(request);
    // What is changed at once is changed there.
    EXPECT_EQ(worker.hold(3, 1), left);
    worker.request(request);
    const auto there = done(worker, request);
    EXPECT_EQ(there->fork, 1U);
    EXPECT_FALSE(there->differs);
    EXPECT_EQ(there->lanes[3].view.steps.rows(), left);
    EXPECT_EQ(there->lanes[2].view.steps.rows(), 200);  // the others are where they were
    EXPECT_EQ(there->lanes[3].fork, (Fork{parent, left}));
    request.drive = Drive::kTrain;
    const auto after = done(worker, request);
    test::expect_same_loss(after->lanes[3].view.steps, alone(forked.lane(3, 0), 220)->table());
    child = after->lanes[3].uid;
    EXPECT_NE(child, parent);
  }
  ASSERT_EQ(listed().size(), 5U);
  auto store = store::Store::open(file_).value();
  const auto info = store->find(child).value();
  EXPECT_EQ(info.parent, parent);
  EXPECT_EQ(info.parent_step, left);
  EXPECT_EQ(store->find(parent)->outcome, "stopped");
  expect_on_record(parent, alone(scene.lane(3, 0), 200)->table());
  expect_on_record(child, alone(forked.lane(3, 0), 220)->table());
}

TEST_F(TrainingPast, AnOpenedRunIsTheRecordedOneAndGoesOnAsItself) {
  TrainingScene scene = small_training();
  std::vector<std::string> uids;
  {
    store::Recorder recorder(file_);
    TrainingWorker worker({}, &recorder);
    TrainingRequest request = request_of(scene, Drive::kTrain);
    request.limit = 130;
    for (const auto& lane : done(worker, request)->lanes) uids.push_back(lane.uid);
  }
  auto opened = std::make_shared<OpenedTraining>();
  opened->db = file_;
  opened->run = open_run(*store::Store::open(file_).value(), uids[2]).value();
  EXPECT_EQ(opened->run.lane, 2U);
  {
    store::Recorder recorder(file_);
    TrainingWorker worker({}, &recorder);
    TrainingRequest request = request_of(opened->run.scene.training, Drive::kPause);
    request.opened = opened;
    request.selected = 2;
    auto snapshot = done(worker, request);
    EXPECT_FALSE(snapshot->replaying);
    EXPECT_FALSE(snapshot->differs);
    ASSERT_EQ(snapshot->lanes.size(), 4U);
    for (std::size_t i = 0; i < 4; ++i) {
      EXPECT_EQ(snapshot->lanes[i].uid, uids[i]);
      EXPECT_EQ(snapshot->lanes[i].view.outcome, Outcome::kRunning);
      test::expect_same_loss(snapshot->lanes[i].view.steps, alone(scene.lane(i, 0), 130)->table());
      EXPECT_TRUE(snapshot->lanes[i].view.find("gradients"));
    }
    request.at = 40;
    snapshot = done(worker, request);
    EXPECT_EQ(snapshot->look->step, 40);
    const auto then = alone(scene.lane(2, 0), 40);
    EXPECT_EQ(snapshot->look->first_weights[5], then->engine().parameters()[5]);
    // Looking changes nothing in the file.
    EXPECT_EQ(listed()[2].outcome, "stopped");
    request.at.reset();
    request.drive = Drive::kTrain;
    request.limit = 180;
    snapshot = done(worker, request);
    EXPECT_EQ(snapshot->lanes[2].uid, uids[2]);
  }
  const auto runs = listed();
  ASSERT_EQ(runs.size(), 4U);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(runs[i].steps, 180);
    expect_on_record(uids[i], alone(scene.lane(i, 0), 180)->table());
  }
}

TEST_F(TrainingPast, RequestsOvertakeWhileItGoesBackAndForth) {
  TrainingScene scene = small_training();
  *scene.training.spec.find("epochs") = 1000.0;
  {
    store::Recorder recorder(file_);
    TrainingWorker worker([] {}, &recorder);
    std::uint64_t forks = 0;
    for (int i = 0; i < 80; ++i) {
      TrainingRequest request = request_of(scene, i % 3 == 0 ? Drive::kPause : Drive::kTrain);
      if (i % 5 == 1) request.at = i / 2;
      if (i % 16 == 15) ++forks;
      request.fork = forks;
      request.fork_step = 3;
      request.fork_count = 2;
      request.selected = static_cast<std::size_t>(i % 4);
      worker.request(request);
      const auto snapshot = worker.snapshot();
      ASSERT_FALSE(snapshot->error) << snapshot->error->text();
      if (i % 10 == 9) worker.hold(0, 1);
    }
  }
  auto store = store::Store::open(file_).value();
  EXPECT_FALSE(store->check());
  for (const auto& run : listed()) EXPECT_EQ(run.outcome, "stopped");
}

}  // namespace
}  // namespace thalweg
