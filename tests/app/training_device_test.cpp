// The thread that trains, on a device that fails: the record stays, and the run goes on on the CPU from the
// last state to the numbers that it comes to there. Labelled `threads`, as training_worker_test.cpp.
#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/app/keep_files.hpp"
#include "tests/app/small_training.hpp"
#include "tests/training/runs.hpp"

namespace thalweg {
namespace {

using test::expect_same_loss;
using test::need;
using test::request_of;
using test::RunFile;
using Drive = TrainingRequest::Drive;

constexpr char kFake[] = "Fake GPU 80GB";
/// The worker keeps states at update 0 and at multiples of this: how many depends on how long an update takes.
constexpr std::int64_t kStates = 64;
/// Updates that the fake has under way at once.
constexpr int kTogether = 4;

/// Before anything asks for devices.
const bool g_fake = setenv("THALWEG_CUDA_MODULE", THALWEG_FAKE_MODULE, 1) == 0;

void fault(const char* text) { setenv("THALWEG_FAKE_FAULT", text, 1); }

TrainingScene scene_on(const char* device, std::size_t optimizers = 1) {
  TrainingScene scene = test::small_training();
  scene.optimizers.resize(optimizers);
  *scene.device.find("device") = std::string(device);
  return scene;
}

class TrainingDevice : public ::testing::Test {
 protected:
  void TearDown() override { fault(""); }
  TrainingDevice() { fault(""); }

  std::shared_ptr<const TrainingSnapshot> ask(TrainingWorker& worker, TrainingRequest request) {
    worker.request(std::move(request));
    worker.wait();
    return worker.snapshot();
  }
  std::shared_ptr<const TrainingSnapshot> train(TrainingWorker& worker, const TrainingScene& scene,
                                                std::uint64_t attempt = 0) {
    TrainingRequest request = request_of(scene, Drive::kTrain);
    request.attempt = attempt;
    return ask(worker, std::move(request));
  }

  RunFile file_;
};

TEST_F(TrainingDevice, IsThereToBeChosen) {
  TrainingWorker worker;
  const auto snapshot = ask(worker, request_of(scene_on("auto"), Drive::kPause));
  ASSERT_TRUE(snapshot->devices);
  ASSERT_EQ(snapshot->devices->cuda.devices.size(), 1U);
  EXPECT_EQ(snapshot->devices->cuda.devices[0].name, kFake);
  // Nothing is taken of it before there is something to do.
  EXPECT_FALSE(snapshot->lanes[0].device);
}

TEST_F(TrainingDevice, TrainsTheSameAsAlone) {
  const TrainingScene scene = scene_on("cuda", 2);
  TrainingWorker worker;
  const auto snapshot = train(worker, scene);
  ASSERT_TRUE(snapshot->finished());
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(snapshot->lanes[i].device->name, kFake);
    expect_same_loss(snapshot->lanes[i].view.steps, test::alone(scene.lane(i, 0), 100'000)->table());
  }
}

TEST_F(TrainingDevice, AutoMeasuresAndSaysSo) {
  const TrainingScene scene = scene_on("auto");
  store::Recorder recorder(file_.path());
  std::string why;
  {
    TrainingWorker worker({}, &recorder);
    const auto snapshot = train(worker, scene);
    ASSERT_TRUE(snapshot->lanes[0].device);
    EXPECT_TRUE(snapshot->lanes[0].device->measured);
    why = snapshot->lanes[0].device->why;
    EXPECT_NE(why.find(" a step, "), std::string::npos) << why;
    expect_same_loss(snapshot->lanes[0].view.steps, test::alone(scene.lane(0, 0), 100'000)->table());
  }
  ASSERT_TRUE(recorder.flush());
  const auto events = file_.events(file_.runs()[0].uid);
  const store::Event measured{0, "device", "auto", why};
  EXPECT_NE(std::find(events.begin(), events.end(), measured), events.end());
}

/// Lost after `updates`; then it goes on on the CPU. What that must come to is made by a trainer of its own.
class TrainingDeviceLost : public TrainingDevice, public ::testing::WithParamInterface<int> {};

TEST_P(TrainingDeviceLost, GoesOnOnTheCpuFromItsLastState) {
  const int updates = GetParam();
  const TrainingScene scene = scene_on("cuda", 2);
  store::Recorder recorder(file_.path());
  std::vector<std::string> uids;
  {
    TrainingWorker worker({}, &recorder);
    fault(("lost_at_step:" + std::to_string(updates)).c_str());
    auto snapshot = train(worker, scene);
    ASSERT_TRUE(snapshot->device_failure);
    EXPECT_NE(snapshot->device_failure->text().find("cuda (Fake GPU 80GB): the device was lost"),
              std::string::npos)
        << snapshot->device_failure->text();
    EXPECT_TRUE(snapshot->arrived);
    EXPECT_TRUE(snapshot->finished());
    // One of them felt it first; what was recorded of both is still there, but for updates that were under way.
    EXPECT_LE(snapshot->steps(), updates);
    EXPECT_GT(snapshot->steps(), updates - kTogether);
    for (const auto& lane : snapshot->lanes) {
      EXPECT_TRUE(lane.failed);
      EXPECT_EQ(lane.view.outcome, Outcome::kStopped);
      uids.push_back(lane.uid);
    }
    ASSERT_TRUE(recorder.flush());
    for (std::size_t i = 0; i < 2; ++i) {
      if (snapshot->lanes[i].view.steps.rows() == 0) continue;
      const store::RunInfo run = file_.run(uids[i]);
      EXPECT_EQ(run.outcome, "stopped");
      EXPECT_EQ(run.steps, snapshot->lanes[i].view.steps.rows());
      EXPECT_EQ(run.device, kFake);
      EXPECT_EQ(static_cast<std::int64_t>(file_.points(uids[i]).values.size()), run.steps);
      const auto events = file_.events(uids[i]);
      EXPECT_TRUE(std::any_of(events.begin(), events.end(), [](const store::Event& event) {
        return event.kind == "device" && event.key == "failed";
      }));
    }
    // Asking for it again changes nothing, and neither does looking.
    snapshot = train(worker, scene);
    EXPECT_TRUE(snapshot->device_failure);

    const TrainingScene on_cpu = scene_on("cpu", 2);
    snapshot = train(worker, on_cpu, 1);
    EXPECT_FALSE(snapshot->device_failure);
    ASSERT_TRUE(snapshot->finished());
    for (std::size_t i = 0; i < 2; ++i) {
      EXPECT_FALSE(snapshot->lanes[i].failed);
      EXPECT_EQ(snapshot->lanes[i].device->id, kCpuDevice);
      EXPECT_EQ(snapshot->lanes[i].view.outcome, Outcome::kBudget);
      // The fake computes as the CPU does: the whole run is that of the CPU, the part after the state too.
      expect_same_loss(snapshot->lanes[i].view.steps, test::alone(on_cpu.lane(i, 0), 100'000)->table());
      EXPECT_EQ(snapshot->lanes[i].view.epochs->size(), 40U);
      if (!uids[i].empty()) {
        EXPECT_EQ(snapshot->lanes[i].uid, uids[i]);
      }
    }
  }
  ASSERT_TRUE(recorder.flush());
  ASSERT_EQ(file_.runs().size(), 2U);
  int from_states = 0;
  for (std::size_t i = 0; i < 2; ++i) {
    const store::RunInfo run = file_.runs()[i];
    EXPECT_EQ(run.outcome, "budget");
    EXPECT_EQ(file_.points(run.uid).values.size(), static_cast<std::size_t>(run.steps));
    // The record names both devices, or the CPU alone where that made all of it again.
    const auto events = file_.events(run.uid);
    const auto moved = std::find_if(events.begin(), events.end(),
                                    [](const store::Event& event) { return event.key == "now"; });
    if (moved != events.end()) {
      EXPECT_EQ(moved->value, kCpuDevice);
      EXPECT_EQ(moved->step % kStates, 0);
      EXPECT_LE(moved->step, updates);
      EXPECT_EQ(run.device, moved->step == 0 ? "cpu" : "Fake GPU 80GB, then cpu");
      from_states += moved->step > 0 ? 1 : 0;
    }
    // It is made again from its own Scene on the CPU.
    EXPECT_EQ(need(scene_from_json(file_.scene(run.uid))).training.device.text("device"), kCpuDevice);
  }
  if (updates > kStates + kTogether) { EXPECT_GE(from_states, 1); }
}

INSTANTIATE_TEST_SUITE_P(At, TrainingDeviceLost, ::testing::Values(1, 63, 64, 65, 200));

TEST_F(TrainingDevice, CanBeTriedAgain) {
  const TrainingScene scene = scene_on("cuda");
  TrainingWorker worker;
  fault("lost_at_step:100");
  auto snapshot = train(worker, scene);
  ASSERT_TRUE(snapshot->device_failure);
  snapshot = train(worker, scene, 1);  // lost again
  EXPECT_TRUE(snapshot->device_failure);
  EXPECT_EQ(snapshot->attempt, 1U);
  fault("");
  snapshot = train(worker, scene, 2);
  ASSERT_TRUE(snapshot->finished());
  EXPECT_EQ(snapshot->lanes[0].device->name, kFake);
  expect_same_loss(snapshot->lanes[0].view.steps, test::alone(scene.lane(0, 0), 100'000)->table());
}

TEST_F(TrainingDevice, WithTooLittleMemoryNothingBegins) {
  TrainingWorker worker;
  fault("out_of_memory_at_build");
  auto snapshot = train(worker, scene_on("cuda"));
  ASSERT_TRUE(snapshot->device_failure);
  EXPECT_NE(snapshot->device_failure->text().find("out of memory"), std::string::npos);
  EXPECT_EQ(snapshot->steps(), 0);
  // auto has a way around it, and says why.
  snapshot = train(worker, scene_on("auto"), 1);
  EXPECT_FALSE(snapshot->device_failure);
  ASSERT_TRUE(snapshot->finished());
  EXPECT_EQ(snapshot->lanes[0].device->id, kCpuDevice);
  EXPECT_NE(snapshot->lanes[0].device->why.find("cuda can't be used"), std::string::npos);
}

TEST_F(TrainingDevice, MovesInTheMiddleOfARun) {
  TrainingScene scene = scene_on("cpu");
  store::Recorder recorder(file_.path());
  {
    TrainingWorker worker({}, &recorder);
    TrainingRequest request = request_of(scene, Drive::kTrain);
    request.limit = 50;
    auto snapshot = ask(worker, request);
    EXPECT_EQ(snapshot->lanes[0].device->id, kCpuDevice);
    scene = scene_on("cuda");
    snapshot = train(worker, scene);
    EXPECT_FALSE(snapshot->differs);
    ASSERT_TRUE(snapshot->finished());
    EXPECT_EQ(snapshot->lanes[0].device->name, kFake);
    expect_same_loss(snapshot->lanes[0].view.steps, test::alone(scene.lane(0, 0), 100'000)->table());
  }
  ASSERT_TRUE(recorder.flush());
  const store::RunInfo run = file_.runs()[0];
  EXPECT_EQ(run.device, "cpu, then Fake GPU 80GB");
  EXPECT_EQ(need(scene_from_json(file_.scene(run.uid))).training.device.text("device"), "cuda");
  const store::Event moved{50, "device", "now", kFake};
  const auto events = file_.events(run.uid);
  EXPECT_NE(std::find(events.begin(), events.end(), moved), events.end());
}

TEST_F(TrainingDevice, AnOpenedRunStaysOnItsOwn) {
  store::Recorder recorder(file_.path());
  TrainingScene scene = scene_on("cuda");
  {
    TrainingWorker worker({}, &recorder);
    TrainingRequest request = request_of(scene, Drive::kTrain);
    request.limit = 100;
    (void)ask(worker, request);
  }
  ASSERT_TRUE(recorder.flush());
  const std::string uid = file_.runs()[0].uid;
  const auto opened = std::make_shared<const OpenedTraining>(
      OpenedTraining{need(open_run(*file_.open(), uid)), file_.path()});
  EXPECT_EQ(opened->run.lanes[0].device, kFake);
  TrainingWorker worker({}, &recorder);
  // As if `auto` had chosen it: it is not measured anew.
  scene = scene_on("auto");
  TrainingRequest request = request_of(scene, Drive::kTrain, 2);
  request.opened = opened;
  const auto snapshot = ask(worker, request);
  ASSERT_TRUE(snapshot->finished());
  EXPECT_EQ(snapshot->lanes[0].device->name, kFake);
  EXPECT_FALSE(snapshot->lanes[0].device->measured);
  expect_same_loss(snapshot->lanes[0].view.steps, test::alone(scene.lane(0, 0), 100'000)->table());
}

/// Looking back and forking, after the device is gone.
TEST_F(TrainingDevice, ThePastOfAFailedRunCanBeSeenAndForked) {
  const TrainingScene scene = scene_on("cuda");
  TrainingWorker worker;
  fault("lost_at_step:200");
  ASSERT_TRUE(train(worker, scene)->device_failure);
  TrainingRequest request = request_of(scene, Drive::kPause);
  request.at = 100;
  auto snapshot = ask(worker, request);
  ASSERT_TRUE(snapshot->look);
  EXPECT_EQ(snapshot->look->step, 100);
  const auto there = test::alone(scene.lane(0, 0), 100);
  const auto weights = there->engine().parameters();
  for (std::size_t k = 0; k < snapshot->look->first_weights.size(); ++k)
    ASSERT_EQ(snapshot->look->first_weights[k], weights[k]) << k;
  fault("");
  request = request_of(scene, Drive::kTrain);
  request.fork = 1;
  request.fork_step = 100;
  request.fork_count = 1;
  snapshot = ask(worker, request);
  EXPECT_FALSE(snapshot->lanes[0].failed);
  ASSERT_TRUE(snapshot->finished());
  expect_same_loss(snapshot->lanes[0].view.steps, test::alone(scene.lane(0, 0), 100'000)->table());
}

TEST_F(TrainingDevice, FailsWhileItIsLookedIntoOrKept) {
  for (const char* how : {"lost_at_evaluation", "lost_at_state"}) {
    SCOPED_TRACE(how);
    const TrainingScene scene = scene_on("cuda");
    TrainingWorker worker;
    fault(how);
    auto snapshot = train(worker, scene);
    ASSERT_TRUE(snapshot->device_failure);
    EXPECT_GT(snapshot->steps(), 0);
    fault("");
    snapshot = train(worker, scene_on("cpu"), 1);
    ASSERT_TRUE(snapshot->finished());
    expect_same_loss(snapshot->lanes[0].view.steps,
                     test::alone(scene_on("cpu").lane(0, 0), 100'000)->table());
  }
}

}  // namespace
}  // namespace thalweg
