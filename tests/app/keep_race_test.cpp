// Races on their way into the file of runs, whatever somebody does to them meanwhile.
#include <gtest/gtest.h>

#include "app/keep/opened_run.hpp"
#include "app/keep/race_keeper.hpp"
#include "core/optimizer/optimizer.hpp"
#include "tests/app/keep_files.hpp"

namespace thalweg {
namespace {

using store::Event;
using test::need;

LiveSpec optimizer(const std::string& text) { return {parse_spec(text, optimizer_family()).value(), {}}; }

RaceSettings race_of(std::initializer_list<const char*> optimizers, double steps) {
  Scene scene = default_scene();
  RaceSettings out = scene.race();
  out.optimizers.clear();
  for (const char* text : optimizers) out.optimizers.push_back(optimizer(text));
  *out.run.find("steps") = steps;
  return out;
}

/// A race that somebody watches and changes, its keeper, and the file.
class Watched {
 public:
  explicit Watched(RaceSettings settings) : settings_(std::move(settings)) {
    keeper_ = std::make_unique<RaceKeeper>(recorder_);
  }

  RaceSettings& settings() { return settings_; }
  RaceKeeper& keeper() { return *keeper_; }
  store::Recorder& recorder() { return recorder_; }
  const test::RunFile& file() const { return file_; }

  /// Goes on to `step` and hands over what there is.
  void advance(std::int64_t step) {
    need(race_.set(settings_));
    race_.advance(step);
    update();
  }
  /// A change that is seen before the race goes on.
  void change() {
    need(race_.set(settings_));
    update();
  }
  void update() {
    keeper_->update(settings_, race_.view(), look_);
    EXPECT_TRUE(recorder_.flush());
    const auto refused = recorder_.status().refused;
    EXPECT_FALSE(refused) << refused->text();
  }
  void finish() {
    keeper_->finish();
    EXPECT_TRUE(recorder_.flush());
  }
  void look(const Scene* scene) { look_ = scene; }
  std::vector<std::string> uids() const { return keeper_->uids(); }
  RaceView view() const { return race_.view(); }

  /// Everything in the file, that of another race's keeper may be compared with.
  std::vector<std::vector<std::string>> dump() const {
    return store::test::sql(
        file_.path(),
        "SELECT uid, outcome, steps, scene, parent, parent_step, lane,"
        " (SELECT group_concat(series || step || '=' || coalesce(value, 'x')) FROM history h"
        "  WHERE h.run = runs.id),"
        " (SELECT group_concat(step || kind || key || value) FROM events e WHERE e.run = runs.id)"
        " FROM runs ORDER BY id");
  }

 private:
  test::RunFile file_;
  store::Recorder recorder_{file_.path()};
  RaceSettings settings_;
  Race race_;
  std::unique_ptr<RaceKeeper> keeper_;
  const Scene* look_ = nullptr;
};

/// Every point of a run against a race of the same settings that nobody ever touched.
void expect_points(const Watched& watched, const std::string& uid, const RaceSettings& settings,
                   std::size_t lane, std::int64_t steps) {
  Race race;
  need(race.set(settings));
  race.advance(steps);
  const DescentView view = race.view().lanes[lane];
  const store::SeriesData loss = watched.file().points(uid), x = watched.file().points(uid, "x");
  ASSERT_EQ(static_cast<std::int64_t>(loss.steps.size()), steps + 1);
  ASSERT_EQ(x.steps.size(), loss.steps.size());
  for (std::int64_t row = 0; row <= steps; ++row) {
    ASSERT_EQ(loss.steps[static_cast<std::size_t>(row)], row);
    ASSERT_EQ(loss.values[static_cast<std::size_t>(row)], view.table.at(row, view.columns.loss()));
    ASSERT_EQ(x.values[static_cast<std::size_t>(row)], view.table.at(row, 0));
  }
}

TEST(RaceKeeper, RowsGoOnInTheSameRuns) {
  Watched watched(race_of({"adam:lr=0.02", "gd:lr=0.001"}, 300));
  watched.advance(0);
  EXPECT_TRUE(watched.file().runs().empty()) << "nothing has happened yet";
  EXPECT_EQ(watched.uids(), (std::vector<std::string>{"", ""}));
  for (const std::int64_t step : {1, 50, 51, 200}) watched.advance(step);
  const auto runs = watched.file().runs();
  ASSERT_EQ(runs.size(), 2U);
  EXPECT_EQ(runs[0].outcome, "running");
  EXPECT_EQ(runs[0].steps, 200);
  EXPECT_EQ(runs[0].race, runs[1].race);
  EXPECT_FALSE(runs[0].race.empty());
  EXPECT_EQ(runs[1].lane, 1);
  EXPECT_TRUE(runs[0].parent.empty());
  watched.advance(400);
  for (std::size_t lane = 0; lane < 2; ++lane) {
    const std::string uid = watched.uids()[lane];
    expect_points(watched, uid, watched.settings(), lane, 300);
    EXPECT_EQ(watched.file().run(uid).outcome, "budget");
    EXPECT_EQ(watched.file().run(uid).steps, 300);
    EXPECT_EQ(watched.file().events(uid), (std::vector<Event>{{300, "budget", "", ""}}));
  }
  watched.finish();
  EXPECT_EQ(watched.file().runs().size(), 2U);
}

TEST(RaceKeeper, OneAloneHasNoRace) {
  Watched watched(race_of({"gd:lr=0.001"}, 300));
  watched.advance(10);
  EXPECT_TRUE(watched.file().runs().at(0).race.empty());
  watched.finish();
  const auto run = watched.file().runs().at(0);
  EXPECT_EQ(run.outcome, "stopped");
  EXPECT_EQ(run.steps, 10);
}

TEST(RaceKeeper, TheBestOfAnAscentIsItsHighest) {
  RaceSettings up = race_of({"gd:lr=0.1"}, 30);
  up.surface = parse_spec("expr:-(x^2)-y^2", surface_family()).value();
  up.start = {1, 1};
  *up.gradient.spec.find("maximize") = 1.0;
  Watched watched(up);
  watched.advance(30);
  watched.finish();
  const auto best = need(watched.file().open()->column("loss", true));
  const DescentView lane = watched.view().lanes[0];
  ASSERT_EQ(best.size(), 1U);
  EXPECT_EQ(best[0].number, lane.table.at(30, lane.columns.loss()));
}

TEST(RaceKeeper, AChangeAtTheEndIsAnEventAndInTheScene) {
  Watched watched(race_of({"adam:lr=0.02", "gd:lr=0.001"}, 300));
  watched.advance(100);
  const std::string uid = watched.uids()[0], other = watched.uids()[1];
  const std::string before = watched.file().scene(uid);
  // As a slider is dragged while the race stands still: only what an update is made with counts.
  for (const double rate : {0.03, 0.04, 0.05}) {
    watched.settings().optimizers[0].change(100, "lr", rate);
    watched.change();
  }
  EXPECT_TRUE(watched.file().events(uid).empty());
  EXPECT_EQ(watched.file().scene(uid), before);
  watched.advance(150);
  EXPECT_EQ(watched.uids()[0], uid);
  EXPECT_EQ(watched.file().events(uid), (std::vector<Event>{{100, "changed", "lr", "0.05"}}));
  const Scene scene = scene_from_json(watched.file().scene(uid)).value();
  EXPECT_EQ(scene.race().optimizers[0], watched.settings().optimizers[0]);
  // Noise belongs to all.
  watched.settings().gradient.change(150, "noise", 0.1);
  watched.advance(300);
  EXPECT_EQ(watched.file().events(uid),
            (std::vector<Event>{
                {100, "changed", "lr", "0.05"}, {150, "changed", "noise", "0.1"}, {300, "budget", "", ""}}));
  EXPECT_EQ(watched.file().events(other),
            (std::vector<Event>{{150, "changed", "noise", "0.1"}, {300, "budget", "", ""}}));
  EXPECT_EQ(scene_from_json(watched.file().scene(other)).value().race(), watched.settings());
  for (std::size_t lane = 0; lane < 2; ++lane)
    expect_points(watched, watched.uids()[lane], watched.settings(), lane, 300);
  EXPECT_EQ(watched.file().runs().size(), 2U);
}

TEST(RaceKeeper, AChangeInThePastIsAFork) {
  Watched watched(race_of({"adam:lr=0.02", "gd:lr=0.001"}, 300));
  watched.advance(200);
  const std::vector<std::string> first = watched.uids();
  watched.settings().optimizers[0].change(120, "lr", 0.1);
  watched.change();
  EXPECT_EQ(watched.file().runs().size(), 2U) << "no update yet";
  EXPECT_EQ(watched.file().run(first[0]).outcome, "stopped");
  EXPECT_EQ(watched.uids()[0], "");
  watched.advance(250);
  ASSERT_EQ(watched.file().runs().size(), 3U);
  const auto fork = watched.file().run(watched.uids()[0]);
  EXPECT_EQ(fork.parent, first[0]);
  EXPECT_EQ(fork.parent_step, 120);
  EXPECT_EQ(fork.race, watched.file().run(first[0]).race);
  EXPECT_EQ(watched.file().events(fork.uid), (std::vector<Event>{{120, "changed", "lr", "0.1"}}));
  expect_points(watched, fork.uid, watched.settings(), 0, 250);
  expect_points(watched, first[0], race_of({"adam:lr=0.02", "gd:lr=0.001"}, 300), 0, 200);
  EXPECT_EQ(watched.uids()[1], first[1]);
  EXPECT_EQ(watched.file().run(first[1]).outcome, "running");
}

TEST(RaceKeeper, AChangeThatIsTakenBackIsNone) {
  Watched watched(race_of({"adam:lr=0.02"}, 300));
  watched.advance(200);
  const std::string uid = watched.uids()[0];
  const RaceSettings before = watched.settings();
  watched.settings().optimizers[0].change(120, "lr", 0.1);
  watched.change();
  watched.settings().start = {0.5, 0.5};
  watched.change();
  watched.settings() = before;
  watched.advance(300);
  ASSERT_EQ(watched.file().runs().size(), 1U);
  EXPECT_EQ(watched.uids()[0], uid);
  EXPECT_EQ(watched.file().run(uid).outcome, "budget");
  expect_points(watched, uid, before, 0, 300);
  EXPECT_EQ(scene_from_json(watched.file().scene(uid)).value().race(), before);
}

TEST(RaceKeeper, AnotherSurfaceIsAnotherRace) {
  Watched watched(race_of({"adam:lr=0.02", "gd:lr=0.001"}, 300));
  watched.advance(20);
  const auto before = watched.file().runs();
  watched.settings().start = {0.3, 0.4};
  watched.advance(20);
  const auto runs = watched.file().runs();
  ASSERT_EQ(runs.size(), 4U);
  EXPECT_EQ(runs[0].outcome, "stopped");
  EXPECT_TRUE(runs[2].parent.empty());
  EXPECT_NE(runs[2].race, runs[0].race);
  EXPECT_EQ(runs[2].race, runs[3].race);
  expect_points(watched, runs[3].uid, watched.settings(), 1, 20);
}

TEST(RaceKeeper, LanesComeAndGo) {
  Watched watched(race_of({"adam:lr=0.02", "gd:lr=0.001", "momentum:lr=0.001"}, 300));
  watched.advance(50);
  const auto first = watched.uids();
  auto& optimizers = watched.settings().optimizers;
  optimizers.push_back(optimizer("rmsprop:lr=0.01"));
  watched.advance(60);
  ASSERT_EQ(watched.uids().size(), 4U);
  const std::string added = watched.uids()[3];
  EXPECT_EQ(watched.file().run(added).lane, 3);
  EXPECT_EQ(watched.file().run(added).race, watched.file().run(first[0]).race);
  expect_points(watched, added, watched.settings(), 3, 60);
  optimizers.erase(optimizers.begin());
  watched.advance(70);
  EXPECT_EQ(watched.file().run(first[0]).outcome, "stopped");
  EXPECT_EQ(watched.file().run(first[0]).steps, 60);
  EXPECT_EQ(watched.uids(), (std::vector<std::string>{first[1], first[2], added}));
  // Moved in the list: who they are does not depend on where they stand.
  std::swap(optimizers[0], optimizers[1]);
  watched.advance(80);
  EXPECT_EQ(watched.uids(), (std::vector<std::string>{first[2], first[1], added}));
  EXPECT_EQ(watched.file().runs().size(), 4U);
  // What is changed now is changed in the lane where it now stands, in a Scene with three.
  optimizers[0].change(80, "lr", 0.002);
  watched.advance(90);
  const auto moved = watched.file().run(first[2]);
  EXPECT_EQ(moved.lane, 0);
  EXPECT_EQ(scene_from_json(watched.file().scene(first[2])).value().race(), watched.settings());
  expect_points(watched, first[2], watched.settings(), 0, 90);
  const OpenedRun opened = need(open_run(*watched.file().open(), first[2]));
  EXPECT_EQ(opened.lane, 0U);
  ASSERT_EQ(opened.lanes.size(), 3U);
  EXPECT_EQ(opened.lanes[0].uid, first[2]);
  EXPECT_EQ(opened.lanes[1].uid, first[1]);
  EXPECT_EQ(opened.lanes[2].uid, added);
}

TEST(RaceKeeper, TheBudgetMayGrowAndShrink) {
  Watched watched(race_of({"gd:lr=0.001"}, 100));
  watched.advance(100);
  const std::string uid = watched.uids()[0];
  EXPECT_EQ(watched.file().run(uid).outcome, "budget");
  const auto before = watched.dump();
  *watched.settings().run.find("steps") = 60.0;
  watched.change();
  EXPECT_EQ(watched.dump(), before) << "what is on record is not lost, nor is anything written";
  *watched.settings().run.find("steps") = 150.0;
  watched.change();
  EXPECT_EQ(watched.dump(), before);
  watched.advance(120);
  EXPECT_EQ(watched.file().run(uid).outcome, "running");
  EXPECT_EQ(scene_from_json(watched.file().scene(uid)).value().race(), watched.settings());
  watched.advance(150);
  ASSERT_EQ(watched.file().runs().size(), 1U);
  EXPECT_EQ(watched.file().run(uid).outcome, "budget");
  EXPECT_EQ(watched.file().run(uid).steps, 150);
  expect_points(watched, uid, watched.settings(), 0, 150);
}

TEST(RaceKeeper, GoingBackWithoutAChangeWritesNothing) {
  Watched watched(race_of({"adam:lr=0.02"}, 300));
  watched.advance(200);
  const auto before = watched.dump();
  // As a race that is made again from the start: fewer rows than the file has, then as many.
  Race again;
  need(again.set(watched.settings()));
  for (const std::int64_t step : {0, 100, 200}) {
    again.advance(step);
    watched.keeper().update(watched.settings(), again.view());
    EXPECT_TRUE(watched.recorder().flush());
    EXPECT_EQ(watched.dump(), before) << step;
  }
  again.advance(300);
  watched.keeper().update(watched.settings(), again.view());
  EXPECT_TRUE(watched.recorder().flush());
  expect_points(watched, watched.uids()[0], watched.settings(), 0, 300);
}

TEST(RaceKeeper, AttachedRunsGoOnOnlyBeyondWhatTheyHave) {
  Watched watched(race_of({"adam:lr=0.02", "gd:lr=0.001"}, 300));
  watched.settings().optimizers[0].change(80, "lr", 0.03);
  watched.advance(100);
  watched.finish();
  const auto uids = watched.uids();
  const auto before = watched.dump();

  const OpenedRun opened = need(open_run(*watched.file().open(), uids[1]));
  EXPECT_EQ(opened.kind, "descent");
  EXPECT_EQ(opened.lane, 1U);
  EXPECT_EQ(opened.scene.race(), watched.settings());
  ASSERT_EQ(opened.lanes.size(), 2U);
  EXPECT_EQ(opened.lanes[0].steps, 100);
  watched.keeper().attach(opened.scene.race(), opened.lanes);
  EXPECT_EQ(watched.uids(), uids);
  Race race;
  need(race.set(opened.scene.race()));
  for (const std::int64_t step : {0, 40, 100}) {
    race.advance(step);
    watched.keeper().update(opened.scene.race(), race.view());
    EXPECT_TRUE(watched.recorder().flush());
    EXPECT_EQ(watched.dump(), before) << "looking at a run changes nothing";
  }
  watched.finish();
  EXPECT_EQ(watched.dump(), before);

  watched.keeper().attach(opened.scene.race(), opened.lanes);
  RaceSettings settings = opened.scene.race();
  settings.optimizers[1].change(100, "lr", 0.002);
  need(race.set(settings));
  race.advance(150);
  watched.keeper().update(settings, race.view());
  watched.finish();
  EXPECT_EQ(watched.uids(), uids);
  ASSERT_EQ(watched.file().runs().size(), 2U);
  expect_points(watched, uids[0], settings, 0, 150);
  expect_points(watched, uids[1], settings, 1, 150);
  EXPECT_EQ(watched.file().run(uids[1]).outcome, "stopped");
  EXPECT_EQ(watched.file().run(uids[1]).steps, 150);
  EXPECT_EQ(watched.file().events(uids[0]),
            (std::vector<Event>{
                {80, "changed", "lr", "0.03"}, {100, "stopped", "", ""}, {150, "stopped", "", ""}}));
  EXPECT_EQ(watched.file().events(uids[1]),
            (std::vector<Event>{
                {100, "stopped", "", ""}, {100, "changed", "lr", "0.002"}, {150, "stopped", "", ""}}));
  EXPECT_EQ(scene_from_json(watched.file().scene(uids[1])).value().race(), settings);

  // And a fork of what was opened.
  const OpenedRun again = need(open_run(*watched.file().open(), uids[0]));
  watched.keeper().attach(again.scene.race(), again.lanes);
  settings.optimizers[0].change(50, "lr", 0.5);
  need(race.set(settings));
  race.advance(60);
  watched.keeper().update(settings, race.view());
  watched.finish();
  const auto fork = watched.file().run(watched.uids()[0]);
  EXPECT_EQ(fork.parent, uids[0]);
  EXPECT_EQ(fork.parent_step, 50);
  EXPECT_EQ(watched.uids()[1], uids[1]);
}

TEST(RaceKeeper, ARunThatWasKilledAtItsVeryEndIsFinished) {
  Watched watched(race_of({"gd:lr=0.001"}, 100));
  watched.advance(100);
  const std::string uid = watched.uids()[0];
  // As if the program had gone after its last row and before its end.
  store::test::sql(watched.file().path(), "UPDATE runs SET outcome = 'interrupted'; DELETE FROM events");
  const OpenedRun opened = need(open_run(*watched.file().open(), uid));
  watched.keeper().attach(opened.scene.race(), opened.lanes);
  watched.change();
  EXPECT_EQ(watched.file().run(uid).outcome, "budget");
  expect_points(watched, uid, watched.settings(), 0, 100);
  EXPECT_EQ(watched.file().events(uid), (std::vector<Event>{{100, "budget", "", ""}}));
}

TEST(RaceKeeper, OfLongRunsEverySoManyIsKeptAndTheLast) {
  EXPECT_EQ(kept_stride(1, 1), 1);
  EXPECT_EQ(kept_stride(200'000, 5), 1);
  EXPECT_EQ(kept_stride(200'001, 1), 2);
  EXPECT_EQ(kept_stride(200'000, 6), 2);
  EXPECT_EQ(kept_stride(10'000'001, 16), 161);
  Watched watched(race_of({"gd:lr=0.0001"}, 700'000));  // every fourth
  for (const std::int64_t step : {1, 2, 9, 41}) watched.advance(step);
  watched.finish();
  const std::string uid = watched.uids()[0];
  std::vector<std::int64_t> steps;
  for (std::int64_t step = 0; step <= 40; step += 4) steps.push_back(step);
  steps.push_back(41);
  EXPECT_EQ(watched.file().points(uid).steps, steps);
  EXPECT_EQ(watched.file().points(uid).values.back(), watched.view().lanes[0].table.at(41, 2));
  EXPECT_EQ(watched.file().run(uid).steps, 41);
  // Going on keeps to the grid; so does a run that was opened.
  watched.advance(50);
  watched.finish();
  steps.insert(steps.end(), {44, 48, 50});
  EXPECT_EQ(watched.file().points(uid).steps, steps);
  const OpenedRun opened = need(open_run(*watched.file().open(), uid));
  EXPECT_EQ(opened.lanes[0].steps, 50);
  watched.keeper().attach(opened.scene.race(), opened.lanes);
  watched.advance(55);
  watched.finish();
  steps.insert(steps.end(), {52, 55});
  EXPECT_EQ(watched.file().points(uid).steps, steps);
}

TEST(RaceKeeper, ColoursAndViewAreKeptWithTheRuns) {
  Scene scene = default_scene();
  scene.optimizers.resize(2);
  scene.optimizers[1].colour = 5;
  scene.optimizers[0].visible = false;
  *scene.view.find("layout") = std::string("3d");
  Watched watched(scene.race());
  watched.look(&scene);
  watched.advance(10);
  const Scene kept = scene_from_json(watched.file().scene(watched.uids()[1])).value();
  EXPECT_EQ(kept.optimizers, scene.optimizers);
  EXPECT_EQ(kept.view, scene.view);
}

}  // namespace
}  // namespace thalweg
