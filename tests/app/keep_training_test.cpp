// Trainings on their way into the file of runs, and opened again.
#include <gtest/gtest.h>

#include <cmath>

#include "app/keep/opened_run.hpp"
#include "app/keep/training_keeper.hpp"
#include "tests/app/keep_files.hpp"
#include "tests/training/runs.hpp"

namespace thalweg {
namespace {

using store::Event;
using test::lab;
using test::made;
using test::need;
using test::set;

TrainingSettings probed() {
  auto out = test::run_settings();
  set(out, "validation", 0.2);
  set(out, "epochs", 20.0);
  out.probes = test::probes("gradients=5,weights=4,activations=off,histograms=3,evaluation=10");
  return out;
}

/// A keeper whose checkpoints are due whenever it is asked, or never before the end.
constexpr double kAlways = 0.0, kNever = 1e9;

class KeptTraining : public testing::Test {
 protected:
  /// All series but measured times, as text.
  std::vector<std::vector<std::string>> points(const std::string& uid) const {
    return store::test::sql(
        file_.path(),
        "SELECT series, step, value FROM history WHERE run = (SELECT id FROM runs WHERE uid = '" + uid +
            "') AND series NOT LIKE '%seconds' ORDER BY series, step");
  }
  std::vector<std::vector<std::string>> results(const std::string& uid) const {
    return store::test::sql(
        file_.path(),
        "SELECT key, last, best, best_step FROM results WHERE run = (SELECT id FROM runs WHERE uid = '" +
            uid + "') AND key NOT LIKE '%seconds' ORDER BY key");
  }
  TrainerState newest(const std::string& uid) const {
    return *need(open_run(*file_.open(), uid)).states.at(0);
  }
  void flush() {
    EXPECT_TRUE(recorder_.flush());
    const auto refused = recorder_.status().refused;
    EXPECT_FALSE(refused) << refused->text();
  }
  /// A run from its start to its end, that nobody touched.
  std::string straight(const TrainingSettings& settings) {
    const auto trainer = made(settings);
    TrainingKeeper keeper(recorder_, {.scene = lab(settings)}, *trainer, kNever);
    trainer->advance(100'000);
    keeper.finish(*trainer);
    flush();
    return keeper.uid();
  }

  test::RunFile file_;
  store::Recorder recorder_{file_.path()};
};

TEST_F(KeptTraining, KeepsStepsEpochsProbesAndTheEnd) {
  auto settings = probed();
  settings.optimizer.change(33, "lr", 0.02);
  const auto trainer = made(settings);
  TrainingKeeper keeper(recorder_, {.scene = lab(settings)}, *trainer, kNever);
  keeper.update(*trainer);
  for (const int steps : {1, 30, 4, 1000}) {
    trainer->advance(steps);
    keeper.update(*trainer);
  }
  keeper.finish(*trainer);
  keeper.finish(*trainer);
  flush();
  const TrainingView view = trainer->view();
  const std::int64_t steps = view.steps.rows();
  const auto loss = file_.points(keeper.uid());
  ASSERT_EQ(static_cast<std::int64_t>(loss.steps.size()), steps);
  for (std::int64_t t = 0; t < steps; ++t)
    EXPECT_EQ(loss.values[static_cast<std::size_t>(t)], view.steps.at(t, TrainingColumns::kLoss));
  const auto tested = file_.points(keeper.uid(), "test_loss");
  ASSERT_EQ(tested.steps.size(), view.epochs->size());
  EXPECT_EQ(tested.steps.back(), view.epochs->back().steps);
  EXPECT_EQ(tested.values.back(), view.epochs->back().test_loss);
  const ProbeSeries& weights = *view.find("weights");
  const auto measured = file_.points(keeper.uid(), "weights/" + weights.columns[3]);
  ASSERT_EQ(static_cast<std::int64_t>(measured.steps.size()), weights.table.rows());
  EXPECT_EQ(measured.values.back(), weights.table.at(weights.table.rows() - 1, 3));
  EXPECT_EQ(file_.events(keeper.uid()),
            (std::vector<Event>{{33, "changed", "lr", "0.02"}, {steps, "budget", "", ""}}));
  const auto store = file_.open();
  const auto info = need(store->find(keeper.uid()));
  EXPECT_EQ(info.steps, steps);
  EXPECT_EQ(info.outcome, "budget");
  for (const store::RunResult& result : need(store->results(info.id)))
    if (result.key == "steps_per_epoch") {
      EXPECT_EQ(result.last, static_cast<double>(trainer->steps_per_epoch()));
    }
  const auto seconds = file_.points(keeper.uid(), "seconds");
  ASSERT_FALSE(seconds.steps.empty());
  EXPECT_EQ(seconds.steps.back(), steps - 1);
  EXPECT_EQ(seconds.values.back(), view.seconds);
  EXPECT_LE(static_cast<double>(seconds.steps.size()), 2.0 + view.seconds / kClockSeconds);
  EXPECT_EQ(file_.checkpoints(keeper.uid()), std::vector<std::int64_t>{steps})
      << "one at the end in any case";
  EXPECT_EQ(test::timeless(newest(keeper.uid())), test::timeless(trainer->state()));
}

TEST_F(KeptTraining, ARunThatGoesOnSaysHowFarItIs) {
  const auto settings = probed();
  const auto trainer = made(settings);
  TrainingKeeper keeper(recorder_, {.scene = lab(settings)}, *trainer, kNever);
  // 3 updates each: up to an epoch's end, whose points stand one step further, and beyond.
  for (int i = 0; i < 4; ++i) {
    trainer->advance(i == 0 ? trainer->steps_per_epoch() : 1);
    keeper.update(*trainer);
    flush();
    EXPECT_EQ(file_.run(keeper.uid()).steps, trainer->steps());
    EXPECT_EQ(need(open_run(*file_.open(), keeper.uid())).lanes[0].steps, trainer->steps());
  }
  EXPECT_TRUE(file_.checkpoints(keeper.uid()).empty());
}

TEST_F(KeptTraining, NoCheckpointBeforeTheFirstStep) {
  const auto settings = probed();
  const auto trainer = made(settings);
  TrainingKeeper keeper(recorder_, {.scene = lab(settings)}, *trainer, kAlways);
  keeper.update(*trainer);
  trainer->stop();
  keeper.finish(*trainer);
  flush();
  EXPECT_TRUE(file_.checkpoints(keeper.uid()).empty());
  EXPECT_EQ(file_.run(keeper.uid()).outcome, "stopped");
  const OpenedRun opened = need(open_run(*file_.open(), keeper.uid()));
  EXPECT_EQ(opened.states.at(0), nullptr);
  EXPECT_EQ(opened.lanes.at(0).steps, 0);
}

TEST_F(KeptTraining, CheckpointsAreFewAndSpread) {
  auto settings = probed();
  set(settings, "epochs", 100.0);
  const auto trainer = made(settings);
  // Due as soon as the last one has cost its fiftieth: how many there are depends on the machine, where they
  // are not.
  TrainingKeeper keeper(recorder_, {.scene = lab(settings)}, *trainer, kAlways);
  while (trainer->outcome() == Outcome::kRunning) {
    trainer->advance(2);
    keeper.update(*trainer);
  }
  keeper.finish(*trainer);
  flush();
  const auto steps = file_.checkpoints(keeper.uid());
  ASSERT_FALSE(steps.empty());
  EXPECT_LE(steps.size(), static_cast<std::size_t>(kMostCheckpoints));
  EXPECT_GT(steps.front(), 0);
  EXPECT_EQ(steps.back(), trainer->steps());
}

// From every checkpoint of a run the same end is reached, and the file is as if nothing had ever happened.
TEST_F(KeptTraining, GoesOnInTheFileBitForBit) {
  auto settings = probed();
  settings.optimizer.change(33, "lr", 0.02);
  const std::string whole = straight(settings);
  for (const std::int64_t at : {1, 7, 30, 33, 40}) {
    std::string uid;
    {
      const auto trainer = made(settings);
      TrainingKeeper keeper(recorder_, {.scene = lab(settings)}, *trainer, kAlways);
      uid = keeper.uid();
      trainer->advance(at);
      keeper.update(*trainer);
      trainer->advance(5);
      // What comes after the checkpoint is in the file and is written again.
      keeper.update(*trainer);
      flush();
    }
    store::test::sql(file_.path(), "UPDATE runs SET outcome = 'interrupted' WHERE uid = '" + uid +
                                       "'; DELETE FROM checkpoints WHERE step > " + std::to_string(at) +
                                       " AND run = (SELECT id FROM runs WHERE uid = '" + uid + "')");
    ASSERT_EQ(file_.checkpoints(uid), std::vector<std::int64_t>{at});
    EXPECT_GT(file_.points(uid).steps.back(), at);
    const OpenedRun opened = need(open_run(*file_.open(), uid));
    const auto state = need(state_before(*file_.open(), uid, INT64_MAX));
    ASSERT_TRUE(state);
    EXPECT_EQ(state->steps(), at);
    const auto second = made(opened.scene.training.lane(0, 0));
    ASSERT_FALSE(second->restore(*state));
    TrainingKeeper keeper(recorder_, opened.lanes[0], *second, kNever);
    EXPECT_EQ(keeper.uid(), uid);
    while (second->outcome() == Outcome::kRunning) {
      second->advance(9);
      keeper.update(*second);
    }
    keeper.finish(*second);
    flush();
    EXPECT_EQ(points(uid), points(whole)) << at;
    EXPECT_EQ(results(uid), results(whole)) << at;
    EXPECT_EQ(file_.events(uid), file_.events(whole)) << at;
    EXPECT_EQ(test::timeless(newest(uid)), test::timeless(newest(whole))) << at;
    EXPECT_EQ(file_.run(uid).outcome, "budget");
    EXPECT_EQ(file_.checkpoints(uid), (std::vector<std::int64_t>{at, second->steps()}));
  }
}

TEST_F(KeptTraining, AStoppedRunGoesOnAsIfItHadNotBeen) {
  const auto settings = probed();
  const std::string whole = straight(settings);
  const auto first = made(settings);
  std::string uid;
  {
    TrainingKeeper keeper(recorder_, {.scene = lab(settings)}, *first, kNever);
    uid = keeper.uid();
    first->advance(18);
    first->stop();
    keeper.finish(*first);
    flush();
  }
  EXPECT_EQ(newest(uid).record.outcome, Outcome::kStopped) << "opened as it was";
  const auto state = need(state_before(*file_.open(), uid, INT64_MAX));
  ASSERT_TRUE(state);
  EXPECT_EQ(state->record.outcome, Outcome::kRunning) << "to go on from";
  const auto second = made(settings);
  ASSERT_FALSE(second->restore(*state));
  TrainingKeeper keeper(recorder_, need(open_run(*file_.open(), uid)).lanes[0], *second, kNever);
  second->advance(1000);
  keeper.finish(*second);
  flush();
  EXPECT_EQ(points(uid), points(whole));
  EXPECT_EQ(test::timeless(newest(uid)), test::timeless(newest(whole)));
}

TEST_F(KeptTraining, AForkHasThePastOfItsParent) {
  auto settings = probed();
  settings.optimizer.change(10, "lr", 0.015);
  std::string parent;
  {
    const auto trainer = made(settings);
    TrainingKeeper keeper(recorder_, {.scene = lab(settings)}, *trainer, kAlways);
    parent = keeper.uid();
    trainer->advance(12);
    keeper.update(*trainer);
    trainer->advance(1000);
    keeper.finish(*trainer);
    flush();
  }
  const auto state = need(state_before(*file_.open(), parent, 25));
  ASSERT_TRUE(state);
  ASSERT_EQ(state->steps(), 12);
  const auto trainer = made(settings);
  ASSERT_FALSE(trainer->restore(*state));
  trainer->advance(25 - 12);
  auto changed = settings;
  changed.optimizer.change(25, "lr", 0.2);
  ASSERT_FALSE(trainer->retarget(changed));
  TrainingKeeper keeper(recorder_, {.scene = lab(changed), .parent = parent, .parent_step = 25}, *trainer,
                        kNever);
  keeper.update(*trainer);
  flush();
  // Nothing of its own yet: the past will do to go back to.
  const auto before = need(state_before(*file_.open(), keeper.uid(), 20));
  ASSERT_TRUE(before);
  EXPECT_EQ(before->steps(), 12);
  trainer->advance(1000);
  keeper.finish(*trainer);
  flush();
  const auto info = file_.run(keeper.uid());
  EXPECT_EQ(info.parent, parent);
  EXPECT_EQ(info.parent_step, 25);
  EXPECT_EQ(file_.events(keeper.uid()), (std::vector<Event>{{10, "changed", "lr", "0.015"},
                                                            {25, "changed", "lr", "0.2"},
                                                            {trainer->steps(), "budget", "", ""}}));
  // As a run that was changed there while it went on.
  const std::string whole = straight(changed);
  EXPECT_EQ(points(keeper.uid()), points(whole));
  EXPECT_EQ(test::timeless(newest(keeper.uid())), test::timeless(newest(whole)));
  // Beyond the fork the parent's checkpoints are of another run.
  const auto later = need(state_before(*file_.open(), keeper.uid(), trainer->steps() - 1));
  ASSERT_TRUE(later);
  EXPECT_EQ(later->steps(), 12);
}

TEST_F(KeptTraining, LiveChangesAreEventsAndPartOfTheScene) {
  const auto settings = probed();
  const auto trainer = made(settings);
  TrainingScene scene = lab(settings);
  TrainingKeeper keeper(recorder_, {.scene = scene}, *trainer, kNever);
  trainer->advance(10);
  keeper.update(*trainer);
  for (const double rate : {0.02, 0.03}) {
    scene.optimizers[0].live.change(10, "lr", rate);
    ASSERT_FALSE(trainer->retarget(scene.lane(0, 0)));
    keeper.changed(scene, 0);
    keeper.update(*trainer);
  }
  flush();
  EXPECT_TRUE(file_.events(keeper.uid()).empty()) << "no update was made with it";
  EXPECT_EQ(scene_from_json(file_.scene(keeper.uid())).value().training, lab(settings));
  trainer->advance(1);
  keeper.update(*trainer);
  flush();
  EXPECT_EQ(file_.events(keeper.uid()), (std::vector<Event>{{10, "changed", "lr", "0.03"}}));
  EXPECT_EQ(scene_from_json(file_.scene(keeper.uid())).value().training, scene);
}

// Opening -----------------------------------------------------------------------------------------

/// A lab of two optimizers from two seeds each, trained for a few steps.
class OpenedLab : public KeptTraining {
 protected:
  OpenedLab() {
    scene_ = lab(probed());
    scene_.optimizers.push_back({{parse_spec("gd:lr=0.05", optimizer_family()).value(), {}}, 3, true});
    scene_.seeds = 2;
    const std::string race = store::new_uid();
    for (std::size_t lane = 0; lane < 4; ++lane) {
      trainers_.push_back(made(scene_.lanes()[lane]));
      keepers_.push_back(std::make_unique<TrainingKeeper>(
          recorder_, TrainingStart{.scene = scene_, .lane = lane, .race = race},
          *trainers_.back(), kNever));
      uids_.push_back(keepers_.back()->uid());
    }
  }
  void train(std::int64_t steps) {
    for (std::size_t i = 0; i < trainers_.size(); ++i) {
      trainers_[i]->advance(steps);
      keepers_[i]->update(*trainers_[i]);
    }
  }
  void finish() {
    for (std::size_t i = 0; i < trainers_.size(); ++i) keepers_[i]->finish(*trainers_[i]);
    flush();
  }
  std::vector<std::string> uids_of(const OpenedRun& opened) const {
    std::vector<std::string> out;
    for (const KeptRun& run : opened.lanes) out.push_back(run.uid);
    return out;
  }
  void remove(std::size_t lane) {
    const auto store = file_.open();
    need(store->set_deleted(need(store->find(uids_[lane])).id, true));
  }

  TrainingScene scene_;
  std::vector<std::unique_ptr<Trainer>> trainers_;
  std::vector<std::unique_ptr<TrainingKeeper>> keepers_;
  std::vector<std::string> uids_;
};

TEST_F(OpenedLab, IsWhole) {
  train(9);
  finish();
  for (std::size_t lane = 0; lane < 4; ++lane) {
    const OpenedRun opened = need(open_run(*file_.open(), uids_[lane]));
    EXPECT_EQ(opened.kind, "training");
    EXPECT_EQ(opened.lane, lane);
    EXPECT_EQ(opened.scene.training, scene_);
    EXPECT_EQ(uids_of(opened), uids_);
    EXPECT_EQ(opened.names[3], "gd on mnist");
    EXPECT_EQ(opened.lanes[2].device, "cpu");
    EXPECT_EQ(opened.checkpoints[2], std::vector<std::int64_t>{9});
    EXPECT_EQ(opened.lanes[2].steps, 9);
    EXPECT_EQ(opened.lanes[2].outcome, "stopped");
    ASSERT_TRUE(opened.states[2]);
    EXPECT_EQ(test::timeless(*opened.states[2]), test::timeless(trainers_[2]->state()));
  }
}

TEST_F(OpenedLab, HasEachRunsOwnChanges) {
  train(9);
  TrainingScene changed = scene_;
  changed.optimizers[0].live.change(9, "lr", 0.05);
  // Only the runs of that optimizer are told.
  for (const std::size_t lane : {0U, 1U}) {
    ASSERT_FALSE(trainers_[lane]->retarget(changed.lanes()[lane]));
    keepers_[lane]->changed(changed, lane);
  }
  train(5);
  finish();
  for (std::size_t lane = 0; lane < 4; ++lane) {
    const OpenedRun opened = need(open_run(*file_.open(), uids_[lane]));
    EXPECT_EQ(uids_of(opened), uids_) << lane;
    EXPECT_EQ(opened.scene.training, changed) << lane;
  }
}

TEST_F(OpenedLab, IsCutDownToWhatIsThere) {
  train(9);
  finish();
  remove(0);
  remove(1);
  const OpenedRun opened = need(open_run(*file_.open(), uids_[3]));
  EXPECT_EQ(uids_of(opened), (std::vector<std::string>{uids_[2], uids_[3]}));
  ASSERT_EQ(opened.scene.training.optimizers.size(), 1U);
  EXPECT_EQ(opened.scene.training.optimizers[0], scene_.optimizers[1]);
  EXPECT_EQ(opened.lane, 1U);
  EXPECT_EQ(opened.scene.training.lanes()[1], scene_.lanes()[3]);
  // One that was deleted can be looked at all the same.
  const OpenedRun gone = need(open_run(*file_.open(), uids_[0]));
  EXPECT_EQ(gone.lane, 0U);
  EXPECT_EQ(gone.lanes[0].uid, uids_[0]);
  EXPECT_EQ(gone.lanes[1].uid, "") << "a seed of two can't be taken out";
  EXPECT_EQ(gone.states[1], nullptr);
  EXPECT_EQ(gone.lanes[3].uid, uids_[3]);
}

TEST_F(OpenedLab, OfARunThatWasForkedTheNewestThatFits) {
  train(9);
  finish();
  // The first lane again, differently from step 4 on.
  TrainingScene changed = scene_;
  changed.optimizers[0].live.change(4, "lr", 0.09);
  const auto trainer = made(changed.lanes()[0]);
  TrainingKeeper keeper(
      recorder_,
      {.scene = changed, .lane = 0, .race = file_.run(uids_[0]).race, .parent = uids_[0], .parent_step = 4},
      *trainer, kNever);
  trainer->advance(9);
  keeper.finish(*trainer);
  flush();
  EXPECT_EQ(uids_of(need(open_run(*file_.open(), uids_[0]))), uids_) << "as it was";
  const OpenedRun fork = need(open_run(*file_.open(), keeper.uid()));
  EXPECT_EQ(fork.lanes[0].uid, keeper.uid());
  EXPECT_EQ(fork.lanes[2].uid, uids_[2]);
  EXPECT_EQ(fork.scene.training.optimizers[0], changed.optimizers[0]);
}

TEST_F(OpenedLab, DamagedCheckpointsCountAsNone) {
  train(9);
  keepers_[0]->finish(*trainers_[0]);
  flush();
  store::test::sql(file_.path(), "UPDATE checkpoints SET state = x'0102'");
  EXPECT_EQ(need(open_run(*file_.open(), uids_[0])).states[0], nullptr);
  EXPECT_EQ(need(state_before(*file_.open(), uids_[0], 100)), nullptr);
  // A checksum that fits makes it no checkpoint.
  store::test::sql(file_.path(), "UPDATE checkpoints SET checksum = 3060254513");
  EXPECT_EQ(need(open_run(*file_.open(), uids_[0])).states[0], nullptr);
}

TEST(OpenRun, SaysWhyItCannot) {
  test::RunFile file;
  const auto store = file.open();
  const auto said = [&](store::RunStart start) {
    start.uid = store::new_uid();
    need(store->begin(start));
    const auto opened = open_run(*store, start.uid);
    std::string text = opened ? "opened" : opened.error().text();
    if (const auto at = text.find(start.uid); at != std::string::npos)
      text.replace(at, start.uid.size(), "UID");
    return text;
  };
  EXPECT_EQ(said({.kind = "flight"}), "UID: is of a kind that this program doesn't know: 'flight'");
  EXPECT_NE(said({.kind = "descent"}).find("UID: its settings can't be read by this version of the program"),
            std::string::npos);
  Scene scene = default_scene();
  EXPECT_EQ(said({.kind = "descent", .lane = 5, .scene = to_json(scene)}),
            "UID: its settings have no lane of it");
  EXPECT_EQ(said({.kind = "descent", .lane = 4, .scene = to_json(scene)}), "opened");
  EXPECT_FALSE(open_run(*store, "nothing"));
}

// Files of the first version of the schema: what it kept of a run alone is its Scene, or nothing that can be
// read.
TEST(OpenRun, OfSchema1) {
  test::RunFile file;
  std::filesystem::copy_file(std::filesystem::path(THALWEG_SOURCE_DIR) / "tests/golden/store_schema_1.sqlite",
                             file.path());
  const auto opened = open_run(*file.open(), "00000000000000000001");
  if (opened) {
    EXPECT_EQ(opened->kind, "descent");
    ASSERT_EQ(opened->lanes.size(), 1U) << "it is alone, whatever the Scene's defaults are";
    EXPECT_EQ(opened->lanes[0].steps, 300);
    EXPECT_EQ(opened->lanes[0].outcome, "diverged");
  } else {
    EXPECT_NE(opened.error().text().find("can't be read"), std::string::npos);
  }
  // One whose Scene holds its own lane alone, though it was the fifth of its race.
  Scene scene = default_scene();
  scene.optimizers.resize(1);
  const auto store = file.open();
  need(store->begin(
      {.uid = "aaaaaaaa", .kind = "descent", .race = "feedbeef", .lane = 4, .scene = to_json(scene)}));
  const OpenedRun alone = need(open_run(*store, "aaaaaaaa"));
  EXPECT_EQ(alone.lane, 0U);
  ASSERT_EQ(alone.lanes.size(), 1U);
  EXPECT_EQ(alone.lanes[0].uid, "aaaaaaaa");
}

}  // namespace
}  // namespace thalweg
