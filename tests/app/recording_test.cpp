// What the window keeps of what is played and trained in it, and opening it again: driven as a user would.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>

#include "app/headless.hpp"
#include "app/panels/training_lab.hpp"
#include "tests/data/scratch.hpp"

namespace thalweg {
namespace {

class RecordingTest : public ::testing::Test {
 protected:
  void open(Scene scene, bool record = true, bool with_file = true) {
    headless_.reset();
    WorkbenchOptions options;
    options.synchronous = true;
    if (with_file) options.db = file_;
    options.record = record;
    auto made = Headless::create(std::move(scene), 1280, 800, std::move(options));
    if (!made && made.error().context == "EGL") GTEST_SKIP() << made.error().text();
    ASSERT_TRUE(made) << made.error().text();
    headless_ = std::move(*made);
    headless_->frames(3);
  }
  void close() { headless_.reset(); }

  static Scene two_on_rosenbrock() {
    Scene scene = default_scene();
    scene.optimizers.resize(2);
    *scene.run.find("steps") = 2000.0;
    return scene;
  }
  static Scene small_training() {
    Scene scene = default_scene();
    scene.training.data = parse_spec("blobs:n=400,test=100", dataset_family()).value();
    scene.training.model = parse_model("2-8-3").value();
    scene.training.optimizers.resize(2);
    *scene.training.training.spec.find("batch") = 16.0;
    *scene.training.training.spec.find("epochs") = 20.0;
    return scene;
  }

  Headless& h() { return *headless_; }
  Workbench& bench() { return headless_->workbench(); }
  void press(Key key, bool shift = false) {
    bench().key({key, false, shift});
    h().frame();
  }
  void play_for(int frames, double seconds = 0.05) {
    press(Key::kSpace);
    for (int i = 0; i < frames; ++i) h().frame(seconds);
    press(Key::kSpace);
  }
  void settle() {
    h().frame(0.8);
    h().frame(0.8);
  }
  /// The oldest first.
  std::vector<store::RunInfo> listed() {
    auto store = store::Store::open(file_).value();
    auto runs = store->list({}).value();
    std::sort(runs.begin(), runs.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
    return runs;
  }
  store::SeriesData loss(const std::string& uid) {
    auto store = store::Store::open(file_).value();
    return store->points(store->find(uid)->id, "loss").value();
  }
  bool shown(std::string_view mark) { return ui::find_mark(mark) != nullptr; }

  test::Scratch folder_;
  std::filesystem::path file_ = folder_ / "runs.sqlite";
  std::unique_ptr<Headless> headless_;
};

TEST_F(RecordingTest, APlayedRaceIsInTheFile) {
  open(two_on_rosenbrock());
  play_for(30);
  const std::int64_t steps = h().scene().step;
  ASSERT_GT(steps, 100);
  settle();
  const RaceView whole = bench().run().race;
  close();
  const auto runs = listed();
  ASSERT_EQ(runs.size(), 2U);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(runs[i].kind, "descent");
    EXPECT_EQ(runs[i].outcome, "stopped");
    EXPECT_GE(runs[i].steps, steps);
    const store::SeriesData kept = loss(runs[i].uid);
    ASSERT_EQ(static_cast<std::int64_t>(kept.values.size()), whole.lanes[i].table.rows());
    for (std::size_t row = 0; row < kept.values.size(); ++row)
      ASSERT_EQ(kept.values[row],
                whole.lanes[i].table.at(static_cast<std::int64_t>(row), whole.lanes[i].columns.loss()));
  }
}

TEST_F(RecordingTest, PlayingItAgainIsNoOtherRun) {
  open(two_on_rosenbrock());
  play_for(10);
  press(Key::kHome);
  settle();
  play_for(20);
  press(Key::kR);
  play_for(5);
  settle();
  close();
  EXPECT_EQ(listed().size(), 2U);
}

TEST_F(RecordingTest, ADragAtStandstillIsOneRun) {
  Scene scene = two_on_rosenbrock();
  scene.step = 50;
  open(scene);
  settle();
  h().drag(h().place("optimizer.0.lr", 0.4F), h().place("optimizer.0.lr", 0.6F), 12);
  settle();
  const double rate = h().scene().optimizers[0].live.spec.number("lr");
  close();
  const auto runs = listed();
  ASSERT_EQ(runs.size(), 3U);  // the two that stood there, and one for all of the drag
  auto store = store::Store::open(file_).value();
  bool found = false;
  const std::vector<store::Setting> settings = store->settings(runs[2].id).value();
  for (const store::Setting& setting : settings)
    if (setting.part == "optimizer" && setting.key == "lr") {
      EXPECT_EQ(setting.number, rate);
      found = true;
    }
  EXPECT_TRUE(found);
}

TEST_F(RecordingTest, UndoneItIsTheRunThatItWas) {
  Scene scene = two_on_rosenbrock();
  scene.step = 50;
  open(scene);
  settle();
  h().drag(h().place("optimizer.0.lr", 0.4F), h().place("optimizer.0.lr", 0.6F), 3);
  settle();
  bench().key({Key::kZ, true, false});
  h().frames(2);
  settle();
  play_for(10);
  settle();
  const std::int64_t steps = bench().run().race.lanes[0].steps();
  close();
  const auto runs = listed();
  ASSERT_EQ(runs.size(), 3U);
  EXPECT_EQ(runs[0].steps, steps);  // it has gone on
}

TEST_F(RecordingTest, ASliderMovedInThePastLeavesAFork) {
  open(two_on_rosenbrock());
  play_for(40);
  settle();
  const std::string parent = bench().run().runs[0].uid;
  bench().player().seek(bench().editor(), 100);
  h().frame();
  press(Key::kSpace);
  for (int i = 0; i < 4; ++i) h().frame(0.05);
  h().drag(h().place("optimizer.0.lr", 0.4F), h().place("optimizer.0.lr", 0.5F), 6);
  for (int i = 0; i < 20; ++i) h().frame(0.05);
  press(Key::kSpace);
  settle();
  EXPECT_TRUE(shown("transport.fork"));
  const std::int64_t left = h().scene().optimizers[0].live.changes.front().step;
  close();
  const auto runs = listed();
  ASSERT_EQ(runs.size(), 3U);  // however far the slider was dragged
  EXPECT_EQ(runs[2].parent, parent);
  EXPECT_EQ(runs[2].parent_step, left);
  EXPECT_GE(left, 100);
  const auto old = loss(parent), fork = loss(runs[2].uid);
  for (std::size_t row = 0; row <= static_cast<std::size_t>(left); ++row)
    ASSERT_EQ(old.values[row], fork.values[row]);
  EXPECT_NE(old.values[static_cast<std::size_t>(left) + 1], fork.values[static_cast<std::size_t>(left) + 1]);
}

TEST_F(RecordingTest, NothingIsKeptWhereNothingIsToBe) {
  setenv("THALWEG_DB", file_.c_str(), 1);
  open(two_on_rosenbrock(), true, false);
  play_for(10);
  settle();
  open(two_on_rosenbrock(), false, true);
  play_for(10);
  settle();
  close();
  unsetenv("THALWEG_DB");
  EXPECT_FALSE(std::filesystem::exists(file_));
}

TEST_F(RecordingTest, TroubleIsShownWithTheWayOut) {
  std::ofstream(file_) << std::string(4096, 'x');
  open(two_on_rosenbrock());
  ASSERT_TRUE(shown("top.not-saved"));
  h().click("top.not-saved");
  h().frames(2);
  EXPECT_TRUE(shown("top.not-saved.text"));
  play_for(5);
  EXPECT_TRUE(shown("top.not-saved"));
  EXPECT_GT(h().scene().step, 0);  // the work goes on
}

TEST_F(RecordingTest, AnOpenedRaceIsTheRecordedOneAndGoesOnAsItself) {
  open(two_on_rosenbrock());
  play_for(20);
  settle();
  const RaceSettings race = h().scene().race();
  const std::int64_t steps = bench().run().race.steps();
  const std::string uid = bench().run().runs[1].uid;
  open(default_scene());
  const Scene before = h().scene();
  bench().open_run(uid);
  h().frames(3);
  EXPECT_EQ(h().scene().race(), race);
  EXPECT_EQ(h().scene().step, steps);
  EXPECT_EQ(bench().run().race.steps(), steps);
  EXPECT_EQ(bench().run().runs[1].uid, uid);
  settle();
  EXPECT_EQ(listed().size(), 2U);  // looking at it writes nothing
  play_for(10);
  settle();
  const std::int64_t further = bench().run().race.lanes[1].steps();
  bench().key({Key::kZ, true, false});
  h().frames(2);
  EXPECT_EQ(h().scene().race(), before.race());
  close();
  auto store = store::Store::open(file_).value();
  EXPECT_EQ(store->find(uid)->steps, further);
  EXPECT_GT(further, steps);
}

TEST_F(RecordingTest, WhatWasInterruptedIsOffered) {
  const pid_t child = fork();
  if (child == 0) {
    // A process that ends without a word.
    auto store = store::Store::open(file_).value();
    Scene scene = two_on_rosenbrock();
    scene.optimizers.resize(1);
    const auto run = store->begin({.kind = "descent", .name = "gd on rosenbrock", .scene = to_json(scene)});
    (void)store->append(*run, {.series = "loss", .steps = {0, 1, 2, 3}, .values = {4, 3, 2, 1}});
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  open(two_on_rosenbrock());
  ASSERT_TRUE(shown("interrupted.yes"));
  h().click("interrupted.yes");
  h().frames(4);
  EXPECT_FALSE(shown("interrupted.yes"));
  EXPECT_EQ(h().scene().optimizers.size(), 1U);
  EXPECT_TRUE(bench().player().playing());
  const std::string uid = bench().run().runs[0].uid;
  for (int i = 0; i < 30; ++i) h().frame(0.05);
  close();
  const auto runs = listed();
  EXPECT_EQ(runs[0].uid, uid);
  EXPECT_EQ(runs[0].outcome, "stopped");
  EXPECT_GT(runs[0].steps, 100);
}

TEST_F(RecordingTest, ATrainingIsRecordedOpenedAndScrubbed) {
  open(small_training());
  ASSERT_FALSE(bench().show("training"));
  h().frames(3);
  press(Key::kSpace);
  h().frames(8);
  press(Key::kSpace);
  h().frames(2);
  const std::int64_t front = h().scene().training.step;
  ASSERT_GT(front, 60);
  // Back, and to the front again: nothing is lost.
  h().click(h().place("transport.timeline", 0.04F));
  h().frames(2);
  EXPECT_TRUE(shown("transport.front"));
  press(Key::kEnd);
  h().frames(2);
  EXPECT_FALSE(shown("transport.front"));
  EXPECT_EQ(h().scene().training.step, front);
  close();
  const auto runs = listed();
  ASSERT_EQ(runs.size(), 2U);
  EXPECT_EQ(runs[0].steps, front);
  EXPECT_EQ(static_cast<std::int64_t>(loss(runs[1].uid).values.size()), front);

  open(default_scene());
  bench().open_run(runs[1].uid, 20);
  h().frames(4);
  EXPECT_EQ(h().scene().training.step, front);
  EXPECT_EQ(h().scene().training.optimizers.size(), 2U);
  EXPECT_TRUE(shown("transport.front"));  // at step 20
  // On from there: a fork.
  press(Key::kSpace);
  h().frames(4);
  press(Key::kSpace);
  h().frames(2);
  EXPECT_TRUE(shown("transport.fork"));
  close();
  const auto all = listed();
  ASSERT_EQ(all.size(), 4U);
  EXPECT_EQ(all[3].parent, runs[1].uid);
  EXPECT_EQ(all[3].parent_step, 20);
  EXPECT_EQ(all[1].steps, front);
}

}  // namespace
}  // namespace thalweg
